//! What sort of failure an error is, for exit codes, HTTP statuses and hints.

use serde::{Deserialize, Serialize};

/// The class of a failure: decided by the room that failed, read by the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// The caller's input is wrong; the same call will fail again.
    Invalid,
    /// The thing named does not exist.
    NotFound,
    /// The thing exists in a state that forbids the call.
    Conflict,
    /// The caller may not do this.
    Denied,
    /// A verdict forbids it.
    Blocked,
    /// Something that Sigyl called (npm, a server, a cloud) failed.
    Upstream,
    /// Sigyl cannot do it now, perhaps later (disk full, store locked).
    Unavailable,
    /// A defect of Sigyl.
    Internal,
}
