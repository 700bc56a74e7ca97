//! Quarantines, with what they cover; and ratings.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Blurb, Quarantine, ServerName, Stars, Suspect, Version, WorkspaceName};

/// A quarantine, with what it covers of what the caller may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineView {
    /// The quarantine.
    pub quarantine: Quarantine,
    /// Servers of which it covers something, by name.
    pub affected: Vec<Affected>,
}

/// What a quarantine covers of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The server.
    pub server: ServerName,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceName,
    /// Its versions that are covered, newest first.
    pub versions: Vec<Version>,
    /// Whether one of them is the one that serves, or would.
    pub active: bool,
    /// What is left of them at other places: what could not be reached when the quarantine was set and may still run, and
    /// what stays there and is not called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<Unreached>,
}

/// Something under quarantine that was not stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    /// The version.
    pub version: Version,
    /// Where.
    pub place: String,
    /// Why it was not stopped.
    pub why: String,
    /// Whether the place said that it stays there: Sigyl does not call it. Else it could not be stopped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stays: bool,
}

impl Unreached {
    /// Says what it is, without why.
    pub fn what(&self) -> String {
        if self.stays {
            return format!("{} stays at `{}`, and Sigyl does not call it", self.version, self.place);
        }
        format!("{} may still run at `{}`, where it could not be stopped", self.version, self.place)
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what(), self.why)
    }
}

/// What is to be put under quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuarantine {
    /// What.
    pub what: Suspect,
    /// Why.
    pub reason: String,
}

/// Quarantines that stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantines {
    /// They.
    pub quarantines: Vec<Quarantine>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What an account says of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRating {
    /// How good it is.
    pub stars: Stars,
    /// Why.
    #[serde(default)]
    pub comment: Option<Blurb>,
}
