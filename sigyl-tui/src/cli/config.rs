//! `sigyl config`: what goes into a client's configuration.

use sigyl_core::registry::install::{self, Client};

use super::{Context, client, consent};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::specimen;

const EXAMPLES: &str = "\
Examples:
  sigyl config vscode com.example/clock
      Print what goes into mcp.json, with a prompt for each secret.
  sigyl config codex com.example/clock@1.2.0 --package
      A certain version, started on this machine, as TOML.";

/// Print what lets a client use servers of the registry
///
/// Secrets are prompts, names of variables or marks to replace: never values. `sigyl install` puts it into the file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The client, such as claude-code, cursor, vscode
    #[arg(value_parser = client::client)]
    client: &'static Client,
    /// The servers, as NAME or NAME@VERSION
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    way: client::Way,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let mut entries = Vec::new();
        for name in &self.names {
            entries.push(client::entry(name, self.client, self.way.choice(), None, cx).await?);
        }
        let text = install::snippet(self.client, &entries).map_err(|error| {
            Problem::failed("E0035", error.kind(), &error, "ask for one of them at a time")
        })?;
        let risks: Vec<_> = entries.iter().flat_map(|entry| &entry.risks).collect();
        let notes: Vec<_> = entries.iter().flat_map(|entry| &entry.notes).collect();
        if cx.output.is_json() {
            let body = serde_json::json!({ "client": self.client.word, "text": text, "notes": notes, "risks": risks });
            cx.output.document("sigyl.config/1", &body)?;
        } else {
            for entry in &entries {
                consent::show(self.client.title, entry, cx);
            }
            cx.output.print(&text)?;
            for note in notes {
                cx.output.note(&format!("{}.", specimen(note)));
            }
        }
        Ok(Exit::Well)
    }
}
