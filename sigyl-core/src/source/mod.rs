//! Turns what the operator named into a [`SourceTree`]: bounded, normalised, digested. Nothing of it is executed.
//!
//! A tree is plain files and one digest over their sorted paths, executable bits and bytes, and over the dependency
//! locks that Sigyl made. Folders leave out version control, installed packages and build output, and say so;
//! archives and repositories are taken whole or refused. What is read later is checked against the digest again.

mod archive;
mod copy;
mod error;
#[cfg(feature = "runtime")]
mod fetch;
mod folder;
#[cfg(feature = "testing")]
pub mod fuzz;
mod keep;
mod lock;
mod path;
mod progress;
mod python;
mod requirement;
#[cfg(feature = "runtime")]
mod resolve;
mod scratch;
#[cfg(test)]
#[cfg(feature = "runtime")]
mod tests;
mod tree;
#[cfg(feature = "runtime")]
#[cfg_attr(
    not(all(feature = "sled", feature = "gateway")),
    expect(dead_code, reason = "the handle alone takes archives")
)]
mod upload;

pub use error::SourceError;
#[cfg(feature = "runtime")]
pub(crate) use fetch::NO_PROCESS as PIP_WITHOUT_PROCESSES;
#[cfg(feature = "runtime")]
pub(crate) use fetch::SCRATCH;
#[cfg(feature = "runtime")]
pub use fetch::{ArchiveError, Archives, Fetcher, Reach, ToolEnv};
#[cfg(feature = "knative")]
pub(crate) use fetch::{Call, Runner};
#[cfg(feature = "runtime")]
pub(crate) use lock::pinned;
pub use lock::{Lock, LockKind};
pub use progress::{Progress, Silent};
#[cfg(feature = "runtime")]
pub(crate) use requirement::{Requirement, write_all as write_requirements};
#[cfg(feature = "knative")]
pub(crate) use scratch::Scratch;
#[cfg(feature = "runtime")]
pub use scratch::sweep;
pub use tree::{Entry, Limits, SourceTree};
#[cfg(feature = "runtime")]
pub use upload::{Upload, UploadError, Uploads};
