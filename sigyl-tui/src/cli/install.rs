//! `sigyl install`: puts a server into a client's configuration.

use std::path::PathBuf;

use sigyl_core::registry::install::{self, Client};

use super::consent::Consent;
use super::installed::{self, Installed};
use super::{Context, client};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::specimen;

const EXAMPLES: &str = "\
Examples:
  sigyl install com.example/clock --client cursor
      Put it into the user's mcp.json, beside what is there.
  sigyl install com.example/clock --client vscode --file .vscode/mcp.json
      The same for one project.";

/// Put a server of the registry into a client's configuration
///
/// What the client will start is shown, with what the document has it given. What gives the server power over this machine
/// is asked about, or refused until it is allowed. What else stands in the file stays as it is, comments included. `sigyl uninstall` takes it out again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server, as NAME or NAME@VERSION
    name: String,
    /// The client, such as claude-code, cursor, vscode
    #[arg(long, value_parser = client::client)]
    client: &'static Client,
    /// Its file [default: that of the user]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// What the server is called there [default: the last part of its name]
    #[arg(long = "as", value_name = "NAME")]
    named: Option<String>,
    #[command(flatten)]
    way: client::Way,
    #[command(flatten)]
    consent: Consent,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let file = installed::real(&client::file(self.client, self.file, cx)?)?;
        let entry =
            client::entry(&self.name, self.client, self.way.choice(), self.named.as_deref(), cx).await?;
        let before = installed::read(&file)?;
        let text = before.as_deref().unwrap_or_default();
        let merged = install::merge(self.client, text, &entry).map_err(|error| {
            let message = format!("{}: {error}", file.display());
            Problem::failed(
                "E0035",
                error.kind(),
                message,
                "`sigyl config` prints what goes in, to be put in by hand",
            )
        })?;
        if merged.changed {
            self.consent.require(self.client.title, &entry, cx)?;
            let record = Installed::new(self.client, &file, &entry.name, &merged, before);
            record.keep(&cx.settings.data_dir()?)?;
            installed::write(&file, &merged.text)?;
        }
        if cx.output.is_json() {
            let body = serde_json::json!({
                "file": file, "name": entry.name, "changed": merged.changed, "starts": entry.shown,
                "given": entry.given, "risks": entry.risks, "notes": entry.notes,
            });
            cx.output.document("sigyl.install/1", &body)?;
        } else {
            let done = if merged.changed { "is in" } else { "was in already:" };
            let line = format!("{} {done} {}\n", specimen(&entry.name), file.display());
            cx.output.print(&line)?;
            for note in &entry.notes {
                cx.output.note(&format!("{}.", specimen(note)));
            }
        }
        Ok(Exit::Well)
    }
}
