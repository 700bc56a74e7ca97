//! Who waits for which answer of the shared process.
//!
//! Ids, progress tokens and subscription ids are rewritten, so that two clients may choose the same.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::gateway::declared::List;
use crate::gateway::edit::Params;
use crate::gateway::journal::Call;
use crate::gateway::outbox::Outbox;
use crate::gateway::process::Listener;
use crate::gateway::respond::TRANSPORT_ERROR;
use crate::mcp::message::{INTERNAL_ERROR, Id, METHOD_NOT_FOUND, Message, error_response};
use crate::mcp::skim::Skimmed;

const CANCELLED: &str = "notifications/cancelled";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// All that wait, by the number that the process knows their request by.
#[derive(Debug)]
pub(super) struct Board {
    server: String,
    /// Whether the process serves one request only, so that whatever it says concerns this one.
    alone: bool,
    next: AtomicI64,
    dropped: AtomicU64,
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
pub(super) struct Waiting {
    /// The id that its client gave it.
    pub(super) id: Id,
    /// The progress token that its client gave it.
    pub(super) token: Option<Id>,
    pub(super) subscribes: bool,
    pub(super) outbox: Outbox,
    pub(super) call: Option<Call>,
    /// Whether the answer declares something.
    pub(super) list: Option<List>,
    pub(super) deadline: Option<Instant>,
}

impl Board {
    pub(super) fn new(server: &str, alone: bool) -> Self {
        let state = State { waiting: HashMap::new(), ended: None, used: Instant::now() };
        Self {
            server: server.to_owned(),
            alone,
            next: AtomicI64::new(1),
            dropped: AtomicU64::new(0),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; returns its number.
    pub(super) fn expect(&self, waiting: Waiting) -> i64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        state.used = Instant::now();
        state.waiting.insert(number, waiting);
        number
    }

    /// Forgets a request; tells whether its answer was still awaited.
    pub(super) fn forget(&self, number: i64) -> bool {
        self.state().waiting.remove(&number).is_some()
    }

    /// Tells how many wait.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Returns why the process is over, if it is.
    pub(super) fn over_because(&self) -> Option<String> {
        self.state().ended.clone()
    }

    /// Tells for how long nobody has waited; nothing while somebody does, or when it is over.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let state = self.state();
        (state.waiting.is_empty() && state.ended.is_none()).then(|| state.used.elapsed())
    }

    /// Gives up requests whose time is over; returns their numbers, for the process to be told.
    pub(super) fn expire(&self) -> Vec<i64> {
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

    /// Brings an answer to the client that waits for it, under its own id.
    fn answered(&self, number: i64, outcome: Result<&RawValue, &RawValue>) {
        let mut state = self.state();
        state.used = Instant::now();
        let Some(waiting) = state.waiting.remove(&number) else { return };
        drop(state);
        if let Some(call) = waiting.call {
            call.end(outcome);
        }
        let refused = waiting.list.and_then(|list| list.check(outcome).err());
        if let Some(why) = refused {
            waiting.outbox.answer(error_response(Some(&waiting.id), TRANSPORT_ERROR, &why));
            return;
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

    /// Ends the stream of a subscription that the server ends. Over pipes this notification is its only way to do so;
    /// over HTTP the stream's end says it. No other request can be given up from that side.
    fn unsubscribed(&self, raw: Option<&RawValue>) {
        let Some(Id::Int(number)) = Params::read(raw).id("requestId") else { return };
        let mut state = self.state();
        if state.waiting.get(&number).is_some_and(|waiting| waiting.subscribes)
            && let Some(waiting) = state.waiting.remove(&number)
        {
            state.used = Instant::now();
            waiting.outbox.give_up();
        }
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
            // On a shared process it may be about a request that has ended, or whose client has left.
            let Some(only) = state.waiting.values().next().filter(|_| self.alone) else {
                tracing::debug!(server.name = %self.server, "a notification names no request and was dropped");
                return;
            };
            (&only.outbox, line.to_vec())
        };
        if outbox.offer(text).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            // One line for each would let a server fill the log.
            if dropped.is_power_of_two() {
                tracing::warn!(server.name = %self.server, dropped, "a client reads too slowly; notifications to it are dropped");
            }
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
            Message::Notification { method, params } if method == CANCELLED => self.unsubscribed(params),
            Message::Notification { method, params } => self.noticed(line, &method, params),
            Message::Request { id, .. } => return Some(no_questions(&id)),
        }
        None
    }

    fn overlong(&self, skimmed: Skimmed, how_long: &str) -> Option<Vec<u8>> {
        tracing::warn!(server.name = %self.server, "a server wrote a message {how_long}; it was dropped");
        match skimmed {
            Skimmed::Answer(Some(Id::Int(number))) => {
                if let Some(waiting) = self.state().waiting.remove(&number) {
                    let message = format!("the server `{}` gave an answer {how_long}", self.server);
                    waiting.outbox.answer(error_response(Some(&waiting.id), INTERNAL_ERROR, &message));
                }
            }
            Skimmed::Request(id) => return Some(no_questions(&id)),
            // Ids on this process are numbers of ours. What names none of them may be anybody's, and those who wait
            // for it learn so when their time is over: one client's answer must not end what others asked.
            Skimmed::Answer(_) | Skimmed::Notification | Skimmed::Other => {}
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

fn no_questions(id: &Id) -> Vec<u8> {
    error_response(Some(id), METHOD_NOT_FOUND, "a server of this revision asks its client nothing")
}
