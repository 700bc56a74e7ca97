//! What can go wrong with a server that is spoken to.

use std::time::Duration;

use crate::domain::{Kind, ToolError};

use super::SpawnError;

/// A failure to speak MCP with a server. Each way of failing is told apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// The process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The process ended while an answer was awaited.
    #[error("the server ended before it answered `{method}`{}", because(.how))]
    Ended {
        /// What was asked.
        method: String,
        /// How it ended, where that is known.
        how: Option<String>,
    },
    /// No answer came in time.
    #[error("the server did not answer `{method}` within {} s{}", .after.as_secs_f32(), after_junk(*.junk))]
    Timeout {
        /// What was asked.
        method: String,
        /// How long it had.
        after: Duration,
        /// Lines that were no JSON-RPC message meanwhile.
        junk: u32,
    },
    /// What it writes is not MCP.
    #[error(
        "the server writes something else than JSON-RPC on its standard output ({lines} lines); it must log to standard error"
    )]
    Garbage {
        /// Lines that were no JSON-RPC message.
        lines: u32,
    },
    /// It speaks JSON-RPC, but breaks the rules of MCP.
    #[error("the server broke the protocol in its answer to `{method}`: {why}")]
    Protocol {
        /// What was asked.
        method: String,
        /// What is wrong.
        why: String,
    },
    /// It declares a tool that no client could use.
    #[error("the server declares a tool that cannot be used")]
    Tool(#[from] ToolError),
    /// It answered with more than is taken.
    #[error("the answer to `{method}` is too large: {what}")]
    TooLarge {
        /// What was asked.
        method: String,
        /// Which limit.
        what: String,
    },
    /// It answered with an error.
    #[error("the server answered `{method}` with error {code}: {message}")]
    Refused {
        /// What was asked.
        method: String,
        /// The JSON-RPC error code.
        code: i64,
        /// The server's words, bounded.
        message: String,
    },
    /// It wants credentials. It is not down.
    #[error("the server requires authorization{}", because(.challenge))]
    AuthRequired {
        /// Its `WWW-Authenticate` header, bounded.
        challenge: Option<String>,
    },
    /// It answered with an HTTP status that means no MCP.
    #[error("the server answered `{method}` with HTTP status {status}{}", because(.note))]
    Status {
        /// What was asked.
        method: String,
        /// The status.
        status: u16,
        /// What follows from it.
        note: Option<String>,
    },
    /// It speaks only the HTTP+SSE transport of 2024-11-05.
    #[error(
        "the server speaks only the HTTP+SSE transport of 2024-11-05, which Sigyl does not; use its streamable HTTP address"
    )]
    OldTransport,
    /// The arguments are no JSON object.
    #[error("the arguments of tool `{tool}` must be a JSON object")]
    Arguments {
        /// The tool.
        tool: String,
    },
    /// The address cannot be used.
    #[error("the address `{url}` cannot be used: {why}")]
    Address {
        /// The address, without what may be secret in it.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// It cannot be reached.
    #[error("the server at `{url}` cannot be reached")]
    Unreachable {
        /// The address, without what may be secret in it.
        url: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl McpError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address { .. } | Self::Arguments { .. } => Kind::Invalid,
            Self::AuthRequired { .. } => Kind::Denied,
            Self::Spawn(_) => Kind::Unavailable,
            _ => Kind::Upstream,
        }
    }
}

fn because(text: &Option<String>) -> String {
    text.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

fn after_junk(lines: u32) -> String {
    match lines {
        0 => String::new(),
        lines => format!(" (it wrote {lines} line(s) that are not JSON-RPC on its standard output)"),
    }
}

/// Keeps what a server says short and free of control characters.
pub(crate) fn quote(text: &str) -> String {
    const MOST: usize = 300;
    let mut short: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}
