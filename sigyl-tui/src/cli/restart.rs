//! `sigyl restart`: starts the version that serves anew.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Reconfigure, Request, RunEnd, Settings};

use super::{Context, ending};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl restart clock
      Beside itself: clients that are there end in their own time.
  sigyl restart com.example/weather
      With the secrets of now; `sigyl secrets set NAME KEY --restart` does both.";

/// Start a server anew, as it is and without a gap
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let anew = Reconfigure { name: self.name, settings: Settings::default() };
        let end: RunEnd = cx.follow(Request::Reconfigure(anew)).await?;
        ending::show(&end, cx)
    }
}
