//! `sigyl uninstall`: takes a server out of a client's configuration.

use std::path::PathBuf;

use sigyl_core::domain::Kind;
use sigyl_core::registry::install::{self, Client};

use super::installed::{self, Installed};
use super::{Context, client};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::specimen;

const EXAMPLES: &str = "\
Examples:
  sigyl uninstall clock --client cursor
      Undo what `sigyl install` put in, to the byte if nobody changed the file.
  sigyl uninstall clock --client vscode --file .vscode/mcp.json
      The same for one project.";

/// Take a server out of a client's configuration again
///
/// Only what `sigyl install` put in is taken out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server, as it is called there or in the registry
    name: String,
    /// The client
    #[arg(long, value_parser = client::client)]
    client: &'static Client,
    /// Its file [default: that of the user]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let file = installed::real(&client::file(self.client, self.file, cx)?)?;
        let data_dir = cx.settings.data_dir()?;
        let short = self.name.rsplit('/').next().unwrap_or(&self.name);
        let record =
            Installed::find(&data_dir, self.client, &file, &[&self.name, short])?.ok_or_else(|| {
                let message =
                    format!("`{}` was not put into {} by `sigyl install`", self.name, file.display());
                Problem::failed(
                    "E0036",
                    Kind::NotFound,
                    message,
                    "take it out by hand, or name the file with --file",
                )
            })?;
        let exactly = undo(self.client, &record)?;
        record.forget(&data_dir)?;
        if cx.output.is_json() {
            let body = serde_json::json!({ "file": file, "name": record.name, "exactly": exactly });
            cx.output.document("sigyl.uninstall/1", &body)?;
        } else {
            cx.output.print(&format!("{} is gone from {}\n", specimen(&record.name), file.display()))?;
            if !exactly {
                cx.output.note("The file was changed since, so only the server was taken out.");
            }
        }
        Ok(Exit::Well)
    }
}

/// Undoes an installation; tells whether the file is again what it was before, to the byte.
fn undo(client: &Client, record: &Installed) -> Result<bool, Problem> {
    let now = installed::read(&record.file)?;
    if now.as_deref().is_some_and(|text| record.left(text)) {
        match &record.before {
            Some(before) => installed::write(&record.file, before)?,
            None => installed::remove(&record.file)?,
        }
        return Ok(true);
    }
    let text = now.unwrap_or_default();
    let without = install::remove(client, &text, &record.name, &record.inputs).map_err(|error| {
        let message = format!("{}: {error}", record.file.display());
        Problem::failed("E0035", error.kind(), message, "mend the file, or take the server out by hand")
    })?;
    if let Some(without) = without {
        installed::write(&record.file, &without)?;
    }
    Ok(false)
}
