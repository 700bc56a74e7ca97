//! Sigyl: the self-hosted control plane for MCP servers, as a library.
//!
//! It reads no environment, home, clock or terminal, and installs no global: what it needs comes in as values. The
//! scanner alone is synchronous:
//!
//! ```
//! use sigyl_core::clock::SystemClock;
//! use sigyl_core::domain::Policy;
//! use sigyl_core::scan::{RuleSet, Scanner, Subject};
//! use sigyl_core::source::{Limits, SourceTree};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire");
//! let tree = SourceTree::from_folder(folder.as_ref(), &Limits::default())?;
//! let rules = RuleSet::builtin()?;
//! let report = Scanner::new(&rules, Policy::default()).scan(&Subject::of(&tree), &SystemClock);
//! println!("{}", report.verdict);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! Each adds to the others, and builds alone. Without any named, `sled` and `gateway` are on.
//!
//! | feature | what it adds |
//! |---|---|
//! | `scan` | the synchronous scanner over folders and archives: no tokio, store or network |
//! | `runtime` | all that needs tokio: fetching, events, the MCP client, the vault, runs, the local target |
//! | `sled` | the embedded store |
//! | `gateway` | the MCP endpoint in front of running servers; with `sled`, the handle [`Sigyl`] |
//! | `cloud-run` | Google Cloud Run: servers that run there, and what a project lacks for it |
//! | `knative` | Knative Serving: servers that run in a cluster |
//! | `client` | the typed client of `sigyl-server` |
//! | `llm` | the reviewer: a language model of the operator's choice looks at what was scanned |
//! | `testing` | the contract suites that every backend passes; not covered by semver |
#![warn(missing_docs)]

pub mod clock;
pub mod domain;
pub mod manifest;
#[cfg(feature = "scan")]
pub mod scan;
pub mod source;

#[cfg(feature = "runtime")]
pub mod access;
#[cfg(feature = "runtime")]
pub mod attest;
#[cfg(feature = "client")]
pub mod client;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub mod control;
#[cfg(feature = "runtime")]
pub mod deploy;
#[cfg(feature = "runtime")]
pub mod dns;
#[cfg(feature = "runtime")]
pub mod error;
#[cfg(feature = "runtime")]
pub mod event;
#[cfg(feature = "gateway")]
pub mod gateway;
#[cfg(feature = "runtime")]
pub mod github;
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
pub mod web;
#[cfg(feature = "runtime")]
pub mod wire;

#[cfg(feature = "runtime")]
pub use deploy::local_process::launcher;
#[cfg(feature = "runtime")]
pub use error::Error;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub use sigyl::{
    BrowserBack, BrowserLogin, Config, DEFAULT_PORT, Ended, Ends, Frames, GitHubWork, Held, Inspection,
    SignIn, Sigyl, Wanted,
};
