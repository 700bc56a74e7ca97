//! Sigyl: the self-hosted control plane for MCP servers, as a library.
#![warn(missing_docs)]

pub mod clock;
pub mod domain;
pub mod manifest;
#[cfg(feature = "scan")]
pub mod scan;
pub mod source;

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
#[cfg(feature = "runtime")]
pub mod store;
#[cfg(feature = "runtime")]
pub mod vault;
#[cfg(feature = "runtime")]
pub mod wire;

#[cfg(feature = "runtime")]
pub use deploy::local_process::launcher;
