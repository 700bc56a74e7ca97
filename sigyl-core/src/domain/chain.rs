//! The chain from a commit to the tools that serve, link by link.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Digest, RevisionId, ServerName, Version};

/// A link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkName {
    /// The statement is signed by the key.
    Signature,
    /// Its parts agree with each other.
    Statement,
    /// Where it serves is where it was asked about.
    Endpoint,
    /// The commit.
    Commit,
    /// The digest of the source.
    Source,
    /// The report of the scan.
    Report,
    /// The policy, and the verdict.
    Policy,
    /// Who approved what.
    Approvals,
    /// What was built.
    Build,
    /// The image, by its digest.
    Image,
    /// The instance that serves.
    Revision,
    /// The tools that it declares.
    Tools,
    /// The list of components.
    Sbom,
}

impl LinkName {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Statement => "statement",
            Self::Endpoint => "endpoint",
            Self::Commit => "commit",
            Self::Source => "source",
            Self::Report => "report",
            Self::Policy => "policy",
            Self::Approvals => "approvals",
            Self::Build => "build",
            Self::Image => "image",
            Self::Revision => "revision",
            Self::Tools => "tools",
            Self::Sbom => "sbom",
        }
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkOutcome {
    /// What was compared is the same.
    Holds,
    /// It is not, or could not be compared where it had to be.
    Broken,
    /// There is no such link in this chain: a folder has no commit.
    Absent,
    /// It cannot be known from what is at hand.
    Unknown,
}

/// A link, and what was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLink {
    /// Which.
    pub link: LinkName,
    /// How it stands.
    pub outcome: LinkOutcome,
    /// What was compared with what.
    pub said: String,
}

impl ChainLink {
    /// A link that holds if `is_same`.
    pub fn of(link: LinkName, is_same: bool, said: impl Into<String>) -> Self {
        let outcome = if is_same { LinkOutcome::Holds } else { LinkOutcome::Broken };
        Self { link, outcome, said: said.into() }
    }

    /// A link that is broken.
    pub fn broken(link: LinkName, said: impl Into<String>) -> Self {
        Self::of(link, false, said)
    }

    /// A link that this chain does not have.
    pub fn absent(link: LinkName, said: impl Into<String>) -> Self {
        Self { link, outcome: LinkOutcome::Absent, said: said.into() }
    }

    /// A link that cannot be known from what is at hand.
    pub fn unknown(link: LinkName, said: impl Into<String>) -> Self {
        Self { link, outcome: LinkOutcome::Unknown, said: said.into() }
    }
}

/// The chain of a release, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The server.
    pub server: ServerName,
    /// Its version.
    pub version: Version,
    /// The instance.
    pub revision: RevisionId,
    /// What identifies the key that the statement was checked with.
    pub key: Digest,
    /// The links, from the first.
    pub links: Vec<ChainLink>,
}

impl Chain {
    /// Tells whether no link is broken, and there are some.
    pub fn holds(&self) -> bool {
        !self.links.is_empty() && self.broken().next().is_none()
    }

    /// Yields the links that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &ChainLink> {
        self.links.iter().filter(|link| link.outcome == LinkOutcome::Broken)
    }
}
