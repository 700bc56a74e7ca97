//! Finds the packages of npm whose install scripts were allowed by name.
//!
//! A lock can install a package under any name, and npm compares that name. What was allowed is a package of the
//! registry, so here its own name counts: the one in the lock and in its own manifest. The address in the lock counts
//! for nothing: each host may call any path by that name, and mirrors have paths of all forms. So npm is not told it,
//! asks the user's own registry for that name and version, and compares the hash.

use std::path::Path;

use serde_json::Value;

use super::beneath::Beneath;
use crate::deploy::TargetError;

/// Bytes that are read of the manifest of a package.
const MANIFEST: u64 = 4 << 20;
/// Where packages lie.
const MODULES: &str = "node_modules/";

/// Returns the lock without the addresses of the packages `names`, so that npm gets each by its own name; nothing if it
/// has none of them.
///
/// Fails if one of them has no exact version or no hash: then npm could be led elsewhere after all.
pub(super) fn by_name(lock: &[u8], names: &[String]) -> Result<Option<Vec<u8>>, TargetError> {
    let mut places: Vec<(String, &String)> = Vec::new();
    for name in names {
        places.extend(self::places(lock, name)?.into_iter().map(|place| (place, name)));
    }
    if places.is_empty() {
        return Ok(None);
    }
    let mut lock = read(lock)?;
    for (place, name) in places {
        let package = lock.get_mut("packages").and_then(|packages| packages.get_mut(&place)?.as_object_mut());
        let Some(package) = package else { continue };
        package.remove("resolved");
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        let exact = text("version").is_some_and(|version| semver::Version::parse(version).is_ok());
        if !exact || text("integrity").is_none_or(str::is_empty) {
            return Err(TargetError::Unsupported(format!(
                "`{name}` has no exact version with a hash in the lock: its scripts cannot be allowed"
            )));
        }
    }
    Ok(Some(lock.to_string().into_bytes()))
}

/// Finds where the lock installs the package `name`.
///
/// Fails if that is the name of another package's folder, and of no package.
pub(super) fn places(lock: &[u8], name: &str) -> Result<Vec<String>, TargetError> {
    let lock = read(lock)?;
    let (mut places, mut alias) = (Vec::new(), None);
    for (place, package) in lock.get("packages").and_then(Value::as_object).into_iter().flatten() {
        let says = |key: &str| package.get(key).and_then(Value::as_bool) == Some(true);
        // What another package brought along, or the source itself, has no hash of its own in the lock.
        let Some((_, folder)) = place.rsplit_once(MODULES).filter(|_| !says("link") && !says("inBundle"))
        else {
            continue;
        };
        let own = package.get("name").map_or(Some(folder), Value::as_str);
        if own == Some(name) {
            places.push(place.clone());
        } else if folder == name {
            alias = Some(own);
        }
    }
    match (places.is_empty(), alias) {
        (true, Some(real)) => Err(another(name, real)),
        _ => Ok(places),
    }
}

/// Checks that what npm installed at `place` calls itself `name`; tells whether it is there at all.
pub(super) fn check(tree: &Path, place: &str, name: &str) -> Result<bool, TargetError> {
    let read = || match Beneath::open(tree)?.folder(Path::new(place)) {
        // A package of another system is in the lock and not installed.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        folder => folder?.text("package.json", MANIFEST).map(|text| Some(text.unwrap_or_default())),
    };
    let text = read().map_err(|source| super::super::instance::io(format!("read {place}"), source))?;
    let Some(text) = text else { return Ok(false) };
    let manifest: Option<Value> = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok();
    let own = manifest.as_ref().and_then(|manifest| manifest.get("name")?.as_str());
    match own == Some(name) {
        true => Ok(true),
        false => Err(another(name, own)),
    }
}

fn read(lock: &[u8]) -> Result<Value, TargetError> {
    // npm reads past a byte order mark too.
    let lock = lock.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lock);
    serde_json::from_slice(lock)
        .map_err(|error| TargetError::Unsupported(format!("the lock of npm does not read: {error}")))
}

fn another(name: &str, real: Option<&str>) -> TargetError {
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
    let real = real.map_or("another package".to_owned(), |real| format!("the package `{}`", clean(real)));
    TargetError::Unsupported(format!(
        "`{}` in the lock is {real} under that name: its scripts are allowed only by its own name",
        clean(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(packages: &str) -> Vec<u8> {
        format!(r#"{{"packages": {{"": {{"name": "esbuild"}}, {packages}}}}}"#).into_bytes()
    }

    #[test]
    fn an_alias_is_known_by_the_name_of_what_it_installs() {
        for alias in [
            r#""node_modules/esbuild": {"name": "es5-ext", "version": "1.0.0"}"#,
            r#""node_modules/esbuild": {"name": 1}"#,
        ] {
            let error = places(&lock(alias), "esbuild").unwrap_err().to_string();
            assert!(error.contains("under that name"), "{alias}: {error}");
        }
        let alias = lock(r#""node_modules/esbuild": {"name": "es5-ext", "version": "1.0.0"}"#);
        assert_eq!(places(&alias, "es5-ext").unwrap(), ["node_modules/esbuild"]);
    }

    #[test]
    fn each_place_of_the_package_itself_is_found() {
        let packages = r#"
            "node_modules/esbuild": {"resolved": "https://host.example/npm/esbuild/-/esbuild-1.0.0.tgz"},
            "node_modules/a/node_modules/esbuild": {"version": "2.0.0"},
            "node_modules/b/node_modules/esbuild": {"name": "es5-ext"},
            "node_modules/c/node_modules/esbuild": {"inBundle": true},
            "node_modules/d": {"name": "@s/p", "resolved": "https://host.example/download/@s/p/1.0.0/0123abc"},
            "packages/esbuild": {"name": "esbuild"}"#;
        let found = places(&lock(packages), "esbuild").unwrap();
        assert_eq!(found, ["node_modules/a/node_modules/esbuild", "node_modules/esbuild"]);
        assert_eq!(places(&lock(packages), "@s/p").unwrap(), ["node_modules/d"]);
        assert!(places(&lock(packages), "absent").unwrap().is_empty());
    }

    #[test]
    fn npm_is_told_the_name_and_the_hash_and_no_address() {
        let pinned = |more: &str| format!(r#"{{"version": "1.0.0", "integrity": "sha512-x"{more}}}"#);
        let evil = pinned(r#", "resolved": "https://evil.example/esbuild/-/esbuild-1.0.0.tgz""#);
        let other = pinned(r#", "resolved": "https://host.example/b/-/b-1.0.0.tgz""#);
        let packages = format!(r#""node_modules/esbuild": {evil}, "node_modules/b": {other}"#);
        let allowed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let told = by_name(&lock(&packages), &allowed(&["esbuild", "absent"])).unwrap().unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(
            told["packages"]["node_modules/esbuild"],
            serde_json::json!({"version": "1.0.0", "integrity": "sha512-x"})
        );
        assert!(told["packages"]["node_modules/b"]["resolved"].is_string(), "it was not allowed anything");
        assert_eq!(by_name(&lock(&packages), &allowed(&["absent"])).unwrap(), None);
        for loose in [
            r#"{"version": "https://evil.example/x.tgz", "integrity": "sha512-x"}"#,
            r#"{"version": "^1.0.0", "integrity": "sha512-x"}"#,
            r#"{"integrity": "sha512-x"}"#,
            r#"{"version": "1.0.0"}"#,
            r#"{"version": "1.0.0", "integrity": ""}"#,
        ] {
            let packages = format!(r#""node_modules/esbuild": {loose}"#);
            assert!(by_name(&lock(&packages), &allowed(&["esbuild"])).is_err(), "{loose}");
        }
    }

    #[test]
    fn an_installed_package_has_to_call_itself_by_that_name() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("node_modules/esbuild");
        std::fs::create_dir_all(&place).unwrap();
        let check = || check(dir.path(), "node_modules/esbuild", "esbuild");
        for text in ["", "[]", r#"{"name": "es5-ext"}"#] {
            std::fs::write(place.join("package.json"), text).unwrap();
            assert!(check().is_err(), "{text}");
        }
        std::fs::write(place.join("package.json"), r#"{"name": "esbuild"}"#).unwrap();
        assert!(check().unwrap());
        std::fs::remove_dir_all(&place).unwrap();
        assert!(!check().unwrap());
    }
}
