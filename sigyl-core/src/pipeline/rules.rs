//! The rule set of an owner, compiled when the first scan asks for it.

use std::sync::{Arc, OnceLock};

use crate::scan::{RuleSet, RuleSetError};

/// Rules that are compiled once, by the first who needs them: compiling takes longer than all the rest of a verb that
/// scans nothing.
#[derive(Clone, Debug, Default)]
pub struct Rules(Arc<OnceLock<Arc<RuleSet>>>);

impl Rules {
    /// Takes rules that are compiled already, instead of the built-in ones.
    pub fn given(rules: Arc<RuleSet>) -> Self {
        Self(Arc::new(OnceLock::from(rules)))
    }

    /// Returns the compiled rules. This may take a tenth of a second of work: not for an async thread.
    pub fn get(&self) -> Result<Arc<RuleSet>, RuleSetError> {
        if let Some(rules) = self.0.get() {
            return Ok(rules.clone());
        }
        let compiled = Arc::new(RuleSet::builtin()?);
        Ok(self.0.get_or_init(|| compiled).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_are_compiled_once_and_given_ones_are_kept() {
        let rules = Rules::default();
        assert!(rules.0.get().is_none(), "nothing is compiled before it is needed");
        let first = rules.get().unwrap();
        assert!(Arc::ptr_eq(&first, &rules.clone().get().unwrap()));
        assert!(Arc::ptr_eq(&first, &Rules::given(first.clone()).get().unwrap()));
    }
}
