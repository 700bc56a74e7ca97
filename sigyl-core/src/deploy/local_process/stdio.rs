//! A stdio server: one process for each session, started when it is asked for.
//!
//! A release starts one process to prove that it can be started; the first session gets it. Without sessions nothing
//! runs, so "running" means: released, and the last process did not fail.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::backoff::{Backoff, Next, dice};
use super::input::Closer;
use super::instance::Identity;
use super::launcher::Exit;
use super::process::{Blueprint, Ends, Plumbing, Process};
use crate::deploy::{Status, TargetError};
use crate::domain::Timestamp;
use crate::mcp::{Pipes, Spawn, SpawnError};

/// Processes of one instance at most, whatever the gateway asks for.
const MOST: usize = 256;
/// How long a session whose user went away may take to end.
const GRACE: Duration = Duration::from_secs(2);
/// How long a process whose pipes closed may take to end, when somebody asks how.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The longest pause that a new session waits out; it is refused in a longer one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A released stdio server.
#[derive(Debug)]
pub(super) struct Stdio {
    blueprint: Blueprint,
    who: Identity,
    since: Timestamp,
    state: Mutex<State>,
    /// How many processes live whose end was not noted yet.
    live: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    next: u64,
    live: HashMap<u64, (Arc<Process>, Closer)>,
    /// The process of the release, until a session takes it.
    spare: Option<(u64, Arc<Process>, Ends)>,
    backoff: Backoff,
    not_before: Option<Instant>,
    failures: u32,
    failed: bool,
    last_exit: Option<String>,
}

impl Stdio {
    /// Starts the first process.
    pub(super) async fn start(blueprint: Blueprint, who: Identity) -> Result<Arc<Self>, TargetError> {
        let since = who.clock.now();
        let stdio =
            Arc::new(Self { blueprint, who, since, state: Mutex::default(), live: watch::Sender::new(0) });
        let (id, process, ends) = stdio.begin().await.map_err(TargetError::Start)?;
        stdio.state().spare = Some((id, process, ends));
        Ok(stdio)
    }

    /// Tells how it is.
    pub(super) fn status(&self) -> Status {
        let state = self.state();
        let mut live: Vec<_> = state.live.iter().collect();
        live.sort_by_key(|(id, _)| **id);
        Status {
            running: !state.closed && !state.failed,
            pids: live.iter().flat_map(|(_, (process, _))| process.pids()).collect(),
            restarts: state.failures,
            since: Some(self.since),
            last_exit: state.last_exit.clone(),
            unknown: None,
        }
    }

    /// Returns its processes, and since when it is released.
    pub(super) fn processes(&self) -> (Vec<Arc<Process>>, Option<Timestamp>) {
        let live = self.state().live.values().map(|(process, _)| process.clone()).collect();
        (live, Some(self.since))
    }

    /// Starts no more and stops every process.
    pub(super) async fn stop(&self, grace: Duration) {
        let live: Vec<Arc<Process>> = {
            let mut state = self.state();
            state.closed = true;
            state.spare = None;
            // Whoever uses it may still hold the pipe, and a server should see the end of its input before any signal.
            state.live.values().for_each(|(_, input)| input.close());
            state.live.values().map(|(process, _)| process.clone()).collect()
        };
        futures_util::future::join_all(live.iter().map(|process| process.stop(grace, true))).await;
        // Nothing is noted about it any more after this; a sender that lives in `self` cannot be gone.
        timeout(GRACE, self.live.subscribe().wait_for(|live| *live == 0)).await.ok();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts one more process and watches it.
    async fn begin(self: &Arc<Self>) -> Result<(u64, Arc<Process>, Ends), String> {
        let (process, ends) = match self.blueprint.start(Plumbing::Stdio).await {
            Ok((process, Some(ends))) => (process, ends),
            Ok((_, None)) => return Err("it has no pipes".to_owned()),
            Err(why) => {
                self.blueprint.log.note(&format!("did not start: {why}"));
                self.failed(&why, Duration::ZERO);
                return Err(why);
            }
        };
        let Some(id) = self.enter(&process, ends.stdin.closer()) else {
            process.stop(GRACE, false).await;
            return Err("it was retired meanwhile".to_owned());
        };
        self.blueprint.log.note(&format!("started process {}", process.pid));
        tokio::spawn(attend(Arc::downgrade(self), id, process.clone(), Instant::now()));
        Ok((id, process, ends))
    }

    /// Takes a process among the living; `None` if the instance was retired while it started.
    fn enter(&self, process: &Arc<Process>, input: Closer) -> Option<u64> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        let id = state.next;
        state.next += 1;
        state.failed = false;
        state.live.insert(id, (process.clone(), input));
        self.live.send_replace(state.live.len());
        Some(id)
    }

    fn failed(&self, how: &str, ran: Duration) {
        let mut state = self.state();
        let now = Instant::now();
        let next = state.backoff.ended(now, ran, dice());
        state.failed = true;
        state.failures += 1;
        state.last_exit = Some(how.to_owned());
        let (attempt, pause) = match next {
            Next::Restart { attempt, pause } => (attempt, pause),
            Next::Rest { pause } => (0, pause),
        };
        state.not_before = Some(now + pause);
        drop(state);
        self.who.notice(attempt, how.to_owned());
    }

    fn ended(&self, id: u64, process: &Process, how: &Exit, ran: Duration) {
        self.blueprint.log.note(&format!("process {} {how}", process.pid));
        if process.was_asked() || *how == Exit::Code(0) {
            self.state().last_exit = Some(process.obituary(how));
        } else {
            self.failed(&process.obituary(how), ran);
        }
        let mut state = self.state();
        state.live.remove(&id);
        self.live.send_replace(state.live.len());
    }

    /// Waits out a short pause after failures; in a long one it says when the next try is.
    async fn pause(&self) -> Result<(), SpawnError> {
        let (until, last) = {
            let state = self.state();
            (state.not_before, state.last_exit.clone().unwrap_or_default())
        };
        let Some(until) = until else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left > PATIENCE {
            let why = format!("it failed too often ({last}); the next try is in {}s", left.as_secs());
            return Err(SpawnError { why });
        }
        tokio::time::sleep_until(until).await;
        Ok(())
    }
}

/// Waits for the end of one process; does not keep a retired instance alive.
async fn attend(stdio: Weak<Stdio>, id: u64, process: Arc<Process>, started: Instant) {
    let how = process.ended().await;
    if let Some(stdio) = stdio.upgrade() {
        stdio.ended(id, &process, &how, started.elapsed());
    }
}

/// How sessions get their processes.
#[derive(Debug)]
pub(super) struct StdioSpawn(pub(super) Arc<Stdio>);

#[async_trait]
impl Spawn for StdioSpawn {
    async fn spawn(&self) -> Result<Pipes, SpawnError> {
        let stdio = &self.0;
        let spare = stdio.state().spare.take();
        let (_, process, ends) = match spare {
            Some((_, process, _)) if process.exit().is_some() => {
                let how = process.ended().await;
                return Err(SpawnError { why: format!("it ended by itself: {}", process.obituary(&how)) });
            }
            Some(spare) => spare,
            None => {
                let (closed, full) = {
                    let state = stdio.state();
                    (state.closed, state.live.len() >= MOST)
                };
                if closed {
                    return Err(SpawnError { why: "this version was retired".to_owned() });
                }
                if full {
                    return Err(SpawnError { why: format!("{MOST} processes of it run already") });
                }
                stdio.pause().await?;
                stdio.begin().await.map_err(|why| SpawnError { why })?
            }
        };
        let guard = Guard { process, runtime: Handle::current() };
        Ok(Pipes { stdin: Box::new(ends.stdin), stdout: Box::new(ends.stdout), guard: Box::new(guard) })
    }

    async fn ended(&self, guard: &(dyn Any + Send + Sync)) -> Option<String> {
        let process = &guard.downcast_ref::<Guard>()?.process;
        let how = timeout(LAST_WORDS, process.ended()).await.ok()?; // It still runs: nothing is known.
        Some(process.obituary(&how))
    }
}

/// Stops the process of a session when the session lets go of it.
struct Guard {
    process: Arc<Process>,
    runtime: Handle,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let process = self.process.clone();
        self.runtime.spawn(async move { process.stop(GRACE, true).await });
    }
}
