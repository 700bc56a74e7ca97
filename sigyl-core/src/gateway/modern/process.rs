//! The shared process of a route: started when it is needed, stopped when it is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::gateway::GatewayConfig;
use crate::gateway::budget::Account;
use crate::gateway::declared::List;
use crate::gateway::edit::Params;
use crate::gateway::journal::Call;
use crate::gateway::outbox::{self, Inbox};
use crate::gateway::process::{Listener as _, Process, cancelled};
use crate::gateway::route::{Seat, Served};
use crate::mcp::era::{MODERN, modern_meta};
use crate::mcp::message::{Id, Message, on_one_line};
use crate::mcp::{Era, Upstream};

use super::board::{Board, Waiting};

const DISCOVER: Duration = Duration::from_secs(10);
/// A process that ends sooner than this is not started again at once.
const TOO_SOON: Duration = Duration::from_secs(1);

/// The place of the shared process of a route.
#[derive(Debug, Default)]
pub(in crate::gateway) struct ModernSlot {
    running: Mutex<Option<Arc<Shared>>>,
    /// Processes that serve one request each, while it lasts.
    alone: Mutex<Vec<Weak<Shared>>>,
    /// Held while a process is started, so that only one is; tells when the last start failed, and why.
    starting: tokio::sync::Mutex<Option<(Instant, String)>>,
}

/// Why a modern request cannot be passed on.
#[derive(Debug)]
pub(super) enum Refused {
    /// The server does not speak the modern era; its clients fall back to `initialize`.
    Legacy,
    /// The server is down.
    Down(String),
}

/// A process of the modern era: the one that all clients of a route share, or one for a single request.
#[derive(Debug)]
pub(super) struct Shared {
    process: Process,
    board: Arc<Board>,
    started: Instant,
    /// The place that a process for a single request takes among the sessions of its route.
    _seat: Option<Seat>,
}

/// A client's interest in an answer: dropped before the answer came, it cancels the request.
#[derive(Debug)]
pub(super) struct Ticket {
    shared: Arc<Shared>,
    number: i64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.shared.board.forget(self.number) {
            self.shared.process.try_send(cancelled(&Id::Int(self.number), "the client left"));
        }
    }
}

/// A request as it comes from a client.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) id: Id,
    pub(super) method: &'a str,
    pub(super) params: &'a Params<'a>,
    pub(super) raw: Option<&'a RawValue>,
    pub(super) call: Option<Call>,
    pub(super) list: Option<List>,
    pub(super) account: Arc<Account>,
}

impl ModernSlot {
    /// Gives the shared process; starts it if none runs, and finds out its era.
    pub(super) async fn get(
        &self,
        served: &Arc<Served>,
        config: &GatewayConfig,
    ) -> Result<Arc<Shared>, Refused> {
        if served.era() == Some(Era::Legacy) {
            return Err(Refused::Legacy);
        }
        let mut failed = self.starting.lock().await;
        if let Some(shared) = self.running().clone() {
            match shared.board.over_because() {
                None => return Ok(shared),
                Some(why) if shared.started.elapsed() < TOO_SOON => return Err(Refused::Down(why)),
                Some(_) => {}
            }
        }
        if let Some((_, why)) = failed.as_ref().filter(|(at, _)| at.elapsed() < TOO_SOON) {
            return Err(Refused::Down(why.clone()));
        }
        let started = Shared::start(served, config, None).await;
        if let Err(Refused::Down(why)) = &started {
            *failed = Some((Instant::now(), why.clone()));
        }
        let shared = Arc::new(started?);
        *self.running() = Some(Arc::clone(&shared));
        Ok(shared)
    }

    /// Starts a process for one request that asks for log messages. These name no request, so that on the shared
    /// process nobody could tell whose they are.
    pub(super) async fn alone(
        &self,
        served: &Arc<Served>,
        config: &GatewayConfig,
        seat: Seat,
    ) -> Result<Arc<Shared>, Refused> {
        let shared = Arc::new(Shared::start(served, config, Some(seat)).await?);
        let mut alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        alone.retain(|process| process.strong_count() > 0);
        alone.push(Arc::downgrade(&shared));
        Ok(shared)
    }

    /// Tells how many requests wait for an answer.
    pub(in crate::gateway) fn waiting(&self) -> usize {
        self.all().iter().map(|shared| shared.board.waiting()).sum()
    }

    fn all(&self) -> Vec<Arc<Shared>> {
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = alone.iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
        self.running().iter().cloned().chain(alone).collect()
    }

    fn running(&self) -> MutexGuard<'_, Option<Arc<Shared>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the process, and tells whoever waits why.
    pub(in crate::gateway) fn end(&self, why: &str) {
        let all = self.all();
        self.running().take();
        for shared in all {
            shared.process.stop();
            shared.board.ended(why);
        }
    }

    /// Looks at the clock: late requests are given up, an unused process is stopped.
    pub(in crate::gateway) fn look(&self, idle: Duration) {
        for shared in self.all() {
            for number in shared.board.expire() {
                shared.process.try_send(cancelled(&Id::Int(number), "it took too long"));
            }
        }
        let unused =
            self.running().take_if(|shared| shared.board.idle_for().is_some_and(|for_| for_ >= idle));
        if let Some(shared) = unused {
            shared.process.stop();
            shared.board.ended("it was not used");
        }
    }
}

impl Shared {
    async fn start(
        served: &Arc<Served>,
        config: &GatewayConfig,
        seat: Option<Seat>,
    ) -> Result<Self, Refused> {
        let Upstream::Stdio(spawn) = &served.route.upstream else {
            return Err(Refused::Legacy);
        };
        let board = Arc::new(Board::new(served.name.as_str(), seat.is_some()));
        let started = Instant::now();
        let process = Process::start(spawn, config, Arc::clone(&board)).await;
        let process = process.map_err(|error| Refused::Down(error.to_string()))?;
        let shared = Self { process, board, started, _seat: seat };
        shared.settle_era(served, config).await?;
        Ok(shared)
    }

    /// Settles the era. The question comes first also when it is known: a server of both eras keeps to the one that it
    /// is first spoken to in.
    async fn settle_era(&self, served: &Served, config: &GatewayConfig) -> Result<(), Refused> {
        let found = self.discover(config).await;
        match (found, self.board.over_because(), served.era()) {
            (true, ..) => {
                served.found_era(Era::Modern);
                Ok(())
            }
            (false, Some(why), Some(Era::Modern)) => Err(Refused::Down(why)),
            (false, None, Some(Era::Modern)) => {
                Err(Refused::Down("it does not answer `server/discover`".to_owned()))
            }
            // Some old servers end when they are asked what they do not know.
            (false, ..) => {
                served.found_era(Era::Legacy);
                Err(Refused::Legacy)
            }
        }
    }

    /// Asks the process whether it speaks the modern era.
    async fn discover(&self, config: &GatewayConfig) -> bool {
        #[derive(Deserialize)]
        struct Discovered {
            #[serde(rename = "supportedVersions")]
            versions: Vec<String>,
        }
        let (outbox, mut inbox) = outbox::channel(config.stream_bytes, None);
        let waiting = Waiting {
            id: Id::Int(0),
            token: None,
            subscribes: false,
            outbox,
            call: None,
            list: None,
            deadline: None,
        };
        let number = self.board.expect(waiting);
        let text = json!({"jsonrpc": "2.0", "id": number, "method": "server/discover",
            "params": {"_meta": modern_meta()}});
        let asked = async {
            self.process.send(text.to_string().into_bytes()).await.ok()?;
            loop {
                match inbox.next().await {
                    Some(item) if item.answer => return Some(item.text),
                    Some(_) => {}
                    None => return None,
                }
            }
        };
        let answer = tokio::time::timeout(DISCOVER, asked).await.ok().flatten();
        self.board.forget(number);
        match answer.as_ref().map(|text| Message::read(text.as_ref())) {
            Some(Ok(Message::Response { outcome: Ok(result), .. })) => {
                // An answer of another shape is no sign of the modern era.
                let found = serde_json::from_str::<Discovered>(result.get()).ok();
                found.is_some_and(|found| found.versions.iter().any(|version| version == MODERN))
            }
            _ => false,
        }
    }

    /// Passes a request on. The ticket must live as long as the client waits.
    pub(super) async fn ask(
        self: &Arc<Self>,
        asked: Asked<'_>,
        within: Duration,
        config: &GatewayConfig,
    ) -> Result<(Inbox, Ticket), String> {
        let (outbox, inbox) = outbox::channel(config.stream_bytes, Some(asked.account));
        let subscribes = asked.method == "subscriptions/listen";
        let token = asked.params.meta_id("progressToken");
        let number = self.board.expect(Waiting {
            id: asked.id,
            token: token.clone(),
            subscribes,
            outbox,
            call: asked.call,
            list: asked.list,
            deadline: (!subscribes).then(|| Instant::now() + within),
        });
        let ticket = Ticket { shared: Arc::clone(self), number };
        let params = match (token, asked.raw) {
            (Some(_), _) => {
                format!(",\"params\":{}", asked.params.with_meta_id("progressToken", &Id::Int(number)))
            }
            (None, Some(raw)) if asked.params.fields.is_empty() => format!(",\"params\":{}", raw.get()),
            (None, Some(_)) => format!(",\"params\":{}", asked.params.once()),
            (None, None) => String::new(),
        };
        let method = serde_json::Value::from(asked.method);
        let line = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":{method}{params}}}"#).into_bytes();
        let line = on_one_line(line);
        match tokio::time::timeout(within, self.process.send(line)).await {
            Ok(Ok(())) => Ok((inbox, ticket)),
            Ok(Err(())) => Err("its process is over".to_owned()),
            Err(_) => Err("it does not read what it is sent".to_owned()),
        }
    }
}
