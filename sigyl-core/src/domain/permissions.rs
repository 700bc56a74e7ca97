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

/// A permission that cannot be granted as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionError {
    /// It is none of the four forms.
    #[error("`{0}` is not a permission: write read=PATH, write=PATH, network=HOST:PORT or exec=PROGRAM")]
    Form(String),
    /// Its path depends on where it is read from.
    #[error("`{0}` does not name one place: write an absolute path without `..`, such as read=/srv/data")]
    Path(String),
    /// It is no host with a port.
    #[error("`{given}` is not a host with a port: write {hint}")]
    Address {
        /// What was written.
        given: String,
        /// What to write instead.
        hint: String,
    },
}

impl Permissions {
    /// Tells whether nothing is asked or granted.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Adds one grant of the operator, written as `kind=value`.
    pub fn grant(&mut self, text: &str) -> Result<(), PermissionError> {
        match text.split_once('=') {
            Some(("read" | "write", path)) if !is_one_place(path) && !path.is_empty() => {
                Err(PermissionError::Path(short(text)))
            }
            _ => self.ask(text),
        }
    }

    /// Adds one request of a manifest, which may name a path that only its author understands: it is never granted.
    pub(crate) fn ask(&mut self, text: &str) -> Result<(), PermissionError> {
        let wrong = || PermissionError::Form(short(text));
        let (kind, value) = text.split_once('=').filter(|(_, value)| !value.is_empty()).ok_or_else(wrong)?;
        let set = match kind {
            "read" => &mut self.read,
            "write" => &mut self.write,
            "network" if is_address(value) => &mut self.network,
            "network" => return Err(PermissionError::Address { given: short(text), hint: address(value) }),
            "exec" => &mut self.exec,
            _ => return Err(wrong()),
        };
        set.insert(value.to_owned());
        Ok(())
    }

    /// Returns what of it can be granted at all.
    #[cfg(any(feature = "runtime", test))]
    pub(crate) fn grantable(&self) -> Self {
        let mut left = self.clone();
        left.read.retain(|path| is_one_place(path));
        left.write.retain(|path| is_one_place(path));
        left
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
    /// Returns what both hold. Who may write may read.
    pub fn intersection(&self, other: &Self) -> Self {
        let both = |ours: &BTreeSet<String>, theirs: &BTreeSet<String>| -> BTreeSet<String> {
            ours.intersection(theirs).cloned().collect()
        };
        let readable = |all: &Self| -> BTreeSet<String> { all.read.union(&all.write).cloned().collect() };
        let write = both(&self.write, &other.write);
        let read = both(&readable(self), &readable(other)).difference(&write).cloned().collect();
        Self {
            read,
            write,
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

/// Tells whether a path means the same wherever it is read.
fn is_one_place(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|part| part != "..")
}

/// Tells whether this is `host:port`; a host with colons stands in brackets.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let name = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').filter(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok()),
        None => Some(host).filter(|host| !host.contains([':', ']'])),
    };
    let is_host = name.is_some_and(|name| {
        !name.is_empty()
            && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "/@,=?#".contains(c))
    });
    is_host && is_port(port)
}

fn is_port(text: &str) -> bool {
    text == "*" || text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Guesses what was meant by an address that is written in another way.
fn address(given: &str) -> String {
    let (port, rest) = match given.split_once("://") {
        Some(("http" | "ws", rest)) => ("80", rest),
        Some((_, rest)) => ("443", rest),
        None => ("443", given),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let meant = if is_address(host) { host.to_owned() } else { format!("{host}:{port}") };
    let meant = if is_address(&meant) { meant } else { "HOST:PORT".to_owned() };
    short(&format!("network={meant}"))
}

/// Bounds what an error repeats.
fn short(text: &str) -> String {
    text.chars().take(300).collect()
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
        let (mut reads, mut writes) = (Permissions::default(), Permissions::default());
        reads.grant("read=/data").unwrap();
        writes.grant("write=/data").unwrap();
        assert_eq!(reads.intersection(&writes), reads, "who may write may read");
        assert_eq!(writes.intersection(&writes), writes);
    }

    #[test]
    fn a_grant_that_says_nothing_is_refused() {
        let mut granted = Permissions::default();
        for text in ["", "read", "read=", "network=host", "network=:1", "network=h:0", "sudo=x"] {
            assert!(granted.grant(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_path_names_one_place_and_an_address_is_a_host_with_a_port() {
        let mut granted = Permissions::default();
        for text in ["read=data", "write=./x", "read=~/x", "read=/srv/../etc", "write=/.."] {
            let error = granted.grant(text).unwrap_err().to_string();
            assert!(error.contains("absolute path without `..`"), "{text}: {error}");
        }
        for (text, hint) in [
            ("network=http://x:80", "write network=x:80"),
            ("network=https://ada:pw@api.example/v1?q=1", "write network=api.example:443"),
            ("network=ws://x", "write network=x:80"),
            ("network=api.example", "write network=api.example:443"),
            ("network=::1:80", "write network=HOST:PORT"),
            ("network=[x]:80", "write network=HOST:PORT"),
        ] {
            let error = granted.grant(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
        assert!(granted.is_empty());
        for text in ["network=[::1]:80", "network=*:*", "network=10.0.0.1:*", "read=/srv/..data", "exec=git"]
        {
            granted.grant(text).unwrap();
        }
        granted.ask("read=data").unwrap();
        assert_eq!(granted.grantable().read.len(), 1);
    }
}
