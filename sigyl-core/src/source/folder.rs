//! Takes a folder of this machine as a source.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use walkdir::{DirEntry, WalkDir};

use super::copy::{digest_into, is_executable};
use super::path;
use super::tree::{Entry, Files, Limits};
use super::{SourceError, SourceTree};
use crate::domain::{SkipKind, Skipped, SourceKind};

impl SourceTree {
    /// Takes the files under `path`, where they are.
    ///
    /// Left out, each with its reason: version control, installed packages and build output (known by their names
    /// and, where a name may be innocent, by what lies in them); what cannot be read; devices, sockets and pipes;
    /// links that point to a folder, to nothing or out of the tree. A link to a file inside counts as that file's
    /// bytes. `.gitignore` is not heeded: it is part of what is judged.
    pub fn from_folder(path: &Path, limits: &Limits) -> Result<Self, SourceError> {
        Self::walked(path, limits, false)
    }

    /// Takes the files under `path`, installed packages and all.
    #[cfg(feature = "runtime")]
    pub(super) fn from_whole_folder(path: &Path, limits: &Limits) -> Result<Self, SourceError> {
        Self::walked(path, limits, true)
    }

    fn walked(path: &Path, limits: &Limits, whole: bool) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let root = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SourceError::NotFound(name)),
            root => root.map_err(SourceError::io("read", path))?,
        };
        if !root.is_dir() {
            return Err(SourceError::NotAFolder(name));
        }
        let (found, entries, skipped) = (Vec::new(), Vec::new(), Vec::new());
        let mut walk = Walk { root, limits, whole, found, entries, skipped, seen: 0 };
        walk.run(&name)?;
        walk.digest_all()?;
        let files = Files { root: walk.root, entries: walk.entries, skipped: walk.skipped };
        Self::assemble(files, SourceKind::Path, name)
    }
}

struct Walk<'a> {
    root: PathBuf,
    limits: &'a Limits,
    /// Whether nothing is left out on purpose.
    whole: bool,
    /// Files that are yet to be digested: their path in the tree and on the disk.
    found: Vec<(String, PathBuf)>,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    seen: usize,
}

/// Threads that digest files.
const THREADS: usize = 16;

impl Walk<'_> {
    fn run(&mut self, name: &str) -> Result<(), SourceError> {
        let mut found = WalkDir::new(&self.root).min_depth(1).follow_links(false).into_iter();
        while let Some(next) = found.next() {
            self.seen += 1;
            if self.seen > self.limits.entries {
                let limit = format!("{} files and folders", self.limits.entries);
                return Err(SourceError::TooLarge { what: name.to_owned(), limit });
            }
            let item = match next {
                Ok(item) => item,
                Err(error) => {
                    self.unreadable(error)?;
                    continue;
                }
            };
            if item.depth() > self.limits.depth {
                let limit = format!("{} folders inside folders", self.limits.depth);
                return Err(SourceError::TooLarge {
                    what: path::shown(&item.path().to_string_lossy()),
                    limit,
                });
            }
            if !self.take(&item)? && item.file_type().is_dir() {
                found.skip_current_dir();
            }
        }
        Ok(())
    }

    /// Takes or skips one item; tells whether a folder is to be entered.
    fn take(&mut self, item: &DirEntry) -> Result<bool, SourceError> {
        let relative = item.path().strip_prefix(&self.root).unwrap_or(item.path());
        let path = match relative.to_str() {
            Some(text) => text.to_owned(),
            None => {
                self.skip(&relative.to_string_lossy(), SkipKind::Unreadable, "its name is not UTF-8");
                return Ok(false);
            }
        };
        if let Some(why) = item.file_name().to_str().and_then(path::bad_name) {
            self.skip(&path, SkipKind::Unreadable, why);
            return Ok(false);
        }
        if let Some(reason) = excluded(item).filter(|_| !self.whole) {
            self.skip(&path, SkipKind::Excluded, reason);
            return Ok(false);
        }
        let kind = item.file_type();
        if kind.is_dir() {
            return Ok(true);
        }
        if kind.is_symlink() && !self.is_link_to_own_file(item.path()) {
            let reason = "a link that points to a folder, to nothing, or out of the source";
            self.skip(&path, SkipKind::NotAFile, reason);
        } else if !kind.is_symlink() && !kind.is_file() {
            self.skip(&path, SkipKind::NotAFile, "no plain file (a device, socket or pipe)");
        } else {
            self.found.push((path, item.path().to_owned()));
        }
        Ok(false)
    }

    fn is_link_to_own_file(&self, link: &Path) -> bool {
        link.canonicalize().is_ok_and(|to| to.starts_with(&self.root) && to.is_file())
    }

    /// Digests all files that were found, on every core.
    fn digest_all(&mut self) -> Result<(), SourceError> {
        let (found, limits) = (std::mem::take(&mut self.found), *self.limits);
        let (next, total) = (AtomicUsize::new(0), AtomicU64::new(0));
        let digested = Mutex::new(Vec::with_capacity(found.len()));
        let work = || {
            let mut mine = Vec::new();
            while total.load(Ordering::Relaxed) <= limits.total {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((_, on_disk)) = found.get(at) else { break };
                let digest = digest(on_disk, limits.file);
                let size = digest.as_ref().map_or(0, |entry| entry.as_ref().map_or(0, |entry| entry.size));
                total.fetch_add(size, Ordering::Relaxed);
                mine.push((at, digest));
            }
            digested.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 1..cores.min(THREADS).min(found.len()) {
                scope.spawn(work);
            }
            work();
        });
        if total.into_inner() > limits.total {
            return Err(SourceError::over_bytes("the source", limits.total));
        }
        let digested = digested.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (at, digest) in digested {
            self.file(&found[at].0, digest);
        }
        Ok(())
    }

    fn file(&mut self, path: &str, digest: io::Result<Option<Entry>>) {
        match digest {
            Ok(Some(entry)) => self.entries.push(Entry { path: path.to_owned(), ..entry }),
            Ok(None) => {
                let reason = SourceError::over_bytes("the file", self.limits.file).to_string();
                self.skip(path, SkipKind::TooLarge, &reason);
            }
            Err(error) => self.skip(path, SkipKind::Unreadable, &error.to_string()),
        }
    }

    fn unreadable(&mut self, error: walkdir::Error) -> Result<(), SourceError> {
        let at = error.path().unwrap_or(&self.root).to_owned();
        let source = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links"));
        match at.strip_prefix(&self.root) {
            Ok(relative) if !relative.as_os_str().is_empty() => {
                self.skip(&relative.to_string_lossy(), SkipKind::Unreadable, &source.to_string());
                Ok(())
            }
            _ => Err(SourceError::Io { action: "read", path: at, source }),
        }
    }

    fn skip(&mut self, path: &str, kind: SkipKind, reason: &str) {
        self.skipped.push(Skipped { path: path::shown(path), kind, reason: reason.to_owned() });
    }
}

/// Digests a file, without its path; a larger one than `limit` is not read.
fn digest(on_disk: &Path, limit: u64) -> io::Result<Option<Entry>> {
    let mut file = File::open(on_disk)?;
    let metadata = file.metadata()?;
    if metadata.len() > limit {
        return Ok(None);
    }
    let executable = is_executable(&metadata);
    let digested = digest_into(&mut file, &mut io::sink(), limit)?;
    Ok(digested.map(|(size, digest)| Entry { path: String::new(), size, digest, executable }))
}

/// Tells why an item is left out on purpose, if it is.
fn excluded(item: &DirEntry) -> Option<&'static str> {
    let name = item.file_name().to_str()?;
    // A work tree or submodule has a file of this name.
    if name == ".git" {
        return Some("version control");
    }
    if !item.file_type().is_dir() {
        return None;
    }
    let folder = item.path();
    match name {
        ".hg" | ".svn" => Some("version control"),
        "node_modules" => Some("installed packages; what is installed comes from the lock"),
        ".venv" | ".tox" => Some("installed packages; what is installed comes from the lock"),
        "venv" if folder.join("pyvenv.cfg").is_file() => {
            Some("installed packages; what is installed comes from the lock")
        }
        "__pycache__" | ".mypy_cache" => Some("a cache, made anew from the source"),
        "target" if is_cargo_output(folder) => Some("build output, made anew from the source"),
        _ => None,
    }
}

/// Tells a folder that Cargo writes from a module that happens to be called so.
fn is_cargo_output(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").is_file() || folder.parent().is_some_and(|up| up.join("Cargo.toml").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let at = root.join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, text).unwrap();
    }

    fn take(root: &Path) -> SourceTree {
        SourceTree::from_folder(root, &Limits::default()).unwrap()
    }

    fn paths(tree: &SourceTree) -> Vec<&str> {
        tree.entries().iter().map(|entry| entry.path.as_str()).collect()
    }

    fn skipped(tree: &SourceTree) -> Vec<(&str, SkipKind)> {
        tree.skipped().iter().map(|skipped| (skipped.path.as_str(), skipped.kind)).collect()
    }

    #[test]
    fn what_is_installed_or_built_is_left_out_and_named() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            ".git/config",
            "node_modules/a/index.js",
            "sub/.venv/x.py",
            "env/venv/pyvenv.cfg",
            "target/debug/x",
            "sub/__pycache__/a.pyc",
            "dist/index.js",
            "build/a.js",
            "Cargo.toml",
            "src/target/mod.rs",
            "src/venv/mod.rs",
            ".gitignore",
            "ignored.js",
        ] {
            write(dir.path(), path, "x");
        }
        write(dir.path(), ".gitignore", "ignored.js\n");
        let tree = take(dir.path());
        assert_eq!(
            paths(&tree),
            [
                ".gitignore",
                "Cargo.toml",
                "build/a.js",
                "dist/index.js",
                "ignored.js",
                "src/target/mod.rs",
                "src/venv/mod.rs",
            ]
        );
        let left_out: Vec<_> = skipped(&tree).into_iter().map(|(path, kind)| (path, kind.is_gap())).collect();
        assert_eq!(
            left_out,
            [
                (".git", false),
                ("env/venv", false),
                ("node_modules", false),
                ("sub/.venv", false),
                ("sub/__pycache__", false),
                ("target", false),
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_never_followed_out_of_the_folder_or_in_circles() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "secret", "s3cret");
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a/file.txt", "inside");
        symlink("a/file.txt", dir.path().join("copy.txt")).unwrap();
        symlink("..", dir.path().join("a/up")).unwrap();
        symlink("two", dir.path().join("one")).unwrap();
        symlink("one", dir.path().join("two")).unwrap();
        symlink(outside.path().join("secret"), dir.path().join("leak")).unwrap();
        symlink(outside.path(), dir.path().join("leaks")).unwrap();
        let tree = take(dir.path());
        assert_eq!(paths(&tree), ["a/file.txt", "copy.txt"]);
        assert_eq!(tree.read(tree.find("copy.txt").unwrap()).unwrap(), b"inside");
        let gaps = ["a/up", "leak", "leaks", "one", "two"].map(|path| (path, SkipKind::NotAFile));
        assert_eq!(skipped(&tree), gaps);
    }

    #[cfg(unix)]
    #[test]
    fn sockets_and_names_that_cannot_be_shown_are_gaps() {
        use std::os::unix::ffi::OsStrExt as _;
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a", "x");
        write(dir.path(), "b\u{1b}[2J", "x");
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        std::fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"c\xff")), "x").unwrap();
        let tree = take(dir.path());
        assert_eq!(paths(&tree), ["a"]);
        assert_eq!(
            skipped(&tree),
            [
                ("b\\u{1b}[2J", SkipKind::Unreadable),
                ("c\u{fffd}", SkipKind::Unreadable),
                ("socket", SkipKind::NotAFile),
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn unreadable_files_and_folders_are_gaps() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        for path in ["a", "locked", "shut/b"] {
            write(dir.path(), path, "x");
        }
        let set = |path: &str, mode| {
            std::fs::set_permissions(dir.path().join(path), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set("locked", 0o000);
        set("shut", 0o000);
        let may_read_all = File::open(dir.path().join("locked")).is_ok();
        let tree = take(dir.path());
        set("shut", 0o700);
        if may_read_all {
            eprintln!("NOT TESTED: this user may read every file, so none is unreadable");
            return;
        }
        assert_eq!(paths(&tree), ["a"]);
        assert_eq!(skipped(&tree), ["locked", "shut"].map(|path| (path, SkipKind::Unreadable)));
    }

    #[test]
    fn what_is_no_folder_or_holds_nothing_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits::default();
        let empty = SourceTree::from_folder(dir.path(), &limits).unwrap_err();
        assert!(matches!(empty, SourceError::Empty(_)), "{empty}");
        let absent = SourceTree::from_folder(&dir.path().join("x"), &limits).unwrap_err();
        assert!(matches!(absent, SourceError::NotFound(_)), "{absent}");
        write(dir.path(), "file", "x");
        let file = SourceTree::from_folder(&dir.path().join("file"), &limits).unwrap_err();
        assert!(matches!(file, SourceError::NotAFolder(_)), "{file}");
    }

    #[test]
    fn limits_hold() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a/b/c", "12345");
        write(dir.path(), "d", "12345");
        let over = |limits: Limits| {
            matches!(SourceTree::from_folder(dir.path(), &limits), Err(SourceError::TooLarge { .. }))
        };
        let limits = Limits { entries: 4, file: 5, total: 10, depth: 3, ratio: 1 };
        assert!(!over(limits));
        assert!(over(Limits { entries: 3, ..limits }));
        assert!(over(Limits { total: 9, ..limits }));
        assert!(over(Limits { depth: 2, ..limits }));
        let cut = SourceTree::from_folder(dir.path(), &Limits { file: 4, ..limits });
        assert!(matches!(cut, Err(SourceError::NothingRead { path, .. }) if path == "a/b/c"));
        write(dir.path(), "d", "1234");
        let tree = SourceTree::from_folder(dir.path(), &Limits { file: 4, ..limits }).unwrap();
        assert_eq!(skipped(&tree), [("a/b/c", SkipKind::TooLarge)]);
    }
}
