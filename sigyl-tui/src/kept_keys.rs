//! The keys of servers that somebody signed in at: one file each in the configuration folder, for its owner alone.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sigyl_core::domain::SecretValue;

use crate::settings::kept;

/// Bytes of a file that holds a key.
const LIMIT: u64 = 4 << 10;

/// Returns where the key of a server is kept.
pub(crate) fn file(url: &str) -> io::Result<PathBuf> {
    kept(url).ok_or_else(|| io::Error::other("there is no home directory for it"))
}

/// Writes a key, whole or not at all; what was there before is replaced.
pub(crate) fn keep(path: &Path, key: &SecretValue) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let partial = path.with_file_name(format!(
        ".{}.partial",
        path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default()
    ));
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(key.reveal().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

/// Reads a key, if there is one; a file that others may read is refused.
pub(crate) fn read(path: &Path) -> io::Result<Option<SecretValue>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(io::Error::other(format!("others may read it (mode {mode:03o}): chmod 600 it")));
    }
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text)?;
    Ok(Some(SecretValue::new(text.trim_end())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_kept_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sigyl/keys/here");
        assert!(read(&path).unwrap().is_none());
        for key in ["one", "two"] {
            keep(&path, &SecretValue::new(key)).unwrap();
            assert_eq!(read(&path).unwrap().unwrap().reveal(), key);
        }
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("640"));
    }
}
