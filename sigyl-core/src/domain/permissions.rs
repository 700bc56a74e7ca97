//! What a server asks to touch, and what the operator granted.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Rights of a running server beyond its own tree and its private folder.
///
/// In a manifest it is a request; in a deployment it is what the operator granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// Paths that may be read.
    pub read: BTreeSet<String>,
    /// Paths that may be read and written.
    pub write: BTreeSet<String>,
    /// `host:port` pairs that may be reached.
    pub network: BTreeSet<String>,
    /// Programs that may be executed.
    pub exec: BTreeSet<String>,
}

/// A grant that does not read `read=PATH`, `write=PATH`, `network=HOST:PORT` or `exec=PROGRAM`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a permission: write read=PATH, write=PATH, network=HOST:PORT or exec=PROGRAM")]
pub struct PermissionError(String);

impl Permissions {
    /// Tells whether nothing is asked or granted.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Adds one grant written as `kind=value`.
    pub fn grant(&mut self, text: &str) -> Result<(), PermissionError> {
        let wrong = || PermissionError(text.chars().take(300).collect());
        let (kind, value) = text.split_once('=').filter(|(_, value)| !value.is_empty()).ok_or_else(wrong)?;
        let set = match kind {
            "read" => &mut self.read,
            "write" => &mut self.write,
            "network"
                if value.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port)) =>
            {
                &mut self.network
            }
            "exec" => &mut self.exec,
            _ => return Err(wrong()),
        };
        set.insert(value.to_owned());
        Ok(())
    }

    /// Returns everything of `self` that `granted` does not hold.
    pub fn beyond(&self, granted: &Self) -> Self {
        let left =
            |ours: &BTreeSet<String>, theirs: &BTreeSet<String>| ours.difference(theirs).cloned().collect();
        Self {
            read: self
                .read
                .difference(&granted.read)
                .filter(|path| !granted.write.contains(*path))
                .cloned()
                .collect(),
            write: left(&self.write, &granted.write),
            network: left(&self.network, &granted.network),
            exec: left(&self.exec, &granted.exec),
        }
    }

    /// Returns what either holds.
    pub fn union(&self, other: &Self) -> Self {
        let both = |ours: &BTreeSet<String>, theirs: &BTreeSet<String>| ours.union(theirs).cloned().collect();
        Self {
            read: both(&self.read, &other.read),
            write: both(&self.write, &other.write),
            network: both(&self.network, &other.network),
            exec: both(&self.exec, &other.exec),
        }
    }

    /// Yields every right as `(kind, value)`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("read", &self.read), ("write", &self.write), ("network", &self.network), ("exec", &self.exec)]
            .into_iter()
            .flat_map(|(kind, set)| set.iter().map(move |value| (kind, value.as_str())))
    }
}

impl Permissions {
    /// Returns what both hold.
    pub fn intersection(&self, other: &Self) -> Self {
        let both =
            |ours: &BTreeSet<String>, theirs: &BTreeSet<String>| ours.intersection(theirs).cloned().collect();
        Self {
            read: both(&self.read, &other.read),
            write: both(&self.write, &other.write),
            network: both(&self.network, &other.network),
            exec: both(&self.exec, &other.exec),
        }
    }

    /// Takes back one grant, written as it is shown; tells whether it was there.
    pub fn revoke(&mut self, text: &str) -> bool {
        let Some((kind, value)) = text.split_once('=') else { return false };
        match kind {
            "read" => self.read.remove(value),
            "write" => self.write.remove(value),
            "network" => self.network.remove(value),
            "exec" => self.exec.remove(value),
            _ => false,
        }
    }
}

fn is_port(text: &str) -> bool {
    text == "*" || text.parse::<u16>().is_ok_and(|port| port > 0)
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (kind, value)) in self.iter().enumerate() {
            write!(f, "{}{kind}={value}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_granted_widens() {
        let mut asked = Permissions::default();
        for text in ["read=/etc/hosts", "network=api.example:443", "read=/data"] {
            asked.grant(text).unwrap();
        }
        let mut granted = Permissions::default();
        granted.grant("read=/etc/hosts").unwrap();
        granted.grant("write=/data").unwrap();
        assert_eq!(asked.beyond(&granted).to_string(), "network=api.example:443");
        assert!(asked.beyond(&asked.union(&granted)).is_empty());
    }

    #[test]
    fn a_grant_is_taken_back_as_it_is_shown() {
        let mut granted = Permissions::default();
        for text in ["read=/data", "network=api.example:443", "exec=git"] {
            granted.grant(text).unwrap();
        }
        let before = granted.clone();
        assert!(granted.revoke("network=api.example:443") && !granted.revoke("network=api.example:443"));
        assert!(!granted.revoke("write=/data") && !granted.revoke("exec") && !granted.revoke("all=x"));
        assert_eq!(granted.to_string(), "read=/data exec=git");
        assert_eq!(before.intersection(&granted), granted);
    }

    #[test]
    fn a_grant_that_says_nothing_is_refused() {
        let mut granted = Permissions::default();
        for text in ["", "read", "read=", "network=host", "network=:1", "network=h:0", "sudo=x"] {
            assert!(granted.grant(text).is_err(), "{text:?}");
        }
    }
}
