//! Files and folders that nobody but the user of this process may have written: what is kept there is believed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder that only its owner may enter, with its parents; one that is there has to be of this user alone.
pub(in crate::scan) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    check(&fs::symlink_metadata(folder)?)
}

/// Opens a file to read it, if it is no link and of this user alone.
pub(in crate::scan) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_LINKS);
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Makes a file, or empties it, that only its owner may read.
pub(in crate::scan) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
#[expect(clippy::cast_possible_wrap, reason = "a flag of the system, and no number")]
const NO_LINKS: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

#[cfg(unix)]
fn check(metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let refused = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if metadata.is_symlink() {
        return refused("it is a link");
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return refused("it belongs to another user");
    }
    if metadata.mode() & 0o022 != 0 {
        return refused("others than its owner may write to it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_metadata: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn what_others_may_have_written_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, file) = (dir.path().join("a/b"), dir.path().join("a/b/c"));
        make_folder(&folder).unwrap();
        drop(create(&file).unwrap());
        open(&file).unwrap();
        symlink(&file, folder.join("link")).unwrap();
        assert!(open(&folder.join("link")).is_err());
        symlink(&folder, dir.path().join("link")).unwrap();
        assert!(make_folder(&dir.path().join("link")).is_err());
        for (path, mode) in [(&file, 0o620), (&folder, 0o702)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let refused = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        assert!(refused(open(&file).unwrap_err()) && refused(make_folder(&folder).unwrap_err()));
    }

    #[test]
    fn what_belongs_to_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        drop(create(&file).unwrap());
        // Only root may give a file away; whoever else runs this cannot have the case either.
        if std::os::unix::fs::chown(&file, Some(65_534), None).is_ok() {
            assert_eq!(open(&file).unwrap_err().to_string(), "it belongs to another user");
        }
    }
}
