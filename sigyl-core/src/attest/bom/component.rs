//! One component, and what a lock came to.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A component that a lock names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Component {
    /// Its scope or namespace, without its name.
    pub(super) group: Option<String>,
    pub(super) name: String,
    pub(super) version: String,
    /// Its package URL, where it is of the registry of its kind.
    pub(super) purl: Option<String>,
    /// Hashes of its one file: the name of the algorithm in CycloneDX, and hex digits.
    pub(super) hashes: Vec<(&'static str, String)>,
    /// What else a lock says of it.
    pub(super) properties: Vec<(&'static str, String)>,
    /// Whether it is needed where the server runs, when the lock says so.
    pub(super) scope: Option<&'static str>,
}

/// What a lock lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) components: Vec<Component>,
    /// Why the list may not be all there is, or more than there is.
    pub(super) gaps: Vec<String>,
}

impl Listed {
    /// A lock that does not read.
    pub(super) fn unread(path: &str) -> Self {
        Self { components: Vec::new(), gaps: vec![format!("{path} does not read")] }
    }
}

impl Component {
    /// Returns what refers to it within the list.
    pub(super) fn reference(&self) -> String {
        match &self.purl {
            Some(purl) => purl.clone(),
            None => {
                let group = self.group.as_ref().map(|group| format!("{group}/")).unwrap_or_default();
                format!("elsewhere:{group}{}@{}", self.name, self.version)
            }
        }
    }

    /// Takes what another lock, or place in one, says of the same: it is needed as much as either says.
    pub(super) fn merge(&mut self, other: Self) {
        let need = |scope: Option<&str>| match scope {
            None => 2,
            Some("optional") => 1,
            Some(_) => 0,
        };
        if need(other.scope) > need(self.scope) {
            self.scope = other.scope;
        }
        if self.hashes.is_empty() {
            self.hashes = other.hashes;
        }
    }

    /// Writes it as CycloneDX does.
    pub(super) fn write(&self) -> Value {
        let mut out = json!({
            "type": "library", "bom-ref": self.reference(), "name": self.name, "version": self.version,
        });
        if let Some(group) = &self.group {
            out["group"] = json!(group);
        }
        if let Some(purl) = &self.purl {
            out["purl"] = json!(purl);
        }
        if let Some(scope) = self.scope {
            out["scope"] = json!(scope);
        }
        if !self.hashes.is_empty() {
            let hash = |(alg, content): &(&str, String)| json!({"alg": alg, "content": content});
            out["hashes"] = self.hashes.iter().map(hash).collect();
        }
        if !self.properties.is_empty() {
            let property = |(name, value): &(&str, String)| json!({"name": name, "value": value});
            out["properties"] = self.properties.iter().map(property).collect();
        }
        out
    }
}

/// Names an algorithm as CycloneDX does, and tells how many bytes its hashes have.
pub(super) fn algorithm(name: &str) -> Option<(&'static str, usize)> {
    Some(match name {
        "sha1" => ("SHA-1", 20),
        "sha256" => ("SHA-256", 32),
        "sha384" => ("SHA-384", 48),
        "sha512" => ("SHA-512", 64),
        _ => return None,
    })
}

/// Reads a hash in hex digits.
pub(super) fn hex_hash(name: &str, hex: &str) -> Option<(&'static str, String)> {
    let (alg, size) = algorithm(name)?;
    let is_hex = hex.len() == 2 * size && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| (alg, hex.to_ascii_lowercase()))
}

/// Reads a hash in base64.
pub(super) fn base64_hash(name: &str, text: &str) -> Option<(&'static str, String)> {
    let (alg, size) = algorithm(name)?;
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == size)?;
    let hex = bytes.iter().fold(String::with_capacity(2 * size), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    });
    Some((alg, hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_the_size_of_its_kind() {
        assert_eq!(hex_hash("sha256", &"AB".repeat(32)), Some(("SHA-256", "ab".repeat(32))));
        assert_eq!(base64_hash("sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), Some(("SHA-1", "00".repeat(20))));
        for (name, text) in [("sha256", "ab"), ("sha256", &*"xy".repeat(32)), ("md5", &*"ab".repeat(16))] {
            assert_eq!(hex_hash(name, text), None, "{name} {text}");
        }
        assert_eq!(base64_hash("sha512", "AAAA"), None);
    }
}
