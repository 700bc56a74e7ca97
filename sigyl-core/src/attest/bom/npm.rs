//! `package-lock.json` and `npm-shrinkwrap.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::component::{Component, Listed, base64_hash};
use crate::domain::percent_encoded;

/// Where packages come from that are named by name and version alone.
const REGISTRY: &str = "https://registry.npmjs.org/";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    lockfile_version: Option<u64>,
    packages: Option<BTreeMap<String, Package>>,
    dependencies: Option<BTreeMap<String, Package>>,
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    dependencies: Option<Nested>,
}

/// What a package depends on: names and versions in a lock of today, whole packages in one of the first version.
#[derive(Deserialize)]
#[serde(untagged)]
enum Nested {
    Packages(BTreeMap<String, Package>),
    /// Of no interest here.
    Names(serde::de::IgnoredAny),
}

/// Lists what a lock names.
pub(super) fn listed(path: &str, bytes: &[u8]) -> Listed {
    let Ok(lock) = serde_json::from_slice::<Lock>(bytes) else { return Listed::unread(path) };
    let mut out = Listed::default();
    match (lock.packages, lock.dependencies) {
        (Some(packages), _) => {
            for (place, package) in packages {
                let Some(at) = place.rfind("node_modules/") else { continue };
                let named = place[at + "node_modules/".len()..].to_owned();
                add(package.name.clone().unwrap_or(named), &package, &mut out);
            }
        }
        (None, Some(members)) => old(members, &mut out),
        // Only the first version leaves out what is empty.
        (None, None) if lock.lockfile_version == Some(1) => {}
        (None, None) => return Listed::unread(path),
    }
    out
}

/// Walks a lock of the first version; serde bounds its depth.
fn old(members: BTreeMap<String, Package>, out: &mut Listed) {
    for (name, package) in members {
        add(name, &package, out);
        if let Some(Nested::Packages(inner)) = package.dependencies {
            old(inner, out);
        }
    }
}

fn add(name: String, package: &Package, out: &mut Listed) {
    // It is a folder of the source itself.
    if package.link {
        return;
    }
    let Some(version) = &package.version else {
        out.gaps.push(format!("the lock names no version of {name}"));
        return;
    };
    let from_registry = match &package.resolved {
        Some(from) => from.starts_with(REGISTRY),
        // What came inside another package has neither: nobody says that the registry has the same.
        None => package.integrity.is_some(),
    } && !version.contains([':', '/']);
    let (group, name) = match name.split_once('/') {
        Some((group, name)) => (Some(group.to_owned()), name.to_owned()),
        None => (None, name),
    };
    let purl = from_registry.then(|| {
        let group = group.as_ref().map(|group| format!("{}/", percent_encoded(group))).unwrap_or_default();
        format!("pkg:npm/{group}{}@{}", percent_encoded(&name), percent_encoded(version))
    });
    let integrity = package.integrity.as_deref().unwrap_or_default().split_ascii_whitespace();
    let hashes = integrity.filter_map(|one| {
        let (name, rest) = one.split_once('-')?;
        base64_hash(name, rest.split('?').next().unwrap_or(rest))
    });
    let scope = match (package.dev, package.optional) {
        (true, _) => Some("excluded"),
        (false, true) => Some("optional"),
        (false, false) => None,
    };
    out.components.push(Component {
        group,
        name,
        version: version.clone(),
        purl,
        hashes: hashes.collect(),
        properties: Vec::new(),
        scope,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_listed_with_their_hashes_and_links_are_not() {
        let zeros = format!("sha512-{}", "A".repeat(86) + "==");
        let lock = format!(
            r#"{{"lockfileVersion": 3, "packages": {{
                "": {{"name": "own", "version": "1.0.0"}},
                "node_modules/@a/b": {{"version": "1.2.3", "resolved": "https://registry.npmjs.org/@a/b/-/b-1.2.3.tgz", "integrity": "{zeros}", "dependencies": {{"c": "^1"}}}},
                "node_modules/@a/b/node_modules/c": {{"version": "1.0.0", "dev": true}},
                "node_modules/d": {{"link": true, "resolved": "packages/d"}},
                "node_modules/e": {{"version": "1.0.0", "resolved": "git+ssh://git@host.example/e.git#abc", "optional": true}},
                "node_modules/f": {{}}
            }}}}"#
        );
        let Listed { components, gaps } = listed("package-lock.json", lock.as_bytes());
        let purls: Vec<_> = components.iter().map(|one| one.purl.as_deref()).collect();
        assert_eq!(purls, [Some("pkg:npm/%40a/b@1.2.3"), None, None]);
        assert_eq!(components[0].group.as_deref(), Some("@a"));
        assert_eq!(components[0].hashes, [("SHA-512", "00".repeat(64))]);
        let scopes: Vec<_> = components.iter().map(|one| one.scope).collect();
        assert_eq!(scopes, [None, Some("excluded"), Some("optional")]);
        assert_eq!(gaps, ["the lock names no version of f"]);
    }

    #[test]
    fn a_lock_of_the_first_version_is_walked() {
        let lock = r#"{"dependencies": {"a": {"version": "1.0.0", "requires": {"b": "1"}, "dependencies": {"b": {"version": "2.0.0"}}}}}"#;
        let names: Vec<_> =
            listed("package-lock.json", lock.as_bytes()).components.into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(listed("p", b"{").gaps, ["p does not read"]);
    }

    #[test]
    fn a_lock_without_packages_is_empty_in_the_first_version_and_unread_in_any_other() {
        let empty = listed("package-lock.json", br#"{"lockfileVersion": 1}"#);
        assert!(empty.components.is_empty() && empty.gaps.is_empty(), "{:?}", empty.gaps);
        for lock in ["{}", r#"{"lockfileVersion": 2}"#, r#"{"lockfileVersion": 3, "name": "own"}"#] {
            let Listed { components, gaps } = listed("package-lock.json", lock.as_bytes());
            assert!(components.is_empty(), "{lock}");
            assert_eq!(gaps, ["package-lock.json does not read"], "{lock}");
        }
    }
}
