//! Keeps answers, so that what was looked at once is not paid for twice.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::Digest;
use crate::scan::private;

/// Bytes of one entry.
const ENTRY: u64 = 64 << 10;
/// Entries that a folder holds unless told otherwise.
const ENTRIES: usize = 10_000;
/// Writes between two looks at how many entries there are.
const LOOK: u64 = 256;

/// Keeps answers by the digest of what was asked. It may lose any of them; it is asked off the async threads.
pub trait ReviewCache: Send + Sync + std::fmt::Debug {
    /// Returns what was kept, if it still is.
    fn get(&self, key: &Digest) -> Option<Vec<u8>>;
    /// Keeps an answer.
    fn put(&self, key: &Digest, entry: &[u8]);
}

/// Keeps answers in a folder, one file each, the oldest of which go first.
#[derive(Debug)]
pub struct FolderCache {
    folder: PathBuf,
    entries: usize,
    puts: AtomicU64,
}

impl FolderCache {
    /// Uses a folder, which is made where it is absent, for this user alone.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, entries: ENTRIES, puts: AtomicU64::new(0) }
    }

    /// Holds `entries` at most.
    pub fn with_entries(self, entries: usize) -> Self {
        Self { entries, ..self }
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.folder.join(format!("{}.json", key.to_string().trim_start_matches("sha256:")))
    }

    /// Opens an entry that nobody else may have written: it would have looked at a subject in the reviewer's place.
    fn open(&self, key: &Digest) -> Option<fs::File> {
        match private::make_folder(&self.folder).and_then(|()| private::open(&self.path(key))) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%error, folder = %self.folder.display(), "kept answers of the reviewer are not used");
                None
            }
        }
    }

    fn write(&self, key: &Digest, entry: &[u8]) -> io::Result<()> {
        private::make_folder(&self.folder)?;
        let put = self.puts.fetch_add(1, Ordering::Relaxed);
        // Whoever reads meanwhile sees the old entry or the whole new one.
        let aside = self.folder.join(format!(".{}-{put}", std::process::id()));
        let mut file = private::create(&aside)?;
        let written = file.write_all(entry).and_then(|()| fs::rename(&aside, self.path(key)));
        if written.is_err() {
            fs::remove_file(&aside).ok();
        }
        written?;
        if put.is_multiple_of(LOOK) { self.shrink() } else { Ok(()) }
    }

    /// Removes the oldest entries, so that room is left until the next look.
    fn shrink(&self) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
        let room = self.entries.saturating_sub(usize::try_from(LOOK).unwrap_or(0)).max(self.entries / 2);
        if found.len() > room {
            found.sort();
            let old = found.len() - room;
            found.into_iter().take(old).try_for_each(|(_, path)| remove(&path))?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl ReviewCache for FolderCache {
    fn get(&self, key: &Digest) -> Option<Vec<u8>> {
        let file = self.open(key)?;
        let mut entry = Vec::new();
        file.take(ENTRY + 1).read_to_end(&mut entry).ok()?;
        (entry.len() as u64 <= ENTRY).then_some(entry)
    }

    fn put(&self, key: &Digest, entry: &[u8]) {
        if entry.len() as u64 > ENTRY {
            return;
        }
        if let Err(error) = self.write(key, entry) {
            tracing::warn!(%error, folder = %self.folder.display(), "an answer of the reviewer could not be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_kept_by_its_key_and_in_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FolderCache::new(folder.path().join("reviews"));
        let key = Digest::of(b"a");
        assert_eq!(cache.get(&key), None);
        cache.put(&key, b"one");
        cache.put(&key, b"two");
        assert_eq!(cache.get(&key).as_deref(), Some(&b"two"[..]));
        assert_eq!(cache.get(&Digest::of(b"b")), None);
        cache.put(&Digest::of(b"c"), &vec![b'x'; 70_000]);
        assert_eq!(cache.get(&Digest::of(b"c")), None);
        let left = fs::read_dir(folder.path().join("reviews")).unwrap().count();
        assert_eq!(left, 1, "no file is left beside the entries");
    }

    #[cfg(unix)]
    #[test]
    fn an_answer_that_anybody_may_have_written_is_none() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("reviews"), Digest::of(b"a"));
        let cache = FolderCache::new(path.clone());
        cache.put(&key, b"one");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(cache.get(&key), None);
    }

    #[test]
    fn a_folder_never_holds_much_more_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FolderCache::new(folder.path().to_owned()).with_entries(300);
        for at in 0..700_u32 {
            cache.put(&Digest::of(&at.to_le_bytes()), b"x");
        }
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert!(left <= 150 + 256, "{left}");
        assert!(cache.get(&Digest::of(&699_u32.to_le_bytes())).is_some(), "the newest is there");
    }
}
