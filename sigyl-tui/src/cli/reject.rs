//! `sigyl reject`: turns a held run down.

use sigyl_core::domain::{RunId, RunState};
use sigyl_core::wire::v1::{Request, RunEnd};

use super::{Context, ending, run_id};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl reject 019aa1b2 --reason 'asks for the whole home folder'
      Turn the run down; nothing was started, and nothing will be.
  sigyl reject 019aa1b2 --reason 'seen by ada' --format json
      The same in a script.";

/// Turn a held run down
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The run
    run: RunId,
    /// Why it may not pass; kept with the run
    #[arg(long, value_name = "TEXT", value_parser = super::approve::reason)]
    reason: String,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let link = cx.link().await?;
        let run = run_id::find(&self.run, &link).await?;
        let end: RunEnd = cx.follow(Request::Reject { run, reason: self.reason }).await?;
        let exit = ending::show(&end, cx)?;
        // Here a rejected run is what was asked for.
        Ok(if end.run.state == RunState::Rejected { Exit::Well } else { exit })
    }
}
