//! Documents on record: what a registry knows of each beside its text.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Digest, DocumentName, DocumentVersion, RawDocument, Timestamp, WorkspaceName};

/// A document of one version of a server. Its content never changes; how it stands does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The name it goes by.
    pub name: DocumentName,
    /// The version it goes by.
    pub version: DocumentVersion,
    /// The workspace that its name belongs to.
    pub workspace: WorkspaceName,
    /// What its publisher wrote.
    pub document: RawDocument,
    /// The digest of its canonical form.
    pub digest: Digest,
    /// How it stands.
    pub standing: Standing,
    /// When it was published first, here or where it was imported from.
    pub published: Timestamp,
    /// When anything of it last changed here.
    pub updated: Timestamp,
    /// How it came here.
    pub origin: Origin,
    /// What its namespace rests on.
    pub proof: Proof,
    /// What other registries said of it, under their own keys.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub others: Map<String, Value>,
}

/// How far another registry was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// The address of its list.
    pub source: String,
    /// When what was read last had changed there, by its own clock.
    pub until: Timestamp,
}

/// What users should make of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListingStatus {
    /// It may be used.
    Active,
    /// It may be used, and another is better.
    Deprecated,
    /// It is not shown unless asked for.
    Deleted,
}

impl fmt::Display for ListingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Deleted => "deleted",
        })
    }
}

/// How a document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What users should make of it.
    pub status: ListingStatus,
    /// Why, or what to use instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Words that a status cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message of a status cannot be taken: {0}")]
pub struct StandingError(&'static str);

impl Standing {
    /// Longest message, in characters.
    pub const MESSAGE_MAX: usize = 500;

    /// A new standing without more words.
    pub fn active(since: Timestamp) -> Self {
        Self { status: ListingStatus::Active, message: None, since }
    }

    /// Checks and takes a standing.
    pub fn new(
        status: ListingStatus,
        message: Option<String>,
        since: Timestamp,
    ) -> Result<Self, StandingError> {
        if let Some(message) = &message {
            if status == ListingStatus::Active {
                return Err(StandingError("an active version needs no message; leave it away"));
            }
            if message.chars().count() > Self::MESSAGE_MAX {
                return Err(StandingError("it has more than 500 characters"));
            }
            if message.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
                return Err(StandingError("it holds a control character"));
            }
        }
        Ok(Self { status, message, since })
    }

    /// Tells whether both say the same, whenever they did.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.status == other.status && self.message == other.message
    }
}

/// How a document came here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
#[non_exhaustive]
pub enum Origin {
    /// Somebody published it here.
    Published {
        /// Who.
        by: String,
    },
    /// It was read from another registry or a file.
    Imported {
        /// What that is called: an address without credentials, or the name of the file.
        source: String,
        /// When.
        at: Timestamp,
        /// Problems that it has, and came with.
        problems: u32,
        /// What the other registry said of how it stood there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        official: Option<Value>,
    },
}

/// What the right to a namespace rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Proof {
    /// Whoever administers this registry granted it.
    Granted,
    /// Whoever published signed in by GitHub, as its user or as a member of its organisation.
    #[serde(rename = "github")]
    GitHub,
    /// A job of GitHub Actions published, and its signed token names the owner of the repository that it is of.
    #[serde(rename = "github_actions")]
    GitHubActions,
    /// Whoever published holds the key that the domain names at its own address.
    Http,
    /// Whoever published holds the key that the domain has on record in DNS.
    Dns,
    /// Nothing that this registry checked.
    Unproven,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_not_active_has_a_message() {
        let new = |status, message: &str| Standing::new(status, Some(message.to_owned()), Timestamp::EPOCH);
        assert!(new(ListingStatus::Deprecated, "use clock 2").is_ok());
        assert!(new(ListingStatus::Active, "fine").is_err());
        assert!(new(ListingStatus::Deleted, &"x".repeat(501)).is_err());
        assert!(new(ListingStatus::Deleted, "a\u{1b}[2J").is_err());
        assert!(Standing::new(ListingStatus::Active, None, Timestamp::EPOCH).is_ok());
    }

    #[test]
    fn a_listing_is_read_back_with_its_document_as_it_was() {
        let text = r#"{ "name":"a/b",  "version" : "1" }"#;
        let (document, members) = RawDocument::parse(text.as_bytes()).unwrap();
        let others = json!({"x.y/z": {"k": [1, 2.5]}});
        let listing = Listing {
            name: DocumentName::parse("a/b").unwrap(),
            version: DocumentVersion::parse("1").unwrap(),
            workspace: WorkspaceName::default(),
            document,
            digest: RawDocument::digest_of(&members).unwrap(),
            standing: Standing::active(Timestamp::EPOCH),
            published: Timestamp::EPOCH,
            updated: Timestamp::EPOCH,
            origin: Origin::Imported {
                source: "servers.jsonl".to_owned(),
                at: Timestamp::EPOCH,
                problems: 0,
                official: Some(json!({"status": "active"})),
            },
            proof: Proof::Unproven,
            others: others.as_object().cloned().unwrap(),
        };
        let written = serde_json::to_vec(&listing).unwrap();
        let read: Listing = serde_json::from_slice(&written).unwrap();
        assert_eq!(read, listing);
        assert_eq!(read.document.as_str(), text);
    }
}
