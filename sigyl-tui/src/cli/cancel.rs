//! `sigyl cancel`: stops a run that is at work.

use sigyl_core::domain::{RunId, RunState};
use sigyl_core::wire::v1::{Request, RunEnd};

use super::{Context, ending, run_id};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl cancel 019aa1b2
      Stop the run, take back what it did, and show how it ended.
  sigyl cancel 019aa1b2 --format json
      The same in a script.";

/// The code of a run that was cancelled.
const CANCELLED: &str = "E0902";

/// Cancel a run that is at work, and take back what it did
///
/// A run that takes over in the same moment ends well all the same: then this fails. A removal only goes forward, and a run that
/// waits for a decision is rejected instead. `sigyl promote` is the other way to end a trial (--canary).
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
        let end: RunEnd = cx.follow(Request::Cancel { run }).await?;
        let exit = ending::show(&end, cx)?;
        let cancelled = end.run.failure.as_ref().is_some_and(|failure| failure.code == CANCELLED);
        Ok(match (cancelled, end.run.state) {
            // Here a cancelled run is what was asked for.
            (true, _) => Exit::Well,
            (false, RunState::Done) => Exit::Failed,
            (false, _) => exit,
        })
    }
}
