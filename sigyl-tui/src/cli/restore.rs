//! `sigyl restore`: fills an empty data directory from a backup.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use sigyl_core::domain::Kind;
use sigyl_core::store::sled;

use super::Context;
use crate::exit::Exit;
use crate::link;
use crate::problem::Problem;
use crate::settings::absolute;

const EXAMPLES: &str = "\
Examples:
  sigyl restore sigyl-2026-11-22.backup --data-dir /srv/sigyl
      Into a data directory that holds no store yet.
  sigyl restore /mnt/backups/sigyl.backup --format json
      The same in a script; the document says how many records there are.";

/// Fill an empty data directory from a backup
///
/// Every record is checked; a data directory that holds a store is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The backup
    file: PathBuf,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let from = absolute(self.file)?;
        let data_dir = cx.settings.data_dir()?;
        if let Some((_, owner)) = link::owner(&data_dir).await? {
            let message = format!("process {} works on {}", owner.pid, data_dir.display());
            return Err(Problem::failed(
                "E0701",
                Kind::Conflict,
                message,
                "end it with `sigyl stop`, or name another --data-dir",
            ));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&data_dir).map_err(|error| {
            let message = format!("could not make {}: {error}", data_dir.display());
            Problem::failed(
                "E0703",
                Kind::Unavailable,
                message,
                "name another --data-dir, or mend its permissions",
            )
        })?;
        let store = data_dir.join("store");
        let records = tokio::task::spawn_blocking(move || sled::restore(&from, &store))
            .await
            .map_err(|error| Problem::failed("E0999", Kind::Internal, error, "report this"))?
            .map_err(|error| sigyl_core::Error::from(error).failure())?;
        if cx.output.is_json() {
            cx.output.document(
                "sigyl.restore/1",
                &serde_json::json!({ "data_dir": data_dir, "records": records }),
            )?;
        } else {
            cx.output.print(&format!("{records} records in {}\n", data_dir.display()))?;
        }
        if cx.settings.master_key.is_none() && !data_dir.join("master.key").exists() {
            cx.output.note(&format!(
                "Put the master.key that sealed the secrets into {} before anything else: if there are secrets, nothing works \
                 without it.",
                data_dir.display()
            ));
        }
        Ok(Exit::Well)
    }
}
