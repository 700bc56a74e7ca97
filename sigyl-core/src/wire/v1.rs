//! Version 1 of the operations. One [`Request`] is answered by any number of [`Frame::Event`]s, log lines and calls and then
//! exactly one [`Frame::Done`] or [`Frame::Failed`].

mod access;
mod body;
mod quarantine;
mod secrets;
mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deploy::LogLine;
use crate::domain::{
    Account, AuditEntry, AuditHead, Blurb, KeyId, Label, Locator, Login, Policy, ProfilePatch,
    ProvenNamespace, Quarantine, Role, Run, RunId, SecretName, SecretValue, Seq, ServerName, Stars, Suspect,
    Timestamp, Version, Waiver, WorkspaceName,
};
use crate::event::Event;
use crate::mcp::Probe;
use crate::store::CallRecord;
use crate::wire::registry::{
    Finds, ImportReport, ImportRow, ServerList, ServerResponse, StatusUpdate, Validation,
};

pub use crate::domain::Failure;
pub use secrets::{
    Forgotten, ForgottenSecret, KeyChange, MasterKeyView, NewSecret, RotateMasterKey, SecretView, Secrets,
    SetSecret,
};

pub use access::{
    AccountExport, AuditChecked, AuditFrom, CallCount, DeviceLogin, DomainRecord, KeyView, LoginState,
    MadeKey, Member, NewAccount, NewKey, NewWorkspace, Part, SignedTime, SignedToken, Ticket, WhoAmI,
    WorkspaceView,
};
pub use body::{
    AccountChange, AccountProfile, Accounts, Audit, Begun, Bookmark, Broken, CallCounts, Health, Import,
    Keys, Members, Membership, PolicyText, Problem, ProblemPlace, Reason, Release, Rescan, RescannedVersions,
    Rollback, Runs, Servers, Transfer, Uploaded, Versions, Workspaces,
};
pub use quarantine::{Affected, NewQuarantine, NewRating, QuarantineView, Quarantines};
pub use view::{
    Observed, Owner, PolicyChange, PolicyTest, RatingsView, Rescanned, RunEnd, ServerView, VersionView,
};

/// An operation of the handle, as data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op", content = "with")]
#[non_exhaustive]
pub enum Request {
    /// Who owns the data directory?
    Owner,
    /// Scan, record, build, start, probe, activate.
    Deploy(Deploy),
    /// The same for a server that exists, with its settings kept.
    Redeploy(Redeploy),
    /// Let an earlier version serve again.
    Rollback {
        /// The server.
        name: ServerName,
        /// The version; the one that served before the present one when absent.
        version: Option<Version>,
    },
    /// Remove a server.
    Delete {
        /// The server.
        name: ServerName,
        /// The same name, typed by a person.
        confirm: String,
    },
    /// Let a held run pass.
    Approve {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Turn a held run down.
    Reject {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// All servers.
    List,
    /// One server.
    Show {
        /// The server.
        name: ServerName,
    },
    /// The versions of a server.
    Versions {
        /// The server.
        name: ServerName,
    },
    /// The log of a server.
    Logs {
        /// The server.
        name: ServerName,
        /// Lines from the past.
        lines: usize,
        /// Whether to stay and send what comes.
        follow: bool,
    },
    /// Calls of a server's tools, told as they are read.
    Calls {
        /// The server.
        name: ServerName,
        /// Calls from the past.
        limit: usize,
        /// Whether to stay and send what comes.
        follow: bool,
    },
    /// Events that belong to no run, told as they are read.
    Events {
        /// The server; all when absent.
        name: Option<ServerName>,
        /// Events from the past.
        limit: usize,
        /// Whether to stay and send what comes.
        follow: bool,
    },
    /// Every change, numbered, told as it is read.
    Feed {
        /// The last event already seen; from now on when absent.
        after: Option<Seq>,
        /// The server; all when absent.
        server: Option<ServerName>,
        /// Kinds of events; every change when there is none.
        kinds: Vec<String>,
        /// Whether to stay and send what comes.
        follow: bool,
    },
    /// Runs, newest first.
    Runs {
        /// How many.
        limit: usize,
    },
    /// The events of a run from a position on, until it is over or held.
    Watch {
        /// The run.
        run: RunId,
        /// The last event already seen.
        after: Seq,
    },
    /// Ask a running server what it is.
    Probe {
        /// The server.
        name: ServerName,
    },
    /// Call a tool of a running server.
    Call {
        /// The server.
        name: ServerName,
        /// The tool.
        tool: String,
        /// Its arguments.
        arguments: Value,
    },
    /// The policy in force.
    Policy,
    /// Judge every version on record by another policy.
    TestPolicy {
        /// What messages call the file.
        file: String,
        /// What it says.
        text: String,
    },
    /// Judge kept sources by the rules and the policy of today.
    Rescan {
        /// The servers; all when there is none.
        names: Vec<ServerName>,
        /// Whether only what serves is looked at.
        running: bool,
    },
    /// Names of the registry by words, the best first.
    Search {
        /// The words.
        words: String,
        /// How many.
        limit: usize,
    },
    /// A document of the registry.
    Listing {
        /// Its name.
        name: String,
        /// Its version; `latest` is that which ranks highest.
        version: String,
    },
    /// What a publication of this document would come to.
    CheckListing {
        /// The document.
        document: String,
    },
    /// Publish a document.
    PublishListing {
        /// The document.
        document: String,
    },
    /// Let one version of a name, or all, stand otherwise.
    SetListingStatus {
        /// The name.
        name: String,
        /// The version; all when absent.
        version: Option<String>,
        /// How they stand from now on.
        update: StatusUpdate,
    },
    /// Take in documents that were published elsewhere.
    Import {
        /// Where they are from, without credentials.
        source: String,
        /// The documents.
        rows: Vec<ImportRow>,
    },
    /// Up to when was the registry at an address read?
    Bookmark {
        /// The address of its list.
        source: String,
    },
    /// The registry at an address was read whole.
    SetBookmark {
        /// The address of its list.
        source: String,
        /// Up to when.
        until: Timestamp,
    },
    /// A page of documents by name and version.
    Listings {
        /// Where it begins, from the page before.
        cursor: Option<String>,
    },
    /// Write everything to a new file.
    Backup {
        /// The file.
        to: PathBuf,
    },
    /// End the owner with all its children.
    Stop,
    /// Who asks?
    WhoAmI,
    /// Keys of an account; the caller's own when none is named.
    Keys {
        /// The account.
        of: Option<Login>,
    },
    /// Make a key.
    CreateKey(Box<NewKey>),
    /// Make a key good for nothing.
    RevokeKey {
        /// Which.
        id: KeyId,
    },
    /// All accounts.
    Accounts,
    /// Make an account.
    CreateAccount(NewAccount),
    /// All that is on record of the caller's own account.
    ExportMe,
    /// Change what the caller's own account is called.
    RenameMe {
        /// The name; none when absent.
        name: Option<Label>,
    },
    /// Delete the caller's own account.
    DeleteMe {
        /// Its login, typed by a person.
        confirm: Login,
    },
    /// Take the proof that a domain belongs to the caller's account.
    ProveNamespace(SignedTime),
    /// How many calls there were by caller, server and tool.
    CountCalls,
    /// Disable an account, or enable it again.
    DisableAccount {
        /// Which.
        login: Login,
        /// Whether it is disabled from now on.
        disabled: bool,
    },
    /// The caller's workspaces.
    Workspaces,
    /// Make a workspace.
    CreateWorkspace(NewWorkspace),
    /// The members of a workspace.
    Members {
        /// Which.
        workspace: WorkspaceName,
    },
    /// Give an account a role in a workspace.
    SetMember {
        /// Which workspace.
        workspace: WorkspaceName,
        /// Which account.
        login: Login,
        /// As what.
        role: Role,
    },
    /// Take an account out of a workspace.
    RemoveMember {
        /// Which workspace.
        workspace: WorkspaceName,
        /// Which account.
        login: Login,
    },
    /// Give a server to another workspace.
    Transfer {
        /// The server.
        name: ServerName,
        /// The workspace.
        to: WorkspaceName,
    },
    /// The audit, oldest first.
    Audit {
        /// The last entry already seen; when absent, the last entries there are.
        after: Option<u64>,
        /// How many entries.
        limit: usize,
    },
    /// Change how a server is presented.
    Edit {
        /// The server.
        name: ServerName,
        /// What is to be changed.
        patch: Box<ProfilePatch>,
    },
    /// Rate a server.
    Rate {
        /// The server.
        name: ServerName,
        /// How good it is.
        stars: Stars,
        /// Why.
        comment: Option<Blurb>,
    },
    /// Take a rating back.
    TakeRating {
        /// The server.
        name: ServerName,
    },
    /// The ratings of a server.
    Ratings {
        /// The server.
        name: ServerName,
    },
    /// Put something under quarantine.
    Quarantine {
        /// What.
        what: Suspect,
        /// Why.
        reason: String,
    },
    /// All that is under quarantine.
    Quarantines,
    /// A quarantine, with what it covers.
    ShowQuarantine {
        /// Of what.
        what: Suspect,
    },
    /// Lift a quarantine.
    LiftQuarantine {
        /// Of what.
        what: Suspect,
        /// Why.
        reason: String,
    },
    /// Secrets of a server, by name; never their values.
    Secrets {
        /// The server.
        name: ServerName,
    },
    /// Set a secret of a server, which gets it at its next start.
    SetSecret {
        /// The server.
        name: ServerName,
        /// The secret.
        secret: SecretName,
        /// Its value.
        value: SecretValue,
        /// Whether to start the server anew with it.
        restart: bool,
    },
    /// Take a secret from a server.
    RemoveSecret {
        /// The server.
        name: ServerName,
        /// The secret.
        secret: SecretName,
    },
    /// The value of a secret.
    RevealSecret {
        /// The server.
        name: ServerName,
        /// The secret.
        secret: SecretName,
    },
    /// How the master key stands.
    MasterKey,
    /// Let a new master key take over, and wait until everything is sealed under it.
    RotateMasterKey,
    /// Check that the audit is whole.
    VerifyAudit {
        /// An end of it that was kept elsewhere.
        kept: Option<AuditHead>,
    },
}

/// What a deploy needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deploy {
    /// Where the code is; a relative path has been made absolute.
    pub source: Locator,
    /// Name to use instead of the manifest's.
    pub name: Option<ServerName>,
    /// The workspace of the server; the one it is in, or the caller's only one, when absent.
    #[serde(default)]
    pub workspace: Option<WorkspaceName>,
    /// Plain settings.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Secrets to seal and bind.
    #[serde(default)]
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// Permissions that the operator grants, as `kind=value`.
    #[serde(default)]
    pub grant: Vec<String>,
    /// Findings that the operator accepts.
    #[serde(default)]
    pub waive: Vec<Waiver>,
    /// Packages whose install scripts the operator allows.
    #[serde(default)]
    pub allow_scripts: Vec<String>,
    /// Whether dependency code is scanned too.
    #[serde(default)]
    pub deep: bool,
    /// Whether a language model looks at it too.
    #[serde(default)]
    pub review: bool,
}

impl Deploy {
    /// A deploy of `source` with nothing else said.
    pub fn of(source: Locator) -> Self {
        Self {
            source,
            name: None,
            workspace: None,
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            grant: Vec::new(),
            waive: Vec::new(),
            allow_scripts: Vec::new(),
            deep: false,
            review: false,
        }
    }
}

/// What a redeploy may change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Redeploy {
    /// The server.
    pub name: ServerName,
    /// Another source; the one on record when absent.
    pub source: Option<Locator>,
    /// Settings to add or replace.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Secrets to add or replace.
    #[serde(default)]
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// Permissions to add.
    #[serde(default)]
    pub grant: Vec<String>,
    /// Permissions to take back.
    #[serde(default)]
    pub revoke: Vec<String>,
    /// Findings that the operator accepts.
    #[serde(default)]
    pub waive: Vec<Waiver>,
    /// Packages whose install scripts the operator allows.
    #[serde(default)]
    pub allow_scripts: Vec<String>,
    /// Whether dependency code is scanned too.
    #[serde(default)]
    pub deep: bool,
    /// Whether a language model looks at it too.
    #[serde(default)]
    pub review: bool,
}

/// One message of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "frame", content = "with")]
#[non_exhaustive]
pub enum Frame {
    /// Something happened.
    Event(Box<Event>),
    /// Where a feed stands: whoever goes on after this number misses nothing.
    Mark {
        /// The number.
        seq: Seq,
    },
    /// Something of a feed cannot be told.
    Gap {
        /// Where it goes on.
        seq: Seq,
        /// What is missing.
        why: String,
    },
    /// A line of a log.
    Log(LogLine),
    /// A tool was called.
    Call(Box<CallRecord>),
    /// The operation ended well.
    Done(Box<Response>),
    /// The operation failed.
    Failed(Failure),
}

/// The result of an operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "with")]
#[non_exhaustive]
pub enum Response {
    /// The owner.
    Owner(Owner),
    /// How a run ended: deploy, redeploy, rollback, delete, approve, reject, watch.
    Run(Box<RunEnd>),
    /// All servers.
    Servers(Vec<ServerView>),
    /// One server.
    Server(Box<ServerView>),
    /// Versions, newest first.
    Versions(Vec<VersionView>),
    /// Runs, newest first.
    Runs(Vec<Run>),
    /// What a probe met.
    Probe(Box<Probe>),
    /// The result of a tool, as the server gave it.
    Call(Value),
    /// The policy in force.
    Policy(Box<Policy>),
    /// What another policy would change.
    PolicyTest(Box<PolicyTest>),
    /// What became of versions that were looked at again.
    Rescanned(Vec<Rescanned>),
    /// What a search found.
    Finds(Box<Finds>),
    /// A document of the registry.
    Listing(Box<ServerResponse>),
    /// Documents that stand otherwise now.
    Listings(Vec<ServerResponse>),
    /// What the checks of a publication came to.
    Validation(Validation),
    /// What became of an import.
    Imported(Box<ImportReport>),
    /// Up to when a registry was read, if it was.
    Bookmark(Option<Timestamp>),
    /// A page of documents.
    Page(Box<ServerList>),
    /// How many records were written.
    Backup {
        /// Records.
        records: u64,
    },
    /// Who asks.
    WhoAmI(Box<WhoAmI>),
    /// Keys, newest first.
    Keys(Vec<KeyView>),
    /// A key, shown this once.
    MadeKey(Box<MadeKey>),
    /// Accounts by login.
    Accounts(Vec<Account>),
    /// All that is on record of an account.
    AccountExport(Box<AccountExport>),
    /// A namespace that was proven.
    Namespace(Box<ProvenNamespace>),
    /// Calls by caller, server and tool.
    CallCounts(Vec<CallCount>),
    /// Workspaces by name.
    Workspaces(Vec<WorkspaceView>),
    /// Ratings of a server.
    Ratings(Box<RatingsView>),
    /// Quarantines.
    Quarantines(Vec<Quarantine>),
    /// A quarantine, with what it covers.
    Quarantine(Box<QuarantineView>),
    /// Members by login.
    Members(Vec<Member>),
    /// Entries of the audit, oldest first.
    Audit(Vec<AuditEntry>),
    /// Secrets by name, without their values.
    Secrets(Vec<SecretView>),
    /// A secret was set.
    SetSecret(Box<SetSecret>),
    /// The value of a secret.
    Secret(SecretValue),
    /// How the master key stands.
    MasterKey(Box<MasterKeyView>),
    /// The audit is whole.
    AuditChecked(AuditChecked),
    /// Nothing to say.
    Ok,
}
