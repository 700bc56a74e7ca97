//! Answers posts of the legacy era: in a session, or by opening one.

use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::gateway::declared::List;
use crate::gateway::edit::Params;
use crate::gateway::journal::Call;
use crate::gateway::outbox;
use crate::gateway::post::Post;
use crate::gateway::process::Process;
use crate::gateway::request::{Accepts, SESSION, VERSION, header, unreadable};
use crate::gateway::respond::{
    Answer, NO_SESSION, TRANSPORT_ERROR, busy, empty, error, events, whole_message,
};
use crate::mcp::Upstream;
use crate::mcp::era::LEGACY_ALL;
use crate::mcp::message::{INTERNAL_ERROR, INVALID_REQUEST, Id, Message, PARSE_ERROR, on_one_line};

use super::board::{Board, Pending};
use super::session::{Session, new_id};

/// The one revision that has batches.
const BATCHES: &str = "2025-03-26";
/// Requests that are under way in one session.
const UNDER_WAY_MOST: usize = 1_000;
/// Messages in one batch.
const BATCH_MOST: usize = 100;

impl Post<'_> {
    /// Refuses a revision that the session does not speak.
    pub(in crate::gateway) fn check_version(&self, id: Option<&Id>) -> Result<(), Box<Answer>> {
        let Some(session) = &self.session else { return Ok(()) };
        match header(self.headers, VERSION) {
            Some(version) if !LEGACY_ALL.contains(&version) && session.version != version => {
                let what = format!(
                    "Bad Request: Unsupported protocol version (supported versions: {})",
                    LEGACY_ALL.join(", ")
                );
                Err(Box::new(error(StatusCode::BAD_REQUEST, id, TRANSPORT_ERROR, &what)))
            }
            _ => Ok(()),
        }
    }

    /// Passes requests on in their session, and answers with what comes back.
    pub(in crate::gateway) async fn ask(
        &self,
        requests: Vec<(Id, &str, Option<&RawValue>)>,
        messages: &[&[u8]],
        takes: Accepts,
        batch: bool,
    ) -> Answer {
        let Some(session) = &self.session else {
            return error(StatusCode::NOT_FOUND, None, NO_SESSION, "Session not found");
        };
        // A client may leave, and what it asked stays under way until the server answers or its time is over.
        if session.board.under_way() + requests.len() > UNDER_WAY_MOST {
            let what = format!("the session has {UNDER_WAY_MOST} requests under way, as many as it may");
            return busy(requests.first().map(|(id, ..)| id), &what);
        }
        let (outbox, inbox) = outbox::channel(self.inner.config.stream_bytes, Some(Arc::clone(self.account)));
        let within = session.served.route.timeout;
        let mut ids: Vec<Id> = Vec::with_capacity(requests.len());
        for (id, method, raw) in requests {
            let pending = Pending {
                outbox: outbox.clone(),
                open: takes.events,
                token: Params::read(raw).meta_id("progressToken"),
                call: Call::start(&self.inner.journal, &session.served, self.account.by(), method, raw),
                list: List::start(&self.inner.declared, &session.served, method),
                deadline: Instant::now() + within,
            };
            if let Err(what) = session.board.expect(id.clone(), pending) {
                ids.iter().for_each(|other| session.board.forget(other));
                return error(StatusCode::BAD_REQUEST, Some(&id), INVALID_REQUEST, &what);
            }
            ids.push(id);
        }
        drop(outbox);
        if !self.pass_on(session, messages).await {
            ids.iter().for_each(|id| session.board.forget(id));
            let what = session.board.over_because().unwrap_or_else(|| "the server does not read".to_owned());
            return error(StatusCode::BAD_GATEWAY, ids.first(), INTERNAL_ERROR, &what);
        }
        if batch {
            return events(None, inbox, self.inner.config.keep_alive, ());
        }
        self.respond(inbox, takes, |_| StatusCode::OK, ()).await
    }

    /// Sends messages to the session's process, each on its own line; tells whether it took them all.
    async fn pass_on(&self, session: &Session, messages: &[&[u8]]) -> bool {
        let sent = async {
            for message in messages {
                session.process.send(on_one_line(message.to_vec())).await?;
            }
            Ok::<(), ()>(())
        };
        matches!(tokio::time::timeout(session.served.route.timeout, sent).await, Ok(Ok(())))
    }

    /// Passes notifications or responses on.
    pub(in crate::gateway) async fn tell(&self, messages: &[&[u8]]) -> Answer {
        let Some(session) = &self.session else { return empty(StatusCode::BAD_REQUEST) };
        session.board.touch();
        if self.pass_on(session, messages).await {
            return empty(StatusCode::ACCEPTED);
        }
        let what = session.board.over_because().unwrap_or_else(|| "the server does not read".to_owned());
        error(StatusCode::BAD_GATEWAY, None, INTERNAL_ERROR, &what)
    }

    /// Passes a batch on, message by message: revision 2025-03-26 alone has them, and over pipes many of its servers
    /// read none.
    pub(in crate::gateway) async fn batch(&self, body: &Bytes, takes: Accepts) -> Answer {
        let refuse = |what: &str| error(StatusCode::BAD_REQUEST, None, INVALID_REQUEST, what);
        let named = header(self.headers, VERSION).is_none_or(|version| version == BATCHES);
        if !named || self.session.as_ref().is_none_or(|session| session.version != BATCHES) {
            return refuse("Batches belong to revision 2025-03-26 and need a session.");
        }
        let Ok(parts) = serde_json::from_slice::<Vec<&RawValue>>(body) else {
            return error(StatusCode::BAD_REQUEST, None, PARSE_ERROR, "Parse error: the body is no JSON");
        };
        if parts.is_empty() || parts.len() > BATCH_MOST {
            return refuse("A batch holds 1 to 100 messages.");
        }
        let mut requests = Vec::new();
        let mut read = Vec::with_capacity(parts.len());
        for part in &parts {
            match Message::read(part.get().as_bytes()) {
                Ok(message) => read.push(message),
                Err(wrong) => return unreadable(wrong),
            }
        }
        for message in &read {
            match message {
                Message::Request { method, .. } if method == "initialize" => {
                    return refuse("`initialize` cannot be part of a batch.");
                }
                Message::Request { id, method, params } => requests.push((id.clone(), &**method, *params)),
                _ => {}
            }
        }
        let messages: Vec<&[u8]> = parts.iter().map(|part| part.get().as_bytes()).collect();
        if requests.is_empty() {
            return self.tell(&messages).await;
        }
        if !takes.events {
            return refuse("A client that sends batches must accept text/event-stream.");
        }
        self.ask(requests, &messages, takes, true).await
    }

    /// Opens a session: a process of its own, whose own answer to `initialize` decides.
    pub(in crate::gateway) async fn open(&self, id: Id, body: &Bytes, takes: Accepts) -> Answer {
        let served = &self.served;
        let Upstream::Stdio(spawn) = &served.route.upstream else { return empty(StatusCode::NOT_FOUND) };
        let Some(seat) = self.inner.seat(served) else {
            let what = format!(
                "the server `{}` has {} sessions, as many as it may",
                served.name, served.route.max_sessions
            );
            return busy(Some(&id), &what);
        };
        let down = |what: &str| error(StatusCode::BAD_GATEWAY, Some(&id), INTERNAL_ERROR, what);
        let board = Arc::new(Board::new(served.name.to_string(), Arc::clone(&self.inner.config)));
        let process = match Process::start(spawn, &self.inner.config, Arc::clone(&board)).await {
            Ok(process) => process,
            Err(error) => return down(&format!("the server `{}` is down: {error}", served.name)),
        };
        // It may have been barred while the process was started, which ends here.
        if let Some(refusal) = self.inner.refusal(served) {
            return refusal;
        }
        let (outbox, mut inbox) =
            outbox::channel(self.inner.config.stream_bytes, Some(Arc::clone(self.account)));
        let deadline = Instant::now() + served.route.timeout;
        let list = List::start(&self.inner.declared, served, "initialize");
        let pending = Pending { outbox, open: false, token: None, call: None, list, deadline };
        if let Err(what) = board.expect(id.clone(), pending) {
            return down(&what);
        }
        // A process that is over answers through the board.
        process.send(on_one_line(body.to_vec())).await.ok();
        let item = match tokio::time::timeout_at(deadline, inbox.next()).await {
            Ok(Some(item)) => item,
            Ok(None) => return down(&format!("the server `{}` was let go", served.name)),
            Err(_) => {
                let what = format!("the server `{}` did not answer `initialize` in time", served.name);
                return error(StatusCode::GATEWAY_TIMEOUT, Some(&id), INTERNAL_ERROR, &what);
            }
        };
        if board.over_because().is_some() {
            return whole_message(StatusCode::BAD_GATEWAY, item);
        }
        let agreed = match Message::read(item.text.as_ref()) {
            Ok(Message::Response { outcome: Ok(result), .. }) => {
                Some(Params::read(Some(result)).text("protocolVersion"))
            }
            _ => None,
        };
        let mut answer = match takes.json {
            true => whole_message(StatusCode::OK, item),
            false => events(Some(item), inbox, self.inner.config.keep_alive, ()),
        };
        if let Some(version) = agreed {
            let version = version.unwrap_or_default();
            let by = self.account.by().map(|by| by.name);
            let session = Session::new(Arc::clone(served), board, process, seat, version).opened_by(by);
            let Ok(name) = new_id() else { return down("no random bits for the name of a session") };
            let Ok(value) = HeaderValue::from_str(&name) else {
                return down("a session's name is no header");
            };
            answer.headers_mut().insert(SESSION, value);
            self.inner.keep_session(name, session);
        }
        answer
    }
}
