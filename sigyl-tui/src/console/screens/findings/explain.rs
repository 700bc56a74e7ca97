//! What is known of the rule that found something.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use sigyl_core::domain::RuleId;
use sigyl_core::scan::{RuleMeta, RuleSet};

/// A rule that comes with Sigyl; nothing of one that is somebody's own.
pub(super) fn rule(id: &RuleId) -> Option<&'static RuleMeta> {
    static RULES: OnceLock<BTreeMap<RuleId, RuleMeta>> = OnceLock::new();
    let rules = RULES.get_or_init(|| {
        // A test holds that they can be read; were they not, findings stand without a why.
        let set = RuleSet::builtin().ok();
        let metas = set.iter().flat_map(RuleSet::metas);
        metas.map(|meta| (meta.id.clone(), meta.clone())).collect()
    });
    rules.get(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_come_with_the_program_have_a_why() {
        let of = |id: &str| rule(&RuleId::parse(id).unwrap());
        assert!(of("important-tag").is_some_and(|meta| !meta.why.is_empty()));
        assert!(of("nobody-has-this-rule").is_none());
    }
}
