//! The table of code rules.

use crate::scan::rule::{Rule, RuleMeta};
use crate::scan::ruleset::RuleSetError;

type Make = fn(RuleMeta) -> Box<dyn Rule>;

/// Each rule: name of its metadata file, that file, and the rule.
const RULES: &[(&str, &str, Make)] = &[];

/// Makes every code rule.
pub(crate) fn all() -> Result<Vec<Box<dyn Rule>>, RuleSetError> {
    RULES.iter().map(|(name, text, make)| Ok(make(meta(name, text)?))).collect()
}

fn meta(name: &str, text: &str) -> Result<RuleMeta, RuleSetError> {
    serde_yaml::from_str(text).map_err(|error| RuleSetError::Pattern {
        file: name.to_owned(),
        line: error.location().map(|at| at.line()),
        why: error.to_string(),
    })
}
