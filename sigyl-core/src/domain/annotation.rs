//! What is said of a line of a file, where a code host shows it.

use super::Severity;

/// A finding at its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// How bad it is.
    pub severity: Severity,
    /// The rule.
    pub title: String,
    /// What was found.
    pub message: String,
}
