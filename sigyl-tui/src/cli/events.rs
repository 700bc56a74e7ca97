//! `sigyl events`: what happened to servers outside of runs.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use super::pieces::Pieces;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl events clock
      Health, restarts and changed tools of one server, oldest first.
  sigyl events -f --format json
      Stay, and write each event of any server as one JSON object.";

/// Show health, restarts and changed tools of servers
///
/// The events of a run are shown by `sigyl watch RUN`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server; all of them when absent
    name: Option<ServerName>,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// Events from the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let pieces = Pieces {
            pick: |frame| match frame {
                Frame::Event(event) => Some(*event),
                _ => None,
            },
            plain: render::event,
            schema: "sigyl.events/1",
            field: "events",
            none: "No events yet.",
        };
        let request = Request::Events { name: self.name, limit: self.limit, follow: self.follow };
        pieces.show(request, self.follow, cx).await
    }
}
