//! Who asked for a server's document: counted once for each caller and day.

use serde::{Deserialize, Serialize};

use super::{KeyHash, ServerName, Timestamp};

/// A caller asked for a document of a server on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// The server.
    pub server: ServerName,
    /// The day, in UTC, counted from 1970.
    pub day: u32,
    /// A keyed hash of the account or address: it tells callers apart, and nobody who they are.
    pub who: KeyHash,
}

impl Download {
    /// Returns the day of a time; what is before 1970 counts as its first day.
    pub fn day_of(at: Timestamp) -> u32 {
        u32::try_from(at.seconds() / (24 * 3600)).unwrap_or(0)
    }
}
