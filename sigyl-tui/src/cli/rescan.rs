//! `sigyl rescan`: what is on record, judged by the rules of today.

use sigyl_core::domain::{ServerName, Verdict};
use sigyl_core::wire::v1::{Request, Rescanned};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl rescan --running
      What serves, by the rules and the policy of today; nothing is fetched.
  sigyl rescan clock --format json
      Every version of one server, as one document.";

/// Judge kept sources anew by the rules and the policy of today
///
/// Nothing is fetched, started or stopped. What is found is kept as a run. The exit code is 1 when something serves that
/// would not be admitted any more.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The servers [default: all]
    server: Vec<ServerName>,
    /// Only the versions that serve
    #[arg(long)]
    running: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let request = Request::Rescan { names: self.server, running: self.running };
        let rows: Vec<Rescanned> = cx.follow(request).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.rescan/1", &serde_json::json!({ "versions": rows }))?;
        } else if rows.is_empty() {
            cx.output.note("There is nothing to look at.");
        } else {
            let text = render::rescanned(&rows, &cx.output.look);
            cx.output.print(&text)?;
        }
        Ok(rows.iter().map(exit).max().unwrap_or_default())
    }
}

/// Only what serves now and would not be let serve again ends the command with something to do.
fn exit(row: &Rescanned) -> Exit {
    match row.verdict {
        _ if row.failed.is_some() => Exit::Failed,
        _ if !row.running || row.admitted => Exit::Well,
        Some(Verdict::Hold) => Exit::Held,
        _ => Exit::Blocked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_serves_and_would_not_be_admitted_is_a_failure() {
        let row = |running, admitted, verdict, failed: Option<&str>| Rescanned {
            server: ServerName::parse("clock").unwrap(),
            version: "1.0.0".parse().unwrap(),
            running,
            was: None,
            verdict: Some(verdict),
            admitted,
            why: Vec::new(),
            run: None,
            failed: failed.map(str::to_owned),
        };
        for (row, expected) in [
            (row(true, true, Verdict::Hold, None), Exit::Well),
            (row(true, false, Verdict::Hold, None), Exit::Held),
            (row(true, false, Verdict::Block, None), Exit::Blocked),
            (row(false, false, Verdict::Block, None), Exit::Well),
            (row(false, false, Verdict::Block, Some("its tree is gone")), Exit::Failed),
        ] {
            assert_eq!(exit(&row), expected, "{row:?}");
        }
    }
}
