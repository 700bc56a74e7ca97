//! What a person has to decide.

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, Permissions, RuleId};

/// Why a release waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
#[non_exhaustive]
pub enum Hold {
    /// A finding that holds.
    Finding {
        /// The rule.
        rule: RuleId,
        /// Which finding.
        fingerprint: Digest,
    },
    /// The scan could not look at everything.
    Partial {
        /// How many things were not looked at.
        gaps: usize,
    },
    /// The server asks for more than the operator granted.
    Permissions {
        /// What was not granted.
        beyond: Permissions,
    },
    /// The server came from elsewhere until now: its name alone gives no right to its secrets and grants.
    Moved {
        /// Where it came from.
        from: String,
        /// Where this comes from.
        to: String,
    },
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finding { rule, .. } => write!(f, "finding {rule}"),
            Self::Partial { gaps } => write!(f, "{gaps} part(s) of the source could not be looked at"),
            Self::Permissions { beyond } => write!(f, "permissions not granted: {beyond}"),
            Self::Moved { from, to } => write!(f, "another source than before: {to}, not {from}"),
        }
    }
}
