//! Requests that are done once, however often they are sent.

use serde::{Deserialize, Serialize};

use super::text::checked_text;
use super::{KeyHash, KeyId, Rights, Timestamp};

/// What a client calls a request by, so that it may send it again: 1 to 200 characters of ASCII that can be seen.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OnceName(Box<str>);

/// Text that no request can be called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {MOST} characters of ASCII that can be seen")]
pub struct OnceNameError;

const MOST: usize = 200;

impl OnceName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, OnceNameError> {
        let fits = (1..=MOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.into())) } else { Err(OnceNameError) }
    }
}

checked_text!(OnceName, OnceNameError);

/// The answer to a request that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnceAnswer {
    /// Its status.
    pub status: u16,
    /// The type of its content; nothing when it has none.
    pub kind: Option<String>,
    /// Its content; nothing when it has none, or none that may be kept.
    pub body: Option<String>,
}

impl Once {
    /// Requests of one key that are remembered at a time.
    pub const EACH_MAX: u64 = 50_000;
    /// Bytes of their answers that are kept; of what comes beyond, it is known only that it was done.
    pub const BYTES_MAX: u64 = 8 << 20;
}

/// A request that is to be done once, as it is on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// The key of who sent it.
    pub key: KeyId,
    /// What they call it by.
    pub name: OnceName,
    /// A keyed hash of what was asked.
    pub print: KeyHash,
    /// What the key might do when it was; nothing in records of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<Rights>,
    /// When it was begun.
    pub at: Timestamp,
    /// What came of it; nothing as long as that is not known.
    pub answer: Option<OnceAnswer>,
}
