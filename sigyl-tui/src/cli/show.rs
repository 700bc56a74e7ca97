//! `sigyl show`: one server.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Request, ServerView};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl show clock
      Address, versions, process, permissions, confinement and tools.
  sigyl show io.github.ada/weather --format json
      The same as one document.";

/// Show one server with everything known of it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let view: ServerView = cx.ask(Request::Show { name: self.name }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.server/1", &view)?;
        } else {
            let text = render::server(&view, &cx.output.look, cx.output.now());
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
