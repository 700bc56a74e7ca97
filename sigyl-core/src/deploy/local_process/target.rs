//! The local target: supervised child processes of this machine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::build::{self, Builder};
use super::confinement::{Closed, in_general, settle};
use super::folder;
use super::instance::{Held, Identity, Instance, io, private_dir};
use super::launcher::landlock_abi;
use super::log::Logs;
use super::process::sweep_now;
use super::usage;
use crate::clock::Clock;
use crate::deploy::{BuildSpec, Built, Notice, Pending, ReleaseSpec, Released, Status, Target, TargetError};
use crate::domain::{
    Admission, Artifact, Confinement, Digest, Permissions, RevisionId, ServerName, Usage, Window,
};
use crate::source::{Progress, ToolEnv};

/// What the local target is told when it is made.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    /// The data directory: logs and private folders of servers go below it.
    pub data_dir: PathBuf,
    /// Where builds are kept; it may be shared by several data directories.
    pub cache_dir: PathBuf,
    /// What build tools need; no server ever gets it.
    pub tool_env: ToolEnv,
    /// Whether builds may use the network.
    pub offline: bool,
    /// A binary that calls [`run_if_asked`](super::launcher::run_if_asked) first in `main`.
    ///
    /// `/proc/self/exe` names the running one, even after its file was replaced.
    pub launcher: PathBuf,
    /// Tells the time for logs.
    pub clock: Arc<dyn Clock>,
}

/// Folders and facts that every instance needs.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) data_dir: PathBuf,
    pub(super) cache_dir: PathBuf,
    pub(super) launcher: PathBuf,
    /// Marks processes of this data directory.
    pub(super) id: String,
    pub(super) landlock: u8,
}

impl Home {
    /// What no grant opens.
    pub(super) fn closed(&self) -> Closed<'_> {
        Closed { data_dir: &self.data_dir, cache_dir: &self.cache_dir }
    }

    /// The private folder of a server.
    pub(super) fn private(&self, server: &ServerName) -> PathBuf {
        private_dir(&self.data_dir, server)
    }
}

/// Runs servers as supervised child processes. Dropping it stops them all.
#[derive(Debug)]
pub struct LocalProcess {
    home: Home,
    builder: Builder,
    logs: Logs,
    clock: Arc<dyn Clock>,
    notices: broadcast::Sender<Notice>,
    instances: Mutex<HashMap<RevisionId, Arc<Held>>>,
}

impl LocalProcess {
    /// Makes the target and ends what a former owner of the same data directory left running.
    ///
    /// It blocks for a moment; only the owner of the data directory may call it.
    pub fn new(config: LocalConfig) -> Result<Self, TargetError> {
        let LocalConfig { data_dir, cache_dir, tool_env, offline, launcher, clock } = config;
        let make = |dir: &PathBuf| {
            std::fs::create_dir_all(dir)
                .and_then(|()| dir.canonicalize())
                .map_err(|source| io(format!("make the folder {}", dir.display()), source))
        };
        let (data_dir, cache_dir) = (make(&data_dir)?, make(&cache_dir)?);
        let id = Digest::of(data_dir.as_os_str().as_encoded_bytes()).short();
        let logs = Logs::open(data_dir.join("logs"), clock.clone())
            .map_err(|source| io(format!("open the logs in {}", data_dir.display()), source))?;
        let left = sweep_now(&format!("{id}/")).map_err(|blind| {
            TargetError::Start(format!("what an earlier Sigyl left running cannot be found: {blind}"))
        })?;
        if !left.is_empty() {
            return Err(TargetError::Start(format!(
                "processes {left:?} of an earlier Sigyl on this data directory cannot be ended; end them first"
            )));
        }
        let landlock = landlock_abi();
        let builder = Builder::new(
            &cache_dir,
            &data_dir,
            (tool_env, offline),
            (launcher.clone(), landlock, id.clone()),
        );
        Ok(Self {
            home: Home { data_dir, cache_dir, launcher, id, landlock },
            builder,
            logs,
            clock,
            notices: broadcast::Sender::new(256),
            instances: Mutex::default(),
        })
    }

    fn instances(&self) -> MutexGuard<'_, HashMap<RevisionId, Arc<Held>>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn end(&self, revision: &RevisionId, grace: Duration) {
        let held = self.instances().remove(revision);
        if let Some(held) = held {
            held.instance.stop(grace).await;
        }
    }

    async fn start(&self, spec: ReleaseSpec) -> Result<Released, TargetError> {
        // A release that is done again replaces what its first try left.
        self.end(&spec.revision, Duration::from_secs(2)).await;
        let Artifact::Program(launch) = &spec.launch else {
            let why = "this machine starts programs and no images".to_owned();
            return Err(TargetError::Unsupported(why));
        };
        let launch = launch.clone();
        let (server, revision) = (spec.server.clone(), spec.revision.clone());
        let who = Identity {
            server: server.clone(),
            revision: revision.clone(),
            notices: self.notices.clone(),
            clock: self.clock.clone(),
        };
        let (builder, dir) = (self.builder.clone(), launch.dir.clone());
        let build = build::blocking("hold the build", move || builder.hold(&dir))
            .await?
            .map_err(|source| io(format!("hold the build {}", launch.dir.display()), source))?;
        let (instance, released) = Instance::start(&self.home, &self.logs, who, (spec, launch)).await?;
        self.instances().insert(revision, Arc::new(Held { server, instance, _build: build }));
        Ok(released)
    }
}

#[async_trait]
impl Target for LocalProcess {
    fn settle(&self, granted: &Permissions) -> Result<Permissions, TargetError> {
        settle(granted, self.home.closed())
    }

    async fn stop_all(&self, grace: Duration) {
        let all: Vec<Arc<Held>> = self.instances().drain().map(|(_, held)| held).collect();
        futures_util::future::join_all(all.iter().map(|held| held.instance.stop(grace))).await;
    }

    async fn build(
        &self,
        admission: &Admission,
        spec: BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, TargetError> {
        if spec.tree.digest() != admission.source() {
            return Err(TargetError::NotAdmitted);
        }
        build::build(&self.builder, &spec, progress).await
    }

    async fn release(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        if spec.source != admission.source() {
            return Err(TargetError::NotAdmitted);
        }
        self.start(spec).await
    }

    async fn restore(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        self.release(admission, spec).await
    }

    async fn status(
        &self,
        _server: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Status>, TargetError> {
        Ok(self.instances().get(revision).map(|held| held.instance.status()))
    }

    async fn logs(&self, server: &ServerName, lines: usize) -> Result<Pending, TargetError> {
        self.logs.tail(server, lines).await.map_err(|source| io(format!("read the log of {server}"), source))
    }

    async fn usage(
        &self,
        _server: &ServerName,
        revision: &RevisionId,
        window: Window,
    ) -> Result<Option<Usage>, TargetError> {
        let held = self.instances().get(revision).cloned();
        let Some(held) = held else { return Ok(Some(usage::of_none())) };
        let (processes, since) = held.instance.processes();
        let seen = build::blocking("look at processes", move || usage::of(&processes)).await?;
        Ok(Some(Usage { since, until: Some(window.to), ..seen }))
    }

    async fn retire(
        &self,
        _server: &ServerName,
        revision: &RevisionId,
        grace: Duration,
    ) -> Result<(), TargetError> {
        self.end(revision, grace).await;
        Ok(())
    }

    async fn purge(&self, server: &ServerName) -> Result<Vec<String>, TargetError> {
        let left: Vec<RevisionId> = {
            let instances = self.instances();
            instances.iter().filter(|(_, held)| held.server == *server).map(|(id, _)| id.clone()).collect()
        };
        for revision in left {
            self.end(&revision, Duration::from_secs(2)).await;
        }
        let mut removed = self
            .logs
            .forget(server)
            .await
            .map_err(|source| io(format!("remove the log of {server}"), source))?;
        let private = self.home.private(server);
        let gone = private.clone();
        if build::blocking("remove the private folder", move || folder::remove(&gone))
            .await?
            .map_err(|source| io(format!("remove {}", private.display()), source))?
        {
            removed.push(private);
        }
        let (builder, server) = (self.builder.clone(), server.clone());
        removed.extend(build::blocking("remove builds", move || builder.forget(&server)).await??);
        Ok(removed.iter().map(|path| path.display().to_string()).collect())
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    fn confinement(&self) -> Confinement {
        in_general(self.home.landlock)
    }
}
