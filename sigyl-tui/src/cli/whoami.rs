//! `sigyl whoami`: who asks, as Sigyl sees it.

use sigyl_core::wire::v1::{Request, WhoAmI};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl whoami
      On a data directory of your own: its owner.
  sigyl whoami --format json
      The same, with account, key and roles.";

/// Show who you are to Sigyl, and what you may do
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let who: WhoAmI = cx.ask(Request::WhoAmI).await?;
        if cx.output.is_json() {
            cx.output.document("sigyl.whoami/1", &who)?;
        } else {
            cx.output.print(&render::whoami(&who))?;
        }
        Ok(Exit::Well)
    }
}
