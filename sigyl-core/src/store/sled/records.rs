//! The records on disk: sled, the blobs beside it, and whether they may still be used.

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use serde::de::DeserializeOwned;

use crate::domain::{Digest, Seq};
use crate::store::StoreError;
use crate::store::codec::{self, decode};
use crate::store::key::{self, Key, Shown, Span};

use super::blob::Blobs;
use super::io::{failed, sync_folder};
use super::wal::Writes;

/// Longest record, in bytes, that sled keeps itself.
pub(super) const INLINE_MAX: usize = 4096;

/// First byte of a value in sled.
pub(super) const INLINE: u8 = 0;
pub(super) const BLOB: u8 = 1;

/// What sled and the blobs hold. Readers share the lock; a group of changes takes it while it is applied, so nobody
/// sees half a change.
#[derive(Debug)]
pub(super) struct Records {
    folder: PathBuf,
    db: ::sled::Db,
    file: std::fs::File,
    pub(super) blobs: Blobs,
    stopped: RwLock<Option<String>>,
    /// What has been applied since a backup began.
    captured: Mutex<Option<Writes>>,
    /// Held by the backup that runs.
    capturing: Mutex<()>,
}

impl Records {
    /// Takes an open sled and what lies beside it in `folder`.
    pub(super) fn new(folder: &Path, db: ::sled::Db, blobs: Blobs) -> Result<Self, StoreError> {
        let path = folder.join("records/db");
        let file = std::fs::OpenOptions::new().write(true).open(&path).map_err(failed("open", &path))?;
        Ok(Self {
            folder: folder.to_owned(),
            db,
            file,
            blobs,
            stopped: RwLock::new(None),
            captured: Mutex::default(),
            capturing: Mutex::default(),
        })
    }

    /// Returns the folder of the whole store.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the records for reading, as long as nothing has stopped the store.
    pub(super) fn read(&self) -> Result<Reader<'_>, StoreError> {
        let guard = self.stopped.read().unwrap_or_else(PoisonError::into_inner);
        match &*guard {
            Some(why) => Err(StoreError::Stopped { path: self.folder.clone(), why: why.clone() }),
            None => Ok(Reader { records: self, _guard: guard }),
        }
    }

    /// Keeps aside what is applied from now on, for the one backup that may run at a time.
    pub(super) fn capture(&self) -> Result<Capture<'_>, StoreError> {
        let turn = self.capturing.lock().unwrap_or_else(PoisonError::into_inner);
        // With the reader, no change is half applied.
        let reader = self.read()?;
        *self.captured.lock().unwrap_or_else(PoisonError::into_inner) = Some(Writes::new());
        drop(reader);
        Ok(Capture { records: self, _turn: turn })
    }

    /// Refuses all reading and writing from now on.
    pub(super) fn stop(&self, why: &StoreError) {
        let mut stopped = self.stopped.write().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert_with(|| in_full(why));
    }

    /// Applies logged writes with nobody reading, settles new blobs and removes those that are doomed.
    pub(super) fn apply<'a>(
        &self,
        writes: &Writes,
        new: impl Iterator<Item = &'a Digest>,
        doomed: &[Digest],
    ) -> Result<(), StoreError> {
        let mut stopped = self.stopped.write().unwrap_or_else(PoisonError::into_inner);
        let work = || {
            for digest in new {
                self.blobs.settle(digest)?;
            }
            self.put(writes)?;
            if let Some(captured) = &mut *self.captured.lock().unwrap_or_else(PoisonError::into_inner) {
                captured.extend(writes.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            doomed.iter().try_for_each(|digest| self.blobs.remove(digest))
        };
        let done = work();
        if let Err(error) = &done {
            stopped.get_or_insert_with(|| in_full(error));
        }
        done
    }

    /// Writes to sled alone.
    pub(super) fn put(&self, writes: &Writes) -> Result<(), StoreError> {
        for (key, value) in writes {
            match value {
                Some(value) => self.db.insert(key, value.as_slice()),
                None => self.db.remove(key),
            }
            .map_err(engine(key))?;
        }
        Ok(())
    }

    /// Makes everything that sled was given durable.
    pub(super) fn checkpoint(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(engine(b""))?;
        let records = self.folder.join("records");
        self.file.sync_data().map_err(failed("sync", &records.join("db")))?;
        // Values are kept small so that sled makes no files of its own, but nothing in sled promises that.
        let own = records.join("blobs");
        let mut found = false;
        for entry in std::fs::read_dir(&own).map_err(failed("list", &own))? {
            let path = entry.map_err(failed("list", &own))?.path();
            match std::fs::File::open(&path).and_then(|file| file.sync_all()) {
                // sled removes them by itself.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => other.map_err(failed("sync", &path))?,
            }
            found = true;
        }
        if found { sync_folder(&own) } else { Ok(()) }
    }
}

/// Keeps aside what is applied while it lives.
pub(super) struct Capture<'a> {
    records: &'a Records,
    _turn: MutexGuard<'a, ()>,
}

impl Capture<'_> {
    /// Returns what was applied since the start. Complete while the caller reads.
    pub(super) fn finish(self) -> Writes {
        self.take()
    }

    fn take(&self) -> Writes {
        self.records.captured.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

impl Drop for Capture<'_> {
    fn drop(&mut self) {
        self.take();
    }
}

/// Says what happened with all its causes, in one line.
fn in_full(error: &StoreError) -> String {
    match error {
        StoreError::Io { source, .. } => format!("{error}: {source}"),
        other => other.to_string(),
    }
}

/// Turns a failure of sled into ours.
pub(super) fn engine(key: &[u8]) -> impl FnOnce(::sled::Error) -> StoreError {
    let key = Shown(key).to_string();
    move |error| match error {
        ::sled::Error::Io(source) => {
            StoreError::Io { action: "use the records at", path: key.into(), source }
        }
        ::sled::Error::Corruption { .. } => {
            StoreError::Corrupt { key, why: "the storage engine reports corruption".to_owned() }
        }
        other => StoreError::Engine(other.to_string()),
    }
}

/// A consistent view of the records while it lives.
pub(super) struct Reader<'a> {
    records: &'a Records,
    _guard: RwLockReadGuard<'a, Option<String>>,
}

impl Reader<'_> {
    /// Returns the stored value at a key.
    pub(super) fn raw(&self, key: &[u8]) -> Result<Option<::sled::IVec>, StoreError> {
        self.records.db.get(key).map_err(engine(key))
    }

    /// Returns the record at a key.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &Key<'_>) -> Result<Option<T>, StoreError> {
        let key = key.encode();
        self.raw(&key)?.map(|value| self.open(&key, &value)).transpose()
    }

    /// Reads a stored value.
    pub(super) fn open<T: DeserializeOwned>(&self, key: &[u8], value: &[u8]) -> Result<T, StoreError> {
        match content(key, value)? {
            Content::Inline(bytes) => decode(key, bytes),
            Content::Blob(digest) => decode(key, &self.records.blobs.read(&digest)?),
        }
    }

    /// Walks the stored keys and values of a range, after the key `after`.
    pub(super) fn scan(
        &self,
        span: &Span<'_>,
        after: Option<&Key<'_>>,
    ) -> impl Iterator<Item = Result<(::sled::IVec, ::sled::IVec), StoreError>> + use<> {
        let prefix = span.prefix();
        let items = match after {
            None => self.records.db.scan_prefix(&prefix),
            Some(key) => {
                let from = Bound::Excluded(key.encode());
                self.records.db.range::<Vec<u8>, _>((from, Bound::Unbounded))
            }
        };
        items
            .take_while(move |item| item.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix)))
            .map(|item| item.map_err(engine(b"")))
    }

    /// Lists the records of a range, at most `limit`.
    pub(super) fn list<T: DeserializeOwned>(
        &self,
        span: &Span<'_>,
        after: Option<&Key<'_>>,
        limit: usize,
    ) -> Result<Vec<(::sled::IVec, T)>, StoreError> {
        let items = self.scan(span, after).take(limit);
        items
            .map(|item| {
                let (key, value) = item?;
                let record = self.open(&key, &value)?;
                Ok((key, record))
            })
            .collect()
    }

    /// Walks all stored keys and values after a key.
    pub(super) fn scan_all(
        &self,
        after: Option<&[u8]>,
    ) -> impl Iterator<Item = Result<(::sled::IVec, ::sled::IVec), StoreError>> + use<> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.to_vec()));
        self.records.db.range::<Vec<u8>, _>((from, Bound::Unbounded)).map(|item| item.map_err(engine(b"")))
    }

    /// Tells whether a range holds anything.
    pub(super) fn has_any(&self, span: &Span<'_>) -> Result<bool, StoreError> {
        self.scan(span, None).next().transpose().map(|item| item.is_some())
    }

    /// Reads a blob.
    pub(super) fn blob(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        self.records.blobs.read(digest)
    }

    /// Returns the last seq that was given out.
    pub(super) fn last_seq(&self) -> Result<Seq, StoreError> {
        let (prefix, end) = (Span::Journal.prefix(), Key::Journal(Seq(u64::MAX)).encode());
        let last = self.records.db.range(prefix..=end).next_back().transpose().map_err(engine(b""))?;
        Ok(last.and_then(|(key, _)| key::seq_of(&key)).unwrap_or_default())
    }
}

/// Where the content of a stored value is.
pub(super) enum Content<'a> {
    Inline(&'a [u8]),
    Blob(Digest),
}

/// Reads the first byte of a stored value.
pub(super) fn content<'a>(key: &[u8], value: &'a [u8]) -> Result<Content<'a>, StoreError> {
    let corrupt = |why: &str| StoreError::Corrupt { key: Shown(key).to_string(), why: why.to_owned() };
    match value.split_first() {
        Some((&INLINE, bytes)) => Ok(Content::Inline(bytes)),
        Some((&BLOB, digest)) => match digest.try_into() {
            Ok(digest) => Ok(Content::Blob(Digest::from_bytes(digest))),
            Err(_) => Err(corrupt("it names a blob by something that is no digest")),
        },
        Some((&tag, _)) => {
            // A tag that came after this version: the same answer as for a newer record.
            Err(StoreError::RecordTooNew { key: Shown(key).to_string(), found: tag, known: codec::VERSION })
        }
        None => Err(corrupt("it is empty")),
    }
}
