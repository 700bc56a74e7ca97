//! A target whose every call can be made to fail, and the MCP server that it runs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::{broadcast, oneshot};

use crate::deploy::{
    BuildSpec, Built, Notice, Pending, ReleaseSpec, Released, Status, Suspended, Target, TargetError,
};
use crate::domain::{
    Admission, Artifact, Audience, Confinement, Deployment, Launch, Permissions, RevisionId, ServerName,
};
use crate::mcp::{Pipes, Spawn, SpawnError, Upstream};
use crate::source::Progress;

/// A stdio server that lives in the test's own process.
#[derive(Debug)]
pub(crate) struct Toy {
    pub(crate) tools: Value,
}

#[async_trait]
impl Spawn for Toy {
    async fn spawn(&self) -> Result<Pipes, SpawnError> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (stdout, stdin) = tokio::io::split(ours);
        let tools = self.tools.clone();
        let task = tokio::spawn(answer(theirs, tools));
        Ok(Pipes { stdin: Box::new(stdin), stdout: Box::new(stdout), guard: Box::new(Abort(task)) })
    }
}

struct Abort(tokio::task::JoinHandle<()>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn answer(pipe: tokio::io::DuplexStream, tools: Value) {
    let (reader, mut writer) = tokio::io::split(pipe);
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let request: Value = serde_json::from_str(&line).unwrap();
        let Some(id) = request.get("id") else { continue };
        let answer = match request["method"].as_str() {
            Some("initialize") => json!({"jsonrpc": "2.0", "id": id, "result": {
                "protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "toy", "version": "1"}}}),
            Some("tools/list") => json!({"jsonrpc": "2.0", "id": id, "result": {"tools": tools}}),
            Some("tools/call") => json!({"jsonrpc": "2.0", "id": id, "result": {"content": []}}),
            _ => {
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "method not found"}})
            }
        };
        writer.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
    }
}

/// The calls of a target that a test can make fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Build,
    Release,
    Silence,
    Retire,
    /// Whether something runs cannot be asked.
    Status,
    /// Whoever is let in is, and it does not answer.
    Open,
    /// Nobody who was let in is taken away.
    Close,
    /// A build that prints and prints.
    Chatter,
}

#[derive(Debug, Default)]
pub(crate) struct FakeTarget {
    pub(crate) tools: Mutex<Value>,
    pub(crate) faults: Mutex<BTreeSet<Fault>>,
    pub(crate) running: Mutex<BTreeSet<RevisionId>>,
    /// The instances that were given traffic.
    pub(crate) shifted: Mutex<Vec<RevisionId>>,
    pub(crate) secrets: Mutex<Vec<String>>,
    /// The instances whose build was given up.
    pub(crate) abandoned: Mutex<Vec<RevisionId>>,
    /// Which place of its kind it is.
    pub(crate) place: Mutex<Option<String>>,
    /// Whether what is suspended stays, as at a place that runs it only when it is called.
    pub(crate) stays: Mutex<bool>,
    /// Whether others can be let call what runs.
    pub(crate) opens: Mutex<bool>,
    /// Who else may.
    pub(crate) callers: Mutex<Audience>,
    /// Where `/link` leads, instead of `/real`.
    pub(crate) link: Mutex<Option<String>>,
    /// The packages whose install scripts the last build was let run.
    pub(crate) scripts: Mutex<Vec<String>>,
    /// Told when an instance was given traffic, which is then never said.
    pub(crate) hangs: Mutex<Option<oneshot::Sender<()>>>,
    /// Told when the next build has begun, and waited for before it goes on.
    pub(crate) gate: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
}

impl FakeTarget {
    fn fails(&self, fault: Fault) -> bool {
        self.faults.lock().unwrap().contains(&fault)
    }
}

#[async_trait]
impl Target for FakeTarget {
    fn place(&self) -> Option<String> {
        self.place.lock().unwrap().clone()
    }

    fn settle(&self, granted: &Permissions) -> Result<Permissions, TargetError> {
        let mut settled = granted.clone();
        if settled.read.remove("/link") {
            let link = self.link.lock().unwrap().clone();
            settled.read.insert(link.unwrap_or_else(|| "/real".to_owned()));
        }
        Ok(settled)
    }

    async fn build(
        &self,
        admission: &Admission,
        spec: BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, TargetError> {
        if admission.source() != spec.tree.digest() {
            return Err(TargetError::NotAdmitted);
        }
        let gate = self.gate.lock().unwrap().take();
        if let Some((begun, go_on)) = gate {
            begun.send(()).unwrap();
            go_on.await.unwrap();
        }
        let lines = if self.fails(Fault::Chatter) { 5000 } else { 1 };
        (0..lines).for_each(|_| progress.log("make"));
        *self.scripts.lock().unwrap() = spec.allowed_scripts.to_vec();
        if self.fails(Fault::Build) {
            return Err(TargetError::Build {
                command: "make".into(),
                status: "exit 2".into(),
                tail: "no rule".into(),
            });
        }
        let launch =
            Launch { program: "/toy".into(), args: Vec::new(), dir: "/".into(), readable: Vec::new() };
        Ok(Built { launch: Artifact::Program(launch), cached: false })
    }

    async fn abandon(&self, _server: &ServerName, revision: &RevisionId) -> Result<(), TargetError> {
        self.abandoned.lock().unwrap().push(revision.clone());
        Ok(())
    }

    async fn release(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        self.restore(admission, spec).await
    }

    async fn restore(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        if admission.source() != spec.source {
            return Err(TargetError::NotAdmitted);
        }
        self.running.lock().unwrap().insert(spec.revision.clone());
        if self.fails(Fault::Release) {
            return Err(TargetError::Start("exit 1".into()));
        }
        *self.secrets.lock().unwrap() =
            spec.secrets.values().map(|value| value.reveal().to_owned()).collect();
        let tools =
            if self.fails(Fault::Silence) { json!("not a list") } else { self.tools.lock().unwrap().clone() };
        Ok(Released {
            revision: spec.revision,
            confinement: Confinement::default(),
            upstream: Upstream::Stdio(Arc::new(Toy { tools })),
            at: None,
            cost: None,
        })
    }

    async fn shift(&self, deployment: &Deployment) -> Result<(), TargetError> {
        self.shifted.lock().unwrap().push(deployment.revision.clone());
        let hangs = self.hangs.lock().unwrap().take();
        if let Some(told) = hangs {
            told.send(()).unwrap();
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    fn opens(&self) -> bool {
        *self.opens.lock().unwrap()
    }

    async fn open_to(
        &self,
        _server: &ServerName,
        wanted: &Audience,
        before: &Audience,
    ) -> Result<(), TargetError> {
        let failed = || TargetError::Unsupported("the place does not answer".to_owned());
        if wanted.is_empty() && self.fails(Fault::Close) {
            return Err(failed());
        }
        let mut callers = self.callers.lock().unwrap();
        let members = callers.members.difference(&before.members).cloned().collect();
        let left = Audience { public: callers.public && !before.public, members };
        *callers = left.union(wanted);
        if !wanted.is_empty() && self.fails(Fault::Open) { Err(failed()) } else { Ok(()) }
    }

    async fn status(
        &self,
        _server: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Status>, TargetError> {
        if self.fails(Fault::Status) {
            return Err(TargetError::Start("nobody answers".into()));
        }
        let running = self.running.lock().unwrap().contains(revision);
        Ok(running.then(|| Status {
            running,
            pids: Vec::new(),
            restarts: 0,
            since: None,
            last_exit: None,
            unknown: None,
        }))
    }

    async fn logs(&self, _server: &ServerName, _lines: usize) -> Result<Pending, TargetError> {
        Ok(Pending { lines: Vec::new(), follow: broadcast::channel(1).1 })
    }

    async fn retire(
        &self,
        _server: &ServerName,
        revision: &RevisionId,
        _grace: Duration,
    ) -> Result<(), TargetError> {
        // Ending a process takes a while.
        tokio::task::yield_now().await;
        if self.fails(Fault::Retire) {
            return Err(TargetError::Start("it does not end".into()));
        }
        self.running.lock().unwrap().remove(revision);
        Ok(())
    }

    async fn suspend(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        grace: Duration,
    ) -> Result<Suspended, TargetError> {
        if *self.stays.lock().unwrap() && self.running.lock().unwrap().contains(revision) {
            return Ok(Suspended::NotCalled);
        }
        self.retire(server, revision, grace).await.map(|()| Suspended::Stopped)
    }

    async fn stop_all(&self, _grace: Duration) {
        self.running.lock().unwrap().clear();
    }

    async fn purge(&self, _server: &ServerName) -> Result<Vec<String>, TargetError> {
        Ok(vec!["logs/toy".into()])
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        broadcast::channel(1).1
    }

    fn confinement(&self) -> Confinement {
        Confinement::default()
    }
}
