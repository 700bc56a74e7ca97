//! `sigyl help`: the same as `--help`, before the verb.

use clap::Parser as _;

use super::{Cli, Context, usage};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl help
      Every verb in one line.
  sigyl help deploy
      What a verb takes, with two examples.";

/// Show what sigyl or one of its verbs takes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The verb [default: all of them, in one line each]
    verb: Option<String>,
}

impl Args {
    /// Does it.
    pub(super) fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let line = ["sigyl"].into_iter().chain(self.verb.as_deref()).chain(["--help"]);
        match Cli::try_parse_from(line) {
            Err(help) if help.kind() == clap::error::ErrorKind::DisplayHelp => {
                let text = help.render();
                let text = if cx.output.look.color { text.ansi().to_string() } else { text.to_string() };
                cx.output.print(&text)?;
                Ok(Exit::Well)
            }
            Err(wrong) => Err(usage::explain(&wrong).0),
            // `--help` never parses into a verb; were it so, there would be nothing to show.
            Ok(_) => Ok(Exit::Well),
        }
    }
}
