//! Gets packages of npm, by the user's own npm.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::fetcher::{Fetcher, blocking};
use super::run::{Call, Runner};
use crate::domain::SourceKind;
use crate::source::archive::unpack_file;
use crate::source::copy::write_new;
use crate::source::scratch::Scratch;
use crate::source::{Progress, SourceError, SourceTree};

/// What is loaded into npm so that it starts no process.
const NO_PROCESS: &str = include_str!("no_process.cjs");

/// Prepares a run of npm in the empty package `folder`: no scripts, nothing but the registry, no process.
///
/// The switches for what is no registry are known to npm 11 only; an older npm warns of them, and is kept from it by
/// starting no process (git), and by what is checked before and after.
pub(in crate::source) fn npm(runner: &Runner<'_>, folder: &Path) -> Result<Call, SourceError> {
    let npm = runner.find(&["npm"], "install Node.js with npm, or name a folder or an archive instead")?;
    let guard = folder.with_extension("no-process.cjs");
    if !guard.exists() {
        write_new(&guard, NO_PROCESS.as_bytes(), false)?;
    }
    let mut options = OsString::from("--require \"");
    options.push(&guard);
    options.push("\"");
    Ok(Call::new(&npm, folder).var("NODE_OPTIONS", options).var("npm_config_yes", "false"))
}

/// The switches of every run of npm.
pub(in crate::source) const SWITCHES: [&str; 7] = [
    "--ignore-scripts",
    "--allow-git=none",
    "--allow-file=none",
    "--allow-directory=none",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
];

/// What `package.json` says of a package.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Gets a package by name: the archive that the registry holds, unpacked.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    name: &str,
    version: Option<&str>,
    progress: &dyn Progress,
) -> Result<SourceTree, SourceError> {
    let wanted = version.map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"));
    if fetcher.offline {
        return Err(SourceError::Offline(format!("npm:{wanted}")));
    }
    let scratch = Scratch::new(&fetcher.work)?;
    let (folder, packed) = (scratch.path().join("npm"), scratch.path().join("packed"));
    write_new(&folder.join("package.json"), b"{}", false)?;
    std::fs::create_dir(&packed).map_err(SourceError::io("make the folder", &packed))?;
    let runner = Runner::new(&fetcher.env, progress, scratch.path(), fetcher.limits.total);
    let call = npm(&runner, &folder)?.args(&["pack", &wanted, "--json", "--pack-destination"]);
    runner.run(call.arg(&packed).args(&SWITCHES)).await?;
    let (limits, name) = (fetcher.limits, name.to_owned());
    blocking(move || {
        let called = format!("npm:{wanted}");
        let archive = only_file(&packed, &called)?;
        let tree = unpack_file(&archive, &called, &scratch.path().join("tree"), &limits)?;
        let bad = |why: String| SourceError::BadArchive { archive: called.clone(), why };
        let manifest = tree.find("package.json").ok_or_else(|| bad("it has no package.json".to_owned()))?;
        let package: Package = serde_json::from_slice(&tree.read(manifest)?)
            .map_err(|error| bad(format!("its package.json does not read: {error}")))?;
        if package.name != name {
            return Err(bad(format!("it holds the package `{}`", package.name)));
        }
        let locator = format!("npm:{name}@{}", package.version);
        Ok(tree.named(SourceKind::Npm, locator).in_scratch(Arc::new(scratch)))
    })
    .await
}

/// Returns the one file in a folder that a tool was to fill.
pub(in crate::source) fn only_file(folder: &Path, wanted: &str) -> Result<PathBuf, SourceError> {
    let items = std::fs::read_dir(folder).map_err(SourceError::io("read", folder))?;
    let files: Vec<_> = items.collect::<Result<_, _>>().map_err(SourceError::io("read", folder))?;
    match files.as_slice() {
        [file] => Ok(file.path()),
        files => {
            let why = format!("{} files were fetched for it, not one", files.len());
            Err(SourceError::BadArchive { archive: wanted.to_owned(), why })
        }
    }
}
