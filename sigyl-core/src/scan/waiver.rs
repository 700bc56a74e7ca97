//! Reads what an operator accepts: `RULE` or `RULE@PATH`.

use crate::domain::{Kind, RuleId, Timestamp, Waiver};

use super::ruleset::RuleSet;

/// A waiver that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaiveError {
    /// Not `RULE` or `RULE@PATH`.
    #[error("`{0}` names no finding: write RULE, or RULE@FILE, RULE@FILE:LINE, RULE@TOOL or RULE@TOOL:FIELD")]
    Form(String),
    /// A waiver accepts one finding, so it has no wildcard.
    #[error("`{0}` holds a wildcard; a waiver accepts exactly one finding")]
    Wildcard(String),
    /// No rule has that id.
    #[error("there is no rule `{id}`{}", .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownRule {
        /// What was written.
        id: String,
        /// The closest id there is.
        nearest: Option<RuleId>,
    },
    /// A waiver says why.
    #[error("a waiver needs a reason")]
    NoReason,
}

impl WaiveError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl RuleSet {
    /// Reads a waiver of `finding`, written as `RULE` or `RULE@PATH`.
    pub fn waiver(&self, finding: &str, reason: &str, expires: Timestamp) -> Result<Waiver, WaiveError> {
        let shown = || finding.chars().take(200).collect::<String>();
        if finding.contains(['*', '?']) {
            return Err(WaiveError::Wildcard(shown()));
        }
        if reason.trim().is_empty() {
            return Err(WaiveError::NoReason);
        }
        let (id, path) = match finding.split_once('@') {
            Some((id, path)) => (id, Some(path.strip_prefix("./").unwrap_or(path))),
            None => (finding, None),
        };
        let rule = RuleId::parse(id).map_err(|_| WaiveError::Form(shown()))?;
        if path.is_some_and(|path| path.is_empty() || path.chars().any(char::is_control)) {
            return Err(WaiveError::Form(shown()));
        }
        if self.meta(&rule).is_none() {
            return Err(WaiveError::UnknownRule { id: id.to_owned(), nearest: self.nearest(id) });
        }
        let reason = reason.trim().to_owned();
        let path = path.map(str::to_owned);
        Ok(Waiver { rule, path, fingerprint: None, reason, owner: None, expires })
    }

    /// Finds the rule whose id is most like `id`.
    pub fn nearest(&self, id: &str) -> Option<RuleId> {
        let likeness = |known: &RuleId| strsim::jaro_winkler(id, known.as_str());
        let ids = self.metas().into_iter().map(|meta| meta.id.clone());
        ids.map(|known| (likeness(&known), known))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::proof::builtin;
    use super::*;

    #[test]
    fn a_waiver_names_one_rule_and_perhaps_a_place() {
        let at = Timestamp::from_millis(0);
        let waiver = builtin().waiver("debug-mode@./src/a.ts:3", " known ", at).unwrap();
        assert_eq!((waiver.rule.as_str(), waiver.path.as_deref()), ("debug-mode", Some("src/a.ts:3")));
        assert_eq!(waiver.reason, "known");
        let scoped = builtin().waiver("debug-mode@@scope/tool", "known", at).unwrap();
        assert_eq!(scoped.path.as_deref(), Some("@scope/tool"));
        assert_eq!(builtin().waiver("debug-mode", "known", at).unwrap().path, None);
    }

    #[test]
    fn a_waiver_of_nothing_or_of_everything_is_refused() {
        let at = Timestamp::from_millis(0);
        let error = |text: &str| builtin().waiver(text, "why", at).unwrap_err();
        assert_eq!(error("*"), WaiveError::Wildcard("*".to_owned()));
        assert!(matches!(error("debug-mode@src/*"), WaiveError::Wildcard(_)));
        assert!(matches!(error("debug-mode@"), WaiveError::Form(_)));
        assert!(matches!(error("Debug Mode"), WaiveError::Form(_)));
        assert_eq!(
            error("debug-mod").to_string(),
            "there is no rule `debug-mod`; did you mean `debug-mode`?"
        );
        assert_eq!(builtin().waiver("debug-mode", " ", at), Err(WaiveError::NoReason));
    }
}
