//! What a person has to decide.

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, Drift, Gravity, Permissions, RuleId};

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
        /// The first of them.
        #[serde(default)]
        parts: Vec<String>,
    },
    /// A finding that holds in what the started server says of itself.
    Live {
        /// The rule.
        rule: RuleId,
        /// Where it says it.
        place: String,
        /// Which finding.
        fingerprint: Digest,
    },
    /// Not everything that the started server says could be looked at.
    LivePartial {
        /// How many things were not looked at.
        gaps: usize,
        /// The first of them.
        parts: Vec<String>,
        /// Which they all are.
        fingerprint: Digest,
    },
    /// The started server declares otherwise than what it is compared with.
    Drift {
        /// Since when.
        since: String,
        /// What differs and matters, field by field.
        drift: Drift,
        /// How many further things do.
        more: usize,
        /// Which drift, all of it.
        fingerprint: Digest,
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

/// How many parts that were not looked at are named one by one.
const NAMED: usize = 5;
/// Characters of each name.
const NAME: usize = 200;

impl Hold {
    /// What a scan with gaps waits for.
    pub(super) fn of_gaps(names: &[String]) -> Self {
        Self::Partial { gaps: names.len(), parts: first(names) }
    }

    /// The same for what the started server says of itself.
    pub(super) fn of_live_gaps(names: &[String]) -> Self {
        let fingerprint = Digest::of(format!("{names:?}").as_bytes());
        Self::LivePartial { gaps: names.len(), parts: first(names), fingerprint }
    }

    /// Tells whether it asks for a right, which a policy of scans neither gives nor takes.
    pub(super) fn is_of_rights(&self) -> bool {
        matches!(self, Self::Permissions { .. } | Self::Moved { .. })
    }
}

/// Things that differ that a hold keeps.
const ENTRIES: usize = 100;

impl Hold {
    /// What a drift waits for, if it matters enough.
    pub fn of_drift(since: &str, drift: &Drift) -> Option<Self> {
        let matters = drift.entries.iter().filter(|one| one.gravity > Gravity::Inform);
        let mut holding = Drift { entries: matters.cloned().collect() };
        if holding.is_empty() {
            return None;
        }
        let fingerprint = holding.fingerprint();
        let more = holding.entries.len().saturating_sub(ENTRIES);
        holding.entries.truncate(ENTRIES);
        Some(Self::Drift { since: since.to_owned(), drift: holding, more, fingerprint })
    }
}

fn first(names: &[String]) -> Vec<String> {
    names.iter().take(NAMED).map(|name| name.chars().take(NAME).collect()).collect()
}

fn list(f: &mut std::fmt::Formatter<'_>, all: usize, named: &[String]) -> std::fmt::Result {
    if !named.is_empty() {
        write!(f, ": {}", named.join(", "))?;
    }
    match all.saturating_sub(named.len()) {
        more if more > 0 && !named.is_empty() => write!(f, " and {more} more"),
        _ => Ok(()),
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finding { rule, .. } => write!(f, "finding {rule}"),
            Self::Partial { gaps, parts } => {
                write!(f, "{gaps} part(s) of the source could not be looked at")?;
                list(f, *gaps, parts)
            }
            Self::Live { rule, place, .. } => {
                write!(f, "finding {rule} in what the started server says: {place}")
            }
            Self::LivePartial { gaps, parts, .. } => {
                write!(f, "{gaps} part(s) of what the started server says could not be looked at")?;
                list(f, *gaps, parts)
            }
            Self::Drift { since, drift, more, .. } => {
                write!(f, "what it declares differs since {since}")?;
                let named: Vec<String> =
                    drift.lines().take(NAMED).map(|line| line.trim().to_owned()).collect();
                list(f, drift.lines().count() + more, &named)
            }
            Self::Permissions { beyond } => write!(f, "permissions not granted: {beyond}"),
            Self::Moved { from, to } => write!(f, "another source than before: {to}, not {from}"),
        }
    }
}
