//! What a server declares of itself, tools aside.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The two eras of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Era {
    /// 2024-11-05 to 2025-11-25: a handshake with `initialize`.
    Legacy,
    /// 2026-07-28 and later: stateless, `server/discover`.
    Modern,
}

impl std::fmt::Display for Era {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        })
    }
}

/// What a server said of itself when it was probed. Its tools are pinned with its version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// The era it answered in.
    pub era: Era,
    /// Protocol versions: the negotiated one, or all that it supports.
    pub versions: Vec<String>,
    /// `serverInfo`.
    pub server_info: Value,
    /// `capabilities`.
    pub capabilities: Value,
    /// `instructions`.
    pub instructions: Option<String>,
    /// All pages of its prompts.
    pub prompts: Vec<Value>,
    /// All pages of its resources.
    pub resources: Vec<Value>,
    /// Time to the first answer, in microseconds.
    pub latency_micros: u64,
}
