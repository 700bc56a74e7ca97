//! Where builds are kept, who uses them, and when they go.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::super::folder;
use super::super::instance::io as failed;
use crate::deploy::TargetError;
use crate::domain::{Digest, ServerName, SourceRef};
use crate::source::ToolEnv;

/// Written last into a build.
const DONE: &str = "done";

/// What builds need, and where they go.
#[derive(Clone, Debug)]
pub(in super::super) struct Builder {
    /// Finished builds, by key.
    builds: PathBuf,
    /// What is kept between builds, such as compiled dependencies.
    targets: PathBuf,
    /// Which builds the servers of this data directory use.
    index: PathBuf,
    pub(super) tools: ToolEnv,
    pub(super) offline: bool,
    pub(super) launcher: PathBuf,
    pub(super) landlock: u8,
    /// Marks processes of this data directory.
    pub(super) id: String,
}

/// What identifies a build: everything it is made from.
#[derive(Clone, Debug)]
pub(super) struct Key(String);

impl Key {
    /// Makes the key of these parts, in this order.
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut text = String::from("sigyl.build/1");
        for part in parts {
            text.push_str(&format!("\n{}:{part}", part.len()));
        }
        let mut hex = Digest::of(text.as_bytes()).hex();
        hex.truncate(32);
        Self(hex)
    }
}

/// A folder of the cache that this build alone may fill.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) dir: PathBuf,
    /// Whether it holds the finished build already.
    pub(super) done: bool,
    _lock: File,
}

/// A folder that is kept between builds, and held by the one that uses it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) dir: PathBuf,
    _lock: File,
}

impl Builder {
    /// Keeps builds in `cache`, and remembers in `data_dir` which server uses which.
    pub(in super::super) fn new(
        cache: &Path,
        data_dir: &Path,
        (tools, offline): (ToolEnv, bool),
        (launcher, landlock, id): (PathBuf, u8, String),
    ) -> Self {
        let (builds, targets) = (cache.join("builds"), cache.join("targets"));
        Self { builds, targets, index: data_dir.join("builds"), tools, offline, launcher, landlock, id }
    }

    /// Waits until nobody else fills the folder of `key`; blocking.
    pub(super) fn claim(&self, key: &Key, server: &ServerName) -> Result<Slot, TargetError> {
        let dir = self.builds.join(&key.0);
        let claim = || {
            folder::private(&self.builds)?;
            let used = self.index.join(folder::of(server));
            folder::private(&used)?;
            fs::write(used.join(&key.0), "")?;
            let lock = File::create(lock_of(&dir))?;
            let done = || dir.join(DONE).is_file();
            lock.lock_shared()?;
            if done() {
                return Ok((lock, true));
            }
            // Two that wait here take turns; the second finds it done.
            lock.unlock()?;
            lock.lock()?;
            if !done() {
                folder::remove(&dir)?;
                folder::private(&dir)?;
                return Ok((lock, false));
            }
            Ok((lock, true))
        };
        let (lock, done) =
            claim().map_err(|source| failed(format!("use the cache {}", dir.display()), source))?;
        Ok(Slot { dir, done, _lock: lock })
    }

    /// Returns the folder that the builds of one server keep between them, for these parts of tool and lock.
    ///
    /// Code of the source writes there (build scripts, macros, build commands), so what another server would take
    /// from it could be of that code's making: no two servers share one, nor do two sources under one name. The
    /// owner is told by name and place and by nothing of the data directory, so that an empty one finds it again.
    pub(super) fn kept(
        &self,
        tool: &str,
        (server, source): (&ServerName, &SourceRef),
        parts: &[&str],
    ) -> PathBuf {
        let kind = format!("{:?}", source.kind);
        let owner = [server.as_str(), &kind, &source.locator];
        let key = Key::of(&[&owner, parts].concat());
        self.targets.join(format!("{tool}-{}", key.0))
    }

    /// Makes a folder that [`kept`](Self::kept) named, waits until no other build uses it, and remembers whose it is;
    /// blocking.
    pub(super) fn keep(&self, dir: PathBuf, server: &ServerName) -> io::Result<Kept> {
        let used = self.index.join(folder::of(server));
        for folder in [&self.targets, &used] {
            folder::private(folder)?;
        }
        let lock = File::create(lock_of(&dir))?;
        lock.lock()?;
        folder::private(&dir)?;
        if let Some(name) = dir.file_name() {
            fs::write(used.join(name), "")?;
        }
        Ok(Kept { dir, _lock: lock })
    }

    /// Returns where something of the index lies: what is kept between builds has the tool in its name.
    fn place_of(&self, name: &OsStr) -> PathBuf {
        let is_kept = name.to_string_lossy().contains('-');
        if is_kept { self.targets.join(name) } else { self.builds.join(name) }
    }

    /// Holds the build that lies around `path` while an instance of it runs.
    pub(in super::super) fn hold(&self, path: &Path) -> io::Result<Option<File>> {
        let Ok(inner) = path.strip_prefix(&self.builds) else { return Ok(None) };
        let Some(key) = inner.iter().next() else { return Ok(None) };
        let lock = File::create(lock_of(&self.builds.join(key)))?;
        lock.lock_shared()?;
        Ok(Some(lock))
    }

    /// Removes the builds of a server and what it kept between them, but for what is used on behalf of somebody else.
    pub(in super::super) fn forget(&self, server: &ServerName) -> Result<Vec<PathBuf>, TargetError> {
        let used = self.index.join(folder::of(server));
        let forget = || {
            let mut removed = Vec::new();
            let entries = match fs::read_dir(&used) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(removed),
                entries => entries?,
            };
            for entry in entries {
                let dir = self.place_of(&entry?.file_name());
                if self.used_by_another(&dir, &used)? {
                    continue;
                }
                let lock = File::create(lock_of(&dir))?;
                match lock.try_lock() {
                    Ok(()) if folder::remove(&dir)? => removed.push(dir),
                    Ok(()) | Err(TryLockError::WouldBlock) => {}
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
            folder::remove(&used)?;
            Ok(removed)
        };
        forget().map_err(|source| failed(format!("remove the builds of {server}"), source))
    }

    /// Tells whether another server of this data directory is built from the same.
    fn used_by_another(&self, build: &Path, own: &Path) -> io::Result<bool> {
        let Some(key) = build.file_name() else { return Ok(false) };
        for server in fs::read_dir(&self.index)? {
            let server = server?.path();
            if server != own && server.join(key).exists() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Slot {
    /// Says that the build is complete.
    pub(super) fn finish(&self) -> io::Result<()> {
        let file = File::create(self.dir.join(DONE))?;
        file.sync_all()
    }
}

/// Returns the file that is locked for a build; it stays when the build goes, so that a lock on it keeps its meaning.
fn lock_of(dir: &Path) -> PathBuf {
    dir.with_extension("lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder(dir: &Path) -> Builder {
        let launcher = ("/none".into(), 0, "id".to_owned());
        Builder::new(&dir.join("cache"), &dir.join("data"), (ToolEnv::default(), true), launcher)
    }

    fn server(name: &str) -> ServerName {
        ServerName::parse(name).unwrap()
    }

    #[test]
    fn a_key_depends_on_every_part_and_its_place() {
        let keys = [Key::of(&["a", "b"]), Key::of(&["ab", ""]), Key::of(&["b", "a"]), Key::of(&["a"])];
        for (at, key) in keys.iter().enumerate() {
            assert!(keys[..at].iter().all(|other| other.0 != key.0));
        }
    }

    #[test]
    fn what_is_kept_between_builds_belongs_to_one_server_of_one_source() {
        use crate::domain::SourceKind;
        let source = |locator: &str, content: &[u8]| SourceRef {
            kind: SourceKind::Path,
            locator: locator.to_owned(),
            digest: Digest::of(content),
        };
        let dir = tempfile::tempdir().unwrap();
        let builder = builder(dir.path());
        let kept = |name: &str, source: &SourceRef, lock: &str| {
            builder.kept("rust", (&server(name), source), &["1.90", lock])
        };
        let first = kept("a", &source("/x", b"1"), "lock");
        assert_eq!(first, kept("a", &source("/x", b"2"), "lock"), "an edit of the source finds it again");
        for other in [
            kept("b", &source("/x", b"1"), "lock"),
            kept("a", &source("/y", b"1"), "lock"),
            kept("a", &source("/x", b"1"), "other"),
            builder.kept("rust", (&server("a"), &source("/x", b"1")), &["1.91", "lock"]),
        ] {
            assert_ne!(first, other);
        }
        let elsewhere = Builder { index: dir.path().join("new"), ..builder.clone() };
        assert_eq!(first, elsewhere.kept("rust", (&server("a"), &source("/x", b"1")), &["1.90", "lock"]));
    }

    #[test]
    fn only_a_finished_build_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let (builder, key) = (builder(dir.path()), Key::of(&["x"]));
        let slot = builder.claim(&key, &server("a")).unwrap();
        assert!(!slot.done);
        fs::write(slot.dir.join("half"), "").unwrap();
        drop(slot);
        let slot = builder.claim(&key, &server("a")).unwrap();
        assert!(!slot.done && !slot.dir.join("half").exists());
        slot.finish().unwrap();
        drop(slot);
        assert!(builder.claim(&key, &server("a")).unwrap().done);
    }

    #[test]
    fn a_build_goes_with_its_last_server_and_not_while_it_runs() {
        let dir = tempfile::tempdir().unwrap();
        let (builder, key) = (builder(dir.path()), Key::of(&["x"]));
        for name in ["a", "b/c"] {
            builder.claim(&key, &server(name)).unwrap().finish().unwrap();
        }
        let place = builder.builds.join(&key.0);
        assert!(builder.forget(&server("a")).unwrap().is_empty());
        let held = builder.hold(&place.join("tree")).unwrap();
        assert!(held.is_some());
        assert!(builder.forget(&server("b/c")).unwrap().is_empty() && place.exists());
        drop(held);
        drop(builder.claim(&key, &server("a")).unwrap());
        assert_eq!(builder.forget(&server("a")).unwrap(), vec![place.clone()]);
        assert!(!place.exists());
        assert!(builder.hold(Path::new("/elsewhere")).unwrap().is_none());
    }

    #[test]
    fn what_was_kept_between_builds_goes_with_its_server_and_not_while_it_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let builder = builder(dir.path());
        let place = builder.targets.join("rust-0");
        let used = builder.keep(place.clone(), &server("a")).unwrap();
        fs::write(used.dir.join("compiled"), "").unwrap();
        assert!(builder.forget(&server("a")).unwrap().is_empty() && place.exists());
        drop(used);
        drop(builder.keep(place.clone(), &server("a")).unwrap());
        assert_eq!(builder.forget(&server("a")).unwrap(), std::slice::from_ref(&place));
        assert!(!place.exists());
    }
}
