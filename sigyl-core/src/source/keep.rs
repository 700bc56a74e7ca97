//! Keeps trees for good: one folder each, named by the digest, complete or not there at all.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::copy::write_new;
use super::scratch::Scratch;
use super::tree::{self, Entry};
use super::{Lock, LockKind, SourceError, SourceTree, lock};
use crate::domain::{Digest, Skipped, SourceRef};

/// The layout of a kept tree.
const FORMAT: &str = "sigyl.tree/1";
/// Where its files lie.
const FILES: &str = "files";
/// Where the locks lie that Sigyl made.
const LOCKS: &str = "locks";
/// What lists them; written last.
const INDEX: &str = "index.json";
/// Bytes of the list at most.
const LONGEST_INDEX: u64 = 256 << 20;

/// How many files are brought to the disk at a time.
const SYNCING: usize = 8;

/// What lies in `index.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: String,
    reference: SourceRef,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    made_locks: Vec<MadeLock>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeLock {
    kind: LockKind,
    path: String,
    digest: Digest,
}

impl SourceTree {
    /// Copies this tree to `<trees>/<hex of its digest>`, and returns the copy.
    ///
    /// On return it survives a loss of power. A tree that is kept already is checked, byte by byte, and returned.
    /// Callers that keep the same tree at the same time do not disturb each other.
    pub fn keep(&self, trees: &Path) -> Result<Self, SourceError> {
        let place = trees.join(self.digest().hex());
        if !place.exists() {
            let scratch = Scratch::new(trees)?;
            self.write(scratch.path())?;
            match std::fs::rename(scratch.path(), &place) {
                Err(error) if !is_there_already(&error) => {
                    return Err(SourceError::io("name the folder", &place)(error));
                }
                _ => sync(trees)?,
            }
        }
        let kept = Self::open_kept(trees, self.digest())?;
        for entry in &kept.entries {
            kept.read(entry)?;
        }
        let reference = self.reference.clone();
        Ok(Self { reference, skipped: self.skipped.clone(), ..kept })
    }

    /// Opens a tree that was kept.
    ///
    /// Fails with [`SourceError::Changed`] if its list is not the one with this digest, or a file is absent or of
    /// another size; the bytes of each file are checked when they are read. Says of where it came from and of what
    /// was skipped what the first one who kept it knew.
    pub fn open_kept(trees: &Path, digest: Digest) -> Result<Self, SourceError> {
        let place = trees.join(digest.hex());
        let index = read_index(&place, digest)?;
        let changed = |path: &str| SourceError::Changed { path: format!("{}/{path}", place.display()) };
        let root = place.join(FILES);
        let (entries, made) = (index.entries, read_locks(&place, index.made_locks)?);
        if tree::digest(&entries, &made) != digest {
            return Err(changed(INDEX));
        }
        for entry in &entries {
            let metadata = root.join(&entry.path).symlink_metadata();
            if !metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == entry.size) {
                return Err(changed(&entry.path));
            }
        }
        let reference = SourceRef { digest, ..index.reference };
        let mut tree =
            Self { root, entries, skipped: index.skipped, locks: Vec::new(), reference, _scratch: None };
        tree.locks = lock::found(&tree)?;
        tree.locks.extend(made);
        Ok(tree)
    }

    /// Returns this tree with the locks that Sigyl made for the kept tree `digest`; nothing if that holds other files,
    /// or no such lock.
    ///
    /// With the same files and the same locks this tree has that very digest: nothing else needs to be compared.
    pub fn pinned_as(&self, trees: &Path, digest: Digest) -> Result<Option<Self>, SourceError> {
        let place = trees.join(digest.hex());
        if !place.join(LOCKS).is_dir() {
            return Ok(None);
        }
        let index = read_index(&place, digest)?;
        // npm locks less of a package that comes from the registry than of a folder with the same files.
        if index.reference.kind != self.reference.kind {
            return Ok(None);
        }
        let mut tree = self.clone();
        tree.locks.retain(|lock| !lock.made);
        tree.locks.extend(read_locks(&place, index.made_locks)?);
        tree.reference.digest = tree::digest(&tree.entries, &tree.locks);
        Ok(Some(tree).filter(|tree| tree.digest() == digest))
    }

    /// Removes a kept tree; one that is not kept is gone already.
    pub fn forget(trees: &Path, digest: Digest) -> Result<(), SourceError> {
        let place = trees.join(digest.hex());
        if !place.exists() {
            return Ok(());
        }
        // Out of the way first: half a tree must not bear the name of a whole one.
        let scratch = Scratch::new(trees)?;
        let gone = scratch.path().join(FILES);
        match std::fs::rename(&place, &gone) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(SourceError::io("remove", &place))?,
        }
        sync(trees)?;
        std::fs::remove_dir_all(&gone).map_err(SourceError::io("remove", &place))
    }

    /// Writes everything into `place` and brings it to the disk.
    fn write(&self, place: &Path) -> Result<(), SourceError> {
        let files = place.join(FILES);
        for entry in &self.entries {
            write_new(&files.join(&entry.path), &self.read(entry)?, entry.executable)?;
        }
        let made = self.locks.iter().filter(|lock| lock.made);
        let mut made_locks = Vec::new();
        for lock in made {
            write_new(&place.join(LOCKS).join(&lock.path), &lock.bytes, false)?;
            let digest = Digest::of(&lock.bytes);
            made_locks.push(MadeLock { kind: lock.kind, path: lock.path.clone(), digest });
        }
        let index = Index {
            format: FORMAT.to_owned(),
            reference: self.reference.clone(),
            entries: self.entries.clone(),
            skipped: self.skipped.clone(),
            made_locks,
        };
        let at = place.join(INDEX);
        let json =
            serde_json::to_vec(&index).map_err(io::Error::from).map_err(SourceError::io("write", &at))?;
        write_new(&at, &json, false)?;
        sync_all(place)
    }
}

fn read_index(place: &Path, digest: Digest) -> Result<Index, SourceError> {
    use io::Read as _;
    let at = place.join(INDEX);
    let changed = || SourceError::Changed { path: at.display().to_string() };
    let file = match File::open(&at) {
        Err(error) if error.kind() == ErrorKind::NotFound && !place.exists() => {
            return Err(SourceError::NotFound(format!("the kept tree {digest}")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(changed()),
        opened => opened.map_err(SourceError::io("read", &at))?,
    };
    let mut json = Vec::new();
    file.take(LONGEST_INDEX).read_to_end(&mut json).map_err(SourceError::io("read", &at))?;
    let index: Index = serde_json::from_slice(&json).map_err(|_| changed())?;
    match index.format == FORMAT {
        true => Ok(index),
        false => Err(changed()),
    }
}

fn read_locks(place: &Path, made: Vec<MadeLock>) -> Result<Vec<Lock>, SourceError> {
    let mut locks = Vec::new();
    for MadeLock { kind, path, digest } in made {
        let changed = || SourceError::Changed { path: format!("{}/{path}", place.display()) };
        if super::path::clean(&path).as_ref() != Ok(&path) {
            return Err(changed());
        }
        let bytes = std::fs::read(place.join(LOCKS).join(&path)).map_err(|_| changed())?;
        if Digest::of(&bytes) != digest {
            return Err(changed());
        }
        locks.push(Lock { kind, path, bytes, made: true });
    }
    Ok(locks)
}

/// Brings every file under `place` to the disk, then every folder, `place` last.
///
/// Several at a time: a file system writes them in one go, and one after the other takes 20 times as long.
fn sync_all(place: &Path) -> Result<(), SourceError> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for item in walkdir::WalkDir::new(place).contents_first(true) {
        let item = item.map_err(|error| {
            let path = error.path().unwrap_or(place).to_owned();
            SourceError::io("read", &path)(
                error.into_io_error().unwrap_or_else(|| io::Error::other("a loop")),
            )
        })?;
        let kind = if item.file_type().is_dir() { &mut folders } else { &mut files };
        kind.push(item.into_path());
    }
    let share = files.len().div_ceil(SYNCING).max(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = files
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().try_for_each(|file| sync(file))))
            .collect();
        shares.into_iter().try_for_each(|share| share.join().unwrap_or_else(|_| Err(died(place))))
    })?;
    folders.iter().try_for_each(|folder| sync(folder))
}

fn died(place: &Path) -> SourceError {
    SourceError::io("bring to the disk", place)(io::Error::other("a thread ended early"))
}

fn sync(path: &Path) -> Result<(), SourceError> {
    let opened = File::open(path).map_err(SourceError::io("open", path))?;
    opened.sync_all().map_err(SourceError::io("bring to the disk", path))
}

fn is_there_already(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Limits;

    fn tree(dir: &Path) -> SourceTree {
        std::fs::create_dir_all(dir.join("in/src")).unwrap();
        std::fs::write(dir.join("in/package.json"), "{}").unwrap();
        std::fs::write(dir.join("in/src/index.js"), "run()").unwrap();
        let mut tree = SourceTree::from_folder(&dir.join("in"), &Limits::default()).unwrap();
        let path = "package-lock.json".to_owned();
        tree.locks.push(Lock { kind: LockKind::Npm, path, bytes: b"lock".to_vec(), made: true });
        tree.reference.digest = tree::digest(&tree.entries, &tree.locks);
        tree
    }

    #[test]
    fn a_kept_tree_is_found_again_with_its_lock() {
        let dir = tempfile::tempdir().unwrap();
        let trees = dir.path().join("trees");
        let tree = tree(dir.path());
        let kept = tree.keep(&trees).unwrap();
        assert_eq!(tree.keep(&trees).unwrap().root(), kept.root(), "keeping it again changes nothing");
        std::fs::remove_dir_all(dir.path().join("in")).unwrap();
        let opened = SourceTree::open_kept(&trees, tree.digest()).unwrap();
        assert_eq!(opened.entries(), tree.entries());
        assert_eq!(opened.reference(), tree.reference());
        assert_eq!(opened.locks(), tree.locks());
        opened.copy_to(&dir.path().join("out")).unwrap();
        assert_eq!(std::fs::read(dir.path().join("out/package-lock.json")).unwrap(), b"lock");
        assert_eq!(std::fs::read(dir.path().join("out/src/index.js")).unwrap(), b"run()");
        assert_eq!(std::fs::read_dir(&trees).unwrap().count(), 1, "nothing else is left in the folder");
    }

    #[test]
    fn whatever_is_changed_in_a_kept_tree_is_noticed() {
        let source = tempfile::tempdir().unwrap();
        let tree = tree(source.path());
        type Harm = fn(&Path);
        let harms: [(&str, Harm); 7] = [
            ("a file is gone", |place| std::fs::remove_file(place.join("files/src/index.js")).unwrap()),
            ("a file is longer", |place| std::fs::write(place.join("files/src/index.js"), "run();").unwrap()),
            ("the lock is another", |place| {
                std::fs::write(place.join("locks/package-lock.json"), "kcol").unwrap();
            }),
            ("the list is gone", |place| std::fs::remove_file(place.join(INDEX)).unwrap()),
            ("the list is cut", |place| std::fs::write(place.join(INDEX), "{").unwrap()),
            ("a path in the list is another", |place| edit(place, "src/index.js", "../../index.js")),
            ("the lock is not in the list", |place| edit(place, "package-lock.json", "package-lack.json")),
        ];
        for (what, harm) in harms {
            let dir = tempfile::tempdir().unwrap();
            tree.keep(dir.path()).unwrap();
            harm(&dir.path().join(tree.digest().hex()));
            let opened = SourceTree::open_kept(dir.path(), tree.digest());
            assert!(matches!(opened, Err(SourceError::Changed { .. })), "{what}: {opened:?}");
        }
        let dir = tempfile::tempdir().unwrap();
        let kept = tree.keep(dir.path()).unwrap();
        std::fs::write(kept.root().join("src/index.js"), "bad()").unwrap();
        let opened = SourceTree::open_kept(dir.path(), tree.digest()).unwrap();
        let read = opened.read(opened.find("src/index.js").unwrap());
        assert!(matches!(read, Err(SourceError::Changed { .. })), "same size, other bytes");
        assert!(matches!(tree.keep(dir.path()), Err(SourceError::Changed { .. })));
    }

    fn edit(place: &Path, from: &str, to: &str) {
        let text = std::fs::read_to_string(place.join(INDEX)).unwrap();
        std::fs::write(place.join(INDEX), text.replace(from, to)).unwrap();
    }

    #[test]
    fn the_same_files_are_pinned_by_the_lock_of_the_kept_tree() {
        let dir = tempfile::tempdir().unwrap();
        let trees = dir.path().join("trees");
        let kept = tree(dir.path()).keep(&trees).unwrap();
        let bare = || SourceTree::from_folder(&dir.path().join("in"), &Limits::default()).unwrap();
        assert_ne!(bare().digest(), kept.digest());
        let pinned = bare().pinned_as(&trees, kept.digest()).unwrap().unwrap();
        assert_eq!((pinned.digest(), pinned.locks()), (kept.digest(), kept.locks()));
        let mut of_registry = bare();
        of_registry.reference.kind = crate::domain::SourceKind::Npm;
        assert!(of_registry.pinned_as(&trees, kept.digest()).unwrap().is_none(), "another sort of source");
        assert!(bare().pinned_as(&trees, Digest::of(b"x")).unwrap().is_none(), "no such tree");
        let unlocked = bare().keep(&trees).unwrap();
        assert!(bare().pinned_as(&trees, unlocked.digest()).unwrap().is_none(), "no lock of ours");
        std::fs::write(dir.path().join("in/src/index.js"), "other()").unwrap();
        assert!(bare().pinned_as(&trees, kept.digest()).unwrap().is_none(), "other files");
    }

    #[test]
    fn a_tree_that_is_not_kept_is_not_found() {
        let dir = tempfile::tempdir().unwrap();
        let opened = SourceTree::open_kept(dir.path(), Digest::of(b"x"));
        assert!(matches!(opened, Err(SourceError::NotFound(_))));
    }

    #[test]
    fn a_forgotten_tree_is_gone_and_may_be_kept_again() {
        let dir = tempfile::tempdir().unwrap();
        let tree = tree(dir.path());
        let trees = dir.path().join("trees");
        tree.keep(&trees).unwrap();
        for _ in 0..2 {
            SourceTree::forget(&trees, tree.digest()).unwrap();
            assert_eq!(std::fs::read_dir(&trees).unwrap().count(), 0);
        }
        tree.keep(&trees).unwrap();
    }

    #[test]
    fn many_may_keep_the_same_tree_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let tree = tree(dir.path());
        let trees = dir.path().join("trees");
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| tree.keep(&trees))).collect();
            for one in all {
                assert_eq!(one.join().unwrap().unwrap().entries(), tree.entries());
            }
        });
        assert_eq!(std::fs::read_dir(&trees).unwrap().count(), 1);
    }
}
