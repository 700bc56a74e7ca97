//! Version 1 of the operations. One [`Request`] is answered by any number of [`Frame::Event`]s, log lines and calls and then
//! exactly one [`Frame::Done`] or [`Frame::Failed`].

mod access;
mod body;
mod deploy;
mod follow;
mod frame;
mod github;
mod quarantine;
mod request;
mod secrets;
mod source;
mod usage;
mod verify;
mod view;

pub use crate::domain::Failure;
pub use secrets::{
    Forgotten, ForgottenSecret, KeyChange, MasterKeyView, NewSecret, RotateMasterKey, SecretView, Secrets,
    SetSecret,
};

pub use access::{
    AccountExport, AuditChecked, AuditFrom, CallCount, DeviceLogin, DomainRecord, KeyView, LoginState,
    MadeKey, Member, NewAccount, NewKey, NewWorkspace, Part, SessionCount, SessionCounts, SignedTime,
    SignedToken, Ticket, WhoAmI, WorkspaceView,
};
pub use body::{
    AccountChange, AccountProfile, Accounts, Audit, Begun, Bookmark, Broken, CallCounts, Health, Import,
    Keys, Members, Membership, PolicyText, Problem, ProblemPlace, Promotion, Reason, Release, Rescan,
    RescannedVersions, Rollback, Runs, Servers, Transfer, Uploaded, Versions, Workspaces,
};
pub use deploy::{Deploy, Reconfigure, Redeploy, Settings};
pub use follow::{FollowView, Follows, HookOutcome, HookTaken, NewFollow, WaitingCommit};
pub use frame::{Frame, Response};
pub use github::{GitHubView, InForce, KeptGitHubApp, NewGitHubApp};
pub use quarantine::{Affected, NewQuarantine, NewRating, QuarantineView, Quarantines, Unreached};
pub use request::Request;
pub use source::{SourceOf, SourceWindow};
pub use usage::UsageView;
pub use verify::{PublicKeyView, Verification};
pub use view::{
    FindingCounts, Observed, Owner, PolicyChange, PolicyTest, RatingsView, Rescanned, RunEnd, ServerView,
    VersionView,
};
