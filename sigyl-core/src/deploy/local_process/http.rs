//! An HTTP server: one process, started again when it ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::{Backoff, Next, dice};
use super::instance::Identity;
use super::launcher::listening_ports;
use super::process::{Blueprint, Plumbing, Process};
use crate::deploy::{Status, TargetError};
use crate::domain::Timestamp;

/// How long a server that listens elsewhere may still open its own port.
const ELSEWHERE: Duration = Duration::from_secs(5);
/// How long one that nobody stops properly may take to end.
const GRACE: Duration = Duration::from_secs(2);
/// Longest pause between two looks at the port.
const LOOK: Duration = Duration::from_millis(100);

/// A released HTTP server.
#[derive(Debug)]
pub(super) struct Http {
    state: Arc<Mutex<State>>,
    stop: watch::Sender<Option<Duration>>,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    process: Option<Arc<Process>>,
    restarts: u32,
    since: Option<Timestamp>,
    last_exit: Option<String>,
}

impl Http {
    /// Starts it and waits until its port is open; tells whether it is open to other machines too.
    pub(super) async fn start(
        blueprint: Blueprint,
        who: Identity,
        port: u16,
        limit: Duration,
    ) -> Result<(Self, bool), TargetError> {
        let keeper = Keeper { blueprint, who, port, limit, state: Arc::default() };
        let (process, open_to_all) = keeper.begin().await?;
        let state = keeper.state.clone();
        let (stop, asked) = watch::channel(None);
        let task = tokio::spawn(keeper.keep(process, asked));
        Ok((Self { state, stop, task: tokio::sync::Mutex::new(Some(task)) }, open_to_all))
    }

    /// Tells how it is.
    pub(super) fn status(&self) -> Status {
        let state = lock(&self.state);
        Status {
            running: state.process.is_some(),
            pids: state.process.as_ref().map(|process| process.pids()).unwrap_or_default(),
            restarts: state.restarts,
            since: state.since,
            last_exit: state.last_exit.clone(),
            unknown: None,
        }
    }

    /// Returns its process, and since when that runs.
    pub(super) fn processes(&self) -> (Vec<Arc<Process>>, Option<Timestamp>) {
        let state = lock(&self.state);
        (state.process.iter().cloned().collect(), state.since.filter(|_| state.process.is_some()))
    }

    /// Stops it for good.
    pub(super) async fn stop(&self, grace: Duration) {
        self.stop.send_replace(Some(grace));
        if let Some(task) = self.task.lock().await.take() {
            // A task that panicked has dropped its process, and with it the family.
            task.await.ok();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What supervises the process; it lives in its own task.
struct Keeper {
    blueprint: Blueprint,
    who: Identity,
    port: u16,
    limit: Duration,
    state: Arc<Mutex<State>>,
}

impl Keeper {
    /// Starts the process and waits until it listens on its port.
    async fn begin(&self) -> Result<(Arc<Process>, bool), TargetError> {
        let (process, _) = self.blueprint.start(Plumbing::Http).await.map_err(TargetError::Start)?;
        self.blueprint.log.note(&format!("started process {} for port {}", process.pid, self.port));
        match timeout(self.limit, self.ready(&process)).await {
            Ok(Ok(open_to_all)) => {
                let mut state = lock(&self.state);
                state.process = Some(process.clone());
                state.since = Some(self.who.clock.now());
                if open_to_all {
                    self.blueprint.log.note("it listens on every address, not on 127.0.0.1 alone");
                }
                Ok((process, open_to_all))
            }
            Ok(Err(error)) => {
                process.stop(GRACE, false).await;
                Err(error)
            }
            Err(_) => {
                let elsewhere = self.elsewhere(&process);
                process.stop(GRACE, false).await;
                Err(elsewhere.unwrap_or(TargetError::Timeout {
                    what: format!("opening port {} (which it finds in PORT)", self.port),
                    limit: self.limit,
                }))
            }
        }
    }

    /// Waits until a process of the family listens on the port.
    async fn ready(&self, process: &Process) -> Result<bool, TargetError> {
        let (mut pause, mut elsewhere_since) = (Duration::from_millis(5), None);
        loop {
            if let Some(how) = process.exit() {
                return Err(TargetError::Start(format!(
                    "{} (it may listen on port {} alone, which it finds in PORT)",
                    process.obituary(&how),
                    self.port
                )));
            }
            let ports = listening_ports(&process.pids());
            if let Some((_, open_to_all)) = ports.iter().find(|(port, _)| *port == self.port)
                && TcpStream::connect(("127.0.0.1", self.port)).await.is_ok()
            {
                return Ok(*open_to_all);
            }
            if !ports.is_empty() && elsewhere_since.get_or_insert_with(Instant::now).elapsed() > ELSEWHERE {
                return Err(self.elsewhere(process).unwrap_or_else(|| self.not_on_loopback()));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LOOK);
        }
    }

    fn elsewhere(&self, process: &Process) -> Option<TargetError> {
        let ports = listening_ports(&process.pids());
        let others: Vec<String> =
            ports.iter().filter(|(port, _)| *port != self.port).map(|(port, _)| port.to_string()).collect();
        (!others.is_empty()).then(|| {
            TargetError::Start(format!(
                "it listens on port {} instead of {}: let it read PORT, or name its port in the manifest",
                others.join(", "),
                self.port
            ))
        })
    }

    fn not_on_loopback(&self) -> TargetError {
        TargetError::Start(format!("it listens on port {}, but not on 127.0.0.1", self.port))
    }

    /// Keeps it running until it is stopped.
    async fn keep(self, mut process: Arc<Process>, mut asked: watch::Receiver<Option<Duration>>) {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            let how = tokio::select! {
                how = process.ended() => process.obituary(&how),
                grace = stopped(&mut asked) => {
                    let how = process.stop(grace, false).await;
                    self.blueprint.log.note(&format!("process {} was stopped: {how}", process.pid));
                    lock(&self.state).process = None;
                    return;
                }
            };
            let mut end = (how, started.elapsed());
            process = loop {
                let pause = self.ended(&mut backoff, end);
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = stopped(&mut asked) => return,
                }
                let started = Instant::now();
                tokio::select! {
                    begun = self.begin() => match begun {
                        Ok((process, _)) => break process,
                        Err(error) => end = (error.to_string(), started.elapsed()),
                    },
                    // Dropping the start drops the process, and with it the family.
                    _ = stopped(&mut asked) => return,
                }
            };
        }
    }

    /// Takes note of an end; returns the pause before the next start.
    fn ended(&self, backoff: &mut Backoff, (how, ran): (String, Duration)) -> Duration {
        let next = backoff.ended(Instant::now(), ran, dice());
        {
            let mut state = lock(&self.state);
            state.process = None;
            state.since = None;
            state.last_exit = Some(how.clone());
            state.restarts += 1;
        }
        match next {
            Next::Restart { attempt, pause } => {
                self.blueprint.log.note(&format!("{how}; starting it again in {:.1}s", pause.as_secs_f64()));
                self.who.notice(attempt, how);
                pause
            }
            Next::Rest { pause } => {
                let rest = pause.as_secs();
                self.blueprint.log.note(&format!("{how}; it ended too often, the next try is in {rest}s"));
                self.who.notice(0, how);
                pause
            }
        }
    }
}

/// Waits until somebody wants it stopped; an instance that was dropped is stopped too.
async fn stopped(asked: &mut watch::Receiver<Option<Duration>>) -> Duration {
    match asked.wait_for(Option::is_some).await {
        Ok(grace) => grace.unwrap_or(GRACE),
        Err(_) => GRACE,
    }
}
