//! What GitHub tells, and what came of it.

use serde::{Deserialize, Serialize};

use crate::domain::RunId;

/// What became of a delivery of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookTaken {
    /// The event, as GitHub calls it.
    pub event: String,
    /// What became of it.
    pub outcome: HookOutcome,
    /// The same in words.
    pub note: String,
    /// Runs that were begun by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunId>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HookOutcome {
    /// It was acted on.
    Taken,
    /// It was acted on before.
    Repeated,
    /// There is nothing to do for it here.
    Ignored,
}
