//! Lines of a kept source.

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, RunId, ServerName, Version};

/// Whose source is looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceOf {
    /// A recorded version.
    Version {
        /// The server.
        name: ServerName,
        /// The version; the one that serves, else the latest, when absent.
        version: Option<Version>,
    },
    /// What a run fetched.
    Run(RunId),
}

/// Lines of one file of a kept source, with secrets masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceWindow {
    /// The digest of the whole source.
    pub source: Digest,
    /// The file.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Its lines.
    pub total: u64,
    /// The number of the first line that is here, from 1.
    pub from: u64,
    /// The lines, without what ends them. There are fewer than were asked for where the file ends, or where all together
    /// would be longer than 256 KiB.
    pub lines: Vec<String>,
    /// Numbers of lines of more than 2 000 characters, which were cut.
    pub cut: Vec<u64>,
    /// How many secrets were masked in these lines.
    pub masked: u64,
}
