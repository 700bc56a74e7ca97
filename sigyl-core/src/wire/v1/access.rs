//! Accounts, workspaces, keys and the audit, as operations take and show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Account, ApiKey, AuditEntry, AuditHead, KeyId, Label, Login, Network, Role, Run, Scope, SecretValue,
    ServerName, Shows, Timestamp, Workspace, WorkspaceName,
};

/// What a new key is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for, in words.
    pub label: Label,
    /// What it may be used for; of what the account may do, everything when empty.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// The only workspace that it is for.
    #[serde(default)]
    pub workspace: Option<WorkspaceName>,
    /// Where it may be used from; everywhere when empty.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Until when it is good.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Whose it will be; the caller's own when absent. Only administrators make keys for others.
    #[serde(default)]
    pub account: Option<Login>,
    /// What of the registry it shows, when it is to be the address of a view; administrators alone make one.
    #[serde(default)]
    pub view: Option<Shows>,
}

/// A key as lists show it: everything but its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Its public part.
    pub id: KeyId,
    /// Whose it is.
    pub account: Login,
    /// The only workspace that it is for.
    pub workspace: Option<WorkspaceName>,
    /// What it is for, in words.
    pub label: Label,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// Where it may be used from; everywhere when empty.
    pub networks: Vec<Network>,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
    /// Since when it is good for nothing.
    pub revoked: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// How often it was used.
    pub uses: u64,
    /// The key that somebody signed in with, when this one stands for their browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<KeyId>,
    /// Whether somebody got it by signing in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in: bool,
    /// What of the registry it shows, when it is the address of a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Shows>,
}

impl KeyView {
    /// Shows a key of an account.
    pub fn of(key: ApiKey, account: &Account) -> Self {
        Self {
            id: key.id,
            account: account.login.clone(),
            workspace: key.workspace,
            label: key.label,
            scopes: key.scopes,
            networks: key.networks,
            created: key.created,
            expires: key.expires,
            revoked: key.revoked,
            last_used: key.last_used,
            uses: key.uses,
            parent: key.parent,
            sign_in: key.sign_in,
            view: key.view,
        }
    }
}

/// A key that was just made: the only time that it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MadeKey {
    /// What is on record.
    pub key: KeyView,
    /// The whole key, as its holder shows it.
    pub plain: SecretValue,
}

/// What a new account is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// What it signs in by.
    pub login: Login,
    /// What people call it.
    #[serde(default)]
    pub name: Option<Label>,
    /// Whether it may do everything in every workspace, and with the installation itself.
    #[serde(default)]
    pub administrator: bool,
}

/// What a new workspace is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    /// Its name.
    pub name: WorkspaceName,
    /// What people call it.
    #[serde(default)]
    pub title: Option<Label>,
    /// Its first owner.
    pub owner: Login,
}

/// A workspace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// Its name.
    pub name: WorkspaceName,
    /// What people call it.
    pub title: Option<Label>,
    /// When it was made.
    pub created: Timestamp,
    /// How many belong to it.
    pub members: usize,
}

impl From<Workspace> for WorkspaceView {
    fn from(it: Workspace) -> Self {
        Self { name: it.name, title: it.title, created: it.created, members: it.members.len() }
    }
}

/// A member of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The login of the account.
    pub login: Login,
    /// What people call it.
    pub name: Option<Label>,
    /// What it is in the workspace.
    pub role: Role,
    /// Whether the account is disabled.
    pub disabled: bool,
}

/// Who asks, as Sigyl sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// What the caller is called.
    pub name: String,
    /// The account, when there is one.
    pub account: Option<Account>,
    /// The key that was shown, when one was.
    pub key: Option<KeyView>,
    /// What the account is in each workspace that the key reaches.
    pub roles: BTreeMap<WorkspaceName, Role>,
}

/// What a check of the audit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChecked {
    /// Where the audit ends: worth keeping elsewhere, for the next check.
    pub head: AuditHead,
}

/// A sign-in that waits for somebody to type a code into a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceLogin {
    /// What its outcome is asked for by.
    pub ticket: SecretValue,
    /// What they type.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// Seconds to wait before each question.
    pub interval: u64,
    /// Seconds until it is over.
    pub expires_in: u64,
}

/// By what the outcome of a sign-in is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// As it was given when the sign-in began.
    pub ticket: SecretValue,
}

/// A token that the system of a job signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedToken {
    /// The token.
    pub token: SecretValue,
}

/// How such a sign-in stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoginState {
    /// Nobody typed the code yet.
    Waiting {
        /// Seconds to wait before the next question.
        interval: u64,
    },
    /// They did: this key stands for them.
    Done(Box<MadeKey>),
}

/// The proof that a domain belongs to somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTime {
    /// The domain, such as `example.com`.
    pub domain: String,
    /// The time, in the form of RFC 3339.
    pub time: String,
    /// The ed25519 signature of that text, in hex digits.
    pub signature: String,
    /// Where the domain names its key.
    #[serde(default, skip_serializing_if = "DomainRecord::is_http")]
    pub by: DomainRecord,
}

/// Where a domain names the key that is its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DomainRecord {
    /// At its own address.
    #[default]
    Http,
    /// On record in DNS, as a TXT record of its own.
    Dns,
}

impl DomainRecord {
    fn is_http(&self) -> bool {
        *self == Self::Http
    }
}

/// All that is on record of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountExport {
    /// When it was put together.
    pub at: Timestamp,
    /// The account, with what it signs in by and the namespaces that it proved.
    pub account: Account,
    /// What it is in each workspace.
    pub roles: BTreeMap<WorkspaceName, Role>,
    /// Its keys, without their secrets.
    pub keys: Vec<KeyView>,
    /// Runs that it asked for, newest first.
    pub runs: Vec<Run>,
    /// What it did, oldest first.
    pub audit: Vec<AuditEntry>,
    /// What was not looked at.
    pub left_out: Vec<String>,
}

/// The sessions that are open at the endpoint now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionCounts {
    /// By server and caller, the most first; nothing is known where the process that answers has no endpoint.
    pub sessions: Option<Vec<SessionCount>>,
    /// Sessions of those that are not listed, where there are very many.
    #[serde(default)]
    pub others: u64,
}

/// How many sessions somebody has open with a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCount {
    /// The server.
    pub server: ServerName,
    /// The login of whoever opened them; empty where nobody asks.
    pub caller: String,
    /// How many.
    pub open: u64,
}

/// How many calls somebody made of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCount {
    /// The server.
    pub server: ServerName,
    /// The login of whoever called; empty where nobody asks.
    pub caller: String,
    /// The tool.
    pub tool: String,
    /// How many the server answered.
    pub ok: u64,
    /// How many the tool answered with `isError`.
    pub tool_error: u64,
    /// How many the server answered with a JSON-RPC error.
    pub protocol_error: u64,
    /// How many had no answer.
    pub failed: u64,
    /// How long they took together, in microseconds.
    pub micros: u64,
    /// Within how many microseconds half of them ended, as the end of a range whose beginning is a tenth below; nothing where an
    /// earlier Sigyl tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<u64>,
    /// The same of 95 of 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<u64>,
    /// The same of 99 of 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<u64>,
}

impl CallCount {
    /// No calls yet.
    pub fn none(server: ServerName, caller: String, tool: String) -> Self {
        Self {
            server,
            caller,
            tool,
            ok: 0,
            tool_error: 0,
            protocol_error: 0,
            failed: 0,
            micros: 0,
            p50: None,
            p95: None,
            p99: None,
        }
    }
}

/// A part of a list: what is shown of the records that were looked at, and where to go on when there may be more. It can
/// be shorter than what was asked for, or empty, and go on all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part<T, K> {
    /// What is shown.
    pub items: Vec<T>,
    /// Where the next part begins.
    pub next: Option<K>,
}

/// Where a part of the audit begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFrom {
    /// After the entry with this number, towards the end.
    After(u64),
    /// Before the entry with this number, towards the beginning.
    Before(u64),
    /// At the end, towards the beginning.
    End,
}
