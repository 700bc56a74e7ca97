//! The master key: 32 random bytes in a file that only its owner may read.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::VaultError;

const KEY_SIZE: usize = 32;

/// Identifies a key without saying anything about it: the start of a digest of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The key itself: silent in `Debug`, wiped when dropped.
pub(super) struct MasterKey {
    bytes: Zeroizing<[u8; KEY_SIZE]>,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

impl MasterKey {
    /// Reads the key file, or makes one with a fresh key where there is none.
    pub(super) fn open(path: &Path) -> Result<Self, VaultError> {
        match File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(failed("open", path)(error)),
        }
    }

    /// Makes a key that is in no file.
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_SIZE]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| VaultError::NoRandom(error.to_string()))?;
        Ok(Self { bytes })
    }

    /// Returns the bytes.
    pub(super) fn bytes(&self) -> &[u8; KEY_SIZE] {
        &self.bytes
    }

    /// Returns what identifies this key.
    pub(super) fn id(&self) -> KeyId {
        let digest = Sha256::new().chain_update(b"sigyl master key id").chain_update(*self.bytes).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        KeyId(id)
    }

    fn read(path: &Path, mut file: File) -> Result<Self, VaultError> {
        let wrong = |why: String| VaultError::NotAKey { path: path.to_owned(), why };
        let about = file.metadata().map_err(failed("look at", path))?;
        if !about.is_file() {
            return Err(wrong("it is not a file".to_owned()));
        }
        let mode = about.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(VaultError::NotPrivate { path: path.to_owned(), mode });
        }
        let user = rustix::process::geteuid().as_raw();
        if about.uid() != user {
            return Err(VaultError::NotOurs { path: path.to_owned(), owner: about.uid(), user });
        }
        if about.len() != KEY_SIZE as u64 {
            return Err(wrong(format!("it has {} bytes instead of {KEY_SIZE}", about.len())));
        }
        let mut bytes = Zeroizing::new([0; KEY_SIZE]);
        file.read_exact(bytes.as_mut_slice()).map_err(failed("read", path))?;
        Ok(Self { bytes })
    }

    /// Writes a fresh key beside `path` and links it there: whole, durable, and never over a key that came first.
    fn create(path: &Path) -> Result<Self, VaultError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", path))?;
        let key = Self::random()?;
        let partial = folder.join(format!(".master-key-{}", key.id()));
        let linked = write_private(&partial, key.bytes()).and_then(|()| fs::hard_link(&partial, path));
        let removed = fs::remove_file(&partial);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return File::open(path)
                    .map_err(failed("open", path))
                    .and_then(|file| Self::read(path, file));
            }
            Err(error) => return Err(failed("create", path)(error)),
        }
        removed.map_err(failed("remove the draft of", path))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", path))?;
        Ok(key)
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/master.key");
        let made = MasterKey::open(&path).unwrap();
        let read = MasterKey::open(&path).unwrap();
        assert_eq!(made.bytes(), read.bytes());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        assert_ne!(made.bytes(), MasterKey::random().unwrap().bytes());
    }

    #[test]
    fn many_who_make_the_key_at_once_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let open = || MasterKey::open(&path).unwrap().id().to_string();
        let ids: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        MasterKey::open(&path).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = MasterKey::open(&path).unwrap_err();
            assert!(matches!(error, VaultError::NotPrivate { mode: found, .. } if found == mode), "{error}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        for size in [0, 31, 33] {
            fs::write(&path, vec![7; size]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = MasterKey::open(&path).unwrap_err();
            assert!(matches!(error, VaultError::NotAKey { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap().len(), size);
        }
        assert!(matches!(MasterKey::open(dir.path()), Err(VaultError::NotAKey { .. })));
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = MasterKey { bytes: Zeroizing::new([0xab; KEY_SIZE]) };
        assert!(!format!("{key:?}").to_lowercase().contains("abab"));
    }
}
