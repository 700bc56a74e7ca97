//! Speaks MCP as a client, in both eras of the protocol, and describes what it met.
//!
//! Everything a server says is bounded, and every way of failing is told apart. Nothing here installs a TLS provider
//! or any other global, follows a redirect to another origin, or speaks to link-local and metadata addresses.

mod client;
#[cfg_attr(
    not(feature = "gateway"),
    expect(dead_code, reason = "the gateway uses more of it than the client")
)]
pub(crate) mod era;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod framing;
#[cfg(feature = "testing")]
pub mod fuzz;
mod limits;
#[cfg_attr(
    not(feature = "gateway"),
    expect(dead_code, reason = "the gateway uses more of it than the client")
)]
pub(crate) mod message;
mod probe;
#[cfg(feature = "gateway")]
pub(crate) mod skim;
#[cfg_attr(
    not(feature = "gateway"),
    expect(dead_code, reason = "the gateway uses more of it than the client")
)]
pub(crate) mod sse;
mod transport;
mod upstream;
#[cfg(any(feature = "llm", feature = "client"))]
pub(crate) use transport::tls;

pub use crate::domain::Era;
pub use error::McpError;
pub use framing::{LineTooLong, Lines};
pub use limits::ProbeLimits;
pub use probe::{Probe, call, probe};
pub use sse::{EventTooLarge, SseDecoder, SseEvent};
#[cfg(feature = "cloud-run")]
pub(crate) use transport::clear_client;
#[cfg(feature = "knative")]
pub(crate) use transport::trusting_client;
pub(crate) use transport::{client_of, proxy_client};
pub use upstream::{Pass, PassError, Pipes, Shown, Spawn, SpawnError, Upstream};
