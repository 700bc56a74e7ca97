//! Who asks, and what they may do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a caller wants to do; every operation of the handle names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// See servers, versions, runs, reports, events.
    Read,
    /// See the logs of a server.
    ReadLogs,
    /// Publish, deploy, redeploy, roll back.
    Deploy,
    /// Decide a held run.
    Approve,
    /// Remove a server with its records.
    Delete,
    /// Call a tool of a running server.
    Call,
    /// Probe a server now.
    Probe,
    /// Back up, restore, stop the owner.
    Operate,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Read => "read records",
            Self::ReadLogs => "read logs",
            Self::Deploy => "deploy",
            Self::Approve => "decide held runs",
            Self::Delete => "delete servers",
            Self::Call => "call tools",
            Self::Probe => "probe servers",
            Self::Operate => "operate the data directory",
        })
    }
}

/// The identity behind a call, with what it may do.
///
/// Only this module makes callers, so an operation that takes `&Caller` cannot be reached without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    name: String,
    allowed: Allowed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Everything,
    Only(Vec<Action>),
}

impl Caller {
    /// The person who owns the data directory: the operating system has already decided that they may.
    pub fn local_owner() -> Self {
        Self { name: "local owner".to_owned(), allowed: Allowed::Everything }
    }

    /// A caller that may do only `actions`.
    pub fn limited(name: impl Into<String>, actions: impl Into<Vec<Action>>) -> Self {
        Self { name: name.into(), allowed: Allowed::Only(actions.into()) }
    }

    /// Returns the name that audit and approvals record.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Refuses unless this caller may do `action`.
    pub fn require(&self, action: Action) -> Result<(), Denied> {
        match &self.allowed {
            Allowed::Everything => Ok(()),
            Allowed::Only(actions) if actions.contains(&action) => Ok(()),
            Allowed::Only(_) => Err(Denied { caller: self.name.clone(), action }),
        }
    }
}

/// A caller asked for something it may not do.
#[derive(Debug, PartialEq, Eq)]
pub struct Denied {
    caller: String,
    action: Action,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not {}", self.caller, self.action)
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_caller_is_refused_what_it_was_not_given() {
        let reader = Caller::limited("ci", [Action::Read]);
        assert!(reader.require(Action::Read).is_ok());
        assert_eq!(reader.require(Action::Delete).unwrap_err().to_string(), "ci may not delete servers");
    }
}
