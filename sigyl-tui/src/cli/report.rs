//! `sigyl report`: what a scan of a run found, as it is on record.

use std::path::PathBuf;

use sigyl_core::domain::{Report, ReportDiff, RunId};
use sigyl_core::scan::render::Origin;
use sigyl_core::wire::v1::Request;

use super::{Context, results, run_id};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::{render, rule_files};

const EXAMPLES: &str = "\
Examples:
  sigyl report 019aa1b2 --live --format sarif --output live.sarif
      In what the started server said of itself, for a code host.
  sigyl report 019aa1b2 --against 019a9fff
      What is new, gone and the same since that earlier run.";

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
    /// Show what is new, gone and the same since an earlier run; plain and json only
    #[arg(long, value_name = "RUN")]
    against: Option<RunId>,
    /// Write the result to FILE
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if self.against.is_some() && !cx.output.format.is_common() {
            let hint = "write --format plain or --format json";
            return Err(Problem::wrong_use("E0001", "two reports are compared in plain text or json", hint));
        }
        if let Some(path) = &self.output {
            cx.output.write_to(path)?;
        }
        let link = cx.link().await?;
        let run = run_id::find(&self.run, &link).await?;
        let report: Report = cx.ask(Request::Report { run: run.clone(), live: self.live }).await?;
        if let Some(against) = &self.against {
            let against = run_id::find(against, &link).await?;
            let before: Report = cx.ask(Request::Report { run: against.clone(), live: self.live }).await?;
            let diff = ReportDiff::between([&before], [&report]);
            if cx.output.is_json() {
                let both = serde_json::json!({ "run": run, "against": against, "findings": diff });
                cx.output.document("sigyl.report-diff/1", &both)?;
            } else {
                cx.output.print(&render::report_diff(
                    &diff,
                    before.rules != report.rules,
                    &cx.output.look,
                ))?;
            }
            cx.output.keep()?;
            return Ok(Exit::Well);
        }
        results::write(&report, &rule_files::rule_set(&[])?, &Origin::default(), None, cx)?;
        cx.output.keep()?;
        Ok(Exit::Well)
    }
}
