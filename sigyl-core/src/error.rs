//! The error of the handle.

mod codes;
mod kept;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::access::{AccessError, DomainError, SignInError};
use crate::attest::AttestError;
use crate::deploy::TargetError;
use crate::domain::{
    CommitId, Denied, Failure, KeyId, Kind, Login, Mask, MemberError, OnceName, OverlayError, Quarantine,
    Quarantined, RunId, RunState, SecretName, ServerName, Suspect, WindowError, WorkspaceName,
};
use crate::event::UnknownKind;
use crate::github::api::ApiError;
use crate::github::app::AppError;
use crate::github::webhook::HookError;
use crate::mcp::McpError;
use crate::pipeline::{NotPromoted, StepError, failure};
use crate::registry::{ListingError, QueryError};
use crate::scan::RuleSetError;
use crate::scan::policy::PolicyError;
use crate::source::UploadError;
use crate::store::StoreError;
use crate::vault::VaultError;

pub use codes::{CODES, CodeDoc};
pub use kept::KeptError;

/// An operation of the handle failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A step or a room under it failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The built-in rules do not compile: a defect.
    #[error("the rules cannot be compiled")]
    Rules(#[from] RuleSetError),
    /// A policy cannot be used.
    #[error("the policy cannot be used")]
    Policy(#[from] PolicyError),
    /// The target failed.
    #[error("the target failed")]
    Target(#[from] TargetError),
    /// A server did not answer as it should.
    #[error("the server did not answer as it should")]
    Mcp(#[from] McpError),
    /// A key, or the audit.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Somebody cannot sign in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// What is signed cannot be made, or is not believed.
    #[error(transparent)]
    Attest(#[from] AttestError),
    /// Nothing was signed of what serves.
    #[error(
        "there is no statement of {0}: nothing of it serves, or it serves since before statements were made"
    )]
    NoStatement(ServerName),
    /// The feed has no such events.
    #[error(transparent)]
    Feed(#[from] UnknownKind),
    /// A namespace is not proven.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// A membership cannot be changed like this.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// Nobody could administer the installation any more.
    #[error("this is {0}")]
    LastWayIn(&'static str),
    /// Servers, or documents, would be nobody's.
    #[error("{login} is the only owner of what these belong to: {servers}")]
    HoldsServers {
        /// The account.
        login: Login,
        /// The servers and documents, with their workspaces.
        servers: String,
    },
    /// The login was not typed exactly.
    #[error("`{typed}` is not `{login}`: no account was deleted")]
    AccountNotConfirmed {
        /// The account.
        login: Login,
        /// What was typed.
        typed: String,
    },
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(String),
    /// There is no such workspace, for this caller at least.
    #[error("there is no workspace {0}")]
    NoWorkspace(WorkspaceName),
    /// There is no such key, for this caller at least.
    #[error("there is no key {0}")]
    NoKey(KeyId),
    /// It is not said which of several workspaces is meant.
    #[error("it is not clear for which of your workspaces this is: name one")]
    WhichWorkspace,
    /// The name belongs to another workspace.
    #[error("the name {0} belongs to another workspace")]
    NotOurs(ServerName),
    /// There is no such server.
    #[error("there is no server {0}")]
    NoServer(ServerName),
    /// There is no such run.
    #[error("there is no run {0}")]
    NoRun(RunId),
    /// There is no such secret.
    #[error("{server} has no secret {name}")]
    NoSecret {
        /// The server.
        server: ServerName,
        /// The secret.
        name: SecretName,
    },
    /// A secret cannot be taken as it is. Never tells any of its value.
    #[error("the secret {name} cannot be set: {why}")]
    Secret {
        /// The secret.
        name: SecretName,
        /// What is wrong.
        why: String,
    },
    /// Nothing is given up: the master key is the right one, or nothing is sealed.
    #[error(
        "nothing is given up: the master key that is configured is the right one, or nothing is sealed under another"
    )]
    NotLost,
    /// What a lost key sealed is given up only by whoever names that key.
    #[error(
        "{secrets} secrets and {keys} keys rest on master key {key}, which is not there ({why}): put it back if anybody has it; \
         to give them up, confirm with {key}"
    )]
    NotGivenUp {
        /// The id of the lost key.
        key: String,
        /// Why it is not there.
        why: String,
        /// Secrets that would have to be set anew.
        secrets: usize,
        /// Keys that would be revoked.
        keys: usize,
    },
    /// A run works on the server.
    #[error("a run works on {0}: try again when it is over")]
    Busy(ServerName),
    /// Nobody measures over such a span.
    #[error("nothing is measured over that span: {0}")]
    Window(#[from] WindowError),
    /// The server does not run here and now.
    #[error("{0} is not running")]
    NotRunning(ServerName),
    /// The run does not wait for a decision.
    #[error("run {run} is {state}, not held")]
    NotHeld {
        /// The run.
        run: RunId,
        /// How it stands.
        state: RunState,
    },
    /// The run cannot be cancelled.
    #[error("run {run} {why}")]
    NotAtWork {
        /// The run.
        run: RunId,
        /// Why.
        why: &'static str,
    },
    /// No version of the run can be promoted.
    #[error("run {run} {why}")]
    NotPromoted {
        /// The run.
        run: RunId,
        /// Why.
        why: NotPromoted,
    },
    /// The name was not typed exactly.
    #[error("`{typed}` is not `{name}`: nothing was deleted")]
    NotConfirmed {
        /// The server.
        name: ServerName,
        /// What was typed.
        typed: String,
    },
    /// A decision says why.
    #[error("a decision needs a reason")]
    NoReason,
    /// It is under quarantine.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// A quarantine of this stands.
    #[error("{0} is under quarantine already")]
    Standing(Suspect),
    /// This is not under quarantine, for this caller at least.
    #[error("{0} is not under quarantine")]
    NotStanding(Suspect),
    /// There are more quarantines than may be.
    #[error("{0} quarantines stand, and no more are taken: lift those that are over")]
    TooManyStanding(usize),
    /// A reason is too long, or cannot be shown.
    #[error("a reason has 1 to {most} characters that can be seen", most = Quarantine::REASON_MAX)]
    BadReason,
    /// This cannot be said of a server.
    #[error(transparent)]
    Overlay(#[from] OverlayError),
    /// A comment is too long.
    #[error("a comment has at most {0} characters")]
    LongComment(usize),
    /// This account has not rated the server.
    #[error("you have not rated {0}")]
    NoRating(ServerName),
    /// A run has no such report.
    #[error("the run {run} has no report on {}", if *.live { "what its server says of itself" } else { "a source" })]
    NoReport {
        /// The run.
        run: RunId,
        /// Whether one on the started server was asked for.
        live: bool,
    },
    /// Lines of a kept source cannot be shown.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// Another request was sent under the same idempotency key.
    #[error("the idempotency key {0} was used for another request")]
    OnceOther(OnceName),
    /// What came of a request under this idempotency key is not known, or not kept.
    #[error("a request with the idempotency key {0} was begun, and what came of it is not known here")]
    OnceOpen(OnceName),
    /// A file or socket of the data directory failed.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The endpoint's address cannot be taken.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// The data directory lies so deep that no socket can stand in it.
    #[error("{path} has {} bytes, more than the system takes for a socket", path.as_os_str().len())]
    LongSocket {
        /// The socket.
        path: PathBuf,
    },
    /// A document of the registry cannot be taken, found or changed.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// An archive cannot be taken, or is not there.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// A delivery of a webhook is not taken.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// GitHub cannot be asked about repositories.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A GitHub App is not kept, or not used.
    #[error(transparent)]
    App(#[from] AppError),
    /// A server follows no branch.
    #[error("{0} follows no branch")]
    NoFollow(ServerName),
    /// A server cannot follow a branch.
    #[error("{server} cannot follow a branch: {why}")]
    NotFollowable {
        /// Which.
        server: ServerName,
        /// Why.
        why: &'static str,
    },
    /// No commit waits, or another.
    #[error("{what} waits for {server} to be released", what = no_commit(asked.as_ref()))]
    NothingWaits {
        /// For which server.
        server: ServerName,
        /// The commit that was named.
        asked: Option<CommitId>,
    },
    /// What went wrong repeated a secret, which is hidden here.
    #[error("{}", .0.message)]
    Hidden(Box<Failure>),
    /// The owner and this program do not understand each other.
    #[error("the owner of the data directory answered {0}")]
    Protocol(String),
}

fn no_commit(asked: Option<&CommitId>) -> String {
    asked.map_or_else(|| "no commit".to_owned(), |commit| format!("commit {} is not what", commit.short()))
}

impl Error {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Denied(_) => Kind::Denied,
            Self::Step(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Vault(error) => error.kind(),
            Self::Rules(_) => Kind::Internal,
            Self::Policy(error) => error.kind(),
            Self::Target(error) => error.kind(),
            Self::Mcp(error) => error.kind(),
            Self::Access(error) => error.kind(),
            Self::SignIn(error) => error.kind(),
            Self::Feed(_) => Kind::Invalid,
            Self::Attest(error) => error.kind(),
            Self::NoStatement(_) => Kind::NotFound,
            Self::Domain(error) => error.kind(),
            Self::Listing(error) => error.kind(),
            Self::Upload(error) => error.kind(),
            Self::Hook(error) => error.kind(),
            Self::Api(error) => error.kind(),
            Self::App(error) => error.kind(),
            Self::NoFollow(_) => Kind::NotFound,
            Self::NotFollowable { .. } => Kind::Invalid,
            Self::NothingWaits { .. } => Kind::Conflict,
            Self::NoServer(_) | Self::NoRun(_) | Self::NotStanding(_) | Self::NoRating(_) => Kind::NotFound,
            Self::NoReport { .. } => Kind::NotFound,
            Self::Overlay(_) | Self::LongComment(_) | Self::Window(_) => Kind::Invalid,
            Self::Kept(error) => error.kind(),
            Self::OnceOther(_) | Self::OnceOpen(_) => Kind::Conflict,
            Self::Quarantined(_) => Kind::Blocked,
            Self::Standing(_) | Self::TooManyStanding(_) => Kind::Conflict,
            Self::Hidden(failure) => failure.kind,
            Self::NoSecret { .. } => Kind::NotFound,
            Self::Secret { .. } => Kind::Invalid,
            Self::NotLost | Self::NotGivenUp { .. } => Kind::Conflict,
            Self::Busy(_) => Kind::Conflict,
            Self::NoAccount(_) | Self::NoWorkspace(_) | Self::NoKey(_) => Kind::NotFound,
            Self::NotPromoted { why: NotPromoted::NoShare(_), .. } => Kind::Invalid,
            Self::NotRunning(_)
            | Self::NotHeld { .. }
            | Self::NotAtWork { .. }
            | Self::NotPromoted { .. }
            | Self::NotOurs(_)
            | Self::Member(_) => Kind::Conflict,
            Self::HoldsServers { .. } => Kind::Conflict,
            Self::AccountNotConfirmed { .. } => Kind::Invalid,
            Self::LastWayIn(_) => Kind::Conflict,
            Self::WhichWorkspace => Kind::Invalid,
            Self::NotConfirmed { .. } | Self::NoReason | Self::BadReason | Self::LongSocket { .. } => {
                Kind::Invalid
            }
            Self::Io { .. } | Self::Listen { .. } | Self::Protocol(_) => Kind::Unavailable,
        }
    }

    /// Returns the stable code of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "E0901",
            Self::Step(error) => error.code(),
            Self::Store(error) => crate::pipeline::store_code(error),
            Self::Vault(VaultError::Busy { .. } | VaultError::NoNewKey(_) | VaultError::NotSealing(_)) => {
                "E0806"
            }
            Self::Vault(VaultError::GivenUp { .. }) => "E0802",
            Self::Vault(_) => "E0801",
            Self::Rules(_) => "E0999",
            Self::Policy(_) => "E0202",
            Self::Target(_) => "E0505",
            Self::Mcp(_) => "E0601",
            Self::Access(error) => error.code(),
            Self::SignIn(error) => error.code(),
            Self::Hook(_) => "E1401",
            Self::Api(ApiError::Nobody | ApiError::WhichInstallation | ApiError::NoApp) => "E1405",
            Self::Api(_) => "E1403",
            Self::App(_) => "E1404",
            Self::NoFollow(_) | Self::NotFollowable { .. } | Self::NothingWaits { .. } => "E1402",
            Self::Feed(_) => "E1024",
            Self::Attest(error) => error.code(),
            Self::NoStatement(_) => "E1503",
            Self::Domain(_) => "E1022",
            Self::HoldsServers { .. } => "E1023",
            Self::AccountNotConfirmed { .. } => "E0407",
            Self::Member(_) | Self::LastWayIn(_) => "E1006",
            Self::NoAccount(_) => "E1002",
            Self::NoWorkspace(_) | Self::WhichWorkspace => "E1003",
            Self::NoKey(_) => "E1004",
            Self::NotOurs(_) => "E1009",
            Self::Listing(error) => listing_code(error),
            Self::Upload(_) => "E1307",
            Self::Hidden(failure) => {
                CODES.iter().find(|doc| doc.code == failure.code).map_or("E0999", |doc| doc.code)
            }
            Self::NoSecret { .. } => "E0803",
            Self::Secret { .. } => "E0804",
            Self::NotLost | Self::NotGivenUp { .. } => "E0807",
            Self::Busy(_) => "E0805",
            Self::NoServer(_) => "E0402",
            Self::NoRun(_) => "E0405",
            Self::NotRunning(_) => "E0406",
            Self::NotHeld { .. } => "E0306",
            Self::NotAtWork { .. } => "E0310",
            Self::NotPromoted { .. } => "E0312",
            Self::NotConfirmed { .. } => "E0407",
            Self::NoReason | Self::BadReason => "E0307",
            Self::Overlay(_) | Self::LongComment(_) => "E0408",
            Self::NoRating(_) => "E0409",
            Self::Window(_) => "E0415",
            Self::NoReport { .. } => "E0410",
            Self::Kept(error) => error.code(),
            Self::OnceOther(_) | Self::OnceOpen(_) => "E1014",
            Self::Quarantined(_) => "E0308",
            Self::Standing(_) | Self::NotStanding(_) | Self::TooManyStanding(_) => "E0309",
            Self::Io { .. } => "E0703",
            Self::Protocol(_) => "E0705",
            Self::Listen { .. } => "E0706",
            Self::LongSocket { .. } => "E0707",
        }
    }

    /// Hides secrets in what is told of this failure.
    #[cfg_attr(
        not(all(feature = "sled", feature = "gateway")),
        expect(dead_code, reason = "the handle alone asks")
    )]
    pub(crate) fn hiding(self, mask: &Mask) -> Self {
        let failure = self.failure();
        match mask.text(&failure.message) {
            Cow::Borrowed(_) => self,
            Cow::Owned(message) => Self::Hidden(Box::new(Failure { message, ..failure })),
        }
    }

    /// Tells this failure as it crosses a boundary.
    pub fn failure(&self) -> Failure {
        if let Self::Hidden(failure) = self {
            return Failure::clone(failure);
        }
        if let Self::Step(error) = self {
            return failure(error);
        }
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            let text = next.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = next.source();
        }
        let hint = CODES.iter().find(|doc| doc.code == self.code()).map(|doc| doc.remedy.to_owned());
        Failure { code: self.code().to_owned(), kind: self.kind(), message, hint }
    }
}

fn listing_code(error: &ListingError) -> &'static str {
    match error {
        ListingError::Invalid(_) | ListingError::ElseWhere { .. } | ListingError::Source { .. } => "E1101",
        ListingError::Taken { .. } | ListingError::UrlTaken { .. } | ListingError::TooMany { .. } => "E1102",
        ListingError::NoName(_) | ListingError::NoVersion { .. } | ListingError::Address(_) => "E1103",
        ListingError::Owned(_) => "E0901",
        ListingError::Quarantined(_) => "E0308",
        ListingError::NoChange { .. } | ListingError::Standing(_) | ListingError::Released(_) => "E1104",
        ListingError::Query(QueryError::Cursor(_) | QueryError::OtherList(_)) => "E1106",
        ListingError::Query(_) => "E1105",
        ListingError::Store(error) => crate::pipeline::store_code(error),
        ListingError::Unreadable(_) => "E0704",
        ListingError::CutOff(_) => "E0999",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_blamed_for_nothing_but_the_disk() {
        let path = || PathBuf::from("/x");
        let io = || std::io::Error::from(std::io::ErrorKind::Other);
        for (error, code) in [
            (Error::Listen { address: ([127, 0, 0, 1], 1).into(), source: io() }, "E0706"),
            (Error::LongSocket { path: path() }, "E0707"),
            (StoreError::NoBackup { action: "open", path: path(), source: io() }.into(), "E0708"),
            (StoreError::BadBackup { path: path(), why: "it ends too early".into() }.into(), "E0708"),
            (StoreError::NotEmpty { path: path() }.into(), "E0709"),
            (StoreError::TooDeep { key: "x".into(), depth: 200, limit: 100 }.into(), "E0710"),
            (StoreError::RecordTooNew { key: "x".into(), found: 2, known: 1 }.into(), "E0702"),
            (StoreError::Io { action: "write", path: path(), source: io() }.into(), "E0703"),
        ] {
            assert_eq!(error.code(), code, "{error}");
            let doc = CODES.iter().find(|doc| doc.code == code).unwrap();
            assert_eq!(error.failure().hint.as_deref(), Some(doc.remedy), "{code}");
        }
    }
}
