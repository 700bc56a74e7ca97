//! Quarantine: what must not run, be shown or be called until somebody lets it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AccountId, Caller, Digest, DigestError, NameError, ServerName, Timestamp, Tool, VersionRecord,
    WorkspaceName,
};

/// What is put under quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Suspect {
    /// Every version of a server, those that are to come too.
    Name(ServerName),
    /// Whatever was made from the source with this digest, or declares a tool, prompt or resource that has it: in its
    /// manifest, when it was activated, or whenever it was seen to since.
    Digest(Digest),
}

/// Text that names nothing that can be put under quarantine.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuspectError {
    /// It begins as a digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// It is the name of no server.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It could be the name of a server and is most likely none.
    #[error("64 hex digits are a digest: write sha256: before them")]
    Bare,
}

impl Suspect {
    /// Reads the name of a server, or a digest with `sha256:` before it.
    pub fn parse(text: &str) -> Result<Self, SuspectError> {
        if text.starts_with("sha256:") {
            return Ok(Self::Digest(Digest::parse(text)?));
        }
        if Digest::parse(text).is_ok() {
            return Err(SuspectError::Bare);
        }
        Ok(Self::Name(ServerName::parse(text)?))
    }
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl FromStr for Suspect {
    type Err = SuspectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Suspect {
    type Error = SuspectError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Suspect> for String {
    fn from(suspect: Suspect) -> Self {
        suspect.to_string()
    }
}

/// A quarantine on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// What it is about.
    pub what: Suspect,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: String,
    /// Their account, when they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The workspace that it was set for, by somebody who may approve there; nothing when an administrator set it, for the
    /// whole installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceName>,
    /// Since when.
    pub since: Timestamp,
}

impl Quarantine {
    /// Longest reason, in characters.
    pub const REASON_MAX: usize = 500;

    /// Tells whether another may take its place: what an administrator sets holds where a workspace set one before.
    pub fn yields_to(&self, other: &Self) -> bool {
        self.what == other.what && self.workspace.is_some() && other.workspace.is_none()
    }

    /// Tells whether a caller set it: by their account, whichever key they show; by name where either has none.
    pub fn is_of(&self, caller: &Caller) -> bool {
        match (&self.account, caller.account()) {
            (Some(set), Some(asks)) => set == asks,
            (None, _) => self.by == caller.name(),
            (Some(_), None) => false,
        }
    }
}

/// Something is under quarantine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject} is under quarantine ({what}): {reason}")]
pub struct Quarantined {
    subject: String,
    what: Suspect,
    reason: String,
}

/// All that is under quarantine, as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quarantines(BTreeMap<Suspect, Quarantine>);

impl FromIterator<Quarantine> for Quarantines {
    fn from_iter<I: IntoIterator<Item = Quarantine>>(all: I) -> Self {
        Self(all.into_iter().map(|one| (one.what.clone(), one)).collect())
    }
}

impl Quarantines {
    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds the quarantine of a name.
    pub fn of_name(&self, name: &ServerName) -> Option<&Quarantine> {
        // Most of the time there is none, and nothing is copied for the look.
        if self.0.is_empty() { None } else { self.0.get(&Suspect::Name(name.clone())) }
    }

    /// Finds the quarantine of a digest.
    pub fn of_digest(&self, digest: Digest) -> Option<&Quarantine> {
        if self.0.is_empty() { None } else { self.0.get(&Suspect::Digest(digest)) }
    }

    /// Finds the first quarantine that covers something of a server: its name, or one of these digests.
    pub fn of(&self, name: &ServerName, digests: impl IntoIterator<Item = Digest>) -> Option<&Quarantine> {
        if self.0.is_empty() {
            return None;
        }
        self.of_name(name).or_else(|| digests.into_iter().find_map(|digest| self.of_digest(digest)))
    }

    /// Finds the first quarantine that covers a version: by its server, its source or what it declares.
    pub fn of_version(&self, record: &VersionRecord) -> Option<&Quarantine> {
        self.of(&record.server, record.digests())
    }

    /// Refuses something of a server that is covered.
    pub fn check(
        &self,
        name: &ServerName,
        digests: impl IntoIterator<Item = Digest>,
    ) -> Result<(), Quarantined> {
        self.of(name, digests).map_or(Ok(()), |found| Err(found.refuse(name)))
    }
}

impl Quarantine {
    /// Says that something is under this quarantine.
    pub fn refuse(&self, subject: impl fmt::Display) -> Quarantined {
        Quarantined { subject: subject.to_string(), what: self.what.clone(), reason: self.reason.clone() }
    }

    /// Tells whether it covers a version.
    pub fn covers(&self, record: &VersionRecord) -> bool {
        match &self.what {
            Suspect::Name(name) => record.server == *name,
            Suspect::Digest(digest) => record.digests().any(|one| one == *digest),
        }
    }
}

impl VersionRecord {
    /// Returns the digests that it can be put under quarantine by: of its source, and of all that it declares or was seen
    /// to declare.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        let tools = self.tools.iter().map(|pin| pin.sha256);
        let others = self.others.iter().flatten().map(|pin| pin.sha256);
        let seen = self.seen.iter().copied();
        std::iter::once(self.source.digest).chain(tools).chain(others).chain(seen).chain(self.in_manifest())
    }

    /// Returns the digests of tools that its manifest declares. What has no digest is no tool that a client could use.
    fn in_manifest(&self) -> impl Iterator<Item = Digest> {
        let tools = self.manifest.get("tools").and_then(Value::as_array);
        tools.into_iter().flatten().filter_map(|tool| {
            let definition = tool.as_object()?.clone();
            Tool::new(definition).ok()?.digest().ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspect_reads_as_it_is_written() {
        let digest = Digest::of(b"a");
        for text in ["clock", "com.example/clock", &digest.to_string()] {
            assert_eq!(Suspect::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Suspect::parse(&digest.hex()), Err(SuspectError::Bare));
        for text in ["", "sha256:00", "Clock!", "a/b/c"] {
            assert!(Suspect::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_covered_is_refused_by_name_or_by_digest() {
        let (clock, other) = (ServerName::parse("clock").unwrap(), ServerName::parse("other").unwrap());
        let (bad, good) = (Digest::of(b"bad"), Digest::of(b"good"));
        let of = |what: Suspect| Quarantine {
            what,
            reason: "steals".to_owned(),
            by: "ada".to_owned(),
            account: None,
            workspace: None,
            since: Timestamp::EPOCH,
        };
        let all: Quarantines =
            [of(Suspect::Name(clock.clone())), of(Suspect::Digest(bad))].into_iter().collect();
        let refused = all.check(&clock, [good]).unwrap_err().to_string();
        assert_eq!(refused, "clock is under quarantine (clock): steals");
        let refused = all.check(&other, [good, bad]).unwrap_err().to_string();
        assert_eq!(refused, format!("other is under quarantine ({bad}): steals"));
        all.check(&other, [good]).unwrap();
    }
}
