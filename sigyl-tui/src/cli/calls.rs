//! `sigyl calls`: which tools of a server were called.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use super::pieces::Pieces;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl calls clock -n 200
      The last 200 calls, oldest first: when, how they ended, how long they took.
  sigyl calls clock -f --format json
      Stay, and write each call as one JSON object.";

/// Show the calls of a server's tools, never what they said
///
/// Calls through the endpoint are recorded, without arguments and results.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// Calls from the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let pieces = Pieces {
            pick: |frame| match frame {
                Frame::Call(call) => Some(*call),
                _ => None,
            },
            plain: render::call,
            schema: "sigyl.calls/1",
            field: "calls",
            none: "No calls yet.",
        };
        let request = Request::Calls { name: self.name, limit: self.limit, follow: self.follow };
        pieces.show(request, self.follow, cx).await
    }
}
