//! Gets sources by the user's own npm, pip and git, so that their mirrors and credentials apply.
//!
//! Nothing of a source is executed: packages come as archives and are unpacked here; npm and pip are kept from
//! starting any process; of a repository only objects are read, so that no hook, filter or submodule has a say.

mod fetcher;
mod git;
mod git_objects;
mod github;
mod mask;
mod npm;
mod pypi;
mod reach;
mod run;
mod tool_env;

pub use fetcher::Fetcher;
pub(super) use fetcher::blocking;
pub use github::{ArchiveError, Archives};
#[cfg(feature = "testing")]
pub(super) use mask::mask;
pub(super) use npm::{SWITCHES as NPM_SWITCHES, npm, only_file};
pub(crate) use pypi::NO_PROCESS;
pub(super) use pypi::{pip, run_pip};
pub use reach::Reach;
pub(crate) use run::SCRATCH;
pub(crate) use run::{Call, Runner};
pub use tool_env::ToolEnv;
