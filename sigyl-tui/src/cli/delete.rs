//! `sigyl delete`: removes a server.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Request, RunEnd, ServerView};

use super::{Context, ending};
use crate::confirm;
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl delete clock
      Stop it and remove process, logs, secrets and records, after its name was typed.
  sigyl delete clock --confirm clock
      The same in a script.";

/// Stop a server and remove its logs, secrets and records
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server
    name: ServerName,
    /// The same name, instead of typing it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if self.confirm.is_some() || !cx.output.interactive {
            // What is wrong with the command line is said before the store is opened.
            confirm::typed(self.name.as_str(), self.confirm.clone(), &cx.output)?;
        }
        let confirm = match self.confirm {
            Some(confirm) => confirm,
            None => self.ask(cx).await?,
        };
        let end: RunEnd = cx.follow(Request::Delete { name: self.name, confirm }).await?;
        let exit = ending::show(&end, cx)?;
        if !cx.output.is_json() {
            let removed =
                end.run.removed.iter().map(|item| format!("removed {}\n", crate::render::specimen(item)));
            let text: String = removed.collect();
            cx.output.print(&text)?;
        }
        Ok(exit)
    }

    /// Says what will go, and asks.
    async fn ask(&self, cx: &mut Context) -> Result<String, Problem> {
        let view: ServerView = cx.ask(Request::Show { name: self.name.clone() }).await?;
        let serves = if view.url.is_some() { "It serves now and will be stopped. " } else { "" };
        cx.output.note(&format!(
            "{serves}Deleting {} removes its versions, deployment, settings, secrets, runs, call records and logs. \
             This cannot be undone.",
            self.name
        ));
        confirm::typed(self.name.as_str(), None, &cx.output)
    }
}
