//! Sigyl: the self-hosted control plane for MCP servers, as a library.
#![warn(missing_docs)]

pub mod clock;
pub mod domain;
pub mod manifest;
#[cfg(feature = "scan")]
pub mod scan;
pub mod source;

#[cfg(all(feature = "sled", feature = "gateway"))]
pub mod control;
#[cfg(feature = "runtime")]
pub mod deploy;
#[cfg(feature = "runtime")]
pub mod error;
#[cfg(feature = "runtime")]
pub mod event;
#[cfg(feature = "gateway")]
pub mod gateway;
#[cfg(feature = "runtime")]
pub mod mcp;
#[cfg(feature = "runtime")]
pub mod pipeline;
#[cfg(feature = "runtime")]
pub mod registry;
#[cfg(all(feature = "sled", feature = "gateway"))]
mod sigyl;
#[cfg(feature = "runtime")]
pub mod store;
#[cfg(feature = "runtime")]
pub mod vault;
#[cfg(feature = "runtime")]
pub mod wire;

#[cfg(feature = "runtime")]
pub use deploy::local_process::launcher;
#[cfg(feature = "runtime")]
pub use error::Error;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub use sigyl::{Config, DEFAULT_PORT, Frames, Sigyl};
