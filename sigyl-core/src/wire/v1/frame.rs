//! What comes back: the messages of an answer, and the result that is the last of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deploy::LogLine;
use crate::domain::{
    Account, Attested, AuditEntry, Failure, GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories,
    Policy, ProvenNamespace, Quarantine, Report, Run, SecretValue, Seq, Timestamp,
};
use crate::event::Event;
use crate::mcp::Probe;
use crate::store::CallRecord;
use crate::wire::registry::{Finds, ImportReport, ServerList, ServerResponse, Validation};

use super::{
    AccountExport, AuditChecked, CallCount, FollowView, GitHubView, KeyView, MadeKey, MasterKeyView, Member,
    Owner, PolicyTest, PublicKeyView, QuarantineView, RatingsView, Rescanned, RunEnd, SecretView, ServerView,
    SessionCounts, SetSecret, SourceWindow, UsageView, Verification, VersionView, WhoAmI, WorkspaceView,
};

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
    /// Lines of a kept source.
    Source(Box<SourceWindow>),
    /// Runs, newest first.
    Runs(Vec<Run>),
    /// What a scan found.
    Report(Box<Report>),
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
    /// Sessions that are open, by server and caller.
    SessionCounts(Box<SessionCounts>),
    /// What was measured of a server.
    Usage(Box<UsageView>),
    /// Workspaces by name.
    Workspaces(Vec<WorkspaceView>),
    /// Ratings of a server.
    Ratings(Box<RatingsView>),
    /// Servers that follow a branch.
    Follows(Vec<FollowView>),
    /// A server that follows a branch.
    Follow(Box<FollowView>),
    /// Where the GitHub App is installed.
    #[serde(rename = "github_installations")]
    GitHubInstallations(GitHubInstallations),
    /// Repositories at GitHub.
    #[serde(rename = "github_repositories")]
    GitHubRepositories(GitHubRepositories),
    /// Branches and tags at GitHub.
    #[serde(rename = "github_refs")]
    GitHubRefs(Box<GitHubRefs>),
    /// What stands at the root of a repository at GitHub.
    #[serde(rename = "github_files")]
    GitHubFiles(Box<GitHubFiles>),
    /// What was signed of a release.
    Attested(Box<Attested>),
    /// What a check of it came to.
    Verification(Box<Verification>),
    /// The key that it is checked with.
    PublicKey(PublicKeyView),
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
    /// How GitHub is asked.
    GitHub(Box<GitHubView>),
    /// The audit is whole.
    AuditChecked(AuditChecked),
    /// Nothing to say.
    Ok,
}
