//! `sigyl completions`: the script that completes command lines.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Context};
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl completions bash
      Write it to a file that bash-completion reads, such as
      ~/.local/share/bash-completion/completions/sigyl.
  sigyl completions zsh
      Write it to _sigyl in a folder of your fpath.";

/// Write the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    /// Does it.
    pub(super) fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "sigyl", &mut script);
        let script = String::from_utf8_lossy(&script);
        if cx.output.is_json() {
            let shell = self.shell.to_string();
            cx.output
                .document("sigyl.completions/1", &serde_json::json!({ "shell": shell, "script": script }))?;
        } else {
            cx.output.print(&script)?;
        }
        Ok(Exit::Well)
    }
}
