//! Reads `go.mod`.

use std::collections::BTreeSet;

use super::super::files::Files;
use super::super::problem::{Place, Problems, shown};
use super::package::{Collector, Package, Programs, text_of};

/// The file that makes a tree a module.
pub(super) const FILE: &str = "go.mod";

/// Reads the module at the root of the tree, if there is one.
pub(super) fn read(files: &dyn Files, problems: &mut Problems) -> Option<Package> {
    let text = text_of(files, FILE, problems)?;
    let place = Place::file(FILE);
    let module = text.lines().find_map(|line| line.trim().strip_prefix("module ")).unwrap_or_default();
    let module = module.split("//").next().unwrap_or_default().trim().trim_matches('"');
    let name = last_name(module);
    let mut to = Collector::new(place.clone(), problems);
    to.name(Some(name).filter(|name| !name.is_empty()), "module");
    let fields = to.fields;
    Some(Package { place, runtime: "go", fields, programs: programs(name, files), build: None })
}

/// Returns the last name of a module's path; `v2` and the like are its version.
fn last_name(module: &str) -> &str {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = module.rsplit('/').filter(|part| !part.is_empty());
    let last = parts.next().unwrap_or_default();
    if is_version(last) { parts.next().unwrap_or(last) } else { last }
}

/// Finds the program: at the top, else the one under `cmd/` that is named like the module, else the only one.
fn programs(name: &str, files: &dyn Files) -> Programs {
    let one =
        |folder: &str, why: &str| Programs::One { entry: folder.to_owned(), from: format!("{FILE}: {why}") };
    let found: BTreeSet<String> =
        files.paths().iter().filter(|path| is_main(path, files)).filter_map(|path| folder(path)).collect();
    let named = format!("cmd/{name}");
    let mut folders = found.iter();
    match (folders.next(), folders.next()) {
        (None, _) => Programs::None("has no `package main` at its top or in a folder of cmd/".to_owned()),
        (Some(only), None) => one(only, "its only program"),
        _ if found.contains(".") => one(".", "the program at its top"),
        _ if found.contains(&named) => one(&named, "the program named like the module"),
        _ => Programs::Several {
            names: found.iter().map(|folder| shown(folder)).collect(),
            from: "cmd".to_owned(),
        },
    }
}

/// Returns the folder of a file of Go, if a program may lie there.
fn folder(path: &str) -> Option<String> {
    if !path.ends_with(".go") || path.ends_with("_test.go") {
        return None;
    }
    match path.rsplit_once('/') {
        None => Some(".".to_owned()),
        Some((folder, _)) => {
            folder.strip_prefix("cmd/").filter(|name| !name.contains('/')).map(|_| folder.to_owned())
        }
    }
}

/// Tells whether a file belongs to a program; one that cannot be read does not, and is a gap of the scan.
fn is_main(path: &str, files: &dyn Files) -> bool {
    if folder(path).is_none() {
        return false;
    }
    let Ok(Some(bytes)) = files.read(path) else { return false };
    let text = String::from_utf8_lossy(&bytes);
    text.lines().any(|line| line.split_whitespace().take(2).eq(["package", "main"]))
}
