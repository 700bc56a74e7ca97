//! `sigyl watch`: follows a run to its end.

use sigyl_core::domain::{RunId, Seq};
use sigyl_core::wire::v1::{Request, RunEnd};

use super::{Context, ending, run_id};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl watch 019aa1b2
      From its first step on, until it ends or waits for a decision.
  sigyl watch 019aa1b2 --format json
      Wait for it, and write its end as one document.";

/// Follow a run; the exit code is the run's
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The run
    run: RunId,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let link = cx.link().await?;
        let run = run_id::find(&self.run, &link).await?;
        let end: RunEnd = cx.follow(Request::Watch { run, after: Seq(0) }).await?;
        ending::show(&end, cx)
    }
}
