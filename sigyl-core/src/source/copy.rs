//! Reads files of a tree, and copies the tree: never a byte that does not match its digest.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::path::{clean, shown};
use super::tree::Entry;
use super::{SourceError, SourceTree};
use crate::domain::Digest;

impl SourceTree {
    /// Reads a file of this tree.
    ///
    /// Fails with [`SourceError::Changed`] if its bytes are not those that were digested.
    pub fn read(&self, entry: &Entry) -> Result<Vec<u8>, SourceError> {
        let changed = || SourceError::Changed { path: entry.path.clone() };
        let path = self.root.join(&entry.path);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(changed()),
            opened => opened.map_err(SourceError::io("read", &path))?,
        };
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size).unwrap_or_default().min(1 << 20));
        file.take(entry.size + 1).read_to_end(&mut bytes).map_err(SourceError::io("read", &path))?;
        match bytes.len() as u64 == entry.size && Digest::of(&bytes) == entry.digest {
            true => Ok(bytes),
            false => Err(changed()),
        }
    }

    /// Reads the file that somebody outside named, or the lock that Sigyl made under that name, with the path by which
    /// the tree lists it; nothing where it lists no such file. Nothing but what is listed is opened, and nothing longer than
    /// `most` bytes.
    pub fn read_named(&self, path: &str, most: u64) -> Result<Option<(String, Vec<u8>)>, SourceError> {
        let wrong = |why| SourceError::BadPath { path: shown(path), why };
        let clean = clean(path).map_err(wrong)?;
        if let Some(entry) = self.find(&clean) {
            if entry.size > most {
                return Err(SourceError::over_bytes(clean, most));
            }
            return self.read(entry).map(|bytes| Some((clean, bytes)));
        }
        let made = self.locks.iter().find(|lock| lock.made && lock.path == clean);
        Ok(made.map(|lock| (clean, lock.bytes.clone())))
    }

    /// Copies the files into `dir`, and each lock that Sigyl made to its place among them.
    ///
    /// The folder is made if it is absent; a file that is there already is an error. Each file is checked against its
    /// digest while it is copied.
    pub fn copy_to(&self, dir: &Path) -> Result<(), SourceError> {
        std::fs::create_dir_all(dir).map_err(SourceError::io("make the folder", dir))?;
        for entry in &self.entries {
            write_new(&dir.join(&entry.path), &self.read(entry)?, entry.executable)?;
        }
        for lock in self.locks.iter().filter(|lock| lock.made) {
            write_new(&dir.join(&lock.path), &lock.bytes, false)?;
        }
        Ok(())
    }
}

/// Writes a file that is not there yet, and makes the folders above it.
pub(super) fn write_new(path: &Path, bytes: &[u8], executable: bool) -> Result<(), SourceError> {
    create_new(path, executable)?.write_all(bytes).map_err(SourceError::io("write", path))
}

/// Creates a file that is not there yet, and makes the folders above it.
pub(super) fn create_new(path: &Path, executable: bool) -> Result<File, SourceError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(SourceError::io("make the folder", folder))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    set_mode(&mut options, executable);
    options.open(path).map_err(SourceError::io("create", path))
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, executable: bool) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(if executable { 0o755 } else { 0o644 });
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _executable: bool) {}

/// Tells whether the owner of a file may execute it.
#[cfg(unix)]
pub(super) fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

/// Tells whether the owner of a file may execute it.
#[cfg(not(unix))]
pub(super) fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// Copies at most `limit` bytes and digests them. Returns `None` when there are more.
pub(super) fn digest_into(
    from: &mut dyn Read,
    to: &mut dyn Write,
    limit: u64,
) -> std::io::Result<Option<(u64, Digest)>> {
    let mut hasher = Sha256::new();
    let mut size = 0_u64;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(Some((size, Digest::from_bytes(hasher.finalize().into()))));
        }
        size += read as u64;
        if size > limit {
            return Ok(None);
        }
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Lock, LockKind};

    #[test]
    fn a_file_is_read_by_the_path_it_is_listed_under_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("in/src")).unwrap();
        std::fs::write(dir.path().join("in/src/a.py"), "a").unwrap();
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        let tree = SourceTree::from_folder(&dir.path().join("in"), &Limits::default()).unwrap();
        let path = "package-lock.json".to_owned();
        let tree = tree.with_lock(Lock { kind: LockKind::Npm, path, bytes: b"lock".to_vec(), made: true });
        let read = |path: &str| tree.read_named(path, 4);
        for path in ["src/a.py", "./src//a.py"] {
            assert_eq!(read(path).unwrap(), Some(("src/a.py".to_owned(), b"a".to_vec())));
        }
        assert_eq!(read("package-lock.json").unwrap().map(|(_, bytes)| bytes), Some(b"lock".to_vec()));
        for path in ["../secret", "src/../../secret", "/etc/passwd", "src\\a.py", "src/\u{202e}a.py"] {
            assert!(matches!(read(path), Err(SourceError::BadPath { .. })), "{path}");
        }
        assert!(matches!(tree.read_named("src/a.py", 0), Err(SourceError::TooLarge { .. })));
        // What came to the folder since is not of the tree, and neither is what a link leads to.
        std::fs::write(dir.path().join("in/later.py"), "b").unwrap();
        for path in ["later.py", "src", "", "none.py"] {
            assert_eq!(read(path).unwrap(), None, "{path}");
        }
        #[cfg(unix)]
        {
            std::fs::remove_file(dir.path().join("in/src/a.py")).unwrap();
            std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("in/src/a.py")).unwrap();
            assert!(matches!(read("src/a.py"), Err(SourceError::Changed { .. })), "other bytes of as many");
        }
    }

    #[test]
    fn a_file_that_changed_is_neither_read_nor_copied() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("in/server.py");
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(&file, "good").unwrap();
        let tree = SourceTree::from_folder(&dir.path().join("in"), &Limits::default()).unwrap();
        assert_eq!(tree.read(&tree.entries()[0]).unwrap(), b"good");
        for other in ["evil", "goo", "good and more", ""] {
            std::fs::write(&file, other).unwrap();
            assert!(matches!(tree.read(&tree.entries()[0]), Err(SourceError::Changed { .. })), "{other:?}");
            let copied = tree.copy_to(&dir.path().join(format!("out-{}", other.len())));
            assert!(matches!(copied, Err(SourceError::Changed { .. })), "{other:?}");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(tree.read(&tree.entries()[0]), Err(SourceError::Changed { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_has_the_same_digest_bits_and_all() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("in/bin")).unwrap();
        std::fs::write(dir.path().join("in/bin/run"), "#!/bin/sh\n").unwrap();
        std::fs::write(dir.path().join("in/a.txt"), "a").unwrap();
        let run = dir.path().join("in/bin/run");
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o700)).unwrap();
        let take = |name| SourceTree::from_folder(&dir.path().join(name), &Limits::default()).unwrap();
        let tree = take("in");
        tree.copy_to(&dir.path().join("out")).unwrap();
        assert_eq!(take("out").digest(), tree.digest());
        assert!(tree.copy_to(&dir.path().join("out")).is_err(), "nothing is written over");
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_ne!(take("in").digest(), tree.digest());
    }
}
