//! Reads a backup: checks all of it, then makes a store of it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::Digest;
use crate::store::StoreError;
use crate::store::key::Span;

use super::backup::{BLOB, END, FRAME, MAGIC, PUT, REMOVE, frame_head};
use super::blob::Blobs;
use super::io::{failed, make_folder, replace, sync_folder};
use super::open::{FORMAT, open_sled};
use super::records::Records;
use super::wal::Writes;

/// How many records are given to sled at a time.
const CHUNK: usize = 1024;

/// Makes a store in `dir`, which must be empty or absent, from the backup in `from`.
///
/// Returns how many records it read. Blocks. The backup is checked whole before anything is written, and the folder
/// appears complete or not at all.
pub fn restore(from: &Path, dir: &Path) -> Result<u64, StoreError> {
    let format = verify(from)?;
    let occupied = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed("list", dir)(error)),
    };
    if occupied {
        return Err(StoreError::NotEmpty { path: dir.to_owned() });
    }
    let parent = match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => parent,
        None => Path::new("."),
    };
    make_folder(parent)?;
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    let building = dir.with_file_name(name);
    if building.exists() {
        fs::remove_dir_all(&building).map_err(failed("remove", &building))?;
    }
    let built = build(from, &building, format).and_then(|count| {
        fs::rename(&building, dir).map_err(failed("rename", &building))?;
        sync_folder(parent)?;
        Ok(count)
    });
    if built.is_err() && building.exists() {
        fs::remove_dir_all(&building).map_err(failed("remove", &building))?;
    }
    built
}

/// Checks a backup from its first byte to its last, and returns the store format of its records.
pub(super) fn verify(from: &Path) -> Result<u32, StoreError> {
    check(Frames::open(from)?)
}

fn check<R: Read>(mut frames: Frames<R>) -> Result<u32, StoreError> {
    while frames.next()?.is_some() {}
    Ok(frames.format)
}

/// Checks the bytes of a backup as [`restore`] does, for fuzzing.
#[cfg(any(test, feature = "testing"))]
pub fn check_backup(bytes: &[u8]) -> Result<u32, StoreError> {
    check(Frames::new(bytes, bytes.len() as u64, Path::new("fuzz"))?)
}

fn build(from: &Path, dir: &Path, format: u32) -> Result<u64, StoreError> {
    make_folder(dir)?;
    let blobs = Blobs::open(&dir.join("blobs"))?;
    let records = Records::new(dir, open_sled(dir)?, blobs)?;
    let mut frames = Frames::open(from)?;
    let mut writes = Writes::new();
    while let Some(frame) = frames.next()? {
        match frame {
            Frame::Put(key, value) => writes.insert(key, Some(value)),
            Frame::Remove(key) => writes.insert(key, None),
            Frame::Blob(digest, content) => {
                records.blobs.write([(&digest, &content)].into_iter())?;
                records.blobs.settle(&digest)?;
                None
            }
        };
        if writes.len() >= CHUNK {
            records.put(&std::mem::take(&mut writes))?;
        }
    }
    records.put(&writes)?;
    let reader = records.read()?;
    records.blobs.retain(|digest| reader.has_any(&Span::BlobUses(*digest)))?;
    drop(reader);
    records.checkpoint()?;
    drop(records);
    replace(&dir.join("format"), format!("{format}\n").as_bytes())?;
    sync_folder(dir)?;
    Ok(frames.records)
}

enum Frame {
    Put(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
    Blob(Digest, Vec<u8>),
}

/// A backup being read. Every frame is checked before it is handed out.
struct Frames<R> {
    input: BufReader<R>,
    path: PathBuf,
    left: u64,
    sums: Sha256,
    records: u64,
    format: u32,
}

impl Frames<File> {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let unopened = |source| StoreError::NoBackup { action: "open", path: path.to_owned(), source };
        let file = File::open(path).map_err(unopened)?;
        let left = file.metadata().map_err(failed("read", path))?.len();
        Self::new(file, left, path)
    }
}

impl<R: Read> Frames<R> {
    /// Begins to read `left` bytes; `path` is for the errors.
    fn new(input: R, left: u64, path: &Path) -> Result<Self, StoreError> {
        let (input, path) = (BufReader::new(input), path.to_owned());
        let mut frames = Self { input, path, left, sums: Sha256::new(), records: 0, format: 0 };
        frames.format = frames.read_format()?;
        Ok(frames)
    }

    fn read_format(&mut self) -> Result<u32, StoreError> {
        let mut line = Vec::new();
        let read = self.input.by_ref().take(64).read_until(b'\n', &mut line);
        self.left -= read.map_err(failed("read", &self.path))? as u64;
        let line = String::from_utf8_lossy(&line);
        match line.strip_prefix(MAGIC).map(|format| format.trim_end().parse::<u32>()) {
            Some(Ok(found)) if found > FORMAT => {
                Err(StoreError::TooNew { path: self.path.clone(), found, known: FORMAT })
            }
            Some(Ok(format)) => Ok(format),
            _ => Err(self.corrupt("it does not start as a backup of this kind does")),
        }
    }

    /// Returns the next frame, or nothing after a complete backup.
    fn next(&mut self) -> Result<Option<Frame>, StoreError> {
        let (kind, content) = self.frame()?;
        let frame = match kind {
            PUT => {
                self.records += 1;
                split_record(content).map(|(key, value)| Frame::Put(key, value))
            }
            REMOVE => Some(Frame::Remove(content)),
            BLOB => split_blob(&content),
            END => return self.end(&content).map(|()| None),
            _ => None,
        };
        frame.map(Some).ok_or_else(|| self.corrupt("a frame holds something else than it says"))
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>), StoreError> {
        let mut head = [0; FRAME];
        if self.left < FRAME as u64 {
            return Err(self.corrupt("it ends too early"));
        }
        self.input.read_exact(&mut head).map_err(failed("read", &self.path))?;
        self.left -= FRAME as u64;
        let [kind, size @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = head;
        let size = u64::from_le_bytes(size);
        if size > self.left {
            return Err(self.corrupt("it ends too early"));
        }
        let mut content = Vec::new();
        self.input.by_ref().take(size).read_to_end(&mut content).map_err(failed("read", &self.path))?;
        self.left -= size;
        if frame_head(kind, &content) != head {
            return Err(self.corrupt("a checksum does not match"));
        }
        if kind != END {
            self.sums.update(&head[9..]);
        }
        Ok((kind, content))
    }

    fn end(&self, content: &[u8]) -> Result<(), StoreError> {
        let sums: [u8; 32] = self.sums.clone().finalize().into();
        if content != [self.records.to_le_bytes().as_slice(), &sums].concat() {
            return Err(self.corrupt("parts of it are missing or out of order"));
        }
        if self.left > 0 {
            return Err(self.corrupt("something follows its end"));
        }
        Ok(())
    }

    fn corrupt(&self, why: &str) -> StoreError {
        StoreError::BadBackup { path: self.path.clone(), why: why.to_owned() }
    }
}

fn split_record(content: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
    let (size, rest) = content.split_first_chunk()?;
    let (key, value) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
    Some((key.to_vec(), value.to_vec()))
}

fn split_blob(content: &[u8]) -> Option<Frame> {
    let (digest, content) = content.split_first_chunk()?;
    let digest = Digest::from_bytes(*digest);
    (Digest::of(content) == digest).then(|| Frame::Blob(digest, content.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::domain::{AuditHead, Role, RunState};
    use crate::store::contract::fixture::{
        account, activate, api_key, audited, delete, deployment, event, kept_app, key_id, name, publish,
        report, run, run_id, sealed_pepper, secret, tool, with_statement, workspace,
    };
    use crate::store::sled::SledStore;
    use crate::store::{Change, Page, Store as _};

    /// A store with some of everything, and a blob.
    async fn filled(dir: &Path) -> SledStore {
        let store = SledStore::open(dir).unwrap();
        let mut large = report("a");
        large.score.formula = "x".repeat(50_000);
        let changes = [
            Change::PutReport(Box::new(large)),
            publish("clock", "1.0.0", "a"),
            with_statement(activate("clock", "1.0.0", "a", vec![tool("now", &"y".repeat(9_000))]), "signed"),
            publish("gone", "1.0.0", "b"),
            delete("gone", "run-1"),
            Change::PutSecret(secret("clock", "KEY")),
            Change::PutAccount(Box::new(account("a1", "ada"))),
            Change::PutWorkspace(Box::new(workspace("red", &[("a1", Role::Owner)]))),
            Change::PutKey(Box::new(api_key("key0000000000000", "a1"))),
            Change::PutPepper(sealed_pepper(1)),
            Change::PutSigningKey(sealed_pepper(2)),
            Change::PutGitHubApp(Box::new(kept_app(3))),
            Change::Audit(vec![audited(&AuditHead::NONE, "clock")]),
            Change::Events((0..700).map(|at| event(Some("r1"), &at.to_string())).collect()),
        ];
        for change in changes {
            store.apply(change).await.unwrap();
        }
        store
    }

    async fn shown(store: &SledStore) -> String {
        let (clock, gone) = (name("clock"), name("gone"));
        let mut large = report("a");
        large.score.formula = "x".repeat(50_000);
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            store.servers(Page::first(9)).await.unwrap(),
            store.versions(&clock, Page::first(9)).await.unwrap(),
            store.report(large.id()).await.unwrap().map(|report| report.score.formula.len()),
            store.tombstone(&gone).await.unwrap(),
            store.secrets(&clock).await.unwrap(),
            store.events(Some(&run_id("r1")), Page::first(999)).await.unwrap().len(),
            store.journal(Page::first(999)).await.unwrap(),
            store.holder(&key_id("key0000000000000")).await.unwrap().unwrap(),
            store.pepper().await.unwrap().unwrap(),
            store.signing_key().await.unwrap().unwrap(),
            store.github_app().await.unwrap().unwrap(),
            store.attested(&clock, &deployment("clock", "1.0.0", "a").revision).await.unwrap().unwrap(),
            store.audit(Page::first(9)).await.unwrap(),
        )
    }

    #[tokio::test]
    async fn a_backup_restores_to_the_same_store_without_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path().join("data"), dir.path().join("b"));
        let store = filled(&data).await;
        fs::write(data.join("master.key"), b"THE-MASTER-KEY").unwrap();
        let count = store.backup(&file).await.unwrap();
        assert!(count > 700);
        assert!(!fs::read(&file).unwrap().windows(14).any(|part| part == b"THE-MASTER-KEY"));
        assert!(
            matches!(store.backup(&file).await, Err(StoreError::NoBackup { .. })),
            "it is never overwritten"
        );
        let other = dir.path().join("deep/er");
        assert_eq!(restore(&file, &other).unwrap(), count);
        let restored = SledStore::open(&other).unwrap();
        assert_eq!(shown(&restored).await, shown(&store).await);
        let next = restored.apply(publish("clock", "2.0.0", "c")).await.unwrap();
        assert_eq!(store.apply(publish("clock", "2.0.0", "c")).await.unwrap(), next);
        let again = restore(&file, &other);
        assert!(matches!(again, Err(StoreError::NotEmpty { .. })), "{again:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_changes_during_a_backup_is_whole_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(filled(&dir.path().join("data")).await);
        let stop = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn({
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            async move {
                let mut count = 0;
                while !stop.load(Ordering::SeqCst) {
                    let server = format!("s{:03}", count % 40);
                    store.apply(publish(&server, "1.0.0", "a")).await.unwrap();
                    let tools = vec![tool("now", &format!("{count}{}", "z".repeat(6_000)))];
                    store.apply(activate(&server, "1.0.0", "a", tools)).await.unwrap();
                    if count % 3 == 0 {
                        store.apply(delete(&server, &format!("run-{count}"))).await.unwrap();
                    }
                    count += 1;
                }
            }
        });
        for round in 0..3 {
            let before = store.journal(Page::first(99_999)).await.unwrap();
            let file = dir.path().join(format!("b{round}"));
            store.backup(&file).await.unwrap();
            let restored_dir = dir.path().join(format!("r{round}"));
            restore(&file, &restored_dir).unwrap();
            let restored = SledStore::open(&restored_dir).unwrap();
            let after = restored.journal(Page::first(99_999)).await.unwrap();
            assert_eq!(after[..before.len()], before, "round {round}");
            for server in restored.servers(Page::first(99)).await.unwrap() {
                let versions = restored.versions(&server.name, Page::first(9)).await.unwrap();
                assert_eq!(versions.len(), 1, "round {round}: {server:?}");
                let serving = restored.deployment(&server.name).await.unwrap().is_some();
                assert!(serving || server.active.is_none(), "round {round}: {server:?}");
                assert_eq!(versions[0].tools.len(), usize::from(serving), "round {round}: {server:?}");
            }
        }
        stop.store(true, Ordering::SeqCst);
        writer.await.unwrap();
    }

    #[tokio::test]
    async fn a_damaged_backup_restores_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("b");
        let store = SledStore::open(&dir.path().join("data")).unwrap();
        let mut wide = run("r1", RunState::Running);
        wide.request = serde_json::json!("w".repeat(6_000));
        store.apply(Change::PutRun(Box::new(wide))).await.unwrap();
        store.apply(publish("clock", "1.0.0", "a")).await.unwrap();
        store.backup(&file).await.unwrap();
        let good = fs::read(&file).unwrap();
        let into = dir.path().join("into");
        let refused = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            let error = restore(&file, &into).unwrap_err();
            assert!(matches!(error, StoreError::BadBackup { .. } | StoreError::TooNew { .. }), "{error}");
            assert!(!into.exists());
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left behind");
        };
        for at in (0..good.len()).step_by(good.len() / 97) {
            refused(&good[..at]);
            let mut wrong = good.clone();
            wrong[at] ^= 0x20;
            refused(&wrong);
        }
        check_backup(&good).unwrap();
        refused(&[good.as_slice(), b"more"].concat());
        refused(b"not a backup at all\n");
        refused(&[format!("{MAGIC}{}\n", FORMAT + 1).as_bytes(), b"rest"].concat());
    }
}
