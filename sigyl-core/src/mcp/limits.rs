//! How much a server may say, and how long it may take.

use std::time::Duration;

use super::Era;

/// Bounds of one conversation with a server.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeLimits {
    /// The era to speak, when it is known from an earlier probe; found out when absent.
    pub era: Option<Era>,
    /// How long a server has to answer `server/discover` before it is taken for one that needs `initialize`.
    pub discover: Duration,
    /// How long it has for each other answer.
    pub answer: Duration,
    /// How long everything together may take.
    pub whole: Duration,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Bytes of all messages together.
    pub total_bytes: usize,
    /// Items of one kind (tools, prompts, resources).
    pub items: usize,
    /// Pages of one kind.
    pub pages: usize,
    /// Lines on standard output that are no JSON-RPC message.
    pub junk_lines: u32,
}

impl Default for ProbeLimits {
    fn default() -> Self {
        Self {
            era: None,
            discover: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            whole: Duration::from_secs(120),
            message_bytes: 16 << 20,
            total_bytes: 64 << 20,
            items: 10_000,
            pages: 1_000,
            junk_lines: 1_000,
        }
    }
}
