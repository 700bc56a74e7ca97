//! Reads and writes what lies beneath a folder, after hostile code could write there.
//!
//! What runs in a build is confined, and Sigyl is not: a link that the build left would lead Sigyl's own copies to
//! any file of the operator. So nothing here follows a link, on no part of a path, and each step begins at a handle.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, mkdirat, open, openat, statat, unlinkat};

/// How deep folders may lie in each other.
const DEPTH: usize = 64;

/// An open folder.
#[derive(Debug)]
pub(super) struct Beneath {
    handle: OwnedFd,
    /// Where it is, for those who read an error.
    path: PathBuf,
}

/// What stands in a folder.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: OsString,
    pub(super) is_folder: bool,
    pub(super) is_file: bool,
    /// Whether anybody may execute it.
    pub(super) runs: bool,
}

impl Beneath {
    /// Opens a folder; only its last part may be of the build's making.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let handle = open(path, folder_flags(), Mode::empty()).map_err(|error| refused(path, error))?;
        Ok(Self { handle, path: path.to_owned() })
    }

    /// Opens the folder at `path` in this one.
    pub(super) fn folder(&self, path: &Path) -> io::Result<Self> {
        self.walk(path, false)
    }

    /// Opens the folder at `path` in this one, and makes what is missing of it.
    pub(super) fn make_folder(&self, path: &Path) -> io::Result<Self> {
        self.walk(path, true)
    }

    fn walk(&self, path: &Path, make: bool) -> io::Result<Self> {
        let mut at = Self { handle: self.handle.try_clone()?, path: self.path.clone() };
        for part in path.components() {
            let Component::Normal(name) = part else {
                return Err(io::Error::other(format!("{} is no path beneath a folder", path.display())));
            };
            let path = at.path.join(name);
            if make {
                match mkdirat(&at.handle, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(refused(&path, error)),
                }
            }
            let handle = openat(&at.handle, name, folder_flags(), Mode::empty());
            at = Self { handle: handle.map_err(|error| refused(&path, error))?, path };
        }
        Ok(at)
    }

    /// Lists the folder.
    pub(super) fn entries(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in Dir::read_from(&self.handle).map_err(|error| refused(&self.path, error))? {
            let entry = entry.map_err(|error| refused(&self.path, error))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                found.push(self.look(name)?);
            }
        }
        Ok(found)
    }

    /// Looks at one entry, and not at what it leads to.
    fn look(&self, name: &OsStr) -> io::Result<Found> {
        let stat = statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| refused(&self.path.join(name), error))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        Ok(Found {
            name: name.to_owned(),
            is_folder: kind == FileType::Directory,
            is_file: kind == FileType::RegularFile,
            runs: stat.st_mode & 0o111 != 0,
        })
    }

    /// Opens a plain file of this folder to be read.
    pub(super) fn file(&self, name: &OsStr) -> io::Result<File> {
        let path = self.path.join(name);
        // A pipe would keep the one who opens it waiting.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.handle, name, flags, Mode::empty()).map_err(|error| refused(&path, error))?;
        let file = File::from(file);
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other(format!("{} is no plain file", path.display()))),
        }
    }

    /// Writes a file of this folder, in the place of one that is there.
    pub(super) fn write(&self, name: &OsStr, mut bytes: impl io::Read, runs: bool) -> io::Result<()> {
        let path = self.path.join(name);
        match self.look(name) {
            Ok(found) if found.is_file => self.remove(name)?,
            Ok(_) => return Err(io::Error::other(format!("{} is no plain file", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if runs { 0o755 } else { 0o644 });
        let file = openat(&self.handle, name, flags, mode).map_err(|error| refused(&path, error))?;
        let mut file = File::from(file);
        io::copy(&mut bytes, &mut file)?;
        file.flush()
    }

    /// Removes a file of this folder.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        unlinkat(&self.handle, name, AtFlags::empty()).map_err(|error| refused(&self.path.join(name), error))
    }

    /// Copies an entry of this folder, with all in it, into another.
    pub(super) fn copy(&self, found: &Found, into: &Self) -> io::Result<()> {
        self.copy_at(found, into, 0)
    }

    fn copy_at(&self, found: &Found, into: &Self, depth: usize) -> io::Result<()> {
        let name = Path::new(&found.name);
        if !found.is_folder {
            return into.write(&found.name, self.file(&found.name)?, found.runs);
        }
        if depth == DEPTH {
            let why = format!("{} lies more than {DEPTH} folders deep", self.path.display());
            return Err(io::Error::other(why));
        }
        let (from, to) = (self.folder(name)?, into.make_folder(name)?);
        from.entries()?.iter().try_for_each(|found| from.copy_at(found, &to, depth + 1))
    }

    /// Reads a small text of this folder, if it is there.
    pub(super) fn text(&self, name: &str, most: u64) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        match self.file(OsStr::new(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?.take(most).read_to_end(&mut bytes)?,
        };
        Ok(String::from_utf8(bytes).ok())
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Says where it was, and that links are not followed where one was met.
fn refused(path: &Path, error: rustix::io::Errno) -> io::Error {
    let error = io::Error::from(error);
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let why = match is_link {
        true => format!("{} is a link, which is not followed after a build", path.display()),
        false => format!("{}: {error}", path.display()),
    };
    io::Error::new(error.kind(), why)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> (tempfile::TempDir, Beneath) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("victim/inner")).unwrap();
        std::fs::write(dir.path().join("victim/key"), "key").unwrap();
        std::fs::create_dir(dir.path().join("own")).unwrap();
        let own = Beneath::open(&dir.path().join("own")).unwrap();
        (dir, own)
    }

    #[test]
    fn no_link_is_followed_on_any_part_of_a_path() {
        let (dir, own) = folder();
        symlink(dir.path().join("victim"), dir.path().join("own/a")).unwrap();
        symlink(dir.path().join("victim/key"), dir.path().join("own/b")).unwrap();
        symlink(dir.path().join("victim/new"), dir.path().join("own/c")).unwrap();
        for path in ["a", "a/inner"] {
            let error = own.folder(Path::new(path)).unwrap_err().to_string();
            assert!(error.contains("own/a is a link"), "{error}");
            assert!(own.make_folder(Path::new(path)).is_err());
        }
        assert!(Beneath::open(&dir.path().join("own/a")).is_err());
        assert!(own.file(OsStr::new("b")).unwrap_err().to_string().contains("own/b is a link"));
        for name in ["a", "b", "c"] {
            assert!(own.write(OsStr::new(name), &b"evil"[..], false).is_err());
        }
        assert_eq!(std::fs::read(dir.path().join("victim/key")).unwrap(), b"key");
        assert!(!dir.path().join("victim/new").exists());
        for path in ["..", "/", "x/../.."] {
            assert!(own.make_folder(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn a_folder_is_copied_with_its_bits_and_a_link_in_it_is_refused() {
        let (dir, own) = folder();
        let to = own.make_folder(Path::new("to")).unwrap();
        let from = own.make_folder(Path::new("from/deep")).unwrap();
        from.write(OsStr::new("run"), &b"1"[..], true).unwrap();
        from.write(OsStr::new("run"), &b"2"[..], true).unwrap();
        let found = own.look(OsStr::new("from")).unwrap();
        own.copy(&found, &to).unwrap();
        assert_eq!(to.text("absent", 9).unwrap(), None);
        let deep = to.folder(Path::new("from/deep")).unwrap();
        assert_eq!(deep.text("run", 9).unwrap().unwrap(), "2");
        assert!(deep.entries().unwrap()[0].runs);
        symlink(dir.path().join("victim/key"), dir.path().join("own/from/leak")).unwrap();
        assert!(own.copy(&found, &to).is_err());
        assert!(!dir.path().join("own/to/from/leak").exists());
    }
}
