//! `sigyl rollback`: lets an earlier version serve again.

use sigyl_core::domain::{ServerName, Version};
use sigyl_core::wire::v1::{Request, RunEnd};

use super::{Context, ending};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl rollback clock
      Back to the version that served before this one.
  sigyl rollback clock 1.1.0
      Back to an exact version, with its exact tools.";

/// Let an earlier version serve again
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// The version [default: the one that served before]
    version: Option<Version>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let request = Request::Rollback { name: self.name, version: self.version };
        let end: RunEnd = cx.follow(request).await?;
        ending::show(&end, cx)
    }
}
