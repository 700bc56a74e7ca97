//! Who in a legacy session waits for what: brings each message of the server to the right stream.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::mcp::message::{INTERNAL_ERROR, Id, Message, error_response};
use crate::mcp::skim::Skimmed;

use crate::gateway::GatewayConfig;
use crate::gateway::budget::Account;
use crate::gateway::declared::List;
use crate::gateway::edit::Params;
use crate::gateway::journal::Call;
use crate::gateway::outbox::{self, Inbox, Outbox};
use crate::gateway::process::Listener;
use crate::gateway::respond::TRANSPORT_ERROR;

/// A request that waits for its answer.
#[derive(Debug)]
pub(in crate::gateway) struct Pending {
    pub(in crate::gateway) outbox: Outbox,
    /// Whether other messages of the server may go the same way.
    pub(in crate::gateway) open: bool,
    pub(in crate::gateway) token: Option<Id>,
    pub(in crate::gateway) call: Option<Call>,
    /// Whether the answer declares something.
    pub(in crate::gateway) list: Option<List>,
    pub(in crate::gateway) deadline: Instant,
}

/// The state of one session.
#[derive(Debug)]
pub(in crate::gateway) struct Board {
    server: String,
    config: Arc<GatewayConfig>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// In the order in which they were asked.
    pending: Vec<(Id, Pending)>,
    tokens: HashMap<Id, Id>,
    standing: Option<Outbox>,
    backlog: VecDeque<Vec<u8>>,
    backlog_bytes: usize,
    dropped: u64,
    ended: Option<String>,
    used: Instant,
}

impl Board {
    pub(in crate::gateway) fn new(server: String, config: Arc<GatewayConfig>) -> Self {
        let state = State {
            pending: Vec::new(),
            tokens: HashMap::new(),
            standing: None,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            dropped: 0,
            ended: None,
            used: Instant::now(),
        };
        Self { server, config, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; refused when one of the same id waits already, or the session is over.
    pub(in crate::gateway) fn expect(&self, id: Id, pending: Pending) -> Result<(), String> {
        let mut state = self.state();
        state.used = Instant::now();
        if let Some(why) = &state.ended {
            return Err(self.over(why));
        }
        if state.pending.iter().any(|(other, _)| *other == id) {
            return Err(format!("a request with id {id} is already under way in this session"));
        }
        if let Some(token) = &pending.token {
            state.tokens.insert(token.clone(), id.clone());
        }
        state.pending.push((id, pending));
        Ok(())
    }

    /// Tells how many requests are under way.
    pub(in crate::gateway) fn under_way(&self) -> usize {
        self.state().pending.len()
    }

    /// Forgets a request that could not be sent.
    pub(in crate::gateway) fn forget(&self, id: &Id) {
        self.state().take(id);
    }

    /// Forgets a request that its client gave up: by the rules nobody answers it any more, and its stream ends. A
    /// server that answers all the same is not heard.
    pub(in crate::gateway) fn cancel(&self, id: &Id) {
        if let Some(pending) = self.state().take(id) {
            pending.outbox.give_up();
        }
    }

    /// Opens the stream for what belongs to no request, in place of an earlier one.
    pub(in crate::gateway) fn stand(&self, account: &Arc<Account>) -> Inbox {
        let (outbox, inbox) = outbox::channel(self.config.stream_bytes, Some(Arc::clone(account)));
        let mut state = self.state();
        state.used = Instant::now();
        state.backlog_bytes = 0;
        let waited = std::mem::take(&mut state.backlog);
        for text in waited {
            if outbox.offer(text).is_err() {
                state.dropped += 1;
            }
        }
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            tracing::warn!(server.name = %self.server, dropped, "messages to a client that had no stream open were dropped");
        }
        state.standing = state.ended.is_none().then_some(outbox);
        inbox
    }

    /// Ends the stream for what belongs to no request.
    pub(in crate::gateway) fn stop_standing(&self) {
        self.state().standing = None;
    }

    /// Notes that the client was here.
    pub(in crate::gateway) fn touch(&self) {
        self.state().used = Instant::now();
    }

    /// Returns why the session is over, if it is.
    pub(in crate::gateway) fn over_because(&self) -> Option<String> {
        self.state().ended.as_ref().map(|why| self.over(why))
    }

    /// Tells how long nothing was under way; a standing stream counts as use when `standing` says so.
    pub(in crate::gateway) fn idle_for(&self, standing: bool) -> Option<Duration> {
        let state = self.state();
        let stands = standing && state.standing.as_ref().is_some_and(|outbox| !outbox.is_gone());
        (state.pending.is_empty() && !stands).then(|| state.used.elapsed())
    }

    /// Gives up requests whose time is over; returns their ids, for the server to be told.
    pub(in crate::gateway) fn expire(&self) -> Vec<Id> {
        let mut state = self.state();
        let now = Instant::now();
        let late = state.pending.iter().filter(|(_, pending)| pending.deadline <= now);
        let mut late: Vec<Id> = late.map(|(id, _)| id.clone()).collect();
        late.retain(|id| {
            let Some(pending) = state.take(id) else { return false };
            let message = format!("the server `{}` did not answer in time", self.server);
            pending.outbox.answer(error_response(Some(id), INTERNAL_ERROR, &message));
            true
        });
        late
    }

    fn over(&self, why: &str) -> String {
        format!("the session with server `{}` is over: {why}", self.server)
    }
}

impl State {
    fn take(&mut self, id: &Id) -> Option<Pending> {
        let at = self.pending.iter().position(|(other, _)| other == id)?;
        let (_, pending) = self.pending.remove(at);
        if let Some(token) = &pending.token {
            self.tokens.remove(token);
        }
        self.used = Instant::now();
        Some(pending)
    }

    /// Finds the stream for a message: of the request that it tells the progress of, else of the newest request or
    /// the standing one, in the order that suits the message.
    fn stream_for(&self, method: &str, params: &Params<'_>) -> Option<Outbox> {
        let usable = |outbox: &&Outbox| !outbox.is_gone();
        let of =
            |id: &Id| self.pending.iter().find(|(other, _)| other == id).map(|(_, pending)| &pending.outbox);
        let token = params.id("progressToken").or_else(|| params.meta_id("progressToken"));
        if let Some(id) = token.and_then(|token| self.tokens.get(&token)) {
            return of(id).filter(usable).cloned();
        }
        let open = self.pending.iter().rev().filter(|(_, pending)| pending.open);
        let newest = open.map(|(_, pending)| &pending.outbox).find(usable);
        let standing = self.standing.as_ref().filter(usable);
        let changed = method.ends_with("/list_changed") || method == "notifications/resources/updated";
        if changed { standing.or(newest).cloned() } else { newest.or(standing).cloned() }
    }

    /// Keeps a message until a stream is opened; the oldest make room.
    fn keep(&mut self, text: Vec<u8>, most: usize) {
        self.backlog_bytes += text.len();
        self.backlog.push_back(text);
        while self.backlog_bytes > most {
            let Some(oldest) = self.backlog.pop_front() else { break };
            self.backlog_bytes -= oldest.len();
            self.dropped += 1;
        }
    }
}

impl Listener for Board {
    fn heard(&self, line: &[u8], message: Message<'_>) -> Option<Vec<u8>> {
        let mut state = self.state();
        let (method, params, id) = match message {
            Message::Response { id, outcome } => {
                let named = id.clone();
                let pending = id.and_then(|id| state.take(&id));
                let Some(pending) = pending else {
                    tracing::debug!(server.name = %self.server, "a server answered what was not asked");
                    return None;
                };
                if let Some(call) = pending.call {
                    call.end(outcome);
                }
                let refused = pending.list.and_then(|list| list.check(outcome).err());
                pending.outbox.answer(match refused {
                    Some(why) => error_response(named.as_ref(), TRANSPORT_ERROR, &why),
                    None => line.to_vec(),
                });
                return None;
            }
            Message::Notification { method, params } => (method, params, None),
            Message::Request { method, params, id } => (method, params, Some(id)),
        };
        let stream = state.stream_for(&method, &Params::read(params));
        match stream.map(|outbox| outbox.offer(line.to_vec())) {
            Some(Ok(())) => None,
            Some(Err(_)) => {
                state.dropped += 1;
                if state.dropped.is_power_of_two() {
                    tracing::warn!(server.name = %self.server, dropped = state.dropped, "a client reads too slowly; messages to it are dropped");
                }
                id.map(|id| error_response(Some(&id), TRANSPORT_ERROR, "the client does not read"))
            }
            None => {
                state.keep(line.to_vec(), self.config.backlog_bytes);
                None
            }
        }
    }

    fn overlong(&self, skimmed: Skimmed, how_long: &str) -> Option<Vec<u8>> {
        let mut state = self.state();
        tracing::warn!(server.name = %self.server, "a server wrote a message {how_long}; it was dropped");
        match skimmed {
            Skimmed::Answer(Some(id)) => {
                let message = format!("the server `{}` gave an answer {how_long}", self.server);
                if let Some(pending) = state.take(&id) {
                    pending.outbox.answer(error_response(Some(&id), INTERNAL_ERROR, &message));
                }
            }
            // One of those that wait has lost its answer, and nobody knows which.
            Skimmed::Answer(None) => {
                let message = format!(
                    "the server `{}` gave an answer {how_long}, and it cannot be told to which request",
                    self.server
                );
                state.tokens.clear();
                for (id, pending) in std::mem::take(&mut state.pending) {
                    pending.outbox.answer(error_response(Some(&id), INTERNAL_ERROR, &message));
                }
            }
            Skimmed::Request(id) => {
                let message = format!("a message {how_long}");
                return Some(error_response(Some(&id), TRANSPORT_ERROR, &message));
            }
            Skimmed::Notification | Skimmed::Other => {}
        }
        None
    }

    fn ended(&self, why: &str) {
        let mut state = self.state();
        if state.ended.is_some() {
            return;
        }
        state.ended = Some(why.to_owned());
        state.standing = None;
        if state.dropped > 0 {
            tracing::warn!(server.name = %self.server, dropped = state.dropped, "messages to a client were dropped");
        }
        state.tokens.clear();
        let message = self.over(why);
        for (id, pending) in std::mem::take(&mut state.pending) {
            pending.outbox.answer(error_response(Some(&id), INTERNAL_ERROR, &message));
        }
    }
}
