//! Opens a store: lock, format, records, log, blobs.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::store::StoreError;
use crate::store::key::{Span, digest_of};

use super::blob::Blobs;
use super::io::{failed, make_folder, remove, replace, sync_folder};
use super::records::{Records, engine};
use super::wal::{CAPACITY, Wal, Writes};
use super::writer::Writer;

/// The version of the folder's layout, keys and log.
pub(super) const FORMAT: u32 = 1;

/// Memory that sled may use for its pages.
const CACHE: u64 = 64 << 20;

/// How often sled syncs what it was given, besides our checkpoints.
const FLUSH_EVERY: Duration = Duration::from_millis(500);

/// Free space below which changes are refused.
const RESERVE: u64 = 16 << 20;

/// How a store is opened; tests choose other sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) reserve: u64,
    pub(super) log: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { reserve: RESERVE, log: CAPACITY }
    }
}

/// The store of one data directory, on sled. One process owns it at a time.
#[derive(Debug)]
pub struct SledStore {
    // Dropped in this order: the writer ends with a checkpoint, then sled closes, then the lock goes.
    pub(super) writer: Writer,
    pub(super) records: Arc<Records>,
    _lock: File,
}

impl SledStore {
    /// Opens the store in `dir`, making it if there is none. Blocks: it reads and writes files.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, Settings::default())
    }

    pub(super) fn open_with(dir: &Path, settings: Settings) -> Result<Self, StoreError> {
        make_folder(dir)?;
        let lock = lock(dir)?;
        check_format(dir)?;
        let db = open_sled(dir)?;
        let records = Records::new(dir, db, Blobs::open(&dir.join("blobs"))?)?;
        let (wal, groups) = Wal::open(&dir.join("log"), settings.log)?;
        for group in &groups {
            records.put(&group.writes)?;
        }
        recover_blobs(&records)?;
        let last = records.read()?.last_seq()?;
        let records = Arc::new(records);
        let writer = Writer::start(Arc::clone(&records), wal, last, settings.reserve)?;
        Ok(Self { writer, records, _lock: lock })
    }
}

/// Takes the lock that makes this process the owner.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

fn check_format(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join("format");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return replace(&path, format!("{FORMAT}\n").as_bytes());
        }
        Err(error) => return Err(failed("read", &path)(error)),
    };
    match text.trim().parse::<u32>() {
        Ok(FORMAT) => Ok(()),
        Ok(found) if found > FORMAT => Err(StoreError::TooNew { path: dir.to_owned(), found, known: FORMAT }),
        _ => {
            let why = format!("`{}` is not a format that Sigyl has used", text.trim().escape_debug());
            Err(StoreError::Corrupt { key: path.display().to_string(), why })
        }
    }
}

/// Opens sled in `dir`, after removing what a kill may have left there half written.
pub(super) fn open_sled(dir: &Path) -> Result<::sled::Db, StoreError> {
    let folder = dir.join("records");
    make_folder(&folder)?;
    for entry in fs::read_dir(&folder).map_err(failed("list", &folder))? {
        let entry = entry.map_err(failed("list", &folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            remove(&entry.path())?;
        }
    }
    let millis = u64::try_from(FLUSH_EVERY.as_millis()).ok();
    let config = ::sled::Config::new().path(&folder).cache_capacity(CACHE).flush_every_ms(millis);
    let db = config.open().map_err(engine(folder.display().to_string().as_bytes()))?;
    for name in ["conf", "db"] {
        let path = folder.join(name);
        File::open(&path).and_then(|file| file.sync_all()).map_err(failed("sync", &path))?;
    }
    sync_folder(&folder)?;
    sync_folder(dir)?;
    Ok(db)
}

/// Ends what a crash interrupted: blobs that were on their way in or out.
fn recover_blobs(records: &Records) -> Result<(), StoreError> {
    let reader = records.read()?;
    let named = |digest: &_| {
        reader.scan(&Span::BlobUses(*digest), None).next().transpose().map(|item| item.is_some())
    };
    records.blobs.recover(named)?;
    let mut done = Writes::new();
    for item in reader.scan(&Span::Doomed, None) {
        let key = item?.0;
        if let Some(digest) = digest_of(&key)
            && !named(&digest)?
        {
            records.blobs.remove(&digest)?;
        }
        done.insert(key.to_vec(), None);
    }
    records.put(&done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[tokio::test]
    async fn sled_keeps_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        let count = std::sync::atomic::AtomicU32::new(0);
        contract::run(async || {
            let at = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            SledStore::open(&dir.path().join(at.to_string())).unwrap()
        })
        .await;
    }
}
