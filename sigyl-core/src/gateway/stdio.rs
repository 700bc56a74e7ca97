//! The endpoint of a stdio server, for clients of both eras.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, StatusCode};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::mcp::era::{LEGACY_ALL, META_VERSION, decode_header, name_field};
use crate::mcp::message::{
    HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, Id, METHOD_NOT_FOUND, MISSING_CAPABILITY, Message,
    PARSE_ERROR, UNSUPPORTED_VERSION, on_one_line,
};
use crate::mcp::{Upstream, message};

use super::board::{Board, Pending};
use super::edit::Params;
use super::gateway::Inner;
use super::journal::Call;
use super::modern::{Asked, Refused};
use super::outbox::{self, Inbox};
use super::process::Process;
use super::request::{Accepts, SESSION, VERSION, accepts, header, unreadable};
use super::respond::{Answer, NO_SESSION, TRANSPORT_ERROR, busy, empty, error, events, json, not_allowed};
use super::route::Served;
use super::session::{Session, new_id};

/// Messages in one batch.
const BATCH_MOST: usize = 100;

/// One POST: the server it is for, what came with it, what it says.
pub(super) struct Post<'a> {
    pub(super) inner: &'a Inner,
    pub(super) served: Arc<Served>,
    pub(super) session: Option<Arc<Session>>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
}

impl Post<'_> {
    /// Answers it.
    pub(super) async fn answer(self) -> Answer {
        let takes = accepts(self.headers);
        if !takes.json && !takes.events {
            let what = "Not Acceptable: the client must accept application/json and text/event-stream.";
            return error(StatusCode::NOT_ACCEPTABLE, None, TRANSPORT_ERROR, what);
        }
        let body = self.body.clone();
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return self.batch(&body, takes).await;
        }
        let message = match Message::read(&body) {
            Ok(message) => message,
            Err(wrong) => return unreadable(wrong),
        };
        let (id, method, raw) = match message {
            Message::Request { id, method, params } => (Some(id), Some(method), params),
            Message::Notification { method, params } => (None, Some(method), params),
            Message::Response { .. } => (None, None, None),
        };
        let params = Params::read(raw);
        let method = method.as_deref().unwrap_or_default();
        if self.is_modern(method, &params) {
            return match id {
                Some(id) => self.modern(id, method, &params, raw, takes).await,
                // A client of the modern era has nothing to tell a server: it cancels by closing the stream.
                None if !method.is_empty() => empty(StatusCode::ACCEPTED),
                None => error(StatusCode::BAD_REQUEST, None, INVALID_REQUEST, "the body is no request"),
            };
        }
        if let Err(refusal) = self.check_version(id.as_ref()) {
            return *refusal;
        }
        match (&self.session, id) {
            (Some(_), Some(id)) => self.ask(vec![(id, method, raw)], &body, takes, false).await,
            (Some(_), None) => self.tell(&body).await,
            (None, Some(id)) if method == "initialize" => self.open(id, &body, takes).await,
            (None, id) => {
                let what = "Bad Request: this server needs a session; start with `initialize` and send Mcp-Session-Id.";
                error(StatusCode::BAD_REQUEST, id.as_ref(), TRANSPORT_ERROR, what)
            }
        }
    }

    fn is_modern(&self, method: &str, params: &Params<'_>) -> bool {
        let named = header(self.headers, VERSION).is_some_and(|version| !LEGACY_ALL.contains(&version));
        // Whoever names a session has opened it, and is answered in it.
        self.session.is_none() && method != "initialize" && (named || params.meta.contains_key(META_VERSION))
    }

    fn check_version(&self, id: Option<&Id>) -> Result<(), Box<Answer>> {
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
    async fn ask(
        &self,
        requests: Vec<(Id, &str, Option<&RawValue>)>,
        body: &Bytes,
        takes: Accepts,
        batch: bool,
    ) -> Answer {
        let Some(session) = &self.session else {
            return error(StatusCode::NOT_FOUND, None, NO_SESSION, "Session not found");
        };
        let (outbox, inbox) = outbox::channel(self.inner.config.stream_bytes);
        let within = session.served.route.timeout;
        let ids: Vec<Id> = requests.iter().map(|(id, ..)| id.clone()).collect();
        for (id, method, raw) in requests {
            let pending = Pending {
                outbox: outbox.clone(),
                open: takes.events,
                token: Params::read(raw).meta_id("progressToken"),
                call: Call::start(&self.inner.journal, &session.served, method, raw),
                deadline: Instant::now() + within,
            };
            if let Err(what) = session.board.expect(id.clone(), pending) {
                ids.iter().take_while(|other| **other != id).for_each(|other| session.board.forget(other));
                return error(StatusCode::BAD_REQUEST, Some(&id), INVALID_REQUEST, &what);
            }
        }
        drop(outbox);
        let line = on_one_line(body.to_vec());
        if !matches!(tokio::time::timeout(within, session.process.send(line)).await, Ok(Ok(()))) {
            ids.iter().for_each(|id| session.board.forget(id));
            let what = session.board.over_because().unwrap_or_else(|| "the server does not read".to_owned());
            return error(StatusCode::BAD_GATEWAY, ids.first(), message::INTERNAL_ERROR, &what);
        }
        if batch {
            return events(None, inbox, self.inner.config.keep_alive, ());
        }
        self.respond(inbox, takes, |_| StatusCode::OK, ()).await
    }

    /// Answers with JSON when the answer comes at once and alone, else with an event stream.
    async fn respond(
        &self,
        mut inbox: Inbox,
        takes: Accepts,
        status: fn(&[u8]) -> StatusCode,
        kept: impl Send + 'static,
    ) -> Answer {
        let config = &self.inner.config;
        let first = if takes.events {
            tokio::time::timeout(config.grace, inbox.next()).await
        } else {
            loop {
                match inbox.next().await {
                    Some(item) if !item.answer => {}
                    end => break Ok(end),
                }
            }
        };
        match first {
            Ok(Some(item)) if item.answer && takes.json => json(status(&item.text), item.text),
            Ok(Some(item)) => events(Some(item), inbox, config.keep_alive, kept),
            Ok(None) => {
                let what = format!("the server `{}` was let go", self.served.name);
                error(StatusCode::BAD_GATEWAY, None, message::INTERNAL_ERROR, &what)
            }
            Err(_) => events(None, inbox, config.keep_alive, kept),
        }
    }

    /// Passes a notification or a response on.
    async fn tell(&self, body: &Bytes) -> Answer {
        let Some(session) = &self.session else { return empty(StatusCode::BAD_REQUEST) };
        session.board.touch();
        let line = on_one_line(body.to_vec());
        match tokio::time::timeout(session.served.route.timeout, session.process.send(line)).await {
            Ok(Ok(())) => empty(StatusCode::ACCEPTED),
            _ => {
                let what =
                    session.board.over_because().unwrap_or_else(|| "the server does not read".to_owned());
                error(StatusCode::BAD_GATEWAY, None, message::INTERNAL_ERROR, &what)
            }
        }
    }

    /// Passes a batch on (revision 2025-03-26 alone has them).
    async fn batch(&self, body: &Bytes, takes: Accepts) -> Answer {
        let refuse = |what: &str| error(StatusCode::BAD_REQUEST, None, INVALID_REQUEST, what);
        if self.session.is_none() || !matches!(header(self.headers, VERSION), None | Some("2025-03-26")) {
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
        if requests.is_empty() {
            return self.tell(body).await;
        }
        if !takes.events {
            return refuse("A client that sends batches must accept text/event-stream.");
        }
        self.ask(requests, body, takes, true).await
    }

    /// Opens a session: a process of its own, whose own answer to `initialize` decides.
    async fn open(&self, id: Id, body: &Bytes, takes: Accepts) -> Answer {
        let served = &self.served;
        let Upstream::Stdio(spawn) = &served.route.upstream else { return empty(StatusCode::NOT_FOUND) };
        let Some(seat) = self.inner.seat(served) else {
            let what = format!(
                "the server `{}` has {} sessions, as many as it may",
                served.name, served.route.max_sessions
            );
            return busy(Some(&id), &what);
        };
        let down = |what: &str| error(StatusCode::BAD_GATEWAY, Some(&id), message::INTERNAL_ERROR, what);
        let board = Arc::new(Board::new(served.name.to_string(), Arc::clone(&self.inner.config)));
        let process = match Process::start(spawn, &self.inner.config, Arc::clone(&board)).await {
            Ok(process) => process,
            Err(error) => return down(&format!("the server `{}` is down: {error}", served.name)),
        };
        let (outbox, mut inbox) = outbox::channel(self.inner.config.stream_bytes);
        let deadline = Instant::now() + served.route.timeout;
        let pending = Pending { outbox, open: false, token: None, call: None, deadline };
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
                return error(StatusCode::GATEWAY_TIMEOUT, Some(&id), message::INTERNAL_ERROR, &what);
            }
        };
        if board.over_because().is_some() {
            return json(StatusCode::BAD_GATEWAY, item.text);
        }
        let agreed = match Message::read(&item.text) {
            Ok(Message::Response { outcome: Ok(result), .. }) => {
                Some(Params::read(Some(result)).text("protocolVersion"))
            }
            _ => None,
        };
        let mut answer = match takes.json {
            true => json(StatusCode::OK, item.text),
            false => events(Some(item), inbox, self.inner.config.keep_alive, ()),
        };
        if let Some(version) = agreed {
            let version = version.unwrap_or_default();
            let session = Session::new(Arc::clone(served), board, process, seat, version);
            let Ok(name) = new_id() else { return down("no random bits for the name of a session") };
            let Ok(value) = HeaderValue::from_str(&name) else {
                return down("a session's name is no header");
            };
            answer.headers_mut().insert(SESSION, value);
            self.inner.keep_session(name, session);
        }
        answer
    }

    /// Passes a modern request to the shared process.
    async fn modern(
        &self,
        id: Id,
        method: &str,
        params: &Params<'_>,
        raw: Option<&RawValue>,
        takes: Accepts,
    ) -> Answer {
        let served = &self.served;
        let shared = match served.modern.get(served, &self.inner.config).await {
            Ok(shared) => shared,
            Err(Refused::Legacy) => {
                let what = "Bad Request: this server speaks earlier revisions; start with `initialize`.";
                return error(StatusCode::BAD_REQUEST, Some(&id), TRANSPORT_ERROR, what);
            }
            Err(Refused::Down(why)) => {
                return busy(Some(&id), &format!("the server `{}` is down: {why}", served.name));
            }
        };
        if let Err(what) = self.check_headers(method, params) {
            return error(StatusCode::BAD_REQUEST, Some(&id), HEADER_MISMATCH, &what);
        }
        if method == "subscriptions/listen" && !takes.events {
            return empty(StatusCode::NOT_ACCEPTABLE);
        }
        let call = Call::start(&self.inner.journal, served, method, raw);
        let asked = Asked { id: id.clone(), method, params, raw, call };
        match shared.ask(asked, served.route.timeout, &self.inner.config).await {
            Ok((inbox, ticket)) => self.respond(inbox, takes, modern_status, ticket).await,
            Err(why) => busy(Some(&id), &format!("the server `{}` is down: {why}", served.name)),
        }
    }

    /// Refuses a modern request whose headers say something else than its body.
    fn check_headers(&self, method: &str, params: &Params<'_>) -> Result<(), String> {
        let Some(version) = params.meta_text(META_VERSION) else { return Ok(()) };
        let check = |name: &str, wanted: &str| match header(self.headers, name).map(decode_header) {
            Some(Some(found)) if found == wanted => Ok(()),
            Some(_) => Err(format!("Header mismatch: {name} differs from the body")),
            None => Err(format!("Header mismatch: {name} is missing or given twice")),
        };
        check(VERSION, &version)?;
        check("mcp-method", method)?;
        match name_field(method).and_then(|field| params.text(field)) {
            Some(named) => check("mcp-name", &named),
            None => Ok(()),
        }
    }
}

/// Opens the stream for what belongs to no request.
pub(super) fn standing(inner: &Inner, session: &Session, headers: &HeaderMap) -> Answer {
    if !accepts(headers).events {
        let what = "Not Acceptable: the client must accept text/event-stream.";
        return error(StatusCode::NOT_ACCEPTABLE, None, TRANSPORT_ERROR, what);
    }
    events(None, session.board.stand(), inner.config.keep_alive, ())
}

/// The answer to what is not POST and names no session.
pub(super) fn without_session() -> Answer {
    not_allowed("POST")
}

/// The HTTP status that goes with an answer of the modern era.
fn modern_status(text: &[u8]) -> StatusCode {
    #[derive(serde::Deserialize)]
    struct Coded {
        code: i64,
    }
    let Ok(Message::Response { outcome: Err(error), .. }) = Message::read(text) else {
        return StatusCode::OK;
    };
    match serde_json::from_str::<Coded>(error.get()).map(|coded| coded.code) {
        Ok(METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        Ok(
            PARSE_ERROR | INVALID_REQUEST | INVALID_PARAMS | HEADER_MISMATCH | MISSING_CAPABILITY
            | UNSUPPORTED_VERSION,
        ) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}
