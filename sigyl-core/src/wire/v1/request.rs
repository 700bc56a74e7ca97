//! What is asked: an operation of the handle, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    AuditHead, Blurb, CommitId, KeyId, Label, Login, ProfilePatch, RepositoriesOf, RepositoryName, Role,
    RunId, SecretName, SecretValue, Seq, ServerName, Stars, Suspect, Timestamp, Version, WorkspaceName,
};
use crate::wire::registry::{ImportRow, StatusUpdate};

use super::{
    Deploy, NewAccount, NewFollow, NewGitHubApp, NewKey, NewWorkspace, Reconfigure, Redeploy, SignedTime,
    SourceOf,
};

/// An operation of the handle, as data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op", content = "with")]
#[non_exhaustive]
pub enum Request {
    /// Who owns the data directory?
    Owner,
    /// What a scan of a run found.
    Report {
        /// The run.
        run: RunId,
        /// Whether it is about what the started server says of itself, and not about its source.
        live: bool,
    },
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
    /// Start the version that serves anew, with other settings or limits.
    Reconfigure(Reconfigure),
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
    /// Cancel a run that is at work: what it did is taken back.
    Cancel {
        /// The run.
        run: RunId,
    },
    /// Let a version that a run tries go on now.
    Promote {
        /// The run.
        run: RunId,
        /// Percent of new clients that it goes on to; all of them when absent.
        to: Option<u8>,
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
    /// Lines of a kept source.
    Source {
        /// Whose.
        of: SourceOf,
        /// The file.
        path: String,
        /// The first line, from 1.
        from: u32,
        /// How many lines.
        lines: u32,
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
    /// What was measured of a server where it runs.
    Usage {
        /// The server.
        name: ServerName,
        /// Seconds before now that are asked about.
        since: u64,
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
    /// How many sessions are open now, by server and caller.
    CountSessions,
    /// Disable an account, or enable it again.
    DisableAccount {
        /// Which.
        login: Login,
        /// Whether it is disabled from now on.
        disabled: bool,
    },
    /// Make an account an administrator, or take that from it.
    SetAdministrator {
        /// Which.
        login: Login,
        /// Whether it is one from now on.
        administrator: bool,
    },
    /// Delete an account.
    DeleteAccount {
        /// Which.
        login: Login,
        /// The same, typed by a person.
        confirm: String,
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
    /// Have a server follow a branch.
    SetFollow {
        /// The server.
        name: ServerName,
        /// The branch, and what a push to it leads to.
        follow: NewFollow,
    },
    /// All servers that follow a branch.
    Follows,
    /// End that a server follows a branch.
    EndFollow {
        /// The server.
        name: ServerName,
    },
    /// Release the commit that waits.
    ReleaseFollowed {
        /// The server.
        name: ServerName,
        /// The commit; whichever waits when absent.
        commit: Option<CommitId>,
    },
    /// Where the GitHub App of the installation is installed.
    #[serde(rename = "github_installations")]
    GitHubInstallations,
    /// Repositories at GitHub.
    #[serde(rename = "github_repositories")]
    GitHubRepositories {
        /// Whose.
        of: RepositoriesOf,
    },
    /// The branches and tags of a repository at GitHub.
    #[serde(rename = "github_refs")]
    GitHubRefs {
        /// The repository.
        repository: RepositoryName,
    },
    /// What stands at the root of a repository at GitHub and says what it is.
    #[serde(rename = "github_files")]
    GitHubFiles {
        /// The repository.
        repository: RepositoryName,
        /// A branch, a tag or a commit; the branch that is shown first when absent.
        reference: Option<String>,
    },
    /// What was signed of what serves a server.
    Attested {
        /// The server.
        name: ServerName,
    },
    /// Check what was signed of what serves a server, link by link.
    Verify {
        /// The server.
        name: ServerName,
    },
    /// The key that checks what this instance signs.
    PublicKey,
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
    /// How GitHub is asked, and which App is kept.
    GitHubApp,
    /// Keep a GitHub App.
    KeepGitHubApp {
        /// It, with its keys.
        new: Box<NewGitHubApp>,
    },
    /// Let go of the GitHub App that is kept.
    ForgetGitHubApp,
    /// Check that the audit is whole.
    VerifyAudit {
        /// An end of it that was kept elsewhere.
        kept: Option<AuditHead>,
    },
}
