//! What is wrong with a document, in the registry's own shape.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a document, or could be better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Which check found it.
    #[serde(rename = "type")]
    pub check: Check,
    /// Where, as a JSON pointer; empty for the document itself.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
    /// How bad it is.
    pub severity: IssueSeverity,
    /// The rule that it breaks: a place in a schema, or the name of a rule.
    pub reference: String,
}

/// A check of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// Whether it is JSON at all.
    Json,
    /// Whether it has the form that its schema names.
    Schema,
    /// Whether what it says can be so.
    Semantic,
    /// Whether it could be better.
    Linter,
}

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IssueSeverity {
    /// The document is not taken when it is published.
    Error,
    /// It is taken, and may not work everywhere.
    Warning,
    /// Good to know.
    Info,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}
