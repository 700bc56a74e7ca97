//! The key in a file that only its owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::VaultError;
use super::master_key::MasterKey;

/// Bytes that a file may hold.
const MOST: u64 = 4096;

/// Reads the key file, or makes one with a fresh key where there is none.
pub(super) fn open(path: &Path) -> Result<MasterKey, VaultError> {
    match read_private(path) {
        Ok(bytes) => key_of(path, &bytes),
        Err(VaultError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(error),
    }
}

/// Reads a file that nobody else may use.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let file = File::open(path).map_err(failed("open", path))?;
    let about = file.metadata().map_err(failed("look at", path))?;
    if !about.is_file() {
        return Err(VaultError::NotAKey {
            from: path.display().to_string(),
            why: "it is not a file".to_owned(),
        });
    }
    let mode = about.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(VaultError::NotPrivate { path: path.to_owned(), mode });
    }
    let user = rustix::process::geteuid().as_raw();
    if about.uid() != user {
        return Err(VaultError::NotOurs { path: path.to_owned(), owner: about.uid(), user });
    }
    // Room for all of it at once: what outgrows its room leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST as usize + 1));
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > MOST {
        return Err(VaultError::NotAKey {
            from: path.display().to_string(),
            why: format!("it has more than {MOST} bytes"),
        });
    }
    Ok(bytes)
}

/// Puts a key in the place of the one in the file, whole or not at all. The old one stays beside it, for backups of its
/// time; returns where. When the key is there already, it changes nothing.
pub(super) fn replace(path: &Path, key: &MasterKey) -> Result<Option<PathBuf>, VaultError> {
    let old = match read_private(path) {
        Ok(bytes) => Some(key_of(path, &bytes)?),
        Err(VaultError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.as_ref().is_some_and(|old| old.id() == key.id()) {
        return Ok(None);
    }
    let kept = old.map(|_| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".before-{}", key.id()));
        path.with_file_name(name)
    });
    if let Some(kept) = &kept {
        match fs::hard_link(path, kept) {
            Ok(()) => {}
            // It was kept before a crash, and nothing else has its name.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("keep", path)(error)),
        }
    }
    let folder = folder_of(path);
    let partial = folder.join(format!(".master-key-{}", key.id()));
    remove_if_there(&partial)?;
    write_private(&partial, key.bytes())
        .and_then(|()| fs::rename(&partial, path))
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(failed("replace", path))?;
    Ok(kept)
}

fn key_of(path: &Path, bytes: &[u8]) -> Result<MasterKey, VaultError> {
    MasterKey::parse(bytes).map_err(|why| VaultError::NotAKey { from: path.display().to_string(), why })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn remove_if_there(path: &Path) -> Result<(), VaultError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove the draft of", path)(error))
        }
        _ => Ok(()),
    }
}

/// Writes a fresh key beside `path` and links it there: whole, durable, and never over a key that came first.
fn create(path: &Path) -> Result<MasterKey, VaultError> {
    let folder = folder_of(path);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", path))?;
    let key = MasterKey::random()?;
    let partial = folder.join(format!(".master-key-{}", key.id()));
    let linked = write_private(&partial, key.bytes()).and_then(|()| fs::hard_link(&partial, path));
    let removed = fs::remove_file(&partial);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return read_private(path).and_then(|bytes| key_of(path, &bytes));
        }
        Err(error) => return Err(failed("create", path)(error)),
    }
    removed.map_err(failed("remove the draft of", path))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", path))?;
    Ok(key)
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
        let made = open(&path).unwrap();
        let read = open(&path).unwrap();
        assert_eq!(made.bytes(), read.bytes());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        assert_ne!(made.bytes(), MasterKey::random().unwrap().bytes());
    }

    #[test]
    fn many_who_make_the_key_at_once_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let id = || open(&path).unwrap().id().to_string();
        let ids: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(id)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        open(&path).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = open(&path).unwrap_err();
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
            let error = open(&path).unwrap_err();
            assert!(matches!(error, VaultError::NotAKey { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap().len(), size);
        }
        assert!(matches!(open(dir.path()), Err(VaultError::NotAKey { .. })));
    }

    #[test]
    fn a_key_takes_the_place_of_another_which_stays_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let old = open(&path).unwrap();
        let new = MasterKey::random().unwrap();
        for _ in 0..2 {
            let kept = replace(&path, &new).unwrap();
            assert_eq!(open(&path).unwrap().bytes(), new.bytes());
            let kept = kept.unwrap_or_else(|| dir.path().join(format!("master.key.before-{}", new.id())));
            assert_eq!(open(&kept).unwrap().bytes(), old.bytes());
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
