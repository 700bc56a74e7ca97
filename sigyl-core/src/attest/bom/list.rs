//! The list: what all locks of a source name, as one document.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Value, json};

use crate::domain::{Digest, VersionRecord};
use crate::source::{Lock, LockKind, SourceTree};

use super::component::{Component, Listed};
use super::uncovered::uncovered;
use super::{cargo, go, npm, pip};

/// Components that are listed at most.
const MOST: usize = 20_000;
/// Bytes of all of them at most: a name in a lock can be as long as the lock.
const BYTES: usize = 16 << 20;
/// Gaps that are told at most, and characters of one.
const GAPS: (usize, usize) = (100, 300);
/// What refers to the server itself.
const SERVER: &str = "server";

/// Lists what a version is made of, as far as the locks of its source say it.
pub fn bom(record: &VersionRecord, tree: &SourceTree) -> Value {
    let locks = tree.locks();
    let mut gaps = tree.unread_locks();
    gaps.extend(uncovered(tree));
    let mut components: BTreeMap<String, Component> = BTreeMap::new();
    for Listed { components: new, gaps: more } in locks.iter().map(listed) {
        gaps.extend(more);
        for component in new {
            match components.entry(component.reference()) {
                Entry::Occupied(mut known) => known.get_mut().merge(component),
                Entry::Vacant(free) => {
                    free.insert(component);
                }
            }
        }
    }
    let (written, more) = written(&components);
    if more > 0 {
        gaps.insert(0, format!("{more} components more are not listed"));
    }
    let aggregate = match (locks.is_empty(), gaps.is_empty()) {
        (true, _) => "unknown",
        (false, true) => "complete",
        (false, false) => "incomplete",
    };
    let mut properties = vec![
        property("sigyl:source", record.source.digest.to_string()),
        property("sigyl:not-listed", "what builds it, its interpreter, and the image that it lies in"),
    ];
    properties.extend(locks.iter().map(|lock| property("sigyl:lock", lock_line(lock))));
    let shown = gaps.iter().take(GAPS.0).map(|gap| gap.chars().take(GAPS.1).collect::<String>());
    properties.extend(shown.map(|gap| property("sigyl:gap", gap)));
    if gaps.len() > GAPS.0 {
        properties.push(property("sigyl:gap", format!("{} more", gaps.len() - GAPS.0)));
    }
    let mut list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": record.recorded,
            "tools": {"components": [{"type": "application", "name": "sigyl", "version": env!("CARGO_PKG_VERSION")}]},
            "component": {
                "type": "application", "bom-ref": SERVER, "name": record.server, "version": record.version,
            },
            "properties": properties,
        },
        "components": written,
        // How sure it is that these are all, of the source alone.
        "compositions": [{"aggregate": aggregate, "assemblies": [SERVER]}],
    });
    list["serialNumber"] = json!(serial(Digest::of(list.to_string().as_bytes())));
    list
}

/// Writes as many components as a list may have; tells how many more there are.
fn written(components: &BTreeMap<String, Component>) -> (Vec<Value>, usize) {
    let (mut all, mut bytes) = (Vec::new(), 0_usize);
    for component in components.values().take(MOST) {
        let one = component.write();
        let size = one.to_string().len();
        // One that is too long hides no other.
        if bytes.saturating_add(size) <= BYTES {
            bytes += size;
            all.push(one);
        }
    }
    let more = components.len() - all.len();
    (all, more)
}

fn listed(lock: &Lock) -> Listed {
    match lock.kind {
        LockKind::Npm => npm::listed(&lock.path, &lock.bytes),
        LockKind::Pip => pip::listed(&lock.path, &lock.bytes),
        LockKind::Cargo => cargo::listed(&lock.path, &lock.bytes),
        LockKind::Go => go::listed(&lock.path, &lock.bytes),
    }
}

fn lock_line(lock: &Lock) -> String {
    let by = if lock.made { "made by sigyl" } else { "of the source" };
    format!("{} ({by}) {}", lock.path, Digest::of(&lock.bytes))
}

fn property(name: &str, value: impl Into<String>) -> Value {
    json!({"name": name, "value": value.into()})
}

/// Names a list by the digest of all else in it: the same list has the same name, and another one another.
fn serial(list: Digest) -> String {
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&list.as_bytes()[..16]);
    format!("urn:uuid:{}", uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Limits;
    use crate::store::contract::fixture;

    fn of(files: &[(&str, &str)]) -> Value {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let at = dir.path().join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, text).unwrap();
        }
        let tree = SourceTree::from_folder(dir.path(), &Limits::default()).unwrap();
        bom(&fixture::version_record("clock", "1.0.0", "a"), &tree)
    }

    const LOCK: &str = "[[package]]\nname = 'b'\nversion = '1.0.0'\nsource = 'registry+https://github.com/rust-lang/crates.io-index'\n[[package]]\nname = 'a'\nversion = '1.0.0'\nsource = 'registry+https://github.com/rust-lang/crates.io-index'\n";

    #[test]
    fn a_list_says_how_sure_it_is() {
        let aggregate = |files: &[(&str, &str)]| of(files)["compositions"][0]["aggregate"].clone();
        assert_eq!(aggregate(&[("main.py", "")]), "unknown");
        assert_eq!(aggregate(&[("Cargo.toml", ""), ("Cargo.lock", LOCK)]), "complete");
        assert_eq!(aggregate(&[("package.json", "{}"), ("package-lock.json", "{")]), "incomplete");
        let cargo = [("Cargo.toml", ""), ("Cargo.lock", LOCK)];
        for other in ["web/package.json", "package.json", "tools/uv.lock", "crates/x/Cargo.toml", "Gemfile"] {
            let list = of(&[&cargo[..], &[(other, "{}")]].concat());
            assert_eq!(list["compositions"][0]["aggregate"], "incomplete", "{other}");
            let gap = format!("no lock that was read is known to stand for {other}");
            assert!(list.to_string().contains(&gap), "{list}");
        }
    }

    #[test]
    fn what_is_listed_twice_is_needed_if_either_is() {
        let npm = r#"{"packages": {
            "node_modules/a": {"version": "1.0.0", "integrity": "x", "dev": true},
            "node_modules/b/node_modules/a": {"version": "1.0.0", "integrity": "x", "optional": true},
            "node_modules/c": {"version": "1.0.0", "integrity": "x"},
            "node_modules/d/node_modules/c": {"version": "1.0.0", "integrity": "x", "dev": true}
        }}"#;
        let list = of(&[("package.json", "{}"), ("package-lock.json", npm)]);
        let all = list["components"].as_array().unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((&all[0]["scope"], all[1].get("scope")), (&json!("optional"), None));
    }

    /// Tells whether a component has what the schema of CycloneDX 1.6 lets it have, and nothing else.
    fn is_sound(one: &Value) -> bool {
        let known = ["type", "bom-ref", "group", "name", "version", "purl", "scope", "hashes", "properties"];
        let text = |key: &str| one[key].as_str().is_some_and(|text| !text.is_empty());
        let hash = |hash: &Value| {
            let size = match hash["alg"].as_str() {
                Some("SHA-1") => 40,
                Some("SHA-256") => 64,
                Some("SHA-384") => 96,
                Some("SHA-512") => 128,
                _ => 0,
            };
            let content = hash["content"].as_str().unwrap();
            content.len() == size && content.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        one.as_object().unwrap().keys().all(|key| known.contains(&key.as_str()))
            && one["type"] == "library"
            && ["bom-ref", "name", "version"].into_iter().all(text)
            && one
                .get("scope")
                .is_none_or(|scope| ["optional", "excluded"].iter().any(|known| scope == known))
            && one.get("hashes").is_none_or(|all| all.as_array().unwrap().iter().all(hash))
    }

    #[test]
    fn every_component_is_one_by_the_standard() {
        let zeros = format!("sha512-{}", "A".repeat(86) + "==");
        let npm = format!(
            r#"{{"packages": {{
                "node_modules/@a/b": {{"version": "1.2.3", "integrity": "{zeros}"}},
                "node_modules/e": {{"version": "1.0.0", "resolved": "git+ssh://git@host.example/e.git#abc", "dev": true}}
            }}}}"#
        );
        let pins = format!("a==1 --hash=sha256:{0} --hash=sha256:{0}\n", "0a".repeat(32));
        let list = of(&[
            ("Cargo.toml", ""),
            ("Cargo.lock", LOCK),
            ("package.json", "{}"),
            ("package-lock.json", &npm),
            ("requirements.txt", &pins),
            ("go.mod", ""),
            ("go.sum", "host.example/x v1.0.0 h1:abc=\n"),
        ]);
        let all = list["components"].as_array().unwrap();
        assert_eq!(all.len(), 6);
        all.iter().for_each(|one| assert!(is_sound(one), "{one}"));
        let mut references: Vec<_> = all.iter().map(|one| one["bom-ref"].to_string()).collect();
        references.dedup();
        assert_eq!(references.len(), 6, "each is referred to by a name of its own");
        assert_eq!(list["compositions"][0]["aggregate"], "incomplete", "go.sum may name more");
    }

    #[test]
    fn a_lock_of_endless_names_makes_no_endless_list() {
        let long = "x".repeat(BYTES);
        let lock = format!(
            "{LOCK}[[package]]\nname = '{long}'\nversion = '1'\nsource = 'git+https://host.example/x'\n"
        );
        let list = of(&[("Cargo.toml", ""), ("Cargo.lock", &lock)]);
        assert!(list.to_string().len() < 10_000);
        assert_eq!(list["compositions"][0]["aggregate"], "incomplete");
        assert!(list.to_string().contains("1 components more are not listed"));
        assert_eq!(list["components"].as_array().unwrap().len(), 2, "it hides no other");
    }

    #[test]
    fn a_list_has_the_shape_of_the_standard_and_is_always_the_same() {
        let files = [("Cargo.toml", ""), ("Cargo.lock", LOCK)];
        let list = of(&files);
        assert_eq!(list, of(&files));
        assert_eq!((&list["bomFormat"], &list["specVersion"]), (&json!("CycloneDX"), &json!("1.6")));
        let purls: Vec<_> =
            list["components"].as_array().unwrap().iter().map(|one| one["purl"].clone()).collect();
        assert_eq!(purls, ["pkg:cargo/a@1.0.0", "pkg:cargo/b@1.0.0"]);
        assert_eq!(list["metadata"]["component"]["name"], "clock");
        let other = of(&[files[0], ("Cargo.lock", &LOCK.replace("'b'", "'c'"))]);
        assert_ne!(list["serialNumber"], other["serialNumber"], "another list has another name");
        let serial = list["serialNumber"].as_str().unwrap();
        assert!(serial.starts_with("urn:uuid:") && serial.len() == 45, "{serial}");
        assert!(list["metadata"]["properties"].to_string().contains("Cargo.lock (of the source) sha256:"));
    }
}
