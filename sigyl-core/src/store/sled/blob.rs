//! Large values: files named by the digest of their content.
//!
//! A file is written and synced in `blobs/incoming` before the record that names it is logged, and moved after; what
//! lies in `incoming` at open is moved or removed, depending on whether it is whole and a record names it. A file that
//! no record names any more is removed after the change that made it so; a key keeps the intent until then.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::Digest;
use crate::store::StoreError;

use super::io::{failed, make_folder, remove, sync_folder, write_synced};

/// The folder of blobs.
#[derive(Debug)]
pub(super) struct Blobs {
    folder: PathBuf,
    incoming: PathBuf,
}

impl Blobs {
    /// Opens the folder, making it if there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let incoming = folder.join("incoming");
        make_folder(folder)?;
        make_folder(&incoming)?;
        Ok(Self { folder: folder.to_owned(), incoming })
    }

    /// Writes blobs so that they are durable; they are not readable yet.
    pub(super) fn write<'a>(
        &self,
        blobs: impl Iterator<Item = (&'a Digest, &'a Vec<u8>)>,
    ) -> Result<(), StoreError> {
        let mut wrote = false;
        for (digest, bytes) in blobs {
            write_synced(&self.incoming.join(digest.hex()), bytes)?;
            wrote = true;
        }
        if wrote { sync_folder(&self.incoming) } else { Ok(()) }
    }

    /// Makes a written blob readable.
    pub(super) fn settle(&self, digest: &Digest) -> Result<(), StoreError> {
        let from = self.incoming.join(digest.hex());
        fs::rename(&from, self.path(digest)).map_err(failed("rename", &from))
    }

    /// Reads a blob and checks it against its digest.
    pub(super) fn read(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.path(digest);
        let bytes = fs::read(&path).map_err(failed("read", &path))?;
        if Digest::of(&bytes) != *digest {
            let why = format!("the content of {} does not have this digest", path.display());
            return Err(StoreError::Corrupt { key: digest.to_string(), why });
        }
        Ok(bytes)
    }

    /// Removes a blob.
    pub(super) fn remove(&self, digest: &Digest) -> Result<(), StoreError> {
        remove(&self.path(digest))
    }

    /// Moves what was written before a crash and is whole and `named`, and removes the rest.
    ///
    /// A file that was cut short may have a whole namesake in its place already, which an older record names: content
    /// is written again whenever it is recorded again.
    pub(super) fn recover(
        &self,
        named: impl Fn(&Digest) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let list = fs::read_dir(&self.incoming).map_err(failed("list", &self.incoming))?;
        for entry in list {
            let path = entry.map_err(failed("list", &self.incoming))?.path();
            let digest = path.file_name().and_then(|name| name.to_str()).map(Digest::parse);
            match digest {
                Some(Ok(digest)) if named(&digest)? && is_whole(&path, &digest)? => self.settle(&digest)?,
                _ => remove(&path)?,
            }
        }
        sync_folder(&self.folder)
    }

    /// Removes every settled blob that `named` does not know.
    pub(super) fn retain(
        &self,
        named: impl Fn(&Digest) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        for entry in fs::read_dir(&self.folder).map_err(failed("list", &self.folder))? {
            let name = entry.map_err(failed("list", &self.folder))?.file_name();
            if let Some(Ok(digest)) = name.to_str().map(Digest::parse)
                && !named(&digest)?
            {
                self.remove(&digest)?;
            }
        }
        sync_folder(&self.folder)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}

/// Tells whether a file holds the content that its digest names.
fn is_whole(path: &Path, digest: &Digest) -> Result<bool, StoreError> {
    let bytes = fs::read(path).map_err(failed("read", path))?;
    Ok(Digest::of(&bytes) == *digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_read_back_only_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
        let (bytes, digest) = (b"large".to_vec(), Digest::of(b"large"));
        blobs.write([(&digest, &bytes)].into_iter()).unwrap();
        assert!(matches!(blobs.read(&digest), Err(StoreError::Io { .. })));
        blobs.settle(&digest).unwrap();
        assert_eq!(blobs.read(&digest).unwrap(), bytes);
        fs::write(blobs.path(&digest), b"other").unwrap();
        assert!(matches!(blobs.read(&digest), Err(StoreError::Corrupt { .. })));
        blobs.remove(&digest).unwrap();
        blobs.remove(&digest).unwrap();
    }

    #[test]
    fn after_a_crash_only_what_is_named_stays() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
        let (named, orphan) = (b"named".to_vec(), b"orphan".to_vec());
        let digests = [Digest::of(&named), Digest::of(&orphan)];
        blobs.write([(&digests[0], &named), (&digests[1], &orphan)].into_iter()).unwrap();
        fs::write(blobs.incoming.join("junk"), b"").unwrap();
        blobs.recover(|digest| Ok(*digest == digests[0])).unwrap();
        assert_eq!(blobs.read(&digests[0]).unwrap(), named);
        assert!(blobs.read(&digests[1]).is_err());
        assert_eq!(fs::read_dir(&blobs.incoming).unwrap().count(), 0);
    }

    #[test]
    fn content_that_was_cut_short_does_not_replace_what_is_on_record() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
        let (bytes, digest) = (b"on record".to_vec(), Digest::of(b"on record"));
        blobs.write([(&digest, &bytes)].into_iter()).unwrap();
        blobs.settle(&digest).unwrap();
        // A kill while the same content was written for another record.
        fs::write(blobs.incoming.join(digest.hex()), b"on re").unwrap();
        blobs.recover(|_| Ok(true)).unwrap();
        assert_eq!(blobs.read(&digest).unwrap(), bytes);
        assert_eq!(fs::read_dir(&blobs.incoming).unwrap().count(), 0);
    }
}
