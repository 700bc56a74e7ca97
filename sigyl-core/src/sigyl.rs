//! The handle: every capability of Sigyl as one short method. The only place that wires the rooms together.

mod accounts;
mod app_desk;
mod audit;
mod cancel;
mod config;
mod directory;
mod door;
mod download;
mod edit;
mod endpoint;
mod ends;
mod feed;
mod first_key;
mod follow;
mod forget;
mod front;
mod github_app;
mod history;
mod hooks;
mod inspect;
mod jobs;
mod judge;
mod keys;
mod let_in;
mod listing;
mod lost;
mod master_key;
mod members;
mod namespaces;
mod observe;
mod once;
mod one_run;
mod open;
mod opening;
mod operate;
mod place;
mod poll;
mod promote;
mod pushed;
mod quarantine;
mod query;
mod rate;
mod reach;
mod release;
mod restore;
mod schedule;
mod secrets;
mod sessions;
mod sign_in;
mod source;
mod tally;
#[cfg(test)]
mod tests;
mod told_back;
mod try_policy;
mod unreached;
mod upload;
mod usage;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::access::{AuditLog, Door, Pepper, Uses};
use crate::dns::Dns;
use crate::domain::{Download, RevisionId, RunId, ServerName, Shows, Timestamp};
use crate::pipeline::{Platform, Started, Tracker};

pub use config::{Config, GitHubWork, SignIn};
pub use endpoint::DEFAULT_PORT;
pub use ends::{Ended, Ends};
pub use feed::Wanted;
pub use inspect::Inspection;
pub use lost::Held;
pub use sign_in::{BrowserBack, BrowserLogin};

/// Everything that Sigyl can do, on one data directory. Cloning it is cheap; every clone is the same Sigyl.
///
/// Opening it takes the data directory for this process; it is free again after [`Sigyl::shutdown`].
#[derive(Clone, Debug)]
pub struct Sigyl {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    platform: Platform,
    tracker: Tracker,
    front: Arc<front::GatewayFront>,
    /// Held while a held run is decided, so that it is decided once.
    deciding: tokio::sync::Mutex<()>,
    /// Writes down what changes something.
    audit: AuditLog,
    /// Refusals that are counted and not told.
    door: Door,
    /// Under which keys are hashed, once one was made or shown.
    pepper: tokio::sync::OnceCell<Pepper>,
    /// Uses of keys that are not written down yet.
    uses: Uses,
    /// Held while they are, so that who waits for it finds all of them on record.
    writing_uses: tokio::sync::Mutex<()>,
    /// Held while accounts, members or the number of keys change, so that each change sees the one before.
    members: tokio::sync::Mutex<()>,
    /// Takes who asked for documents, to be written down.
    downloads: mpsc::Sender<Download>,
    /// Changes when somebody may have lost a right, so that open streams look again.
    rights: watch::Sender<()>,
    /// Held while something happens to what servers follow, so that each push sees the one before.
    following: tokio::sync::Mutex<()>,
    /// Why branches that are followed could not be looked at.
    troubles: poll::Troubles,
    /// Held while what is said of a server changes, so that each change sees the one before.
    saying: tokio::sync::Mutex<()>,
    /// How somebody gets a key by signing in, and who is about to.
    signing_in: sign_in::SigningIn,
    /// Which hosts may be asked for what callers name.
    reach: crate::source::Reach,
    /// What is done with GitHub beside signing in.
    github: GitHubWork,
    /// What asks as the GitHub App that is kept.
    desk: Arc<app_desk::AppDesk>,
    /// What looks up what domains have on record.
    dns: Option<Arc<dyn Dns>>,
    /// Held by whoever seals until what is sealed is on record, and by whoever changes the key that seals.
    sealing: tokio::sync::RwLock<()>,
    /// Whether no master key takes over from another in this process.
    key_settled: watch::Sender<bool>,
    /// Runs at work in this process.
    runs: Mutex<BTreeMap<RunId, Started>>,
    /// What the last scheduled probe of each server saw.
    health: Mutex<BTreeMap<ServerName, String>>,
    /// What was last told of servers that are under quarantine and may still run at another place.
    unreached: Mutex<BTreeMap<ServerName, String>>,
    /// Which instances of servers do not declare the tools that were recorded, and what differs.
    drift: Mutex<BTreeMap<ServerName, (RevisionId, String)>>,
    since: Timestamp,
    /// Where clients reach the endpoint, when that is not where it listens.
    public_url: Option<String>,
    /// What of the registry is shown to who does not administer it.
    shows: Shows,
    /// Whether everything but loopback is refused.
    offline: bool,
    /// Time between two scheduled probes of a server.
    probe_every: Duration,
    /// Set when the owner should end.
    stop: CancellationToken,
}

/// Where an operation tells what it does while it works. A slow reader slows the telling, not the work.
pub type Frames = mpsc::Sender<crate::wire::v1::Frame>;
