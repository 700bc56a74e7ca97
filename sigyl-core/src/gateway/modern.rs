//! The modern era over pipes: one shared process for all clients, which know nothing of each other.
//!
//! Ids, progress tokens and subscription ids are rewritten, so that two clients may choose the same.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::mcp::Era;
use crate::mcp::era::{MODERN, modern_meta};
use crate::mcp::message::{INTERNAL_ERROR, Id, METHOD_NOT_FOUND, Message, error_response};

use super::GatewayConfig;
use super::edit::Params;
use super::journal::Call;
use super::outbox::{self, Inbox, Outbox};
use super::process::{Listener, Process};
use super::route::Served;
use super::session::cancelled;

const DISCOVER: Duration = Duration::from_secs(10);
/// A process that ends sooner than this is not started again at once.
const TOO_SOON: Duration = Duration::from_secs(1);
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// The place of the shared process of a route.
#[derive(Debug, Default)]
pub(super) struct ModernSlot {
    running: Mutex<Option<Arc<Shared>>>,
    /// Held while a process is started, so that only one is.
    starting: tokio::sync::Mutex<()>,
}

/// Why a modern request cannot be passed on.
#[derive(Debug)]
pub(super) enum Refused {
    /// The server does not speak the modern era; its clients fall back to `initialize`.
    Legacy,
    /// The server is down.
    Down(String),
}

/// A process that all modern clients of a route share.
#[derive(Debug)]
pub(super) struct Shared {
    process: Process,
    board: Arc<Board>,
    started: Instant,
}

#[derive(Debug)]
struct Board {
    server: String,
    next: AtomicI64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    waiting: HashMap<i64, Waiting>,
    ended: Option<String>,
    used: Instant,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Waiting {
    id: Id,
    token: Option<Id>,
    subscribes: bool,
    outbox: Outbox,
    call: Option<Call>,
    deadline: Option<Instant>,
}

/// A client's interest in an answer: dropped before the answer came, it cancels the request.
#[derive(Debug)]
pub(super) struct Ticket {
    shared: Arc<Shared>,
    number: i64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.shared.board.state().waiting.remove(&self.number).is_some() {
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
        let starting = self.starting.lock().await;
        if let Some(shared) = self.running().clone() {
            let ended = shared.board.state().ended.clone();
            match ended {
                None => return Ok(shared),
                Some(why) if shared.started.elapsed() < TOO_SOON => return Err(Refused::Down(why)),
                Some(_) => {}
            }
        }
        let shared = Arc::new(Shared::start(served, config).await?);
        *self.running() = Some(Arc::clone(&shared));
        drop(starting);
        Ok(shared)
    }

    fn running(&self) -> MutexGuard<'_, Option<Arc<Shared>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the process, and tells whoever waits why.
    pub(super) fn end(&self, why: &str) {
        let running = self.running().take();
        if let Some(shared) = running {
            shared.process.stop();
            shared.board.ended(why);
        }
    }

    /// Looks at the clock: late requests are given up, an unused process is stopped.
    pub(super) fn look(&self, idle: Duration) {
        let running = self.running().clone();
        let Some(shared) = running else { return };
        for number in shared.board.expire() {
            shared.process.try_send(cancelled(&Id::Int(number), "it took too long"));
        }
        let unused = {
            let state = shared.board.state();
            state.waiting.is_empty() && state.ended.is_none() && state.used.elapsed() >= idle
        };
        if unused {
            self.end("it was not used");
        }
    }
}

impl Shared {
    async fn start(served: &Arc<Served>, config: &GatewayConfig) -> Result<Self, Refused> {
        let crate::mcp::Upstream::Stdio(spawn) = &served.route.upstream else {
            return Err(Refused::Legacy);
        };
        let board = Arc::new(Board::new(served.name.as_str()));
        let started = Instant::now();
        let process = Process::start(spawn, config, Arc::clone(&board)).await;
        let process = process.map_err(|error| Refused::Down(error.to_string()))?;
        let shared = Self { process, board, started };
        shared.settle_era(served, config).await?;
        Ok(shared)
    }

    /// Asks the process what it is. This comes first also when the era is known: a server of both eras keeps to the
    /// one that it is first spoken to in.
    async fn settle_era(&self, served: &Served, config: &GatewayConfig) -> Result<(), Refused> {
        #[derive(Deserialize)]
        struct Discovered {
            #[serde(rename = "supportedVersions")]
            versions: Vec<String>,
        }
        let (outbox, mut inbox) = outbox::channel(config.message_bytes);
        let number = self.board.expect(Waiting {
            id: Id::Int(0),
            token: None,
            subscribes: false,
            outbox,
            call: None,
            deadline: None,
        });
        let text = json!({"jsonrpc": "2.0", "id": number, "method": "server/discover", "params": {"_meta": modern_meta()}});
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
        self.board.state().waiting.remove(&number);
        let found = match answer.as_deref().map(Message::read) {
            Some(Ok(Message::Response { outcome: Ok(result), .. })) => {
                // An answer of another shape is no sign of the modern era.
                let found = serde_json::from_str::<Discovered>(result.get()).ok();
                found.is_some_and(|found| found.versions.iter().any(|version| version == MODERN))
            }
            _ => false,
        };
        let ended = self.board.state().ended.clone();
        match (found, ended, served.era()) {
            (true, ..) => {
                served.found_era(Era::Modern);
                Ok(())
            }
            (false, Some(why), Some(Era::Modern)) => Err(Refused::Down(why)),
            (false, None, Some(Era::Modern)) => Err(Refused::Down("it does not answer".to_owned())),
            // Some old servers end when they are asked what they do not know; others may have crashed.
            (false, Some(_), _) => Err(Refused::Legacy),
            (false, None, _) => {
                served.found_era(Era::Legacy);
                Err(Refused::Legacy)
            }
        }
    }

    /// Passes a request on. The ticket must live as long as the client waits.
    pub(super) async fn ask(
        self: &Arc<Self>,
        asked: Asked<'_>,
        within: Duration,
        config: &GatewayConfig,
    ) -> Result<(Inbox, Ticket), String> {
        let (outbox, inbox) = outbox::channel(config.stream_bytes);
        let subscribes = asked.method == "subscriptions/listen";
        let token = asked.params.meta_id("progressToken");
        let number = self.board.expect(Waiting {
            id: asked.id,
            token: token.clone(),
            subscribes,
            outbox,
            call: asked.call,
            deadline: (!subscribes).then(|| Instant::now() + within),
        });
        let ticket = Ticket { shared: Arc::clone(self), number };
        let params = match (token, asked.raw) {
            (Some(_), _) => {
                format!(",\"params\":{}", asked.params.with_meta_id("progressToken", &Id::Int(number)))
            }
            (None, Some(raw)) => format!(",\"params\":{}", raw.get()),
            (None, None) => String::new(),
        };
        let method = serde_json::Value::from(asked.method);
        let line = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":{method}{params}}}"#).into_bytes();
        let line = crate::mcp::message::on_one_line(line);
        match tokio::time::timeout(within, self.process.send(line)).await {
            Ok(Ok(())) => Ok((inbox, ticket)),
            Ok(Err(())) => Err("its process is over".to_owned()),
            Err(_) => Err("it does not read what it is sent".to_owned()),
        }
    }
}

impl Board {
    fn new(server: &str) -> Self {
        let state = State { waiting: HashMap::new(), ended: None, used: Instant::now() };
        Self { server: server.to_owned(), next: AtomicI64::new(1), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect(&self, waiting: Waiting) -> i64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        state.used = Instant::now();
        state.waiting.insert(number, waiting);
        number
    }

    fn expire(&self) -> Vec<i64> {
        let mut state = self.state();
        let now = Instant::now();
        let is_late = |waiting: &Waiting| waiting.deadline.is_some_and(|deadline| deadline <= now);
        let late: Vec<i64> =
            state.waiting.iter().filter(|(_, waiting)| is_late(waiting)).map(|(number, _)| *number).collect();
        for number in &late {
            if let Some(waiting) = state.waiting.remove(number) {
                let message = format!("the server `{}` did not answer in time", self.server);
                waiting.outbox.answer(error_response(Some(&waiting.id), INTERNAL_ERROR, &message));
            }
        }
        late
    }

    fn answered(&self, number: i64, outcome: Result<&RawValue, &RawValue>) {
        let mut state = self.state();
        state.used = Instant::now();
        let Some(waiting) = state.waiting.remove(&number) else { return };
        drop(state);
        if let Some(call) = waiting.call {
            call.end(outcome);
        }
        let text = match outcome {
            Ok(result) if waiting.subscribes => {
                format!("\"result\":{}", Params::read(Some(result)).with_meta_id(SUBSCRIPTION, &waiting.id))
            }
            Ok(result) => format!("\"result\":{}", result.get()),
            Err(error) => format!("\"error\":{}", error.get()),
        };
        let text = format!(r#"{{"jsonrpc":"2.0","id":{},{text}}}"#, waiting.id);
        waiting.outbox.answer(text.into_bytes());
    }

    /// Brings a notification to the client that it concerns, in that client's own words.
    fn noticed(&self, line: &[u8], method: &str, raw: Option<&RawValue>) {
        let state = self.state();
        let params = Params::read(raw);
        let find = |id: Option<Id>| match id {
            Some(Id::Int(number)) => state.waiting.get(&number),
            _ => None,
        };
        let rewritten = |params: String| {
            let method = serde_json::Value::from(method);
            format!(r#"{{"jsonrpc":"2.0","method":{method},"params":{params}}}"#).into_bytes()
        };
        let (outbox, text) = if let Some(waiting) = find(params.id("progressToken")) {
            let Some(token) = &waiting.token else { return };
            (&waiting.outbox, rewritten(params.with_id("progressToken", token)))
        } else if let Some(waiting) = find(params.meta_id(SUBSCRIPTION)) {
            (&waiting.outbox, rewritten(params.with_meta_id(SUBSCRIPTION, &waiting.id)))
        } else {
            let mut others = state.waiting.values().filter(|waiting| !waiting.subscribes);
            match (others.next(), others.next()) {
                (Some(only), None) => (&only.outbox, line.to_vec()),
                _ => {
                    tracing::debug!(server.name = %self.server, method, "a notification names no request and was dropped");
                    return;
                }
            }
        };
        if outbox.offer(text).is_err() {
            tracing::warn!(server.name = %self.server, method, "a client reads too slowly; a notification was dropped");
        }
    }
}

impl Listener for Board {
    fn heard(&self, line: &[u8], message: Message<'_>) -> Option<Vec<u8>> {
        match message {
            Message::Response { id: Some(Id::Int(number)), outcome } => self.answered(number, outcome),
            Message::Response { .. } => {
                tracing::debug!(server.name = %self.server, "a server answered what was not asked");
            }
            Message::Notification { method, params } => self.noticed(line, &method, params),
            Message::Request { id, .. } => {
                let message = "a server of this revision asks its client nothing";
                return Some(error_response(Some(&id), METHOD_NOT_FOUND, message));
            }
        }
        None
    }

    fn ended(&self, why: &str) {
        let mut state = self.state();
        if state.ended.is_some() {
            return;
        }
        state.ended = Some(why.to_owned());
        let message = format!("the server `{}` is down: {why}", self.server);
        for waiting in std::mem::take(&mut state.waiting).into_values() {
            waiting.outbox.answer(error_response(Some(&waiting.id), INTERNAL_ERROR, &message));
        }
    }
}
