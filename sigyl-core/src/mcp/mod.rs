//! Speaks MCP as a client, in both eras of the protocol, and describes what it met.

mod probe;
mod upstream;

pub use probe::{Era, Probe};
pub use upstream::{Pipes, Spawn, SpawnError, Upstream};
