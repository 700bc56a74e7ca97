//! What requests over HTTP carry, and what their answers do, where that is not a view by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AuditFrom, CallCount, KeyView, Member, Rescanned, ServerView, VersionView, WorkspaceView};
use crate::domain::{
    Account, Audience, AuditEntry, Canary, Label, Role, Run, RunId, SecretName, SecretValue, ServerName,
    Timestamp, Version, Waiver, WorkspaceName,
};
use crate::wire::registry::ImportRow;

/// What a release takes: of a new server, or of one that exists.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Where the code is, as the command line names it; of a server that exists, that on record when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The workspace of a new server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceName>,
    /// The name of a new server, instead of the manifest's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ServerName>,
    /// Where a new server is to run, by name; the machine of `sigyl-server` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Plain settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Secrets to seal and bind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// Permissions to give, as `kind=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant: Vec<String>,
    /// Permissions of a server that exists to take back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoke: Vec<String>,
    /// Findings that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waive: Vec<Waiver>,
    /// Packages whose install scripts may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_scripts: Vec<String>,
    /// Whether dependency code is scanned too.
    #[serde(default)]
    pub deep: bool,
    /// Whether a language model looks at it too.
    #[serde(default)]
    pub review: bool,
    /// How clients are led to it; all at once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Who else may call it where it runs, past the endpoint; those who may now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
}

/// A run that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The run.
    pub run: RunId,
    /// Where it is told.
    pub events: String,
}

impl Begun {
    /// A run, with the address of its events.
    pub fn of(run: RunId) -> Self {
        let events = format!("/api/v1/runs/{run}/events");
        Self { run, events }
    }
}

/// An archive that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// What a release calls it.
    pub source: String,
    /// Bytes.
    pub bytes: u64,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// Which version is to serve again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The version; the one that served before the present one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// Where a server goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The workspace.
    pub workspace: WorkspaceName,
}

/// Why a held run passes, or does not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why.
    pub reason: String,
}

/// How far a version that is tried goes on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// Percent of new clients; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u8>,
}

/// What becomes of an account: one of these.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// Whether it is disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether it may do everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<bool>,
}

/// What one's own account is called from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountProfile {
    /// What people call it; nothing takes the name away.
    pub name: Option<Label>,
}

/// What an account is in a workspace from now on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// As what.
    pub role: Role,
}

/// A policy that versions on record are to be judged by, for a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    /// What messages call it.
    pub file: String,
    /// What it says, in YAML.
    pub text: String,
}

/// Which versions are looked at again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rescan {
    /// The servers; all when there is none.
    #[serde(default)]
    pub names: Vec<ServerName>,
    /// Whether only what serves is looked at.
    #[serde(default)]
    pub running: bool,
}

/// What became of versions that were looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescannedVersions {
    /// They.
    pub versions: Vec<Rescanned>,
}

/// Up to when a registry was read whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bookmark {
    /// The address of its list.
    pub source: String,
    /// Up to when; nothing when it never was.
    pub until: Option<Timestamp>,
}

/// Documents that were published elsewhere, to be taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Where they are from, without credentials.
    pub source: String,
    /// They.
    pub rows: Vec<ImportRow>,
}

/// Servers by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Servers {
    /// They.
    pub servers: Vec<ServerView>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Versions of a server, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// They.
    pub versions: Vec<VersionView>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Runs, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// They.
    pub runs: Vec<Run>,
    /// The run to go on after, when there may be more.
    #[serde(default)]
    pub next: Option<RunId>,
}

/// Keys, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// They, without their secrets.
    pub keys: Vec<KeyView>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Accounts by login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// They.
    pub accounts: Vec<Account>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Workspaces by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspaces {
    /// They.
    pub workspaces: Vec<WorkspaceView>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Members of a workspace by login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// They.
    pub members: Vec<Member>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Entries of the audit, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// They.
    pub entries: Vec<AuditEntry>,
    /// Where to go on, when there may be more.
    #[serde(default)]
    pub next: Option<AuditFrom>,
}

/// How many calls there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCounts {
    /// By caller, server and tool.
    pub counts: Vec<CallCount>,
    /// Where to go on, when there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Whether a server lives, or can work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok` or `ready`.
    pub status: String,
    /// The version of its program.
    pub version: String,
}

/// What went wrong with a request: the fields of RFC 9457, and `error` as the MCP Registry has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Always `about:blank`: the code says more.
    #[serde(default)]
    pub r#type: String,
    /// The status in words.
    #[serde(default)]
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What was wrong.
    #[serde(default)]
    pub detail: String,
    /// The request, by the id that the log of the server has too.
    #[serde(default)]
    pub instance: String,
    /// The same as `detail`.
    #[serde(default)]
    pub error: String,
    /// What `sigyl explain` explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Each thing that is wrong with a body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemPlace>,
}

/// One of several things that are wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemPlace {
    /// What.
    pub message: String,
    /// Where, such as `body/packages/0/version`.
    pub location: String,
}

/// What went wrong after an answer had begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// What `sigyl explain` explains.
    pub code: Option<String>,
    /// What was wrong.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
}
