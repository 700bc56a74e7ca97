//! `sigyl versions`: what was recorded of a server.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Request, VersionView};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl versions clock
      Newest first; `active` serves, `latest` ranks highest.
  sigyl versions clock --format json
      The same as one document, with manifests, tools and their hashes.";

/// List the recorded versions of a server
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let versions: Vec<VersionView> = cx.ask(Request::Versions { name: self.name }).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.versions/1", &serde_json::json!({ "versions": versions }))?;
        } else {
            let text = render::versions(&versions, &cx.output.look, cx.output.now());
            cx.output.print(&text)?;
        }
        Ok(Exit::Well)
    }
}
