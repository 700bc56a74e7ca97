//! Reads `Cargo.toml`.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::super::files::Files;
use super::super::problem::{Place, Problems, shown};
use super::package::{Collector, Package, Programs, toml_of};

const FILE: &str = "Cargo.toml";

/// Reads the package at the root of the tree; nothing for a workspace without one.
pub(super) fn read(files: &dyn Files, problems: &mut Problems) -> Option<Package> {
    let manifest = toml_of(files, FILE, problems)?;
    let package = manifest.get("package")?.as_table()?;
    let shared = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
    let field = |key: &str| inherited(package, shared, key);
    let text = |key: &str| field(key).and_then(Value::as_str);
    let place = Place::file(FILE);
    let mut to = Collector::new(place.clone(), problems);
    to.name(text("name"), "package.name");
    to.text("description", text("description"), "package.description");
    to.text("version", text("version"), "package.version");
    to.text("license", text("license"), "package.license");
    to.address("homepage", text("homepage"), "package.homepage");
    to.address("repository", text("repository"), "package.repository");
    let list = |key: &str| {
        let items = field(key).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    to.texts("tags", list("keywords"), "package.keywords");
    to.texts("authors", list("authors"), "package.authors");
    let fields = to.fields;
    let programs = programs(&manifest, package, files);
    Some(Package { place, runtime: "rust", fields, programs, build: None })
}

/// Returns a field, or the workspace's when it reads `field.workspace = true` and the workspace is in the file.
fn inherited<'a>(package: &'a Table, shared: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    let value = package.get(key)?;
    match value.get("workspace") {
        Some(_) => shared?.get(key),
        None => Some(value),
    }
}

fn programs(manifest: &Table, package: &Table, files: &dyn Files) -> Programs {
    let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
    let one =
        |entry: &str, key: &str| Programs::One { entry: entry.to_owned(), from: format!("{FILE}: {key}") };
    if let Some(default) = package.get("default-run").and_then(Value::as_str) {
        return one(default, "package.default-run");
    }
    let listed = manifest.get("bin").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(|bin| bin.get("name")?.as_str());
    let mut bins: BTreeSet<String> = listed.map(str::to_owned).collect();
    if package.get("autobins").and_then(Value::as_bool) != Some(false) {
        bins.extend(files.paths().iter().filter_map(|path| found(path, name)));
    }
    let mut names = bins.iter();
    match (names.next(), names.next()) {
        (None, _) => Programs::None("builds no binary".to_owned()),
        (Some(only), None) => one(only, "its only binary"),
        _ if bins.contains(name) => one(name, "package.name"),
        _ => Programs::Several {
            names: bins.iter().map(|bin| shown(bin)).collect(),
            from: "[[bin]]".to_owned(),
        },
    }
}

/// Names the binary that cargo finds by itself in a file, if it is one.
fn found(path: &str, package: &str) -> Option<String> {
    if path == "src/main.rs" {
        return Some(package.to_owned());
    }
    let name = path.strip_prefix("src/bin/")?;
    let name = name.strip_suffix("/main.rs").or_else(|| name.strip_suffix(".rs"))?;
    (!name.contains('/')).then(|| name.to_owned())
}
