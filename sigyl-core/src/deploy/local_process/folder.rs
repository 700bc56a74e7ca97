//! Folders of the local target, and who may look into them.

use std::fs;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, chmod, fstat, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::domain::ServerName;

/// Makes a folder, and those above it, that only this user may look into.
pub(super) fn private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let meta = fs::symlink_metadata(dir)?;
    if !meta.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("{} is not a folder", dir.display()),
        ));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Returns the name of a server's folder: `/` cannot be in it, and `~` cannot be in a name.
pub(super) fn of(server: &ServerName) -> String {
    server.as_str().replace('/', "~")
}

/// Removes a folder with all in it; tells whether it was there. Links in it are removed and never followed.
///
/// A server nests its folders as deep as it likes, so nothing here recurses, and no path is put together: what lies
/// in a folder of the root is moved up into the root, until the root is empty.
pub(super) fn remove(dir: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(dir) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return fs::remove_file(dir).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let root = open(CWD, dir)?;
    let mut moved = 0;
    loop {
        let mut full = 0;
        for entry in Dir::read_from(&root)? {
            let entry = entry?;
            let name = entry.file_name();
            if !is_dots(name) && !take(root.as_fd(), name)? {
                full += 1;
                lift(root.as_fd(), name, &mut moved)?;
            }
        }
        if full == 0 {
            break;
        }
    }
    fs::remove_dir(dir)?;
    Ok(true)
}

fn is_dots(name: &std::ffi::CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

/// Removes a file, a link or an empty folder; tells whether it did, which a full folder prevents.
fn take(parent: BorrowedFd<'_>, name: &std::ffi::CStr) -> io::Result<bool> {
    let taken = match unlinkat(parent, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => unlinkat(parent, name, AtFlags::REMOVEDIR),
        taken => taken,
    };
    match taken {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Empties a folder of `root`: its full folders move up into `root`, under names that are free there.
fn lift(root: BorrowedFd<'_>, name: &std::ffi::CStr, moved: &mut u64) -> io::Result<()> {
    let folder = open(root, name)?;
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let inner = entry.file_name();
        if is_dots(inner) || take(folder.as_fd(), inner)? {
            continue;
        }
        // A folder without rights cannot be moved either; opening it mends them.
        drop(open(folder.as_fd(), inner)?);
        loop {
            *moved += 1;
            match renameat(&folder, inner, root, format!("~{moved}")) {
                Ok(()) => break,
                // The name is taken.
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    // What could not go yet, because the listing moved under the removal, goes in the next round.
    take(root, name).map(drop)
}

/// Opens a folder, never through a link, and gives this user the rights that removing its content needs.
fn open(parent: BorrowedFd<'_>, name: impl rustix::path::Arg + Copy) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let place = openat(parent, name, flags | OFlags::PATH, Mode::empty())?;
    let mode = Mode::from_raw_mode(fstat(&place)?.st_mode);
    if !mode.contains(Mode::RWXU) {
        // The descriptor pins the folder; its name could be another's by now.
        chmod(format!("/proc/self/fd/{}", place.as_raw_fd()), mode | Mode::RWXU)?;
    }
    Ok(openat(place, ".", flags | OFlags::RDONLY, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nests so many folders in each other, deeper than any path may be long.
    fn nest(root: &Path, levels: usize) {
        let mut at = open(CWD, root).unwrap();
        for level in 0..levels {
            rustix::fs::mkdirat(&at, "a-folder", Mode::RWXU).unwrap();
            at = open(at.as_fd(), "a-folder").unwrap();
            if level % 1000 == 0 {
                let write = OFlags::CREATE | OFlags::WRONLY;
                drop(openat(&at, "file", write, Mode::RUSR).unwrap());
            }
        }
    }

    #[test]
    fn any_depth_is_removed_on_a_small_stack() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("private");
        fs::create_dir(&root).unwrap();
        nest(&root, 3000);
        let gone = root.clone();
        let small = std::thread::Builder::new().stack_size(128 << 10);
        assert!(small.spawn(move || remove(&gone).unwrap()).unwrap().join().unwrap());
        assert!(!root.exists());
        assert!(!remove(&root).unwrap());
    }

    #[test]
    fn links_are_removed_and_never_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (root, kept) = (dir.path().join("private"), dir.path().join("kept"));
        fs::create_dir_all(root.join("in/ner")).unwrap();
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "x").unwrap();
        for link in ["a", "in/b", "in/ner/c"] {
            std::os::unix::fs::symlink(&kept, root.join(link)).unwrap();
        }
        assert!(remove(&root).unwrap());
        assert!(!root.exists() && kept.join("file").exists());
        std::os::unix::fs::symlink(&kept, &root).unwrap();
        assert!(remove(&root).unwrap());
        assert!(!root.is_symlink() && kept.join("file").exists());
    }

    #[test]
    fn taken_names_and_missing_rights_do_not_hinder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("private");
        for inner in ["~1/x/y", "~2/x/y", "z/x/y", "z/w/v/u"] {
            fs::create_dir_all(root.join(inner)).unwrap();
        }
        fs::write(root.join("~3"), "").unwrap();
        for inner in ["z/x", "z/w/v", "z"] {
            fs::set_permissions(root.join(inner), fs::Permissions::from_mode(0o000)).unwrap();
        }
        assert!(remove(&root).unwrap());
        assert!(!root.exists());
    }
}
