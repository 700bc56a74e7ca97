//! What was put into files of clients, so that it can be taken out again exactly.
//!
//! A record holds the whole file as it was before, which may hold secrets of other servers: it lies in the data directory,
//! readable by its owner alone.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigyl_core::domain::{Digest, Kind};
use sigyl_core::registry::install::{Client, Merged};
use tempfile::NamedTempFile;

use crate::problem::Problem;

/// Largest file that is read, in bytes.
const MOST: u64 = 8 << 20;

/// One server in one file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Installed {
    client: String,
    pub(super) file: PathBuf,
    pub(super) name: String,
    /// Questions that came with it.
    pub(super) inputs: Vec<String>,
    /// The file as it was; nothing when there was none.
    pub(super) before: Option<String>,
    /// The digest of the file as it was left.
    after: Digest,
}

impl Installed {
    pub(super) fn new(
        client: &Client,
        file: &Path,
        name: &str,
        merged: &Merged,
        before: Option<String>,
    ) -> Self {
        Self {
            client: client.word.to_owned(),
            file: file.to_owned(),
            name: name.to_owned(),
            inputs: merged.inputs.clone(),
            before,
            after: Digest::of(merged.text.as_bytes()),
        }
    }

    /// Tells whether a text is what the installation left.
    pub(super) fn left(&self, text: &str) -> bool {
        Digest::of(text.as_bytes()) == self.after
    }

    /// Keeps the record.
    pub(super) fn keep(&self, data_dir: &Path) -> Result<(), Problem> {
        let folder = folder(data_dir);
        let path = folder.join(key(&self.client, &self.file, &self.name));
        let wrong = failed("keep what is undone by", &path);
        std::fs::create_dir_all(&folder).map_err(&wrong)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).map_err(&wrong)?;
        let text = serde_json::to_vec_pretty(self).map_err(|error| wrong(error.into()))?;
        // A temporary file is its owner's alone, and stays so under its name.
        replace(&path, &text).map_err(&wrong)
    }

    /// Finds a record, under the first of some names that there is one for.
    pub(super) fn find(
        data_dir: &Path,
        client: &Client,
        file: &Path,
        names: &[&str],
    ) -> Result<Option<Self>, Problem> {
        for name in names {
            let path = folder(data_dir).join(key(client.word, file, name));
            let Some(text) = read(&path)? else { continue };
            let wrong = failed("read what is undone by", &path);
            return serde_json::from_str(&text).map(Some).map_err(|error| wrong(error.into()));
        }
        Ok(None)
    }

    /// Removes the record.
    pub(super) fn forget(&self, data_dir: &Path) -> Result<(), Problem> {
        remove(&folder(data_dir).join(key(&self.client, &self.file, &self.name)))
    }
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("installed")
}

/// The name of a record's file: no name of a server or path can lead elsewhere.
fn key(client: &str, file: &Path, name: &str) -> String {
    let digest = Digest::of(format!("{client}\0{}\0{name}", file.display()).as_bytes());
    format!("{}.json", digest.hex())
}

/// Follows links to where the file is, or will be. A link that leads nowhere is refused: what should be there may come
/// back, and a file in the place of the link would part them.
pub(super) fn real(path: &Path) -> Result<PathBuf, Problem> {
    let wrong = failed("find", path);
    match path.canonicalize() {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => not_yet_there(path).map_err(wrong),
        Err(error) => Err(wrong(error)),
    }
}

fn not_yet_there(path: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let dangles = |path: &Path| path.symlink_metadata().is_ok_and(|about| about.is_symlink());
    // Folders that are links lead to the same place before the file is there and after.
    let mut there = absolute.as_path();
    let mut rest = Vec::new();
    while let (Some(name), Some(parent)) = (there.file_name(), there.parent()) {
        if dangles(there) {
            let to = std::fs::read_link(there)?;
            let why = format!("{} is a link to {}, which is not there", there.display(), to.display());
            return Err(std::io::Error::other(why));
        }
        rest.push(name.to_owned());
        there = parent;
        if let Ok(real) = there.canonicalize() {
            return Ok(rest.iter().rev().fold(real, |path, name| path.join(name)));
        }
    }
    Ok(absolute)
}

/// Reads a file; nothing when there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, Problem> {
    let wrong = failed("read", path);
    match std::fs::metadata(path) {
        Ok(about) if !about.is_file() || about.len() > MOST => {
            Err(wrong(std::io::Error::other(format!("it is no plain file of {MOST} bytes at most"))))
        }
        Ok(_) => std::fs::read_to_string(path).map(Some).map_err(wrong),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error)),
    }
}

/// Writes a file whole or not at all, with the folders above it and the permissions that it has.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let wrong = failed("write", path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(&wrong)?;
    }
    replace(path, text.as_bytes()).map_err(wrong)
}

/// Removes a file, if there is one.
pub(super) fn remove(path: &Path) -> Result<(), Problem> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(about) = std::fs::metadata(path) {
        file.as_file().set_permissions(about.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn failed(action: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Problem {
    let path = path.display().to_string();
    move |error| {
        let message = format!("could not {action} {path}: {error}");
        Problem::failed(
            "E0037",
            Kind::Unavailable,
            message,
            "check the permissions of the file and its folder",
        )
    }
}
