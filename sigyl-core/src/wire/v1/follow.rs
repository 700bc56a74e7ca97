//! Servers that follow branches, and what became of what GitHub told.

use serde::{Deserialize, Serialize};

use crate::domain::{BranchName, CommitId, FollowPolicy, RepositoryName, RunId, ServerName, Timestamp};

/// What became of a delivery of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookTaken {
    /// The event, as GitHub calls it.
    pub event: String,
    /// What became of it.
    pub outcome: HookOutcome,
    /// The same in words.
    pub note: String,
    /// Runs that were begun by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunId>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HookOutcome {
    /// It was acted on.
    Taken,
    /// It was acted on before.
    Repeated,
    /// There is nothing to do for it here.
    Ignored,
}

/// Which branch a server is to follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFollow {
    /// The branch.
    pub branch: BranchName,
    /// What a push leads to.
    pub policy: FollowPolicy,
}

/// Which of the commits that wait is to be released.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WaitingCommit {
    /// The commit, so that no other is released that came meanwhile; whichever waits when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
}

/// A server that follows a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowView {
    /// The server.
    pub server: ServerName,
    /// The repository.
    pub repository: RepositoryName,
    /// The branch.
    pub branch: BranchName,
    /// What a push leads to.
    pub policy: FollowPolicy,
    /// Who set it: releases are made with the key that they showed.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// The newest commit that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<CommitId>,
    /// The commit that waits for somebody who releases it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<CommitId>,
    /// The last run that a push led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What is wrong, or was done last, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Servers that follow branches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// They, by name.
    pub follows: Vec<FollowView>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
