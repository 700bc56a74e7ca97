//! Quarantines, with what they cover.

use serde::{Deserialize, Serialize};

use crate::domain::{Quarantine, ServerName, Version, WorkspaceName};

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
}
