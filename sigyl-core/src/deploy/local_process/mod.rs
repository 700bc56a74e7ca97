//! The local target: servers as supervised child processes of this machine.
//!
//! `target` is the door. A release becomes an `instance`, which is either `stdio` (a process for each session) or
//! `http` (one process, kept running). Each `process` runs below a keeper of the `launcher`, inside the rules that
//! `confinement` makes; what it writes goes through `pump` into `log`. `build` makes trees runnable.
//! `unconfined` runs a command of the operator's own under the same keeper.

mod backoff;
mod build;
mod confinement;
mod folder;
mod http;
mod input;
mod instance;
pub mod launcher;
mod log;
mod process;
mod pump;
mod stdio;
mod target;
mod unconfined;
mod usage;

#[cfg(any(feature = "cloud-run", feature = "knative"))]
pub(super) use build::{LOCKED, function};
pub use target::{LocalConfig, LocalProcess};
pub use unconfined::{Command, Unconfined};
