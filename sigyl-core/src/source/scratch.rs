//! Folders that go away with the last one who uses them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::SourceError;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder of our own, removed when this is dropped. One that outlives a kill is named `scratch-<pid>-<number>`.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new folder in `parent`, which only its owner may enter.
    pub(crate) fn new(parent: &Path) -> Result<Self, SourceError> {
        std::fs::create_dir_all(parent).map_err(SourceError::io("make the folder", parent))?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("scratch-{}-{number}", std::process::id()));
            match make_private(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(SourceError::io("make the folder", &path)(error)),
            }
        }
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell; the owner of the parent folder removes what stays.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Removes what processes that are no more left in a folder where sources are fetched or kept: a killed process cannot
/// do it itself. Returns how many folders were removed.
#[cfg(feature = "runtime")]
pub fn sweep(folder: &Path) -> Result<usize, SourceError> {
    let items = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        items => items.map_err(SourceError::io("read", folder))?,
    };
    let mut removed = 0;
    for item in items {
        let item = item.map_err(SourceError::io("read", folder))?;
        if item.file_name().to_str().and_then(owner).is_some_and(|owner| !lives(owner)) {
            std::fs::remove_dir_all(item.path()).map_err(SourceError::io("remove", &item.path()))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Returns the process that a folder of ours belongs to.
#[cfg(feature = "runtime")]
fn owner(name: &str) -> Option<i32> {
    let (owner, number) = name.strip_prefix("scratch-")?.split_once('-')?;
    number.parse::<u64>().ok()?;
    owner.parse().ok()
}

#[cfg(feature = "runtime")]
fn lives(process: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    // One that belongs to somebody else lives too.
    Pid::from_raw(process).is_some_and(|process| test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_in_one_place_differ_and_both_go_away() {
        let parent = tempfile::tempdir().unwrap();
        let (one, two) = (Scratch::new(parent.path()).unwrap(), Scratch::new(parent.path()).unwrap());
        assert_ne!(one.path(), two.path());
        std::fs::write(one.path().join("file"), b"x").unwrap();
        drop((one, two));
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }
    #[cfg(all(unix, feature = "runtime"))]
    #[test]
    fn what_the_dead_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let own = Scratch::new(folder.path()).unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = folder.path().join(format!("scratch-{}-7", child.id()));
        std::fs::create_dir_all(dead.join("tree")).unwrap();
        let others = ["scratch-x-1", "scratch-1", "0123abcd"];
        for other in others {
            std::fs::create_dir(folder.path().join(other)).unwrap();
        }
        assert_eq!(sweep(folder.path()).unwrap(), 1);
        assert!(own.path().exists() && !dead.exists());
        assert!(others.iter().all(|other| folder.path().join(other).exists()));
        assert_eq!(sweep(&folder.path().join("absent")).unwrap(), 0);
    }
}
