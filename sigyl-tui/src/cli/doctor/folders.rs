//! The folders that Sigyl writes to.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sigyl_core::vault::KeySource;

use super::check::Check;
use crate::problem::Problem;
use crate::render::size;
use crate::settings::Settings;

/// Free bytes below which nothing works for long.
const LEAST: u64 = 100 << 20;
/// Free bytes below which builds may fail.
const LITTLE: u64 = 2 << 30;

/// Looks at both folders, without making them.
pub(super) fn check(settings: &Settings) -> Result<Vec<Check>, Problem> {
    let (data, cache) = (settings.data_dir()?, settings.cache_dir()?);
    let mut checks = vec![folder("data dir", &data, "--data-dir", true)];
    checks.extend(key(settings.master_key.as_ref(), &data));
    checks.push(disk("data disk", &data, "--data-dir"));
    checks.push(folder("cache dir", &cache, "--cache-dir", false));
    checks.push(disk("cache disk", &cache, "--cache-dir"));
    Ok(checks)
}

fn folder(name: &'static str, path: &Path, flag: &str, private: bool) -> Check {
    let shown = path.display();
    let Ok(found) = std::fs::metadata(path) else {
        let parent = nearest(path);
        return match probe(&parent) {
            Ok(()) => Check::ok(name, format!("{shown}, which the first use makes")),
            Err(error) => Check::fail(
                name,
                format!("{shown} cannot be made in {}: {error}", parent.display()),
                format!("mend its permissions, or name another folder with {flag}"),
            ),
        };
    };
    if !found.is_dir() {
        return Check::fail(name, format!("{shown} is no folder"), format!("name another with {flag}"));
    }
    if let Err(error) = probe(path) {
        let found = format!("{shown} cannot be written: {error}");
        return Check::fail(name, found, format!("mend its permissions, or name another folder with {flag}"));
    }
    let mode = found.permissions().mode() & 0o777;
    if private && mode & 0o077 != 0 {
        return Check::warn(
            name,
            format!("{shown} is open to others ({mode:o})"),
            format!("chmod 700 {shown}"),
        );
    }
    Check::ok(name, shown.to_string())
}

fn key(named: Option<&KeySource>, data: &Path) -> Option<Check> {
    let path = match named {
        None => data.join("master.key"),
        Some(KeySource::File(path)) => path.clone(),
        Some(other) => return Some(Check::ok("master key", other.to_string())),
    };
    let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    if mode & 0o077 != 0 {
        let found = format!("{shown} is open to others ({mode:o})");
        return Some(Check::fail("master key", found, format!("chmod 600 {shown}")));
    }
    if path.starts_with(data) {
        return Some(Check::warn(
            "master key",
            format!("{shown} lies in the data directory: whoever copies that can open its secrets"),
            "end the owner, move it elsewhere, and name it with --master-key-file or in the configuration",
        ));
    }
    Some(Check::ok("master key", shown.to_string()))
}

fn disk(name: &'static str, path: &Path, flag: &str) -> Check {
    let remedy = || format!("free some space, or name a folder on another disk with {flag}");
    match rustix::fs::statvfs(nearest(path)) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let found = format!("{} free", size(free));
            match free {
                0..LEAST => Check::fail(name, found, remedy()),
                LEAST..LITTLE => Check::warn(name, found, remedy()),
                _ => Check::ok(name, found),
            }
        }
        Err(error) => Check::warn(name, format!("free space unknown: {error}"), "check it with df"),
    }
}

/// The folder itself, or the nearest one above it that exists.
fn nearest(path: &Path) -> PathBuf {
    path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/")).to_owned()
}

/// Writes a file and removes it again.
fn probe(folder: &Path) -> std::io::Result<()> {
    tempfile::Builder::new().prefix(".sigyl-doctor-").tempfile_in(folder)?.close()
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn a_folder_that_is_open_to_others_or_no_folder_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(folder("d", &open, "--data-dir", true).state, State::Warn);
        assert_eq!(folder("d", &open, "--data-dir", false).state, State::Ok);
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(folder("d", &file, "--data-dir", true).state, State::Fail);
        let missing = folder("d", &dir.path().join("a/b/c"), "--data-dir", true);
        assert_eq!(missing.state, State::Ok);
        assert!(!dir.path().join("a").exists(), "a look makes nothing");
    }

    #[test]
    fn a_key_that_others_can_read_forbids_work_and_one_beside_the_records_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let (within, beyond) = (data.join("master.key"), dir.path().join("key"));
        let elsewhere = KeySource::File(beyond.clone());
        assert!(key(None, &data).is_none());
        for path in [&within, &beyond] {
            std::fs::write(path, "").unwrap();
        }
        for (mode, inside, outside) in [(0o600, State::Warn, State::Ok), (0o640, State::Fail, State::Fail)] {
            for path in [&within, &beyond] {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            assert_eq!(key(None, &data).unwrap().state, inside, "{mode:o}");
            assert_eq!(key(Some(&elsewhere), &data).unwrap().state, outside, "{mode:o}");
        }
    }
}
