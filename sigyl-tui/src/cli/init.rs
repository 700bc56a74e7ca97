//! `sigyl init`: writes a commented manifest from what a folder holds.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sigyl_core::domain::Kind;
use sigyl_core::manifest::{self, Files};
use sigyl_core::scan::TreeFiles;
use sigyl_core::source::{Limits, SourceTree};

use super::Context;
use crate::exit::Exit;
use crate::problem::{Problem, chain};

const EXAMPLES: &str = "\
Examples:
  sigyl init
      Write sigyl.yaml in the current folder.
  sigyl init servers/weather --print
      Show what would be written, and write nothing.";

/// Write a commented sigyl.yaml from what a folder holds
///
/// An existing manifest is never overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder of the server
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Write it to standard output instead
    #[arg(long)]
    print: bool,
}

impl Args {
    /// Does it.
    pub(super) fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        let path = self.folder.join("sigyl.yaml");
        if !self.print {
            refuse_existing(&self.folder)?;
        }
        let tree =
            SourceTree::from_folder(&self.folder, &Limits::default()).map_err(super::scan::unfetched)?;
        let files = Others { files: TreeFiles(&tree), present: !self.print };
        let text = manifest::init(&files).map_err(|error| {
            Problem::failed(
                "E0201",
                error.kind(),
                chain(&error),
                "write sigyl.yaml by hand; docs/manifest.schema.json lists every field",
            )
        })?;
        if !self.print {
            write(&path, &text)?;
            cx.output.note(&format!(
                "Wrote {}; read it, then `sigyl deploy {}`.",
                path.display(),
                self.folder.display()
            ));
        }
        match (cx.output.is_json(), self.print) {
            (true, _) => {
                let written = (!self.print).then_some(&path);
                cx.output
                    .document("sigyl.init/1", &serde_json::json!({ "written": written, "manifest": text }))?;
            }
            (false, true) => {
                cx.output.print(&text)?;
            }
            (false, false) => {
                cx.output.print(&format!("{}\n", path.display()))?;
            }
        }
        Ok(Exit::Well)
    }
}

/// The names of the manifest that is written.
const WRITTEN: [&str; 2] = ["sigyl.yaml", "sigyl.yml"];

/// The files that a manifest is written from: a fresh one owes nothing to the one that is there.
struct Others<'a> {
    files: TreeFiles<'a>,
    present: bool,
}

impl Files for Others<'_> {
    fn paths(&self) -> Vec<String> {
        self.files.paths()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        if self.present || !WRITTEN.contains(&path) { self.files.read(path) } else { Ok(None) }
    }
}

fn refuse_existing(folder: &Path) -> Result<(), Problem> {
    let there = WRITTEN.iter().map(|name| folder.join(name)).find(|path| path.exists());
    there.map_or(Ok(()), |path| Err(exists(&path)))
}

fn exists(path: &Path) -> Problem {
    let message = format!("{} exists already", path.display());
    Problem::failed("E0015", Kind::Conflict, message, "edit it, or move it away; `--print` shows a fresh one")
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let written = File::create_new(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => {
            let message = format!("could not write {}: {error}", path.display());
            Problem::failed(
                "E0013",
                Kind::Unavailable,
                message,
                "check the permissions of the folder, or use --print",
            )
        }
    })
}
