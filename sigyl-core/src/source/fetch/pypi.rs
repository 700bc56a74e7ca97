//! Gets packages of PyPI, by the user's own pip: the wheel, or else the source archive as it is.

use std::path::Path;
use std::sync::Arc;

use super::fetcher::{Fetcher, blocking};
use super::npm::only_file;
use super::run::{Call, Runner};
use crate::domain::SourceKind;
use crate::source::archive::unpack_file;
use crate::source::copy::write_new;
use crate::source::python;
use crate::source::scratch::Scratch;
use crate::source::{Progress, SourceError, SourceTree};

/// What runs pip so that it starts no process.
pub(crate) const NO_PROCESS: &str = include_str!("no_process.py");
/// What every run of pip is told.
const SWITCHES: [&str; 4] = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"];

/// Prepares a run of pip in `scratch`: it may fetch, but start no process. An archive that it would build goes to
/// `instead`.
pub(in crate::source) fn pip(
    runner: &Runner<'_>,
    scratch: &Path,
    instead: Option<&Path>,
    command: &str,
) -> Result<Call, SourceError> {
    let remedy = "install Python 3 with pip, or name a folder or an archive instead";
    let python = runner.find(&["python3", "python"], remedy)?;
    let (folder, temporary) = (scratch.join("pip"), scratch.join("pip-temporary"));
    let script = folder.join("pip.py");
    if !script.exists() {
        write_new(&script, NO_PROCESS.as_bytes(), false)?;
    }
    std::fs::create_dir_all(&temporary).map_err(SourceError::io("make the folder", &temporary))?;
    let instead = instead.unwrap_or(Path::new("-"));
    let call = Call::new(&python, &folder).arg(script).arg(instead).arg(command).args(&SWITCHES);
    Ok(call.var("TMPDIR", temporary).var("PIP_REQUIRE_VIRTUALENV", "0").var("PYTHONDONTWRITEBYTECODE", "1"))
}

/// Runs pip, and says so when there is none.
pub(in crate::source) async fn run_pip(runner: &Runner<'_>, call: Call) -> Result<(), SourceError> {
    match runner.run(call).await {
        Err(SourceError::Tool { tail, .. }) if tail.contains("No module named pip") => {
            Err(SourceError::MissingTool {
                tool: "pip".to_owned(),
                remedy: "install pip for the python3 in your PATH".to_owned(),
            })
        }
        ran => ran.map(drop),
    }
}

/// Gets a package by name: its wheel for this machine, or its source archive, unpacked.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    name: &str,
    version: Option<&str>,
    progress: &dyn Progress,
) -> Result<SourceTree, SourceError> {
    let wanted = version.map_or_else(|| name.to_owned(), |version| format!("{name}=={version}"));
    if fetcher.offline {
        return Err(SourceError::Offline(format!("pypi:{name}")));
    }
    let scratch = Scratch::new(&fetcher.work)?;
    let packed = scratch.path().join("packed");
    std::fs::create_dir(&packed).map_err(SourceError::io("make the folder", &packed))?;
    let runner = Runner::new(&fetcher.env, progress, scratch.path(), fetcher.limits.total);
    let call = pip(&runner, scratch.path(), Some(&packed), "download")?;
    run_pip(&runner, call.args(&["--no-deps", "--dest"]).arg(&packed).arg(&wanted)).await?;
    let (limits, name) = (fetcher.limits, name.to_owned());
    blocking(move || {
        let called = format!("pypi:{wanted}");
        let archive = only_file(&packed, &called)?;
        let tree = unpack_file(&archive, &called, &scratch.path().join("tree"), &limits)?;
        let bad = |why: String| SourceError::BadArchive { archive: called.clone(), why };
        let metadata = python::metadata(&tree)?.ok_or_else(|| bad("it has no metadata".to_owned()))?;
        let (is, version) = (metadata.first("Name"), metadata.first("Version"));
        let (Some(is), Some(version)) = (is, version) else {
            return Err(bad("its metadata names no package and version".to_owned()));
        };
        if python::normal(is) != python::normal(&name) {
            return Err(bad(format!("it holds the package `{is}`")));
        }
        let locator = format!("pypi:{name}@{version}");
        Ok(tree.named(SourceKind::Pypi, locator).in_scratch(Arc::new(scratch)))
    })
    .await
}
