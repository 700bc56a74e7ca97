//! What the operator opened to a server, and what stays closed whatever they say.
//!
//! A granted path is kept as the place that it led to when it was granted. A server that may write beside it could make
//! a link of it later: then the grant is void, and does not follow.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::programs::{PROGRAMS, real};
use crate::deploy::TargetError;
use crate::domain::Permissions;

/// Sigyl's own folders.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Closed<'a> {
    /// Master key, store and control socket are there: nothing may open it.
    pub(in super::super) data_dir: &'a Path,
    /// What is built is there: nobody may change it.
    pub(in super::super) cache_dir: &'a Path,
}

/// Replaces each path by the place that it leads to; fails on one that is never granted.
pub(in super::super) fn settle(asked: &Permissions, closed: Closed<'_>) -> Result<Permissions, TargetError> {
    let place = |kind: &str, text: &String| -> Result<String, TargetError> {
        let path = absolute(kind, text)?;
        let place = real(path);
        closed.refuse(kind, &place)?;
        let text = place.to_str().map(str::to_owned);
        text.ok_or_else(|| {
            TargetError::Grant(format!("{kind}={} leads to a path that is not UTF-8", text_of(path)))
        })
    };
    let places = |kind: &str, paths: &BTreeSet<String>| -> Result<BTreeSet<String>, TargetError> {
        paths.iter().map(|path| place(kind, path)).collect()
    };
    let program = |name: &String| match is_name(name) {
        true => Ok(name.clone()),
        false => place("exec", name),
    };
    Ok(Permissions {
        read: places("read", &asked.read)?,
        write: places("write", &asked.write)?,
        network: asked.network.clone(),
        exec: asked.exec.iter().map(program).collect::<Result<_, _>>()?,
    })
}

/// A granted path, as it is now.
#[derive(Debug)]
pub(super) enum Granted {
    Here(PathBuf),
    Missing,
}

/// Looks at a granted path again before a start.
pub(super) fn look(kind: &str, text: &str, closed: Closed<'_>) -> Result<Granted, TargetError> {
    let path = absolute(kind, text)?;
    if !path.exists() {
        return Ok(Granted::Missing);
    }
    let place = real(path);
    if place != path {
        return Err(TargetError::Grant(format!(
            "{kind}={text} was granted and leads to {} now: it is a link, or lies behind one; if you mean that place, \
             grant it: --grant {kind}={}",
            place.display(),
            place.display()
        )));
    }
    closed.refuse(kind, path)?;
    Ok(Granted::Here(place))
}

/// Tells whether a program is found by the system: by its name alone, or where the system keeps programs, whose links
/// are its own affair.
pub(super) fn is_name(program: &str) -> bool {
    let parent = Path::new(program).parent();
    !program.contains('/') || PROGRAMS.iter().any(|dir| parent == Some(Path::new(dir)))
}

fn absolute<'a>(kind: &str, text: &'a str) -> Result<&'a Path, TargetError> {
    let path = Path::new(text);
    if path.is_absolute() && !path.components().any(|part| part == Component::ParentDir) {
        return Ok(path);
    }
    Err(TargetError::Grant(format!(
        "{kind}={text} cannot be granted here: name an absolute path without `..` (its own tree is readable, and HOME is \
         its own folder)"
    )))
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Closed<'_> {
    /// Refuses a grant of a place that is, holds or lies in one of Sigyl's own.
    fn refuse(&self, kind: &str, place: &Path) -> Result<(), TargetError> {
        let meets = |own: &Path| own.starts_with(place) || place.starts_with(own);
        let (own, what) = match kind {
            _ if meets(&real(self.data_dir)) => (self.data_dir, "data directory"),
            "write" if meets(&real(self.cache_dir)) => (self.cache_dir, "cache directory"),
            _ => return Ok(()),
        };
        Err(TargetError::Grant(format!(
            "{kind}={} cannot be granted: it is, holds or lies in Sigyl's own {what} {}; name a folder beside it",
            place.display(),
            own.display()
        )))
    }

    /// Refuses rules that would open the data directory, wherever they come from. Only the server's own folder lies
    /// there, and built trees when the cache was put there.
    pub(super) fn keeps_out<'a>(
        &self,
        opened: impl Iterator<Item = &'a PathBuf>,
        private: &Path,
    ) -> Result<(), TargetError> {
        let (data_dir, private) = (real(self.data_dir), real(private));
        let builds = real(self.cache_dir).join("builds");
        for path in opened {
            let path = real(path);
            let is_own = path == private || path.starts_with(&builds) && path != builds;
            if data_dir.starts_with(&path) || path.starts_with(&data_dir) && !is_own {
                return Err(TargetError::Unsupported(format!(
                    "{} cannot be opened to a server: it is, or holds, Sigyl's own data directory {}",
                    path.display(),
                    data_dir.display()
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn granted(texts: &[String]) -> Permissions {
        let mut granted = Permissions::default();
        texts.iter().for_each(|text| granted.grant(text).unwrap());
        granted
    }

    #[test]
    fn a_grant_keeps_the_place_it_was_given_for() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let at = |path: &str| dir.join(path).display().to_string();
        for name in ["real", "other", "data", "cache"] {
            fs::create_dir(dir.join(name)).unwrap();
        }
        symlink(dir.join("real"), dir.join("link")).unwrap();
        let (data, cache) = (dir.join("data"), dir.join("cache"));
        let closed = Closed { data_dir: &data, cache_dir: &cache };
        let asked = granted(&[format!("read={}", at("link")), "exec=/usr/bin/env".into(), "exec=git".into()]);
        let kept = settle(&asked, closed).unwrap();
        assert_eq!(kept.to_string(), format!("read={} exec=/usr/bin/env exec=git", at("real")));
        assert!(matches!(look("read", &at("real"), closed).unwrap(), Granted::Here(_)));
        assert!(matches!(look("read", &at("later"), closed).unwrap(), Granted::Missing));
        // The server that may write in there makes a link of it.
        fs::remove_dir(dir.join("real")).unwrap();
        symlink(dir.join("other"), dir.join("real")).unwrap();
        for path in ["real", "link"] {
            let error = look("read", &at(path), closed).unwrap_err().to_string();
            assert!(error.contains(&format!("leads to {} now", at("other"))), "{error}");
        }
    }

    #[test]
    fn sigyls_own_folders_are_never_granted() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let (data, cache) = (dir.join("data"), dir.join("cache"));
        fs::create_dir_all(data.join("builds")).unwrap();
        fs::create_dir_all(cache.join("builds")).unwrap();
        symlink(&data, dir.join("link")).unwrap();
        let closed = Closed { data_dir: &data, cache_dir: &cache };
        for text in [
            "read=/",
            "write=DIR",
            "read=DIR/data",
            "read=DIR/link",
            "write=DIR/data/builds",
            "exec=DIR/data",
            "write=DIR/cache",
            "write=DIR/cache/builds/x",
        ] {
            let text = text.replace("DIR", &dir.display().to_string());
            let error = settle(&granted(std::slice::from_ref(&text)), closed).unwrap_err().to_string();
            assert!(error.contains("Sigyl's own"), "{text}: {error}");
        }
        settle(&granted(&[format!("read={}", cache.display())]), closed).unwrap();
        let asked = Permissions { read: ["data".to_owned()].into(), ..Permissions::default() };
        assert!(settle(&asked, closed).unwrap_err().to_string().contains("absolute path"));
    }
}
