//! What a place measured of a server.

use serde::{Deserialize, Serialize};

use crate::domain::{RevisionId, ServerName, Usage, Window};

/// What was measured of what serves a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageView {
    /// The server.
    pub server: ServerName,
    /// The instance that serves.
    pub revision: RevisionId,
    /// Where it runs.
    pub target: String,
    /// The span that was asked about.
    pub window: Window,
    /// What was measured; nothing where the place measures nothing.
    pub usage: Option<Usage>,
}
