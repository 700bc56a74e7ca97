//! A failure as it is kept with a run and as it crosses a boundary.

use serde::{Deserialize, Serialize};

use super::Kind;

/// What was wrong, where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Stable code, such as `E0101`; `sigyl explain CODE` tells more.
    pub code: String,
    /// Its class.
    pub kind: Kind,
    /// What was wrong, with its causes.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}
