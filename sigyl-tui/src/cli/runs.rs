//! `sigyl runs`: what was done.

use sigyl_core::domain::Run;
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl runs
      The last twenty, newest first.
  sigyl runs -n 200 --format json
      More of them, as one document.";

/// List runs: deploys, redeploys, rollbacks, deletes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many at most
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let runs: Vec<Run> = cx.ask(Request::Runs { limit: self.limit }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.runs/1", &serde_json::json!({ "runs": runs }))?;
        } else if runs.is_empty() {
            cx.output.note("No runs yet.");
        } else {
            let text = render::runs(&runs, &cx.output.look, cx.output.now());
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
