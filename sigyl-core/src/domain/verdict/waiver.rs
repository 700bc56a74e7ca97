//! Risks that a person accepts, one finding each.

use serde::{Deserialize, Serialize};

use crate::domain::{Finding, Location, RuleId, Timestamp};

/// An accepted risk: exactly one finding, for a reason, until a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The rule whose finding is accepted.
    pub rule: RuleId,
    /// The file or tool it stands in, when the rule found more than one thing.
    pub path: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// When the acceptance ends.
    pub expires: Timestamp,
}

/// A waiver that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaiverError {
    /// Nothing to waive.
    #[error("the waiver of {0} matches no finding")]
    NoMatch(String),
    /// One waiver accepts one finding.
    #[error("the waiver of {rule} matches {count} findings; add @PATH (and :LINE) to name one of: {places}")]
    Ambiguous {
        /// What was waived.
        rule: String,
        /// How many findings match.
        count: usize,
        /// Where they stand.
        places: String,
    },
    /// The date has passed.
    #[error("the waiver of {rule} expired at {expires}")]
    Expired {
        /// What was waived.
        rule: String,
        /// When it ended.
        expires: Timestamp,
    },
    /// A waiver says why.
    #[error("the waiver of {0} has no reason")]
    NoReason(String),
}

impl Waiver {
    /// Returns the index of the one finding that this waiver accepts.
    pub(super) fn only_match(&self, findings: &[Finding], now: Timestamp) -> Result<usize, WaiverError> {
        let shown = match &self.path {
            Some(path) => format!("{}@{path}", self.rule),
            None => self.rule.to_string(),
        };
        if self.reason.trim().is_empty() {
            return Err(WaiverError::NoReason(shown));
        }
        if self.expires < now {
            return Err(WaiverError::Expired { rule: shown, expires: self.expires });
        }
        let hits: Vec<usize> = (0..findings.len()).filter(|&at| self.matches(&findings[at])).collect();
        match hits[..] {
            [one] => Ok(one),
            [] => Err(WaiverError::NoMatch(shown)),
            _ => {
                let place = |&at: &usize| {
                    findings[at].location.as_ref().map_or("(whole)".to_owned(), Location::to_string)
                };
                let places = hits.iter().take(5).map(place).collect::<Vec<_>>().join(", ");
                Err(WaiverError::Ambiguous { rule: shown, count: hits.len(), places })
            }
        }
    }

    fn matches(&self, finding: &Finding) -> bool {
        let place_matches = |wanted: &String| match &finding.location {
            Some(Location::File { path, line, column }) => {
                path == wanted
                    || line.is_some_and(|line| *wanted == format!("{path}:{line}"))
                    || matches!((line, column), (Some(l), Some(c)) if *wanted == format!("{path}:{l}:{c}"))
            }
            Some(Location::Tool { tool, .. }) => tool == wanted,
            None => false,
        };
        finding.rule == self.rule && self.path.as_ref().is_none_or(place_matches)
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{finding, judge, report, waiver};
    use super::super::{Judgement, Policy, Verdict};
    use super::*;
    use crate::domain::{Permissions, Severity};

    #[test]
    fn a_waiver_accepts_exactly_one_finding() {
        let two = report(vec![finding("a", Severity::Block, 1), finding("a", Severity::Block, 9)]);
        let none = Permissions::default();
        for path in [None, Some("a.py")] {
            let ambiguous = judge(&two, &[waiver("a", path)], &none);
            assert!(matches!(ambiguous, Err(WaiverError::Ambiguous { count: 2, .. })));
        }
        assert!(matches!(judge(&two, &[waiver("b", None)], &none), Err(WaiverError::NoMatch(_))));
        let one = judge(&two, &[waiver("a", Some("a.py:9"))], &none).unwrap();
        let one = one.record();
        assert_eq!((one.verdict, one.blocks.len(), one.waived.len()), (Verdict::Block, 1, 1));
        let both = judge(&two, &[waiver("a", Some("a.py:9")), waiver("a", Some("a.py:1"))], &none).unwrap();
        assert_eq!(both.record().verdict, Verdict::Warn);
    }

    #[test]
    fn a_waiver_without_reason_or_past_its_date_is_refused() {
        let one = report(vec![finding("a", Severity::Block, 1)]);
        let none = Permissions::default();
        let silent = Waiver { reason: " ".into(), ..waiver("a", None) };
        assert!(matches!(judge(&one, &[silent], &none), Err(WaiverError::NoReason(_))));
        let late = Timestamp::parse("2031-01-01").unwrap();
        let expired = Judgement::new(&one, &Policy::default(), &[waiver("a", None)], &none, late);
        assert!(matches!(expired, Err(WaiverError::Expired { .. })));
    }
}
