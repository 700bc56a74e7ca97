//! The rules of a policy: which findings they are for, and what becomes of those.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Glob, Verdict};
use crate::domain::{Category, Confidence, Finding, Location, RuleId, ServerName, Severity, Taxon};

/// What a policy makes of some findings. The first one that fits a finding counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The findings that it is for.
    #[serde(rename = "match")]
    pub when: Condition,
    /// What becomes of them; [`Verdict::Pass`] is written `ignore`.
    pub then: Verdict,
    /// Why.
    pub reason: Option<String>,
}

/// Which findings a clause is for: all that is given has to fit, and any one of each list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// Classes of weakness.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<Category>,
    /// Ids of rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule: Vec<Glob>,
    /// Paths of files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Glob>,
    /// Names of tools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool: Vec<Glob>,
    /// Names of servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub server: Vec<Glob>,
    /// How bad they are at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// How sure they are at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What public catalogues call the weakness.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taxa: Vec<Taxon>,
    /// The rules that name one of `taxa`: whoever reads a policy looks them up.
    #[serde(skip)]
    pub rules_of_taxa: BTreeSet<RuleId>,
}

impl Condition {
    /// Tells whether it is for `finding` in `server`. What is for one server is for none that is not known.
    pub(super) fn fits(&self, finding: &Finding, server: Option<&ServerName>) -> bool {
        let (path, tool) = match &finding.location {
            Some(Location::File { path, .. }) => (Some(path.as_str()), None),
            Some(Location::Tool { tool, .. }) => (None, Some(tool.as_str())),
            None => (None, None),
        };
        (self.category.is_empty() || self.category.contains(&finding.category))
            && self.severity.is_none_or(|least| finding.severity >= least)
            && self.confidence.is_none_or(|least| finding.confidence >= least)
            && (self.taxa.is_empty() || self.rules_of_taxa.contains(&finding.rule))
            && any(&self.rule, Some(finding.rule.as_str()))
            && any(&self.server, server.map(ServerName::as_str))
            && any(&self.tool, tool)
            && any(&self.path, path)
    }

    /// Tells whether it names this very rule, and not a pattern that fits it.
    pub(super) fn names(&self, rule: &RuleId) -> bool {
        self.rule.iter().any(|one| one.as_str() == rule.as_str())
    }

    /// Tells whether a finding of this weight may fit, whatever else it is.
    pub(super) fn may_fit(&self, severity: Severity, confidence: Confidence) -> bool {
        self.severity.is_none_or(|least| severity >= least)
            && self.confidence.is_none_or(|least| confidence >= least)
    }
}

fn any(globs: &[Glob], text: Option<&str>) -> bool {
    globs.is_empty() || text.is_some_and(|text| globs.iter().any(|glob| glob.fits(text)))
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::super::specimen::finding;
    use super::*;

    fn glob(text: &str) -> Vec<Glob> {
        vec![Glob::parse(text).unwrap()]
    }

    fn policy(clauses: Vec<(Condition, Verdict)>) -> Policy {
        let clauses = clauses.into_iter().map(|(when, then)| Clause { when, then, reason: None });
        Policy { clauses: clauses.collect(), ..Policy::default() }
    }

    #[test]
    fn the_first_clause_that_fits_counts() {
        let error = finding("a", Severity::Error, 1);
        let path = Condition { path: glob("*.py"), ..Condition::default() };
        let rule = Condition { rule: glob("a"), ..Condition::default() };
        let policy = policy(vec![(path, Verdict::Warn), (rule, Verdict::Block)]);
        assert_eq!(policy.of(&error), Verdict::Warn);
        let tool = Location::Tool { tool: "add".into(), field: "title".into() };
        assert_eq!(policy.of(&Finding { location: Some(tool), ..error.clone() }), Verdict::Block);
        assert_eq!(policy.of(&finding("b", Severity::Info, 1)), Verdict::Warn, "it may raise as well");
    }

    #[test]
    fn each_condition_has_to_fit() {
        let error = finding("a", Severity::Error, 1);
        let taxa = vec![Taxon::parse("CWE-78").unwrap()];
        let known = BTreeSet::from([RuleId::parse("a").unwrap()]);
        let server = ServerName::parse("clock").unwrap();
        for (when, fits) in [
            (Condition::default(), true),
            (Condition { category: vec![Category::ToolPoisoning], ..Condition::default() }, true),
            (Condition { category: vec![Category::Secret], ..Condition::default() }, false),
            (Condition { severity: Some(Severity::Error), ..Condition::default() }, true),
            (Condition { severity: Some(Severity::Block), ..Condition::default() }, false),
            (Condition { confidence: Some(Confidence::High), ..Condition::default() }, true),
            (Condition { taxa: taxa.clone(), ..Condition::default() }, false),
            (Condition { taxa, rules_of_taxa: known, ..Condition::default() }, true),
            (Condition { server: glob("cl*"), ..Condition::default() }, true),
            (Condition { server: glob("other"), ..Condition::default() }, false),
            (Condition { tool: glob("*"), ..Condition::default() }, false),
        ] {
            assert_eq!(when.fits(&error, Some(&server)), fits, "{when:?}");
        }
        let ours = Condition { server: glob("**"), ..Condition::default() };
        assert!(!ours.fits(&error, None), "a server that is not known is none of those that are meant");
    }

    #[test]
    fn what_blocks_is_ignored_by_name_only() {
        let block = finding("a-b", Severity::Block, 1);
        for (when, then, verdict) in [
            (Condition { rule: glob("a-*"), ..Condition::default() }, Verdict::Pass, Verdict::Block),
            (Condition { rule: glob("a-b"), ..Condition::default() }, Verdict::Pass, Verdict::Pass),
            (Condition { path: glob("**"), ..Condition::default() }, Verdict::Warn, Verdict::Block),
            (Condition { path: glob("**"), ..Condition::default() }, Verdict::Hold, Verdict::Hold),
        ] {
            assert_eq!(policy(vec![(when.clone(), then)]).of(&block), verdict, "{when:?}");
        }
    }
}
