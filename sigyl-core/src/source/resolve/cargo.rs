//! Pins what `Cargo.toml` names.

use std::path::Path;

use toml::{Table, Value};

use super::plan::Input;
use crate::source::copy::write_new;
use crate::source::fetch::{Call, Runner};
use crate::source::path::{follow, parent, shown};
use crate::source::{SourceError, SourceTree};

const MANIFEST: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";

/// Prepares a folder with manifests and empty source files: Cargo looks for targets by the names of files.
///
/// `.cargo` and `rust-toolchain` stay out: they name programs that Cargo runs.
pub(super) fn prepare(tree: &SourceTree, scratch: &Path) -> Result<Option<Input>, SourceError> {
    if tree.find(MANIFEST).is_none() {
        return Ok(None);
    }
    let folder = scratch.join("cargo");
    let mut named = false;
    for entry in tree.entries() {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        if entry.path.split('/').any(|part| part == ".cargo") {
            continue;
        }
        if name == MANIFEST {
            let bytes = tree.read(entry)?;
            named |= check(&entry.path, &bytes)?;
            write_new(&folder.join(&entry.path), &bytes, false)?;
        } else if name.ends_with(".rs") {
            write_new(&folder.join(&entry.path), b"", false)?;
        }
    }
    Ok(named.then(|| Input { folder, file: MANIFEST.to_owned() }))
}

/// Makes the lock.
pub(super) async fn make(runner: &Runner<'_>, input: &Input) -> Result<(&'static str, Vec<u8>), SourceError> {
    let cargo = runner.find(&["cargo"], "install Rust, or add a Cargo.lock to the source")?;
    runner.run(Call::new(&cargo, &input.folder).args(&["generate-lockfile", "--quiet"])).await?;
    let path = input.folder.join(LOCK);
    Ok((LOCK, std::fs::read(&path).map_err(SourceError::io("read", &path))?))
}

/// Checks that no dependency lies outside of the source; tells whether any is named.
fn check(file: &str, bytes: &[u8]) -> Result<bool, SourceError> {
    let bad = |why: String, remedy: &str| SourceError::BadDependencies {
        file: file.to_owned(),
        why,
        remedy: remedy.to_owned(),
    };
    let text = String::from_utf8_lossy(bytes);
    let manifest: Table =
        toml::from_str(&text).map_err(|error| bad(error.message().to_owned(), "mend it"))?;
    let mut named = false;
    let mut paths = Vec::new();
    collect(&manifest, false, &mut named, &mut paths);
    match paths.into_iter().find(|path| follow(parent(file), path).is_err()) {
        Some(path) => {
            let why = format!("it depends on `{}`, which is outside of the source", shown(path));
            Err(bad(why, "take the folder that holds both, or name a version of the registry"))
        }
        None => Ok(named),
    }
}

/// Collects the paths of dependencies, in whatever table they are named.
fn collect<'a>(table: &'a Table, among_dependencies: bool, named: &mut bool, paths: &mut Vec<&'a str>) {
    for (key, value) in table {
        let here = among_dependencies || key.ends_with("dependencies") || key == "patch" || key == "replace";
        match value {
            Value::String(path) if among_dependencies && key == "path" => paths.push(path),
            Value::Table(table) => {
                *named |= key.ends_with("dependencies") && !table.is_empty();
                collect(table, here, named, paths);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_outside_of_the_source_are_refused() {
        let inside =
            "[workspace.dependencies]\na = { path = 'crates/a' }\n[dependencies]\nb = { path = '../b' }";
        assert!(check("crates/x/Cargo.toml", inside.as_bytes()).unwrap());
        assert!(check("Cargo.toml", inside.as_bytes()).is_err());
        let absolute = "[target.'cfg(unix)'.dependencies.a]\npath = '/etc'";
        assert!(check("Cargo.toml", absolute.as_bytes()).is_err());
        let patched = "[patch.x]\na = { path = '../../a' }";
        assert!(check("Cargo.toml", patched.as_bytes()).is_err());
    }

    #[test]
    fn a_manifest_without_dependencies_names_none() {
        assert!(
            !check(
                "Cargo.toml",
                b"[package]\nname = 'a'\n[[bin]]\nname = 'a'\npath = 'src/a.rs'\n[dependencies]"
            )
            .unwrap()
        );
        assert!(check("Cargo.toml", b"[dev-dependencies]\na = '1'").unwrap());
    }
}
