//! Writes a running store into one checked file.
//!
//! The file is a line that names its format, then frames of `kind · length · checksum · content`, the last of which
//! counts the others and sums their checksums. Writers are not held up: records are read a few at a time while what
//! is changed meanwhile is kept aside and appended, so that the file holds the store as it was at the end.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::Digest;
use crate::store::StoreError;
use crate::store::key::{blob_of, is_doomed};

use super::io::{failed, remove, sync_folder};
use super::open::FORMAT;
use super::records::{Reader, Records};
use super::restore::verify;

/// What every backup starts with; the number of the store's format and a line end follow.
pub(super) const MAGIC: &str = "sigyl-backup 1 store ";

/// How many records are read at a time.
const CHUNK: usize = 256;

/// Kinds of frames.
pub(super) const PUT: u8 = 1;
pub(super) const REMOVE: u8 = 2;
pub(super) const BLOB: u8 = 3;
pub(super) const END: u8 = 4;

/// Size of what stands before the content of a frame.
pub(super) const FRAME: usize = 1 + 8 + 16;

/// Writes everything into a new file and reads it back; returns how many records it holds. A record that changed
/// meanwhile counts again.
pub(super) fn backup(records: &Records, target: &Path) -> Result<u64, StoreError> {
    if target.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(StoreError::NoBackup { action: "make", path: target.to_owned(), source });
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = target.with_file_name(name);
    let written = write(records, &partial).and_then(|count| {
        verify(&partial)?;
        fs::rename(&partial, target).map_err(failed("rename", &partial))?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        sync_folder(folder.unwrap_or(Path::new(".")))?;
        Ok(count)
    });
    if written.is_err() {
        remove(&partial)?;
    }
    written
}

fn write(records: &Records, path: &Path) -> Result<u64, StoreError> {
    let capture = records.capture()?;
    let mut frames = Frames::create(path)?;
    let mut last: Option<Vec<u8>> = None;
    loop {
        let reader = records.read()?;
        let mut read = 0;
        for item in reader.scan_all(last.as_deref()).take(CHUNK) {
            let (key, value) = item?;
            frames.record(&reader, &key, &value)?;
            last = Some(key.to_vec());
            read += 1;
        }
        if read < CHUNK {
            break;
        }
    }
    // While this reads, nothing changes, so what was kept aside is complete.
    let reader = records.read()?;
    for (key, value) in capture.finish() {
        match value {
            Some(value) => frames.record(&reader, &key, &value)?,
            None => frames.frame(REMOVE, &[&key])?,
        }
    }
    frames.finish()
}

/// A backup being written.
struct Frames {
    out: BufWriter<File>,
    path: PathBuf,
    sums: Sha256,
    records: u64,
    blobs: BTreeSet<Digest>,
}

impl Frames {
    fn create(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let unmade = |source| StoreError::NoBackup { action: "make", path: path.to_owned(), source };
        let mut out = BufWriter::new(options.open(path).map_err(unmade)?);
        writeln!(out, "{MAGIC}{FORMAT}").map_err(failed("write", path))?;
        Ok(Self { out, path: path.to_owned(), sums: Sha256::new(), records: 0, blobs: BTreeSet::new() })
    }

    /// Writes a record, and the blob whose use it marks. What is doomed is on its way out and stays behind.
    fn record(&mut self, reader: &Reader<'_>, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if is_doomed(key) {
            return Ok(());
        }
        if let Some(digest) = blob_of(key)
            && self.blobs.insert(digest)
        {
            self.frame(BLOB, &[digest.as_bytes(), &reader.blob(&digest)?])?;
        }
        self.records += 1;
        let size = u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.frame(PUT, &[&size, key, value])
    }

    fn frame(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), StoreError> {
        let content = parts.concat();
        let head = frame_head(kind, &content);
        self.sums.update(&head[9..]);
        let written = self.out.write_all(&head).and_then(|()| self.out.write_all(&content));
        written.map_err(failed("write", &self.path))
    }

    fn finish(mut self) -> Result<u64, StoreError> {
        let sums: [u8; 32] = self.sums.clone().finalize().into();
        self.frame(END, &[&self.records.to_le_bytes(), &sums])?;
        let file = self.out.into_inner().map_err(|error| failed("write", &self.path)(error.into_error()))?;
        file.sync_all().map_err(failed("sync", &self.path))?;
        Ok(self.records)
    }
}

/// Returns what stands before the content of a frame.
pub(super) fn frame_head(kind: u8, content: &[u8]) -> [u8; FRAME] {
    let mut head = [0; FRAME];
    head[0] = kind;
    head[1..9].copy_from_slice(&(content.len() as u64).to_le_bytes());
    let digest: [u8; 32] = Sha256::new().chain_update(&head[..9]).chain_update(content).finalize().into();
    head[9..].copy_from_slice(&digest[..16]);
    head
}
