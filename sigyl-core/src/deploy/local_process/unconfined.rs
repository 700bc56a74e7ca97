//! A command of the operator's own: it runs as it is, under a keeper that ends it with all it started.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::confinement::FILES;
use super::launcher::{Limits, Sandbox, StartSpec, Watch};
use super::log::LogWriter;
use super::process::{Blueprint, Plumbing, Process, mark_for};
use crate::domain::Mask;
use crate::mcp::{Pipes, Spawn, SpawnError};

/// How long the command may take to end by itself.
const GRACE: Duration = Duration::from_millis(1200);

/// A command that speaks MCP over stdio, with its user's rights and environment. No confinement holds it.
#[derive(Debug)]
pub struct Unconfined {
    blueprint: Blueprint,
    started: Mutex<Vec<Arc<Process>>>,
}

/// What to run, and where.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program; one without a path is looked for in the `PATH` of `env`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// The folder it starts in.
    pub dir: PathBuf,
}

impl Unconfined {
    /// Names a command and the binary that starts it, one that calls
    /// [`run_if_asked`](super::launcher::run_if_asked) first; what the command writes to standard error comes out of
    /// the channel, with control characters spelled out.
    pub fn new(launcher: PathBuf, command: Command) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (log, lines) = LogWriter::lines(Mask::default());
        let marker = format!("unconfined/{}", std::process::id());
        let blueprint = Blueprint {
            launcher,
            label: "a command of its user".to_owned(),
            watch: Watch { memory: None, processes: usize::MAX, threads: u64::MAX },
            spec: StartSpec {
                program: command.program,
                args: command.args,
                dir: command.dir,
                env: command.env,
                limits: Limits { files: FILES, data: None, mark: mark_for(&marker) },
                trusted: true,
                sandbox: Sandbox::none(),
            },
            marker,
            log,
        };
        (Self { blueprint, started: Mutex::default() }, lines)
    }

    /// Ends every process of it and waits until they are gone; without this they end soon after the last handle.
    pub async fn end(&self) {
        let started = std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
        for process in started {
            process.stop(GRACE, true).await;
        }
    }
}

#[async_trait]
impl Spawn for Unconfined {
    async fn spawn(&self) -> Result<Pipes, SpawnError> {
        let why = |why| SpawnError { why };
        let (process, ends) = self.blueprint.start(Plumbing::Stdio).await.map_err(why)?;
        let ends = ends.ok_or_else(|| why("it has no pipes".to_owned()))?;
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(process.clone());
        Ok(Pipes { stdin: Box::new(ends.stdin), stdout: Box::new(ends.stdout), guard: Box::new(process) })
    }

    async fn ended(&self, guard: &(dyn Any + Send + Sync)) -> Option<String> {
        let process = guard.downcast_ref::<Arc<Process>>()?;
        let how = timeout(GRACE, process.ended()).await.ok()?; // It still runs: nothing is known.
        Some(process.obituary(&how))
    }
}
