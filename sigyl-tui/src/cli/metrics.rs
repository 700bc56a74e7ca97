//! `sigyl metrics`: what a place measured of a server.

use std::time::Duration;

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Request, UsageView};

use super::Context;
use crate::exit::Exit;
use crate::lasting::time;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl metrics clock
      What was measured in the last hour, and the time to which that reaches.
  sigyl metrics clock --since 7d --format json
      The same of a week; what was not measured is null.";

/// Show what was measured of a server where it runs
///
/// Cloud Run counts requests, latencies, instances and what is paid for, some minutes late. This machine tells the processes
/// that live now, whatever the span is. What was not measured is not there, and never zero.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// How long before now, from 1m to 30d
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    since: Duration,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let request = Request::Usage { name: self.name, since: self.since.as_secs() };
        let seen: UsageView = cx.ask(request).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.metrics/1", &seen)?;
        } else {
            let text = render::usage(&seen, &cx.output.look);
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
