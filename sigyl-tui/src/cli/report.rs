//! `sigyl report`: what a scan of a run found, as it is on record.

use std::path::PathBuf;

use sigyl_core::domain::{Report, RunId};
use sigyl_core::scan::render::Origin;
use sigyl_core::wire::v1::Request;

use super::{Context, results, run_id};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::rule_files;

const EXAMPLES: &str = "\
Examples:
  sigyl report 019aa1b2
      What was found in the source of that run.
  sigyl report 019aa1b2 --live --format sarif --output live.sarif
      In what the started server said of itself, for a code host.";

/// Show what a scan of a run found, as it is on record
///
/// --format is plain, json, jsonl, sarif, junit, markdown or github.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The run
    run: RunId,
    /// What the started server says of itself, in place of its source
    #[arg(long)]
    live: bool,
    /// Write the result to FILE
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if let Some(path) = &self.output {
            cx.output.write_to(path)?;
        }
        let link = cx.link().await?;
        let run = run_id::find(&self.run, &link).await?;
        let report: Report = cx.ask(Request::Report { run, live: self.live }).await?;
        results::write(&report, &rule_files::rule_set(&[])?, &Origin::default(), None, cx)?;
        cx.output.keep()?;
        Ok(Exit::Well)
    }
}
