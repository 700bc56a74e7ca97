//! Pins what a Python package requires.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::plan::Input;
use super::sdist::{self, Sdist};
use crate::source::copy::write_new;
use crate::source::fetch::{Fetcher, Runner, pip, run_pip};
use crate::source::lock::requirement_lines;
use crate::source::python::{self, PYPROJECT, Pyproject};
use crate::source::requirement::{Requirement, write_all};
use crate::source::{SourceError, SourceTree};

const REQUIREMENTS: &str = "requirements.txt";
/// Where the made lock lies.
const LOCK: &str = "sigyl.requirements.txt";
/// What the tool is given.
const GIVEN: &str = "requirements.in";

/// What pip reports of a resolution.
#[derive(Deserialize)]
struct Resolution {
    install: Vec<Installed>,
}

#[derive(Deserialize)]
struct Installed {
    metadata: Named,
    download_info: Download,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Download {
    archive_info: Option<ArchiveInfo>,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

/// Prepares a folder with the requirements, if there are any.
pub(super) fn prepare(tree: &SourceTree, scratch: &Path) -> Result<Option<Input>, SourceError> {
    let Some((file, requirements)) = requirements(tree)? else { return Ok(None) };
    if requirements.is_empty() {
        return Ok(None);
    }
    let requirements: Vec<Requirement> =
        requirements.iter().map(|requirement| check(&file, requirement)).collect::<Result<_, _>>()?;
    let folder = scratch.join("requirements");
    write_new(&folder.join(GIVEN), write_all(&requirements).as_bytes(), false)?;
    Ok(Some(Input { folder, file }))
}

/// Makes the lock: of wheels, since a source archive tells its dependencies by running code; one whose code was allowed
/// is taken if its metadata tells them.
pub(super) async fn make(
    fetcher: &Fetcher,
    runner: &Runner<'_>,
    scratch: &Path,
    input: &Input,
) -> Result<(&'static str, Vec<u8>), SourceError> {
    let stands_in = input.folder.join("stands-in");
    std::fs::create_dir_all(&stands_in).map_err(SourceError::io("make the folder", &stands_in))?;
    let report = input.folder.join("report.json");
    let mut sdists: Vec<Sdist> = Vec::new();
    loop {
        let call = pip(runner, scratch, None, "install")?
            .args(&["--dry-run", "--ignore-installed", "--only-binary=:all:", "--quiet", "--report"])
            .arg(&report)
            .arg("--find-links")
            .arg(&stands_in)
            .arg("--requirement")
            .arg(input.folder.join(GIVEN));
        let Err(error) = run_pip(runner, call).await else { break };
        let Some(missing) = missing(&error) else { return Err(error) };
        let name = python::normal(missing.name());
        let is_allowed = fetcher.allowed.iter().any(|allowed| python::normal(allowed) == name);
        if !is_allowed || sdists.iter().any(|sdist| sdist.name == name) {
            return Err(explain(&input.file, &missing, &error));
        }
        sdists.push(sdist::take(runner, (scratch, &fetcher.limits), &missing, &stands_in).await?);
    }
    let bytes = std::fs::read(&report).map_err(SourceError::io("read", &report))?;
    Ok((LOCK, write_lock(&input.file, &bytes, &sdists)?.into_bytes()))
}

/// Reads from what pip printed which package it finds no wheel of.
fn missing(error: &SourceError) -> Option<Requirement> {
    let SourceError::Tool { tail, .. } = error else { return None };
    let (_, rest) = tail.rsplit_once("No matching distribution found for ")?;
    Requirement::parse(rest.lines().next()?.trim()).ok()
}

/// Says what to do about a package that pip finds no wheel of: it may have a source archive.
fn explain(file: &str, missing: &Requirement, error: &SourceError) -> SourceError {
    let printed = error.to_string();
    let why =
        printed.lines().find_map(|line| line.split_once("Could not find a version")).map(|(_, why)| why);
    let name = missing.name();
    SourceError::BadDependencies {
        file: file.to_owned(),
        why: format!(
            "pip finds no wheel of `{name}` for this machine{}",
            why.map_or(String::new(), |why| format!(" (no version{why})"))
        ),
        remedy: format!(
            "if there is only a source archive, deploy with --allow-scripts {name}, so that it may be built; if that \
             is not enough, name every package with its version and hash in {REQUIREMENTS} as well (`pip-compile \
             --generate-hashes` writes it)"
        ),
    }
}

/// Writes exact versions and hashes as a requirements file.
fn write_lock(file: &str, report: &[u8], sdists: &[Sdist]) -> Result<String, SourceError> {
    let bad = |why: String| SourceError::BadDependencies {
        file: file.to_owned(),
        why,
        remedy: format!("add a {REQUIREMENTS} that pins each package by version and hash"),
    };
    let report: Resolution = serde_json::from_slice(report)
        .map_err(|error| bad(format!("pip's report does not read: {error}")))?;
    let mut lines = BTreeMap::new();
    for Installed { metadata: Named { name, version }, download_info } in report.install {
        let hash = download_info.archive_info.and_then(|info| info.hashes.get("sha256").cloned());
        let hash = hash.filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let name = python::normal(&name);
        let archive = sdists.iter().find(|sdist| sdist.name == name && sdist.version == version);
        let hash = archive.map(|sdist| sdist.hash.clone()).or(hash);
        let hash = hash.ok_or_else(|| bad(format!("pip tells no SHA-256 hash of `{name}`")))?;
        let line = Requirement::parse(&format!("{name}=={version} --hash=sha256:{hash}"));
        let line =
            line.map_err(|why| bad(format!("pip tells of a package that has no plain name: {why}")))?;
        lines.insert(name, format!("{line}\n"));
    }
    Ok(lines.into_values().collect())
}

/// Collects the requirements of the package itself and of building it, with the file that names them.
fn requirements(tree: &SourceTree) -> Result<Option<(String, Vec<String>)>, SourceError> {
    let own = python::required(tree)?;
    if python::metadata(tree)?.is_some_and(|metadata| metadata.is_of_wheel()) {
        return Ok(own);
    }
    let pyproject = Pyproject::read(tree)?;
    let needs_building = || !pyproject.building().is_empty() || tree.find("setup.py").is_some();
    let own = match (own, tree.find(REQUIREMENTS)) {
        (Some(own), _) => Some(own),
        (None, Some(entry)) => {
            let text = String::from_utf8_lossy(&tree.read(entry)?).into_owned();
            let lines = requirement_lines(&text).ok_or_else(odd_lines)?;
            Some((REQUIREMENTS.to_owned(), lines))
        }
        (None, None) if pyproject.project.is_some() || needs_building() => return Err(needs_code(tree)),
        (None, None) => None,
    };
    Ok(own.map(|(file, mut required)| {
        required.extend_from_slice(pyproject.building());
        (file, required)
    }))
}

fn needs_code(tree: &SourceTree) -> SourceError {
    let file = if tree.find(PYPROJECT).is_some() { PYPROJECT } else { "setup.py" };
    SourceError::BadDependencies {
        file: file.to_owned(),
        why: "its dependencies are known only by running its code".to_owned(),
        remedy: format!("name them in `[project] dependencies` of {PYPROJECT}, or add a {REQUIREMENTS}"),
    }
}

fn odd_lines() -> SourceError {
    SourceError::BadDependencies {
        file: REQUIREMENTS.to_owned(),
        why: "it holds a control character or an end of line other than that of text files".to_owned(),
        remedy: "remove it".to_owned(),
    }
}

/// Refuses what is no plain requirement: pip would take an option, an address or a path as well.
fn check(file: &str, requirement: &str) -> Result<Requirement, SourceError> {
    Requirement::parse(requirement).map_err(|why| SourceError::BadDependencies {
        file: file.to_owned(),
        why: format!("`{}` is no plain name with versions: {why}", crate::source::path::shown(requirement)),
        remedy: "name packages of the index only, without addresses, paths and options".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Limits;

    fn tree(files: &[(&str, &str)]) -> (SourceTree, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write_new(&dir.path().join(path), text.as_bytes(), false).unwrap();
        }
        (SourceTree::from_folder(dir.path(), &Limits::default()).unwrap(), dir)
    }

    fn required(files: &[(&str, &str)]) -> Option<Vec<String>> {
        requirements(&tree(files).0).unwrap().map(|(_, required)| required)
    }

    #[test]
    fn requirements_come_from_where_nothing_has_to_run() {
        let wheel =
            ("a-1.dist-info/METADATA", "Name: a\nRequires-Dist: b>=1\nRequires-Dist: c; extra == 'x'\n\nd");
        assert_eq!(required(&[wheel]).unwrap(), ["b>=1", "c; extra == 'x'"]);
        let building = "[build-system]\nrequires = ['hatchling']\n";
        let fixed = format!("[project]\nname = 'a'\ndependencies = ['b']\n{building}");
        assert_eq!(required(&[(PYPROJECT, &fixed)]).unwrap(), ["b", "hatchling"]);
        let dynamic = format!("[project]\nname = 'a'\ndynamic = ['dependencies']\n{building}");
        let sdist = [(PYPROJECT, dynamic.as_str()), ("PKG-INFO", "Name: a\nRequires-Dist: c\n")];
        assert_eq!(required(&sdist).unwrap(), ["c", "hatchling"]);
        let file = [(PYPROJECT, dynamic.as_str()), (REQUIREMENTS, "# x\nd # y\n")];
        assert_eq!(required(&file).unwrap(), ["d", "hatchling"]);
        assert_eq!(required(&[(PYPROJECT, "[tool.black]\n")]), None);
        assert_eq!(required(&[("server.py", "")]), None);
    }

    #[test]
    fn dependencies_that_only_code_knows_are_an_error() {
        for files in
            [vec![("setup.py", "evil()")], vec![(PYPROJECT, "[project]\nname='a'\ndynamic=['dependencies']")]]
        {
            let error = requirements(&tree(&files).0).unwrap_err();
            assert!(error.to_string().contains("running its code"), "{error}");
        }
    }

    #[test]
    fn nothing_but_plain_requirements_reaches_pip() {
        for good in [
            "mcp>=1.2,<2",
            "a[b,c] ~= 1.0; python_version < '3.12' and extra == \"x\"",
            "a (>=1)",
            "a==1 --hash=sha256:00",
        ] {
            assert!(check("f", good).is_ok(), "{good}");
        }
        for bad in [
            "-r other.txt",
            "--index-url=x",
            "-e .",
            "./local",
            "a @ git+file:///x",
            "a @ ./x",
            "git+https://h/x",
            "a --pre",
            "../x.whl",
            "a\n-e .",
            "a==1 --hash=sha256:00 --no-binary a",
            "a==1 --hash=sha256:00\n--no-binary a",
            "a==1 --hash=sha256:00\u{c}--no-binary a",
            "x/y.tar.gz",
        ] {
            assert!(check("f", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_requirement_cannot_be_broken_over_lines_to_hide_an_address() {
        let hash = "0".repeat(64);
        let broken = format!("evil @ htt\\\np:/\\\n/host.example/evil.tar.gz?x==1 --hash=sha256:{hash}\n");
        let (tree, _dir) = tree(&[(REQUIREMENTS, &broken)]);
        assert!(tree.locks().is_empty(), "it is no lock");
        let scratch = tempfile::tempdir().unwrap();
        let Err(error) = prepare(&tree, scratch.path()) else { panic!("it would reach pip") };
        assert!(matches!(error, SourceError::BadDependencies { .. }), "{error}");
        assert!(std::fs::read_dir(scratch.path()).unwrap().next().is_none());
    }

    #[test]
    fn a_package_without_a_wheel_is_named_with_what_to_do() {
        let tail = "ERROR: Could not find a version that satisfies the requirement a-b<2 (from versions: none)\n\
                    ERROR: No matching distribution found for a-b<2";
        let error = SourceError::Tool { command: "pip".to_owned(), tail: tail.to_owned() };
        let named = missing(&error).unwrap();
        assert_eq!(named.plain(), "a-b<2");
        let SourceError::BadDependencies { why, remedy, .. } = explain("f", &named, &error) else {
            panic!("not explained")
        };
        assert!(why.contains("no wheel of `a-b`") && why.contains("(from versions: none)"), "{why}");
        assert!(remedy.contains("--allow-scripts a-b"), "{remedy}");
        let other = SourceError::Tool { command: "pip".to_owned(), tail: "no network".to_owned() };
        assert!(missing(&other).is_none());
    }

    #[test]
    fn a_lock_holds_sorted_versions_and_hashes_and_no_addresses() {
        let hash = "0".repeat(64);
        let item = |name: &str, hash: &str| {
            format!(
                r#"{{"metadata": {{"name": "{name}", "version": "1.0"}}, "download_info":
                {{"url": "https://host.example/x.whl", "archive_info": {{"hashes": {{"sha256": "{hash}"}}}}}}}}"#
            )
        };
        let report = format!(r#"{{"install": [{}, {}]}}"#, item("B_b", &hash), item("a", &hash));
        let lock = write_lock("f", report.as_bytes(), &[]).unwrap();
        assert_eq!(lock, format!("a==1.0 --hash=sha256:{hash}\nb-b==1.0 --hash=sha256:{hash}\n"));
        let unhashed = format!(r#"{{"install": [{}]}}"#, item("a", "x"));
        assert!(write_lock("f", unhashed.as_bytes(), &[]).is_err());
        let of_folder = r#"{"install": [{"metadata": {"name": "a", "version": "1"}, "download_info": {"dir_info": {}}}]}"#;
        assert!(write_lock("f", of_folder.as_bytes(), &[]).is_err());
    }
}
