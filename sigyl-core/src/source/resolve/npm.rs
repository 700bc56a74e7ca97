//! Pins what `package.json` names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::plan::Input;
use crate::domain::SourceKind;
use crate::source::copy::write_new;
use crate::source::fetch::{NPM_SWITCHES, Runner, npm};
use crate::source::path::{clean, follow};
use crate::source::{LockKind, SourceError, SourceTree};

const MANIFEST: &str = "package.json";
const LOCK: &str = "package-lock.json";
/// The tables of `package.json` that name packages to install.
const TABLES: [&str; 4] = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"];
/// What only the authors of a package need: a package of the registry is built already.
const FOR_AUTHORS: [&str; 3] = ["devDependencies", "scripts", "workspaces"];

impl SourceTree {
    /// Returns what has to stand in `package.json` where the lock that Sigyl made for npm is installed, if that is
    /// not what stands in the tree.
    ///
    /// A package of the registry comes built: its lock leaves out what only its authors need, and npm installs a lock
    /// only beside a manifest that names the same.
    pub fn npm_install_manifest(&self) -> Result<Option<Vec<u8>>, SourceError> {
        let made = self.lock_of(LockKind::Npm).is_some_and(|lock| lock.made);
        match (made && self.reference.kind == SourceKind::Npm, read_manifest(self)?) {
            (true, Some(mut manifest)) => {
                manifest.retain(|key, _| !FOR_AUTHORS.contains(&key.as_str()));
                Ok(Some(to_json(&manifest)))
            }
            _ => Ok(None),
        }
    }
}

/// Prepares a folder with nothing but manifests, if there is anything to install.
pub(super) fn prepare(tree: &SourceTree, scratch: &Path) -> Result<Option<Input>, SourceError> {
    let Some(mut manifest) = read_manifest(tree)? else { return Ok(None) };
    if tree.reference.kind == SourceKind::Npm {
        manifest.retain(|key, _| !FOR_AUTHORS.contains(&key.as_str()));
    }
    let folder = scratch.join("npm");
    let members = match manifest.contains_key("workspaces") {
        true => write_members(tree, &folder)?,
        false => false,
    };
    let named = check_specs(MANIFEST, &manifest)?;
    if !named && !members {
        return Ok(None);
    }
    write_new(&folder.join(MANIFEST), &to_json(&manifest), false)?;
    Ok(Some(Input { folder, file: MANIFEST.to_owned() }))
}

/// Makes the lock.
pub(super) async fn make(runner: &Runner<'_>, input: &Input) -> Result<(&'static str, Vec<u8>), SourceError> {
    let switches =
        ["install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--allow-remote=none"];
    let call = npm(runner, &input.folder)?.args(&switches).args(&NPM_SWITCHES);
    runner.run(call).await?;
    let path = input.folder.join(LOCK);
    let bytes = std::fs::read(&path).map_err(SourceError::io("read", &path))?;
    check(LOCK, &bytes)?;
    Ok((LOCK, bytes))
}

/// Checks that a lock pins every package by hash.
pub(in crate::source) fn check(path: &str, bytes: &[u8]) -> Result<(), SourceError> {
    let bad = |why: String| SourceError::BadDependencies {
        file: path.to_owned(),
        why,
        remedy: format!(
            "run `npm install --package-lock-only` with packages of the registry only, and add the new {path}"
        ),
    };
    let lock: Value =
        serde_json::from_slice(bytes).map_err(|error| bad(format!("it does not read: {error}")))?;
    let packages = lock.get("packages").and_then(Value::as_object);
    let packages = packages.ok_or_else(|| bad("it is of the old form without `packages`".to_owned()))?;
    let mut bundles = BTreeMap::new();
    for (place, package) in packages {
        if let Some(why) = leaves(place, package) {
            return Err(bad(why));
        }
        let says = |key: &str| package.get(key).and_then(Value::as_bool) == Some(true);
        let is_own = !place.split('/').any(|name| name == "node_modules");
        let pinned = package.get("integrity").is_some_and(|integrity| integrity.is_string());
        let mut bundled = || says("inBundle") && is_bundled(packages, place, &mut bundles);
        if !is_own && !says("link") && !pinned && !bundled() {
            return Err(bad(format!("`{place}` has no integrity hash")));
        }
    }
    Ok(())
}

/// Tells how an entry leads out of the tree: npm writes where it says, and follows its links.
fn leaves(place: &str, package: &Value) -> Option<String> {
    let place_shown = crate::source::path::shown(place);
    if clean(place).as_deref() != Ok(place) {
        return Some(format!("`{place_shown}` is no path inside the tree"));
    }
    // What npm takes for a link is more than `true`.
    let is_link = package.get("link").is_some_and(|link| !matches!(link, Value::Null | Value::Bool(false)));
    let target = package.get("resolved").and_then(Value::as_str).unwrap_or_default();
    let leads_out = is_link && follow("", target.strip_prefix("file:").unwrap_or(target)).is_err();
    leads_out.then(|| format!("`{place_shown}` is a link out of the tree"))
}

/// Tells whether a package lies in the archive of one that is pinned by hash. That it says so itself proves nothing:
/// npm fetches what no archive holds.
///
/// What each brings is kept in `bundles`: one may bring them all.
fn is_bundled<'a>(
    packages: &'a Map<String, Value>,
    place: &'a str,
    bundles: &mut BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> bool {
    place.match_indices("/node_modules/").any(|(at, between)| {
        let (bundler, rest) = (&place[..at], &place[at + between.len()..]);
        let inner = rest.split("/node_modules/").next().unwrap_or(rest);
        let pinned = packages.get(bundler).is_some_and(|package| package["integrity"].is_string());
        pinned && bundles.entry(bundler).or_insert_with(|| bundled_by(packages, bundler)).contains(inner)
    })
}

/// The names that a package brings in its archive: those it lists, and what these need.
fn bundled_by<'a>(packages: &'a Map<String, Value>, bundler: &str) -> BTreeSet<&'a str> {
    let needs = |place: &str| {
        let tables = ["dependencies", "optionalDependencies"];
        let tables = tables.iter().filter_map(|table| packages.get(place)?[*table].as_object());
        tables.flat_map(|table| table.keys().map(String::as_str)).collect::<Vec<_>>()
    };
    let mut waiting = match packages.get(bundler).map(|package| &package["bundleDependencies"]) {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::Bool(true)) => needs(bundler),
        _ => Vec::new(),
    };
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if found.insert(name) {
            waiting.extend(needs(&format!("{bundler}/node_modules/{name}")));
        }
    }
    found
}

/// Writes the manifests of the members of a workspace; tells whether they name anything to install.
fn write_members(tree: &SourceTree, folder: &Path) -> Result<bool, SourceError> {
    let mut named = false;
    for entry in tree.entries().iter().filter(|entry| entry.path.ends_with("/package.json")) {
        let bytes = tree.read(entry)?;
        named |= check_specs(&entry.path, &parse(&entry.path, &bytes)?)?;
        write_new(&folder.join(&entry.path), &bytes, false)?;
    }
    Ok(named)
}

/// Checks that every package comes from the registry; tells whether any is named.
fn check_specs(file: &str, manifest: &Map<String, Value>) -> Result<bool, SourceError> {
    let mut named = false;
    for table in TABLES {
        let Some(packages) = manifest.get(table).and_then(Value::as_object) else { continue };
        for (name, spec) in packages {
            named = true;
            let spec = spec.as_str().unwrap_or("?");
            if !is_of_registry(spec) {
                let spec = crate::source::path::shown(spec);
                return Err(SourceError::BadDependencies {
                    file: file.to_owned(),
                    why: format!("`{name}` in `{table}` comes from `{spec}`, not from the registry"),
                    remedy: "add a package-lock.json that pins it, or name a version of the registry"
                        .to_owned(),
                });
            }
        }
    }
    Ok(named)
}

/// Tells a range, version or tag (also behind an alias) from an address, a path or a repository.
fn is_of_registry(spec: &str) -> bool {
    let range = match spec.strip_prefix("npm:") {
        Some(alias) => {
            alias.char_indices().skip(1).find(|(_, c)| *c == '@').map_or("", |(at, _)| &alias[at + 1..])
        }
        None => spec,
    };
    !range.contains([':', '/', '\\', '#', '@']) && !range.starts_with('.')
}

fn read_manifest(tree: &SourceTree) -> Result<Option<Map<String, Value>>, SourceError> {
    match tree.find(MANIFEST) {
        Some(entry) => parse(MANIFEST, &tree.read(entry)?).map(Some),
        None => Ok(None),
    }
}

fn parse(file: &str, bytes: &[u8]) -> Result<Map<String, Value>, SourceError> {
    // Some editors begin a file with a byte order mark, and npm reads past it.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| SourceError::BadDependencies {
        file: file.to_owned(),
        why: format!("it is no JSON object: {error}"),
        remedy: "mend it".to_owned(),
    })
}

fn to_json(manifest: &Map<String, Value>) -> Vec<u8> {
    Value::Object(manifest.clone()).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ranges_versions_and_tags_are_of_the_registry() {
        for spec in
            ["^1.2.3", "1.x || >=2 <3", "", "*", "latest", "npm:@scope/name@^1", "npm:name", "1.0.0-rc.1+b"]
        {
            assert!(is_of_registry(spec), "{spec}");
        }
        for spec in [
            "git+ssh://git@h/a.git",
            "github:a/b",
            "a/b",
            "file:../x",
            "link:x",
            "https://h/a.tgz",
            "./x",
            "../x",
            "~/x",
            "workspace:*",
            "git@h:a/b",
            "npm:name@file:../x",
        ] {
            assert!(!is_of_registry(spec), "{spec}");
        }
    }

    #[test]
    fn a_lock_without_a_hash_for_each_package_is_refused() {
        let lock = |package: &str| {
            format!(r#"{{"packages": {{"": {{}}, "packages/own": {{}}, "node_modules/a": {package}}}}}"#)
        };
        for good in [r#"{"integrity": "sha512-x"}"#, r#"{"link": true, "resolved": "packages/own"}"#] {
            assert!(check(LOCK, lock(good).as_bytes()).is_ok(), "{good}");
        }
        let from_git = lock(r#"{"resolved": "git+ssh://git@host.example/a.git#0123"}"#);
        let error = check(LOCK, from_git.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("`node_modules/a` has no integrity hash"), "{error}");
        assert!(check(LOCK, lock(r#"{"inBundle": true}"#).as_bytes()).is_err(), "no archive holds it");
        assert!(check(LOCK, br#"{"lockfileVersion": 1, "dependencies": {}}"#).is_err());
        assert!(check(LOCK, b"[").is_err());
    }

    #[test]
    fn a_lock_that_leads_out_of_the_tree_is_refused() {
        let check = |place: &str, package: &str| {
            check(LOCK, format!(r#"{{"packages": {{"": {{}}, "{place}": {package}}}}}"#).as_bytes())
        };
        let pinned = r#"{"integrity": "sha512-x"}"#;
        for place in ["../x/node_modules/a", "node_modules/../../a", "/tmp/node_modules/a", "a/./b", "a\\\\b"]
        {
            let error = check(place, pinned).unwrap_err().to_string();
            assert!(error.contains("no path inside the tree"), "{place}: {error}");
        }
        for target in ["../own", "/etc", "file:../own", "a/../../b"] {
            for link in ["true", "1"] {
                let link = format!(r#"{{"link": {link}, "resolved": "{target}", "integrity": "sha512-x"}}"#);
                assert!(check("node_modules/a", &link).is_err(), "{link}");
            }
        }
        assert!(check("node_modules/@s/a", pinned).is_ok());
    }

    #[test]
    fn only_what_a_pinned_archive_brings_needs_no_hash_of_its_own() {
        let lock = |bundler: &str, inner: &str| {
            format!(
                r#"{{"packages": {{"": {{}}, "node_modules/a": {bundler}, "node_modules/a/node_modules/@s/b":
                    {{"inBundle": true, "dependencies": {{"c": "1"}}}}, "node_modules/a/node_modules/{inner}":
                    {{"inBundle": true}}}}}}"#
            )
        };
        let bundler = r#"{"integrity": "sha512-x", "bundleDependencies": ["@s/b"]}"#;
        assert!(check(LOCK, lock(bundler, "c").as_bytes()).is_ok(), "what a bundled one needs is in it too");
        for (bundler, inner) in [
            (bundler, "d"),
            (r#"{"bundleDependencies": ["@s/b"], "link": true}"#, "c"),
            (r#"{"integrity": "sha512-x"}"#, "c"),
        ] {
            assert!(check(LOCK, lock(bundler, inner).as_bytes()).is_err(), "{bundler} {inner}");
        }
    }
}
