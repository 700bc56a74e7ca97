//! `sigyl backup`: writes all records to a file.

use std::path::PathBuf;

use sigyl_core::wire::v1::{Frame, Request, Response};

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::absolute;

const EXAMPLES: &str = "\
Examples:
  sigyl backup sigyl-2026-11-22.backup
      Every record, also while servers run; secrets stay sealed.
  sigyl backup /mnt/backups/sigyl.backup --format json
      The same in a script; the document says how many records there are.";

/// Write every record to a new file
///
/// The key that opens the secrets is not in it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file; it must not exist
    file: PathBuf,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let to = absolute(self.file)?;
        let link = cx.link().await?;
        let records = match link.call(Request::Backup { to: to.clone() }, &mut |_: Frame| {}).await? {
            Response::Backup { records } => records,
            other => return Err(Problem::unexpected(&other)),
        };
        if cx.output.is_json() {
            cx.output.document("sigyl.backup/1", &serde_json::json!({ "file": to, "records": records }))?;
        } else {
            cx.output.print(&format!("{records} records in {}\n", to.display()))?;
        }
        let key = match &cx.settings.master_key {
            Some(source) => source.to_string(),
            None => cx.settings.data_dir()?.join("master.key").display().to_string(),
        };
        cx.output.note(&format!("Keep {key} too, elsewhere: without it the secrets cannot be opened."));
        Ok(Exit::Well)
    }
}
