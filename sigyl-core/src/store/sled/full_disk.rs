//! What happens on a full disk and a read-only one: the test starts itself again with a small one of its own.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::domain::RunState;
use crate::store::contract::fixture;
use crate::store::{Change, Page, Store as _, StoreError};

use super::open::Settings;
use super::{SledStore, restore};

const DISK: &str = "SIGYL_SMALL_DISK";
const MIB: usize = 1 << 20;

#[test]
fn a_full_or_read_only_disk_costs_nothing_that_was_acknowledged() {
    if let Some(disk) = std::env::var_os(DISK) {
        return on_small_disk(Path::new(&disk));
    }
    let dir = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=48m tmpfs "$1" || exit 77
        exec "$2" --exact store::sled::full_disk::a_full_or_read_only_disk_costs_nothing_that_was_acknowledged"#;
    let run = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .env(DISK, dir.path())
        .output();
    match run {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 passed"), "the test did not run itself: {said}");
        }
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}", String::from_utf8_lossy(&output.stdout))
        }
        // The test of a full disk needs a file system of its own, which not every machine allows.
        other => eprintln!("SKIPPED: the store on a full disk was not tested here: {other:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn on_small_disk(disk: &Path) {
    refused_early_and_taken_again_later(disk).await;
    stopped_when_the_disk_is_really_full(disk).await;
    opening_and_copying_fail_clearly(disk).await;
    read_only(disk).await;
}

/// Takes all but `free` bytes of the disk.
fn fill(disk: &Path, free: usize) {
    let at = rustix::fs::statvfs(disk).unwrap();
    let left = usize::try_from(at.f_bavail * at.f_frsize).unwrap();
    match fs::write(disk.join("filler"), vec![1; left.saturating_sub(free)]) {
        // sled writes by itself meanwhile.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
        written => written.unwrap(),
    }
}

fn clear(disk: &Path) {
    fs::remove_file(disk.join("filler")).unwrap();
}

fn run(id: usize, size: usize) -> Change {
    let mut run = fixture::run(&format!("r{id:06}"), RunState::Done);
    run.request = "x".repeat(size).into();
    Change::PutRun(Box::new(run))
}

/// Writes until the store refuses, and returns how many it took and why it did not take more.
async fn write_until_refused(store: &SledStore, from: usize, size: usize) -> (usize, StoreError) {
    for id in from..from + 100_000 {
        if let Err(error) = store.apply(run(id, size)).await {
            return (id, error);
        }
    }
    panic!("the disk never filled");
}

async fn count(store: &SledStore) -> usize {
    store.runs(Page::first(usize::MAX)).await.unwrap().len()
}

async fn refused_early_and_taken_again_later(disk: &Path) {
    let dir = disk.join("early");
    let store = SledStore::open(&dir).unwrap();
    fill(disk, 18 * MIB);
    let (taken, error) = write_until_refused(&store, 0, 3_000).await;
    assert!(taken > 0);
    let StoreError::Io { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{source}");
    assert_eq!(count(&store).await, taken, "it can still be read");
    clear(disk);
    store.apply(run(taken, 10)).await.unwrap();
    drop(store);
    assert_eq!(count(&SledStore::open(&dir).unwrap()).await, taken + 1);
    fs::remove_dir_all(dir).unwrap();
}

async fn stopped_when_the_disk_is_really_full(disk: &Path) {
    let dir = disk.join("late");
    let settings = Settings { reserve: 0, log: 64 << 10 };
    let mut taken = 0;
    for (round, size) in [100, 3_000, 30_000].into_iter().enumerate() {
        let store = SledStore::open_with(&dir, settings).unwrap();
        assert!(count(&store).await >= taken, "round {round}");
        taken = count(&store).await;
        store.apply(run(taken, 100)).await.unwrap();
        fill(disk, 0);
        let (next, error) = write_until_refused(&store, taken + 1, size).await;
        assert!(matches!(error, StoreError::Io { .. } | StoreError::Stopped { .. }), "{error:?}");
        taken = next;
        drop(store);
        clear(disk);
    }
    let store = SledStore::open_with(&dir, settings).unwrap();
    assert!(count(&store).await >= taken);
    drop(store);
    fs::remove_dir_all(dir).unwrap();
}

async fn opening_and_copying_fail_clearly(disk: &Path) {
    let (dir, copy, into) = (disk.join("open"), disk.join("copy"), disk.join("into"));
    fill(disk, 0);
    let error = SledStore::open(&dir).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    clear(disk);
    let store = SledStore::open(&dir).unwrap();
    for id in 0..40 {
        store.apply(run(id, 50_000)).await.unwrap();
    }
    fill(disk, MIB);
    let error = store.backup(&copy).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    assert!(!copy.exists() && !disk.join("copy.partial").exists());
    clear(disk);
    store.backup(&copy).await.unwrap();
    fill(disk, MIB);
    let error = restore(&copy, &into).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    assert!(!into.exists() && !disk.join("into.restoring").exists());
    clear(disk);
    restore(&copy, &into).unwrap();
    assert_eq!(count(&SledStore::open(&into).unwrap()).await, 40);
}

async fn read_only(disk: &Path) {
    let dir = disk.join("into");
    let remount = Command::new("mount").args(["-o", "remount,ro"]).arg(disk).status().unwrap();
    assert!(remount.success());
    let error = SledStore::open(&dir).unwrap_err();
    let StoreError::Io { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::ReadOnlyFilesystem, "{source}");
}
