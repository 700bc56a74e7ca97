//! What a response holds, or that it is not what was asked for.

use serde_json::Value;
use sigyl_core::domain::{
    Account, Attested, AuditEntry, GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories, Policy,
    ProvenNamespace, Quarantine, Report, Run, SecretValue, Timestamp,
};
use sigyl_core::mcp::Probe;
use sigyl_core::wire::registry::{Finds, ImportReport, ServerList, ServerResponse, Validation};
use sigyl_core::wire::v1::{
    AccountExport, AuditChecked, CallCount, FollowView, GitHubView, KeyView, MadeKey, MasterKeyView, Member,
    Owner, PolicyTest, PublicKeyView, QuarantineView, RatingsView, Rescanned, Response, RunEnd, SecretView,
    ServerView, SessionCounts, SetSecret, SourceWindow, UsageView, Verification, VersionView, WhoAmI,
    WorkspaceView,
};

use crate::problem::Problem;

/// Takes a value out of a response.
pub(crate) trait Answer: Sized {
    /// Returns the value, or the response if it is another one.
    fn of(response: Response) -> Result<Self, Box<Response>>;

    /// Returns the value, or says that the owner answered something else.
    fn take(response: Response) -> Result<Self, Problem> {
        Self::of(response).map_err(|other| Problem::unexpected(&other))
    }
}

macro_rules! answer {
    ($type:ty, $variant:ident $(, $unbox:tt)?) => {
        impl Answer for $type {
            fn of(response: Response) -> Result<Self, Box<Response>> {
                match response {
                    Response::$variant(value) => Ok($($unbox)? value),
                    other => Err(Box::new(other)),
                }
            }
        }
    };
}

answer!(Owner, Owner);
answer!(RunEnd, Run, *);
answer!(Vec<ServerView>, Servers);
answer!(ServerView, Server, *);
answer!(Vec<VersionView>, Versions);
answer!(Vec<Run>, Runs);
answer!(Policy, Policy, *);
answer!(PolicyTest, PolicyTest, *);
answer!(Report, Report, *);
answer!(Probe, Probe, *);
answer!(Vec<Rescanned>, Rescanned);
answer!(Value, Call);
answer!(WhoAmI, WhoAmI, *);
answer!(AccountExport, AccountExport, *);
answer!(ProvenNamespace, Namespace, *);
answer!(Vec<CallCount>, CallCounts);
answer!(SessionCounts, SessionCounts, *);
answer!(UsageView, Usage, *);
answer!(SourceWindow, Source, *);
answer!(Vec<Account>, Accounts);
answer!(Vec<KeyView>, Keys);
answer!(MadeKey, MadeKey, *);
answer!(Vec<Member>, Members);
answer!(Vec<Quarantine>, Quarantines);
answer!(QuarantineView, Quarantine, *);
answer!(Vec<FollowView>, Follows);
answer!(FollowView, Follow, *);
answer!(GitHubInstallations, GitHubInstallations);
answer!(GitHubRepositories, GitHubRepositories);
answer!(GitHubRefs, GitHubRefs, *);
answer!(GitHubFiles, GitHubFiles, *);
answer!(Attested, Attested, *);
answer!(Verification, Verification, *);
answer!(PublicKeyView, PublicKey);
answer!(RatingsView, Ratings, *);
answer!(Vec<WorkspaceView>, Workspaces);
answer!(Vec<AuditEntry>, Audit);
answer!(AuditChecked, AuditChecked);
answer!(Vec<SecretView>, Secrets);
answer!(SetSecret, SetSecret, *);
answer!(SecretValue, Secret);
answer!(MasterKeyView, MasterKey, *);
answer!(GitHubView, GitHub, *);
answer!(Finds, Finds, *);
answer!(ServerResponse, Listing, *);
answer!(Vec<ServerResponse>, Listings);
answer!(Validation, Validation);
answer!(ImportReport, Imported, *);
answer!(ServerList, Page, *);
answer!(Option<Timestamp>, Bookmark);

impl Answer for () {
    fn of(response: Response) -> Result<Self, Box<Response>> {
        match response {
            Response::Ok => Ok(()),
            other => Err(Box::new(other)),
        }
    }
}
