//! `sigyl logs`: what a server wrote.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use super::pieces::Pieces;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl logs clock -n 200
      The last 200 lines over all its instances.
  sigyl logs clock -f --format json
      Stay, and write each line as one JSON object.";

/// Show what a server and its supervisor wrote
///
/// That is the server's standard error, and its standard output when it speaks HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// Lines from the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    lines: usize,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let pieces = Pieces {
            pick: |frame| match frame {
                Frame::Log(line) => Some(line),
                _ => None,
            },
            plain: render::log,
            schema: "sigyl.logs/1",
            field: "lines",
            none: "Nothing in its log yet.",
        };
        let request = Request::Logs { name: self.name, lines: self.lines, follow: self.follow };
        pieces.show(request, self.follow, cx).await
    }
}
