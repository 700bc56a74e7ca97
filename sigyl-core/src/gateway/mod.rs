//! The MCP endpoint in front of running servers: `/mcp/NAME` as streamable HTTP, whatever the server itself speaks.
//!
//! What a client sees equals what it would see directly: the era of the protocol, server info, capabilities, results
//! and errors pass through unchanged. A stdio server gets one process for each client session of the legacy era, and
//! one process for all clients of the modern era, which is stateless. Each tool call leaves a record, never its
//! content. Serves loopback alone, without keys, and refuses what a web page elsewhere could make a browser send; or it
//! stands behind a server that asks for keys, which hands each request over.

mod budget;
mod config;
mod declared;
mod edit;
#[expect(clippy::module_inception, reason = "the room is named after its main type")]
mod gateway;
mod inner;
mod journal;
mod legacy;
mod modern;
mod outbox;
mod paced;
mod post;
mod process;
mod proxy;
mod request;
mod respond;
mod route;
mod serve;
mod sieve;
#[cfg(test)]
mod tests;
mod trial;
mod watch;

pub use config::GatewayConfig;
pub use declared::Sighting;
pub use gateway::{Draining, Gateway};
pub use journal::By;
pub use paced::Paced;
pub use route::{REQUEST_TIMEOUT, Route};
pub use serve::GatewayError;
