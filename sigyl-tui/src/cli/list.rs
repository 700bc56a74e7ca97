//! `sigyl list`: all servers.

use sigyl_core::wire::v1::{Request, ServerView};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl list
      One line for each server: state, active and latest version, tools, verdict.
  sigyl list --format json
      The same as one document, with addresses and tool definitions.";

/// List the servers: what serves, what waits
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        show(cx).await
    }
}

/// What sigyl does without a verb where there is no terminal to draw on.
pub(super) async fn overview(cx: &mut Context) -> Result<Exit, Problem> {
    show(cx).await
}

async fn show(cx: &mut Context) -> Result<Exit, Problem> {
    let servers: Vec<ServerView> = cx.ask(Request::List).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.servers/1", &serde_json::json!({ "servers": servers }))?;
    } else if servers.is_empty() {
        cx.output.note("No servers yet. `sigyl deploy SOURCE` scans one and runs it.");
    } else {
        let text = render::servers(&servers, &cx.output.look, cx.output.now());
        cx.output.print(&text)?;
    }
    Ok(Exit::Well)
}
