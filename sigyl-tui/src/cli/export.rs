//! `sigyl export`: writes the registry as files that any web server answers from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sigyl_core::domain::{Kind, specimen};
use sigyl_core::registry::export::{Export, File};
use sigyl_core::wire::registry::ServerList;
use sigyl_core::wire::v1::Request;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;

const EXAMPLES: &str = "\
Examples:
  sigyl export site
      Write the registry into a new folder, for any web server.
  sigyl export /srv/www/registry --format json
      The same in a script; the document says what was written and what was left out.";

/// Documents without a place that are named.
const NAMED: usize = 10;

/// Write the registry as files that any web server answers from
///
/// The files answer /v0.1 to who reads; nobody publishes to them. Beside them stands what nginx and Apache have to be told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder; it must not exist
    folder: PathBuf,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let (mut export, mut cursor) = (Export::default(), None);
        loop {
            let page: ServerList = cx.ask(Request::Listings { cursor }).await?;
            cursor = page.metadata.next_cursor.clone();
            export.take(page);
            if cursor.is_none() {
                break;
            }
        }
        let written = write(&self.folder, &export).map_err(|error| {
            let message = format!("{} cannot be written: {error}", self.folder.display());
            Problem::failed("E0039", Kind::Unavailable, message, "name a folder that is not there yet")
        })?;
        let ((names, versions), left) = (export.counts(), export.left());
        if cx.output.is_json() {
            let body = serde_json::json!({
                "folder": self.folder, "names": names, "versions": versions, "files": written, "left_out": left,
            });
            cx.output.document("sigyl.export/1", &body)?;
        } else {
            let folder = self.folder.display();
            cx.output
                .print(&format!("{versions} versions of {names} names in {written} files in {folder}\n"))?;
            for one in left.iter().take(NAMED) {
                let what = format!("{} {}", one.name, one.version);
                cx.output.note(&format!("Left out {}: {}.", specimen(&what), one.why));
            }
            if left.len() > NAMED {
                cx.output
                    .note(&format!("{} more were left out; --format json names them.", left.len() - NAMED));
            }
        }
        Ok(if left.is_empty() { Exit::Well } else { Exit::Failed })
    }
}

/// Writes every file into a new folder beside the place where it belongs, and moves it there when all of it is written.
fn write(folder: &Path, export: &Export) -> io::Result<usize> {
    if folder.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is something already"));
    }
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = folder.with_file_name(name);
    fs::create_dir(&part)?;
    let written = write_into(&part, export).and_then(|count| fs::rename(&part, folder).map(|()| count));
    if written.is_err() {
        // What is left of it would stand in the way of the next try; that it failed is what matters.
        fs::remove_dir_all(&part).ok();
    }
    written
}

fn write_into(folder: &Path, export: &Export) -> io::Result<usize> {
    let mut count = 0;
    for file in export.files() {
        let File { path, text } = file?;
        let place = path.iter().fold(folder.to_owned(), |place, part| place.join(part));
        if let Some(above) = place.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(place, text)?;
        count += 1;
    }
    Ok(count)
}
