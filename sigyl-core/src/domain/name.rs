//! Names of servers.

use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// Name of a server: short (`clock`), or reverse-DNS `namespace/name` as in the MCP Registry.
///
/// A short name holds `a-z 0-9 . _ -`; the parts of a namespaced one follow the registry's `server.json` rules.
/// No part is made of dots alone, so a name is always safe as part of a URL or a key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerName(Box<str>);

/// Text that is not the name of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a server name: {why}")]
pub struct NameError {
    name: String,
    why: &'static str,
}

const SHORT_MAX: usize = 100;
const FULL_MAX: usize = 200;

impl ServerName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = |why| NameError { name: text.chars().take(FULL_MAX).collect(), why };
        match text.split_once('/') {
            None => {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
                if text.is_empty() || text.len() > SHORT_MAX {
                    return Err(wrong("a short name has 1 to 100 characters"));
                }
                if !text.bytes().all(plain) || !text.as_bytes()[0].is_ascii_alphanumeric() {
                    return Err(wrong(
                        "a short name holds a-z, 0-9, `.`, `_`, `-` and starts with a letter or digit",
                    ));
                }
            }
            Some((namespace, name)) => {
                if !(3..=FULL_MAX).contains(&text.len()) {
                    return Err(wrong("namespace/name has 3 to 200 characters"));
                }
                let part = |part: &str, more: &[u8]| {
                    part.bytes().any(|b| b.is_ascii_alphanumeric())
                        && part.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
                };
                if !part(namespace, b".-") || !part(name, b"._-") {
                    return Err(wrong(
                        "namespace/name holds letters, digits, `.`, `-` (and `_` in the name)",
                    ));
                }
            }
        }
        Ok(Self(text.into()))
    }

    /// The owner of what Sigyl seals for itself. No server is recorded under it.
    pub fn own() -> Self {
        Self("sigyl/own".into())
    }

    /// Makes the nearest short name from free text, such as the name of a package; its npm scope is dropped.
    pub fn derive(text: &str) -> Result<Self, NameError> {
        let bare = text.rsplit('/').next().unwrap_or(text).to_ascii_lowercase();
        let mapped: String = bare
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
            .collect();
        Self::parse(mapped.trim_matches(['-', '.', '_']))
    }
}

checked_text!(ServerName, NameError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_namespaced_names_are_taken() {
        for name in ["clock", "a", "mcp-server.time_2", "io.github.Ada/weather", "com.example/x_y"] {
            assert_eq!(ServerName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_could_leave_a_path_or_a_key_is_refused() {
        for name in ["", "..", ".x", "A", "a b", "a/../b", "a//b", "../x", "a/..", "é", "a\0b", "/a", "a/"] {
            assert!(ServerName::parse(name).is_err(), "{name:?}");
        }
        assert!(ServerName::parse(&"a".repeat(101)).is_err());
    }

    #[test]
    fn a_package_name_loses_its_scope() {
        assert_eq!(
            ServerName::derive("@modelcontextprotocol/server-everything").unwrap().as_str(),
            "server-everything"
        );
        assert_eq!(ServerName::derive("Mcp Server!").unwrap().as_str(), "mcp-server");
        assert!(ServerName::derive("///").is_err());
    }
}
