//! `sigyl approve`: lets a held run pass.

use sigyl_core::domain::RunId;
use sigyl_core::wire::v1::{Request, RunEnd};

use super::{Context, ending, run_id};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl approve 019aa1b2 --reason 'the sample data is ours'
      Let the run go on; its id may be cut as `sigyl runs` shows it.
  sigyl approve 019aa1b2 --reason 'seen by ada' --format json
      The same in a script.";

/// Let a held run pass
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The run
    run: RunId,
    /// Why it may pass; kept with the version
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
}

/// A decision says why.
pub(super) fn reason(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty: say why"),
        reason => Ok(reason.to_owned()),
    }
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let link = cx.link().await?;
        let run = run_id::find(&self.run, &link).await?;
        let end: RunEnd = cx.follow(Request::Approve { run, reason: self.reason }).await?;
        ending::show(&end, cx)
    }
}
