//! The contract of a place where servers run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::domain::{
    Admission, Artifact, Audience, CommitId, Confinement, Deployment, Digest, Kind, Permissions, Resources,
    RevisionId, SecretName, SecretValue, ServerName, Timestamp, Transport, Usage, Version, Window,
};
use crate::manifest::Manifest;
use crate::mcp::Upstream;
use crate::source::{Progress, SourceTree};

/// What is built: exactly the tree that was admitted.
#[derive(Debug)]
pub struct BuildSpec<'a> {
    /// The server.
    pub server: &'a ServerName,
    /// The version.
    pub version: &'a Version,
    /// The instance that it is for.
    pub revision: &'a RevisionId,
    /// The tree; a target refuses one whose digest is not the admission's.
    pub tree: &'a SourceTree,
    /// How it is built and started.
    pub manifest: &'a Manifest,
    /// Packages whose install scripts the operator allowed, by name.
    pub allowed_scripts: &'a [String],
    /// What an earlier build of the same tree came to, where this version served there before.
    pub earlier: Option<&'a Artifact>,
}

/// A finished build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// What to start.
    pub launch: Artifact,
    /// Whether it came from the cache.
    pub cached: bool,
}

/// What is released.
#[derive(Clone, Debug)]
pub struct ReleaseSpec {
    /// The server.
    pub server: ServerName,
    /// The version.
    pub version: Version,
    /// The source it was built from; a release refuses one that the admission is not for.
    pub source: Digest,
    /// The commit that this is, where it came from a repository.
    pub commit: Option<CommitId>,
    /// The identity of this instance, chosen by the pipeline, so that a release can be undone after a crash.
    pub revision: RevisionId,
    /// What to start.
    pub launch: Artifact,
    /// How it speaks.
    pub transport: Transport,
    /// Plain settings.
    pub env: BTreeMap<String, String>,
    /// Opened secrets.
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// What it may touch.
    pub granted: Permissions,
    /// Its limits.
    pub resources: Resources,
    /// How long it may take to start; the target's own bound when absent.
    pub start_timeout: Option<Duration>,
}

/// A started instance that gets no traffic yet.
#[derive(Clone, Debug)]
pub struct Released {
    /// The instance.
    pub revision: RevisionId,
    /// What holds it in.
    pub confinement: Confinement,
    /// How to speak to it.
    pub upstream: Upstream,
    /// Where it is, in words of the target, when that is not this machine.
    pub at: Option<String>,
    /// What decides what it costs, in words of the target, where somebody is paid for it.
    pub cost: Option<String>,
}

/// How an instance is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Whether its process lives.
    pub running: bool,
    /// Ids of processes of this machine, the server's own first.
    pub pids: Vec<u32>,
    /// Restarts since it was released.
    pub restarts: u32,
    /// Since when it runs.
    pub since: Option<Timestamp>,
    /// How it last ended.
    pub last_exit: Option<String>,
    /// Why nothing of this is known, if that is so.
    #[serde(default)]
    pub unknown: Option<String>,
}

impl Status {
    /// What is said where nobody can say how an instance is.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self {
            running: false,
            pids: Vec::new(),
            restarts: 0,
            since: None,
            last_exit: None,
            unknown: Some(why.into()),
        }
    }
}

/// What can be seen of an instance where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// Whether it is there as it was released, and has all traffic.
    pub serves: bool,
    /// The image that it is made of, by its digest, where it is one.
    pub image: Option<String>,
    /// The same in words.
    pub said: String,
}

/// Where a line of a log came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogStream {
    /// The server's standard error (and standard output, when it speaks HTTP).
    Server,
    /// Sigyl's own notes about it: started, restarted, stopped.
    Supervisor,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub stream: LogStream,
    /// The text, bounded, with control characters spelled out.
    pub text: String,
}

/// A place to follow, and what was there before it.
#[derive(Debug)]
pub struct Pending {
    /// Lines so far, oldest first.
    pub lines: Vec<LogLine>,
    /// Lines to come.
    pub follow: broadcast::Receiver<LogLine>,
}

/// Something that happened to an instance without being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The server.
    pub server: ServerName,
    /// The instance.
    pub revision: RevisionId,
    /// Which restart in a row this is; zero when it is given up.
    pub attempt: u32,
    /// How it ended.
    pub note: String,
}

/// What became of an instance that was to be kept from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suspended {
    /// Nothing of it runs.
    Stopped,
    /// It stays where it is, and Sigyl does not call it.
    NotCalled,
}

/// A place where servers run.
#[async_trait]
pub trait Target: Send + Sync + fmt::Debug {
    /// Checks what is to be granted before anything is done, and returns it as it is kept: by a place that holds its
    /// meaning, whatever happens to the names that lead there.
    fn settle(&self, granted: &Permissions) -> Result<Permissions, TargetError> {
        Ok(granted.clone())
    }
    /// Returns which of several places of its kind it is, where its configuration chooses one, such as `my-project/us-east1`.
    fn place(&self) -> Option<String> {
        None
    }
    /// Makes the tree runnable. Doing it again finds the same result in a cache.
    async fn build(
        &self,
        admission: &Admission,
        spec: BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, TargetError>;
    /// Ends what the build for an instance began elsewhere and did not end, and removes what it and a release that failed left
    /// there. Nobody else works on the server meanwhile.
    async fn abandon(&self, _server: &ServerName, _revision: &RevisionId) -> Result<(), TargetError> {
        Ok(())
    }
    /// Starts an instance beside whatever runs; it gets no traffic.
    async fn release(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError>;
    /// Lets an instance have all traffic, where the target itself divides it. One that is not what it was released as, as far
    /// as the target can tell, gets none.
    async fn shift(&self, _deployment: &Deployment) -> Result<(), TargetError> {
        Ok(())
    }
    /// Tells whether others than Sigyl can be let call what runs there.
    fn opens(&self) -> bool {
        false
    }
    /// Lets an audience call a server where it runs, past the endpoint, and no more whom `before` let in. Nobody is let in by
    /// itself, and whoever was let in by others stays.
    async fn open_to(
        &self,
        _server: &ServerName,
        wanted: &Audience,
        before: &Audience,
    ) -> Result<(), TargetError> {
        if wanted.is_empty() && before.is_empty() {
            return Ok(());
        }
        Err(TargetError::Unsupported(format!("this place lets nobody but Sigyl call a server: not {wanted}")))
    }
    /// Starts what was active before Sigyl ended, by the admission that its version was recorded with.
    async fn restore(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError>;
    /// Tells how an instance is; `None` if it does not exist.
    async fn status(&self, server: &ServerName, revision: &RevisionId)
    -> Result<Option<Status>, TargetError>;
    /// Looks at the instance that is to serve, where it runs.
    async fn serving(&self, deployment: &Deployment) -> Result<Serving, TargetError> {
        let status = self.status(&deployment.server, &deployment.revision).await?;
        Ok(match status {
            Some(Status { unknown: Some(why), .. }) => Serving { serves: false, image: None, said: why },
            Some(Status { running: true, .. }) => {
                Serving { serves: true, image: None, said: "it runs".to_owned() }
            }
            Some(_) => Serving { serves: false, image: None, said: "it does not run".to_owned() },
            None => Serving { serves: false, image: None, said: "there is no such instance".to_owned() },
        })
    }
    /// Reads the last `lines` of a server's log, over all its instances, and follows what comes.
    async fn logs(&self, server: &ServerName, lines: usize) -> Result<Pending, TargetError>;
    /// Tells what was measured of a server where it runs; nothing by a place that measures nothing, and never a zero for what
    /// was not measured.
    async fn usage(
        &self,
        _server: &ServerName,
        _revision: &RevisionId,
        _window: Window,
    ) -> Result<Option<Usage>, TargetError> {
        Ok(None)
    }
    /// Stops an instance and forgets it; one that does not exist is gone already.
    async fn retire(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        grace: Duration,
    ) -> Result<(), TargetError>;
    /// Keeps an instance from working until it is restored, without taking back what a release made: it is under
    /// quarantine, or does not answer as it did. Tells whether it was stopped, or stays and is left alone.
    async fn suspend(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        grace: Duration,
    ) -> Result<Suspended, TargetError> {
        self.retire(server, revision, grace).await.map(|()| Suspended::Stopped)
    }
    /// Stops every instance that cannot go on by itself: the owner ends.
    async fn stop_all(&self, grace: Duration);
    /// Removes everything of a server, whatever a first try left of it; returns what was removed.
    async fn purge(&self, server: &ServerName) -> Result<Vec<String>, TargetError>;
    /// Hears of instances that end or are restarted by themselves.
    fn notices(&self) -> broadcast::Receiver<Notice>;
    /// Says what this platform can and cannot enforce.
    fn confinement(&self) -> Confinement;
}

/// What another machine could not do.
#[derive(Debug)]
pub struct Remote {
    kind: Kind,
    lost: bool,
    error: Box<dyn std::error::Error + Send + Sync>,
}

impl Remote {
    /// Takes what went wrong, and its class.
    pub fn new(kind: Kind, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { kind, lost: false, error: Box::new(error) }
    }

    /// Says whether somebody else changed the same thing meanwhile.
    pub fn lost(self, lost: bool) -> Self {
        Self { lost, ..self }
    }

    /// Tells whether somebody else changed the same thing meanwhile.
    pub fn is_lost(&self) -> bool {
        self.lost
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for Remote {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// A target could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The tree is not the one that was admitted.
    #[error("the tree to build is not the one that was admitted")]
    NotAdmitted,
    /// This target cannot run such a server.
    #[error("{0}")]
    Unsupported(String),
    /// Something cannot be granted, or not any more.
    #[error("{0}")]
    Grant(String),
    /// A tool that the build needs is missing.
    #[error("`{tool}` was not found; {remedy}")]
    MissingTool {
        /// The program.
        tool: String,
        /// What to do.
        remedy: String,
    },
    /// A build command failed.
    #[error("`{command}` failed with {status}: {tail}")]
    Build {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines it printed.
        tail: String,
    },
    /// The server did not start.
    #[error("the server did not start: {0}")]
    Start(String),
    /// It took too long.
    #[error("{what} took longer than {}s", .limit.as_secs())]
    Timeout {
        /// What took too long.
        what: String,
        /// How long it may take.
        limit: Duration,
    },
    /// Another machine failed, or refused.
    #[error(transparent)]
    Remote(#[from] Remote),
    /// The operating system failed.
    #[error("could not {action}")]
    Io {
        /// What was tried.
        action: String,
        /// The cause.
        source: std::io::Error,
    },
}

impl TargetError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotAdmitted => Kind::Blocked,
            Self::Remote(error) => error.kind,
            Self::Unsupported(_) | Self::Grant(_) => Kind::Invalid,
            Self::MissingTool { .. } | Self::Io { .. } => Kind::Unavailable,
            Self::Build { .. } | Self::Start(_) | Self::Timeout { .. } => Kind::Upstream,
        }
    }
}
