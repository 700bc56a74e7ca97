//! Servers and their recorded versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Basis, Digest, Permissions, Pin, ReportId, Resources, RunId, ServerName, SourceRef, Timestamp, Tool,
    Version, WorkspaceName,
};

/// A server: what is true of it whatever its version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Its name.
    pub name: ServerName,
    /// The workspace that it belongs to.
    #[serde(default)]
    pub workspace: WorkspaceName,
    /// Display name.
    pub title: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// When it was first recorded.
    pub created: Timestamp,
    /// The version that ranks highest.
    pub latest: Version,
    /// The version that serves, or would serve if an owner ran.
    pub active: Option<Version>,
    /// What the operator granted, kept across redeploys.
    pub granted: Permissions,
    /// What the operator set in its environment, kept across redeploys; the manifest's own settings are not here.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Limits that the operator set, over those of the manifest, kept across redeploys.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub limits: Resources,
    /// Packages whose install scripts the operator allowed, kept across redeploys.
    #[serde(default)]
    pub allow_scripts: BTreeSet<String>,
    /// What the operator last named as its source; a redeploy reads it again.
    pub locator: String,
    /// Other places than this machine where something of it may be, by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub targets: BTreeSet<String>,
}

/// An immutable fact: this version of this server is exactly these bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// The server.
    pub server: ServerName,
    /// The version.
    pub version: Version,
    /// What it was made from.
    pub source: SourceRef,
    /// The scan it was admitted by.
    pub report: ReportId,
    /// The policy it was admitted by.
    pub policy: Digest,
    /// What the admission rests on.
    pub basis: Basis,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// The run that recorded it.
    pub run: RunId,
    /// The manifest in force, as JSON.
    pub manifest: serde_json::Value,
    /// The tools that its last activation found, replaced whole each time.
    pub tools: Vec<ToolPin>,
    /// Prompts, resources and instructions that its last activation found; nothing when they were not pinned then.
    #[serde(default)]
    pub others: Option<Vec<Pin>>,
    /// Digests of what else it was seen to declare since it was recorded, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Digest>,
}

impl VersionRecord {
    /// Digests of what it was seen to declare that are kept; of more, the newest.
    pub const SEEN_MAX: usize = 512;

    /// Notes what it was seen to declare; tells whether any of it is new.
    pub fn saw(&mut self, digests: &[Digest]) -> bool {
        let known: BTreeSet<Digest> = self.digests().collect();
        let new: BTreeSet<Digest> =
            digests.iter().copied().filter(|digest| !known.contains(digest)).collect();
        self.seen.extend(&new);
        self.seen.drain(..self.seen.len().saturating_sub(Self::SEEN_MAX));
        !new.is_empty()
    }

    /// Returns all that its last activation pinned.
    pub fn pins(&self) -> Vec<Pin> {
        self.tools.iter().map(Pin::from).chain(self.others.iter().flatten().cloned()).collect()
    }
}

/// A tool as it was when its version was activated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolPin {
    /// The definition.
    pub tool: Tool,
    /// Its canonical digest.
    pub sha256: Digest,
    /// The hash that mcp-scan would pin.
    pub md5: String,
}
