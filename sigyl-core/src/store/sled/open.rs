//! Opens a store: lock, format, records, log, blobs.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::store::StoreError;
use crate::store::key::{Span, digest_of};

use super::blob::Blobs;
use super::io::{failed, make_folder, remove, sync_folder};
use super::migrate::{self, STEPS};
use super::records::{Records, engine};
use super::wal::{CAPACITY, Held, Wal, Writes};
use super::writer::Writer;

/// The version of the folder's layout, keys and log.
///
/// 2: servers belong to workspaces. An earlier Sigyl would write them back without, and let everybody at them.
pub(super) const FORMAT: u32 = 2;

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
        migrate::ensure(dir, FORMAT, STEPS)?;
        let db = open_sled(dir)?;
        let records = Records::new(dir, db, Blobs::open(&dir.join("blobs"))?)?;
        let (wal, held) = Wal::open(&dir.join("log"), settings.log)?;
        apply_again(&records, &held, dir)?;
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
    let mut opened = config.open();
    // A store that this process has just closed may hold sled's own lock a moment longer than ours.
    for _ in 0..100 {
        match &opened {
            Err(::sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::sleep(Duration::from_millis(20));
                opened = config.open();
            }
            _ => break,
        }
    }
    let db = opened.map_err(engine(folder.display().to_string().as_bytes()))?;
    for name in ["conf", "db"] {
        let path = folder.join(name);
        File::open(&path).and_then(|file| file.sync_all()).map_err(failed("sync", &path))?;
    }
    sync_folder(&folder)?;
    sync_folder(dir)?;
    Ok(db)
}

/// Applies what the log holds, if it fits to the records: they have everything that came before it, and nothing that came
/// after it, since nothing is applied before it is in the log. To go on otherwise would lose changes without a word, or
/// bring old values back beside newer ones.
fn apply_again(records: &Records, held: &Held, dir: &Path) -> Result<(), StoreError> {
    let Held { groups, after } = held;
    let recorded = records.read()?.last_seq()?;
    let damaged =
        |part: &str, why: String| Err(StoreError::Corrupt { key: dir.join(part).display().to_string(), why });
    if recorded < *after {
        let why = format!("they hold changes up to {recorded}, and the log follows on change {after}");
        return damaged("records", why);
    }
    match groups.last() {
        Some(group) if recorded > group.last => {
            let last = group.last;
            damaged(
                "log",
                format!("it can be read up to change {last}, and the records hold change {recorded}"),
            )
        }
        _ => groups.iter().try_for_each(|group| records.put(&group.writes)),
    }
}

/// Ends what a crash interrupted: blobs that were on their way in or out.
fn recover_blobs(records: &Records) -> Result<(), StoreError> {
    let reader = records.read()?;
    let named = |digest: &_| reader.has_any(&Span::BlobUses(*digest));
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
    use crate::domain::{RunState, Seq};
    use crate::store::contract::{self, fixture};
    use crate::store::{Change, Page, Store as _};

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

    #[tokio::test]
    async fn a_store_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = SledStore::open(dir.path()).unwrap();
        assert!(matches!(SledStore::open(dir.path()), Err(StoreError::InUse { .. })));
        drop(first);
        SledStore::open(dir.path()).unwrap();
    }

    #[tokio::test]
    async fn everything_is_there_after_closing_and_seqs_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut last = Seq(0);
        for round in 0..4 {
            let store = SledStore::open(dir.path()).unwrap();
            let seq = store.apply(fixture::publish("clock", &format!("1.0.{round}"), "a")).await.unwrap();
            assert!(seq > last);
            last = seq;
            let versions = store.versions(&fixture::name("clock"), Page::first(9)).await.unwrap();
            assert_eq!(versions.len(), round + 1);
        }
        let log = fs::read(dir.path().join("log")).unwrap();
        assert!(log[..8].iter().all(|byte| *byte == 0), "a closed store has nothing to replay");
    }

    #[tokio::test]
    async fn what_a_kill_leaves_half_written_does_not_lock_the_store_out() {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
        drop(store);
        // What sled 0.34 leaves when it is killed while opening, and takes for its newest snapshot.
        let stale = dir.path().join("records/snap.FFFFFFFFFFFFFFFF.generating");
        fs::write(&stale, b"half").unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        assert!(!stale.exists());
        assert!(store.server(&fixture::name("clock")).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_small_log_turns_many_times_and_large_pages_stay_out_of_sled() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { log: 20_000, ..Settings::default() };
        let store = SledStore::open_with(dir.path(), settings).unwrap();
        // As large as a record may be without becoming a file, many in a row: sled splits by number alone.
        let mut run = fixture::run("r0", RunState::Done);
        run.request = serde_json::json!("x".repeat(3_500));
        for at in 0..120 {
            run.id = fixture::run_id(&format!("r{at}"));
            store.apply(Change::PutRun(Box::new(run.clone()))).await.unwrap();
        }
        assert_eq!(fs::read_dir(dir.path().join("blobs")).unwrap().count(), 1, "no blob but the folder");
        assert_eq!(fs::read_dir(dir.path().join("records/blobs")).unwrap().count(), 0);
        drop(store);
        let store = SledStore::open_with(dir.path(), settings).unwrap();
        assert_eq!(store.runs(Page::first(999)).await.unwrap().len(), 120);
    }

    #[tokio::test]
    async fn blobs_go_when_nothing_names_them() {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        let files = || fs::read_dir(dir.path().join("blobs")).unwrap().count() - 1;
        let wide = |id: &str, letter: &str| {
            let mut run = fixture::run(id, RunState::Running);
            run.request = serde_json::json!(letter.repeat(10_000));
            Change::PutRun(Box::new(run))
        };
        for (change, expected) in [(wide("r1", "a"), 1), (wide("r1", "b"), 1), (wide("r2", "b"), 2)] {
            store.apply(change).await.unwrap();
            assert_eq!(files(), expected);
        }
        store.apply(wide("r1", "a")).await.unwrap();
        store.apply(Change::PutRun(Box::new(fixture::run("r2", RunState::Done)))).await.unwrap();
        assert_eq!(files(), 1);
        drop(store);
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(files(), 1);
        let request = store.run(&fixture::run_id("r1")).await.unwrap().unwrap().request;
        assert_eq!(request.as_str().map(|text| text.starts_with('a')), Some(true));
    }

    #[tokio::test]
    async fn what_sled_never_wrote_is_applied_again_from_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let (live, lost) = (dir.path().join("live"), dir.path().join("lost"));
        let run = |at: usize| {
            let mut run = fixture::run(&format!("r{at:03}"), RunState::Done);
            run.request = serde_json::json!("x".repeat(if at.is_multiple_of(5) { 9_000 } else { 10 }));
            run
        };
        let mut taken = 0;
        for round in 1..=3 {
            // The records as they were at the last checkpoint, as a power cut may leave them.
            drop(SledStore::open(&live).unwrap());
            fs::create_dir_all(&lost).unwrap();
            std::process::Command::new("cp").arg("-r").arg(live.join(".")).arg(&lost).status().unwrap();
            let store = SledStore::open(&live).unwrap();
            for at in taken..round * 30 {
                store.apply(Change::PutRun(Box::new(run(at)))).await.unwrap();
            }
            taken = round * 30;
            for part in ["log", "blobs"] {
                fs::remove_dir_all(lost.join(part)).or_else(|_| fs::remove_file(lost.join(part))).unwrap();
                std::process::Command::new("cp").arg("-r").arg(live.join(part)).arg(&lost).status().unwrap();
            }
            let found = SledStore::open(&lost).unwrap();
            assert_eq!(found.runs(Page::first(999)).await.unwrap().len(), taken);
            for at in 0..taken {
                assert_eq!(found.run(&run(at).id).await.unwrap(), Some(run(at)));
            }
            drop(found);
            fs::remove_dir_all(&lost).unwrap();
        }
    }

    #[tokio::test]
    async fn records_that_lost_what_came_before_the_log_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (live, hurt) = (dir.path().join("live"), dir.path().join("hurt"));
        let run = |id: &str| Change::PutRun(Box::new(fixture::run(id, RunState::Done)));
        SledStore::open(&live).unwrap().apply(run("r1")).await.unwrap();
        let refused = |when: &str| {
            fs::create_dir(&hurt).unwrap();
            for part in ["format", "log"] {
                fs::copy(live.join(part), hurt.join(part)).unwrap();
            }
            let error = SledStore::open(&hurt).unwrap_err();
            let named = matches!(&error, StoreError::Corrupt { key, .. } if key.ends_with("/records"));
            assert!(named, "{when}: {error}");
            fs::remove_dir_all(&hurt).unwrap();
        };
        refused("closed");
        let store = SledStore::open(&live).unwrap();
        store.apply(run("r2")).await.unwrap();
        refused("with a change in the log");
    }

    #[tokio::test]
    async fn a_log_that_lost_its_end_is_refused_and_brings_no_old_value_back() {
        let dir = tempfile::tempdir().unwrap();
        let (live, hurt) = (dir.path().join("live"), dir.path().join("hurt"));
        let store = SledStore::open(&live).unwrap();
        for state in [RunState::Running, RunState::Held, RunState::Done] {
            store.apply(Change::PutRun(Box::new(fixture::run("r1", state)))).await.unwrap();
        }
        store.records.checkpoint().unwrap();
        fs::create_dir(&hurt).unwrap();
        std::process::Command::new("cp").arg("-r").arg(live.join(".")).arg(&hurt).status().unwrap();
        let mut log = fs::read(hurt.join("log")).unwrap();
        let first = usize::try_from(u64::from_le_bytes(log[..8].try_into().unwrap())).unwrap();
        log[first + 50] ^= 1;
        fs::write(hurt.join("log"), log).unwrap();
        let error = SledStore::open(&hurt).unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { key, .. } if key.ends_with("/log")), "{error}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_one_clear_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = SledStore::open(&file.join("store")).unwrap_err();
        assert!(matches!(&error, StoreError::Io { action: "create", .. }), "{error}");
    }
}
