//! Takes an archive file as a source.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use super::{Unpack, tar, zip};
#[cfg(feature = "runtime")]
use crate::domain::Skipped;
use crate::domain::SourceKind;
use crate::source::tree::Limits;
#[cfg(feature = "runtime")]
use crate::source::tree::{Entry, Files};
use crate::source::{SourceError, SourceTree};

/// How an archive is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    TarGz,
    Zip,
    Wheel,
}

impl SourceTree {
    /// Unpacks the archive at `path` into the folder `into`, which is made, or is empty; the caller removes it.
    ///
    /// Refused: absolute paths, `..`, links out of the archive, devices, two entries at one path (or at paths that
    /// differ only in case), and whatever exceeds the limits. A link to a file inside counts as that file's bytes.
    /// When all files lie under one top folder (`package/`, `name-1.0/`), the tree begins inside it, except in a wheel.
    pub fn from_archive(path: &Path, into: &Path, limits: &Limits) -> Result<Self, SourceError> {
        unpack_file(path, &path.display().to_string(), into, limits)
    }

    /// Unpacks an archive from memory, as [`SourceTree::from_archive`] does; the end of `name` tells how it is packed.
    pub fn from_archive_bytes(
        name: &str,
        bytes: &[u8],
        into: &Path,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        unpack(name, format_of(name), Cursor::new(bytes), bytes.len() as u64, into, limits)
    }
}

/// Unpacks the archive at `path`, which is called `name` wherever it is spoken of.
pub(in crate::source) fn unpack_file(
    path: &Path,
    name: &str,
    into: &Path,
    limits: &Limits,
) -> Result<SourceTree, SourceError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(SourceError::NotFound(name.to_owned()));
        }
        opened => opened.map_err(SourceError::io("read", path))?,
    };
    let metadata = file.metadata().map_err(SourceError::io("read", path))?;
    if !metadata.is_file() {
        return Err(SourceError::BadArchive { archive: name.to_owned(), why: "no plain file".to_owned() });
    }
    let format = format_of(&path.to_string_lossy());
    unpack(name, format, BufReader::new(file), metadata.len(), into, limits)
}

/// Unpacks the archive of a repository that its host made, or what is below one folder of it.
#[cfg(feature = "runtime")]
pub(in crate::source) fn unpack_repository(
    path: &Path,
    name: &str,
    into: &Path,
    limits: &Limits,
    subdir: Option<&str>,
) -> Result<SourceTree, SourceError> {
    let file = File::open(path).map_err(SourceError::io("read", path))?;
    let size = file.metadata().map_err(SourceError::io("read", path))?.len();
    let mut unpack = Unpack::new(name, into, limits, size)?;
    tar::read(BufReader::new(file), &mut unpack)?;
    let files = unpack.finish(true)?;
    let files = match subdir {
        Some(subdir) => below(files, subdir, name)?,
        None => files,
    };
    SourceTree::assemble(files, SourceKind::Git, name.to_owned())
}

/// Takes what is below a folder.
#[cfg(feature = "runtime")]
fn below(files: Files, subdir: &str, name: &str) -> Result<Files, SourceError> {
    let start = format!("{}/", subdir.trim_matches('/'));
    let cut = |path: &str| path.strip_prefix(&start).map(str::to_owned);
    let entries: Vec<Entry> = files
        .entries
        .into_iter()
        .filter_map(|entry| Some(Entry { path: cut(&entry.path)?, ..entry }))
        .collect();
    if entries.is_empty() {
        return Err(SourceError::NotFound(name.to_owned()));
    }
    let skipped = files.skipped.into_iter();
    let skipped = skipped.filter_map(|one| Some(Skipped { path: cut(&one.path)?, ..one })).collect();
    Ok(Files { root: files.root.join(start), entries, skipped })
}

fn unpack(
    name: &str,
    format: Option<Format>,
    packed: impl Read + Seek,
    size: u64,
    into: &Path,
    limits: &Limits,
) -> Result<SourceTree, SourceError> {
    let bad = |why: &str| SourceError::BadArchive { archive: name.to_owned(), why: why.to_owned() };
    let format = format.ok_or_else(|| bad("not known by its name; .tar.gz, .tgz, .zip and .whl are"))?;
    if size > limits.total {
        return Err(SourceError::over_bytes(name, limits.total));
    }
    let mut unpack = Unpack::new(name, into, limits, size)?;
    match format {
        Format::TarGz => tar::read(packed, &mut unpack)?,
        Format::Zip | Format::Wheel => zip::read(packed, &mut unpack)?,
    }
    let files = unpack.finish(format != Format::Wheel)?;
    SourceTree::assemble(files, SourceKind::Archive, name.to_owned())
}

fn format_of(name: &str) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    [(".tar.gz", Format::TarGz), (".tgz", Format::TarGz), (".zip", Format::Zip), (".whl", Format::Wheel)]
        .into_iter()
        .find_map(|(end, format)| name.ends_with(end).then_some(format))
}
