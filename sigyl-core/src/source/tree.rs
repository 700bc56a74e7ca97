//! A tree of plain files with one digest over paths, bytes and the lock.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::scratch::Scratch;
use super::{Lock, LockKind, SourceError, lock};
use crate::domain::{Digest, Skipped, SourceKind, SourceRef};

/// Bounds on what is taken as a source.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files at most.
    pub entries: usize,
    /// Bytes of one file at most.
    pub file: u64,
    /// Bytes of all files at most.
    pub total: u64,
    /// Folders inside folders at most.
    pub depth: usize,
    /// Unpacked bytes for each packed byte at most.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, file: 64 << 20, total: 1 << 30, depth: 64, ratio: 200 }
    }
}

/// One plain file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Path inside the tree: relative, with `/`, without `.` and `..`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the bytes.
    pub digest: Digest,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// The files of one source, on disk, with their digests.
///
/// A tree of a folder stays where it is, and may change under way: what is read later is checked. A tree that was
/// unpacked or fetched lies in a folder of its own, which a fetched one removes with its last clone.
#[derive(Clone, Debug)]
pub struct SourceTree {
    pub(super) root: PathBuf,
    pub(super) entries: Vec<Entry>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) locks: Vec<Lock>,
    pub(super) reference: SourceRef,
    pub(super) _scratch: Option<Arc<Scratch>>,
}

/// What is known of a tree before it is digested.
#[derive(Debug)]
pub(super) struct Files {
    /// The folder that holds the files.
    pub(super) root: PathBuf,
    /// The files, in any order.
    pub(super) entries: Vec<Entry>,
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
}

impl SourceTree {
    /// Returns the folder that holds the files.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the files, sorted by path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns what was left out, and why.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns the dependencies at exact versions: the first lock, if there is any.
    pub fn lock(&self) -> Option<&Lock> {
        self.locks.first()
    }

    /// Returns all locks, at most one of each kind: a tree may hold, say, a Python server and its `package.json`.
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// Returns the lock that `kind` of tool reads, if there is one.
    pub fn lock_of(&self, kind: LockKind) -> Option<&Lock> {
        self.locks.iter().find(|lock| lock.kind == kind)
    }

    /// Returns where it came from, with its digest.
    pub fn reference(&self) -> &SourceRef {
        &self.reference
    }

    /// Returns the digest over sorted paths, bytes and the lock.
    pub fn digest(&self) -> Digest {
        self.reference.digest
    }

    /// Makes a tree of files that lie on the disk: sorts, finds the locks among them, digests.
    pub(super) fn assemble(files: Files, kind: SourceKind, locator: String) -> Result<Self, SourceError> {
        let Files { root, mut entries, mut skipped } = files;
        if entries.is_empty() {
            return Err(match skipped.into_iter().find(|one| one.kind.is_gap()) {
                Some(one) => SourceError::NothingRead { locator, path: one.path, why: one.reason },
                None => SourceError::Empty(locator),
            });
        }
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        skipped.sort_unstable();
        let reference = SourceRef { kind, locator, digest: digest(&entries, &[]) };
        let mut tree = Self { root, entries, skipped, locks: Vec::new(), reference, _scratch: None };
        tree.locks = lock::found(&tree)?;
        Ok(tree)
    }

    /// Says what it is and where it came from.
    #[cfg(feature = "runtime")]
    pub(super) fn named(mut self, kind: SourceKind, locator: String) -> Self {
        self.reference = SourceRef { kind, locator, digest: self.reference.digest };
        self
    }

    /// Ties a folder to this tree that is removed with its last clone.
    #[cfg(feature = "runtime")]
    pub(super) fn in_scratch(mut self, scratch: Arc<Scratch>) -> Self {
        self._scratch = Some(scratch);
        self
    }

    /// Adds a lock, as if it had been made.
    #[cfg(test)]
    pub(crate) fn with_lock(mut self, lock: Lock) -> Self {
        self.locks.push(lock);
        self
    }

    /// Finds a file by its path.
    pub fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok().map(|at| &self.entries[at])
    }
}

/// Digests sorted paths, executable bits and bytes, and the locks that are not among the files already.
///
/// Every part has a length or a fixed size, so that no two trees share an input.
pub(super) fn digest(entries: &[Entry], locks: &[Lock]) -> Digest {
    let mut hasher = Sha256::new();
    let text = |hasher: &mut Sha256, text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    text(&mut hasher, "sigyl.tree/1");
    hasher.update((entries.len() as u64).to_le_bytes());
    for entry in entries {
        text(&mut hasher, &entry.path);
        hasher.update([u8::from(entry.executable)]);
        hasher.update(entry.size.to_le_bytes());
        hasher.update(entry.digest.as_bytes());
    }
    for lock in locks.iter().filter(|lock| lock.made) {
        text(&mut hasher, &lock.path);
        hasher.update(Digest::of(&lock.bytes).as_bytes());
    }
    Digest::from_bytes(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(path: &str, bytes: &[u8]) -> Entry {
        Entry {
            path: path.to_owned(),
            size: bytes.len() as u64,
            digest: Digest::of(bytes),
            executable: false,
        }
    }

    fn tree(root: &Path, entries: Vec<Entry>) -> SourceTree {
        let files = Files { root: root.to_owned(), entries, skipped: Vec::new() };
        SourceTree::assemble(files, SourceKind::Path, "x".to_owned()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_digest_does_not_depend_on_order_or_times(
            files in proptest::collection::btree_map("[a-c]{1,3}", proptest::collection::vec(any::<u8>(), 0..8), 1..6),
            seed in any::<u64>(),
        ) {
            let mut folders = Vec::new();
            for turn in 0..2_u64 {
                let dir = tempfile::tempdir().unwrap();
                let mut order: Vec<_> = files.iter().collect();
                let middle = usize::try_from((seed + turn) % 7).unwrap() % order.len();
                order.rotate_left(middle);
                for (path, bytes) in order {
                    std::fs::write(dir.path().join(path), bytes).unwrap();
                    let file = std::fs::File::options().write(true).open(dir.path().join(path)).unwrap();
                    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seed % 1_000_000 + turn);
                    file.set_modified(time).unwrap();
                }
                folders.push(dir);
            }
            let digests: Vec<_> = folders
                .iter()
                .map(|dir| SourceTree::from_folder(dir.path(), &Limits::default()).unwrap().digest())
                .collect();
            prop_assert_eq!(digests[0], digests[1]);
        }

        #[test]
        fn two_different_trees_have_two_digests(
            one in proptest::collection::btree_map("[ab/]{1,3}", "[ab]{0,2}", 1..4),
            two in proptest::collection::btree_map("[ab/]{1,3}", "[ab]{0,2}", 1..4),
        ) {
            let of = |files: &std::collections::BTreeMap<String, String>| {
                let entries: Vec<_> = files.iter().map(|(path, text)| entry(path, text.as_bytes())).collect();
                digest(&entries, &[])
            };
            prop_assert_eq!(one == two, of(&one) == of(&two));
        }
    }

    #[test]
    fn the_format_of_the_digest_stays() {
        // Computed by a second program from the description of `digest`.
        let entries = [entry("a", b"1"), Entry { executable: true, ..entry("b/c", b"") }];
        let lock =
            Lock { kind: LockKind::Npm, path: "package-lock.json".to_owned(), bytes: vec![1], made: true };
        assert_eq!(digest(&entries, &[]).short(), "2feda0575ce6");
        assert_eq!(digest(&entries, std::slice::from_ref(&lock)).short(), "d2c338c7da5e");
        assert_eq!(digest(&entries, &[Lock { made: false, ..lock }]).short(), "2feda0575ce6");
    }

    #[test]
    fn locks_beside_their_manifest_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 4] =
            [("Cargo.lock", b"c"), ("go.sum", b"g"), ("package-lock.json", b"p"), ("package.json", b"{}")];
        for (path, bytes) in files {
            std::fs::write(dir.path().join(path), bytes).unwrap();
        }
        let tree = tree(dir.path(), files.map(|(path, bytes)| entry(path, bytes)).to_vec());
        let kinds: Vec<_> = tree.locks().iter().map(|lock| (lock.kind, lock.made)).collect();
        assert_eq!(kinds, [(LockKind::Npm, false)], "no manifest beside the others");
        assert_eq!(tree.lock_of(LockKind::Npm).unwrap().bytes, b"p");
    }
}
