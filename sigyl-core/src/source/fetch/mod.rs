//! Gets sources by the user's own npm, pip and git, so that their mirrors and credentials apply.
//!
//! Nothing of a source is executed: packages come as archives and are unpacked here; npm and pip are kept from
//! starting any process; of a repository only objects are read, so that no hook, filter or submodule has a say.

mod fetcher;
mod tool_env;

pub use fetcher::Fetcher;
pub use tool_env::ToolEnv;
