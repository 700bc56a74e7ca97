//! What a source is, before it is deployed.

use serde::Serialize;
use sigyl_core::domain::{Policy, Report, Timestamp};
use sigyl_core::manifest::{Derived, Manifest};

/// What a look came to.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(in crate::console) struct Looked {
    /// What it is and how it runs; nothing when that cannot be used.
    pub(in crate::console) manifest: Option<Manifest>,
    /// The policy that it was judged by, and when.
    pub(in crate::console) policy: Policy,
    pub(in crate::console) at: Timestamp,
    /// What forbids the manifest.
    pub(in crate::console) problems: Vec<Fault>,
    /// What its author should know.
    pub(in crate::console) notices: Vec<Fault>,
    /// Fields that no manifest gave.
    pub(in crate::console) derived: Vec<Derived>,
    /// What the rules found, judged by the policy of whoever answers.
    pub(in crate::console) report: Report,
    /// The lines that findings stand on.
    pub(in crate::console) lines: Vec<CodeLine>,
}

/// Something that is wrong, and the line that it is wrong on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(in crate::console) struct Fault {
    /// What, where, and what to do.
    pub(in crate::console) says: String,
    /// The line.
    pub(in crate::console) line: Option<CodeLine>,
}

/// A line of a file, parted at a place; secrets in it are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(in crate::console) struct CodeLine {
    /// The file.
    pub(in crate::console) path: String,
    /// The line, from 1.
    pub(in crate::console) line: u32,
    /// The column, from 1.
    pub(in crate::console) column: u32,
    /// What stands before the place.
    pub(in crate::console) before: String,
    /// What stands from the place on.
    pub(in crate::console) after: String,
}
