//! Speaks MCP as a client, in both eras of the protocol, and describes what it met.
//!
//! Everything a server says is bounded, and every way of failing is told apart. Nothing here installs a TLS provider
//! or any other global, follows a redirect to another origin, or speaks to link-local and metadata addresses.

mod client;
mod era;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod framing;
mod limits;
mod message;
mod probe;
mod sse;
mod transport;
mod upstream;

pub use error::McpError;
pub use framing::{LineTooLong, Lines};
pub use limits::ProbeLimits;
pub use probe::{Era, Probe, call, probe};
pub use sse::{EventTooLarge, SseDecoder, SseEvent};
pub use upstream::{Pipes, Spawn, SpawnError, Upstream};
