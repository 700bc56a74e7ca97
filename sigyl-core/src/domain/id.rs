//! Identifiers that Sigyl makes itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{Digest, DigestError};

/// Position in a sequence of facts or events: strictly growing within one store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: it holds 1 to 64 letters, digits and `-`")]
pub struct IdError(String);

fn parse_id(text: &str) -> Result<Box<str>, IdError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
        return Err(IdError(text.chars().take(64).collect()));
    }
    Ok(text.into())
}

/// Identifies a run; sorts by time of creation.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(Box<str>);

impl RunId {
    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_id(text).map(Self)
    }
}

checked_text!(RunId, IdError);

/// Identifies an account: never given to another one, whatever its login becomes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Box<str>);

impl AccountId {
    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_id(text).map(Self)
    }
}

checked_text!(AccountId, IdError);

/// Identifies one started instance of a version on a target.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionId(Box<str>);

impl RevisionId {
    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_id(text).map(Self)
    }
}

checked_text!(RevisionId, IdError);

/// Identifies a report by the digest of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportId(pub Digest);

impl ReportId {
    /// Reads the digest that names a report.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        Digest::parse(text).map(Self)
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
