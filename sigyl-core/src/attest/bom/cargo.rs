//! `Cargo.lock`.

use serde::Deserialize;

use super::component::{Component, Listed, hex_hash};
use crate::domain::percent_encoded;

/// The sources that a package URL means by itself.
const REGISTRIES: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// Lists what a lock names. Packages without a source are of the tree itself.
pub(super) fn listed(path: &str, bytes: &[u8]) -> Listed {
    let lock = std::str::from_utf8(bytes).ok().and_then(|text| toml::from_str::<Lock>(text).ok());
    let Some(lock) = lock else { return Listed::unread(path) };
    let one = |package: Package| {
        let source = package.source?;
        let purl = REGISTRIES.contains(&source.as_str());
        let purl = purl.then(|| {
            format!("pkg:cargo/{}@{}", percent_encoded(&package.name), percent_encoded(&package.version))
        });
        let hashes = package.checksum.and_then(|hex| hex_hash("sha256", &hex)).into_iter().collect();
        Some(Component { name: package.name, version: package.version, purl, hashes, ..Component::default() })
    };
    Listed { components: lock.package.into_iter().filter_map(one).collect(), gaps: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_listed_and_the_tree_is_not() {
        let sum = "0c".repeat(32);
        let lock = format!(
            "version = 4\n[[package]]\nname = 'own'\nversion = '1.0.0'\n[[package]]\nname = 'a'\nversion = '1.0.0+x'\n\
             source = 'registry+https://github.com/rust-lang/crates.io-index'\nchecksum = '{sum}'\n\
             [[package]]\nname = 'b'\nversion = '2.0.0'\nsource = 'git+https://host.example/b#abc'\n"
        );
        let components = listed("Cargo.lock", lock.as_bytes()).components;
        assert_eq!(components[0].purl.as_deref(), Some("pkg:cargo/a@1.0.0%2Bx"));
        assert_eq!(components[0].hashes, [("SHA-256", sum)]);
        assert_eq!((components[1].purl.as_deref(), components[1].name.as_str()), (None, "b"));
        assert_eq!(components.len(), 2);
        assert_eq!(listed("Cargo.lock", b"[[package").gaps, ["Cargo.lock does not read"]);
    }
}
