//! The command line: what it takes, and one file for each verb.

mod approve;
mod args;
mod background;
mod backup;
mod call;
mod completions;
mod context;
mod delete;
mod deploy;
mod doctor;
mod ending;
mod explain;
mod foreground;
mod init;
mod list;
mod logs;
mod probe;
mod redeploy;
mod reject;
mod release_args;
mod restore;
mod rollback;
mod run_id;
mod runs;
mod scan;
mod serve;
mod show;
mod start;
mod stop;
mod usage;
mod verb;
mod versions;
mod watch;

pub(crate) use args::Cli;
pub(crate) use context::Context;
pub(crate) use start::run;
