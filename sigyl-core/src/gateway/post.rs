//! The endpoint of a stdio server, for clients of both eras.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};

use crate::mcp::Era;
use crate::mcp::era::{LEGACY_ALL, META_VERSION};
use crate::mcp::message::{INTERNAL_ERROR, INVALID_REQUEST, Message};

use super::budget::Account;
use super::edit::Params;
use super::inner::Inner;
use super::legacy::Session;
use super::outbox::Inbox;
use super::request::{Accepts, VERSION, accepts, header, unreadable};
use super::respond::{Answer, TRANSPORT_ERROR, empty, error, events, whole_message};
use super::route::Served;

/// One POST: the server it is for, what came with it, what it says.
pub(super) struct Post<'a> {
    pub(super) inner: &'a Inner,
    pub(super) served: Arc<Served>,
    pub(super) session: Option<Arc<Session>>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
    pub(super) account: &'a Arc<Account>,
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
            (Some(_), Some(id)) => self.ask(vec![(id, method, raw)], &[&body], takes, false).await,
            (Some(session), None) => {
                if let ("notifications/cancelled", Some(given_up)) = (method, params.id("requestId")) {
                    session.board.cancel(&given_up);
                }
                self.tell(&[&body]).await
            }
            (None, Some(id)) if method == "initialize" => self.open(id, &body, takes).await,
            (None, id) => {
                let what = "Bad Request: this server needs a session; start with `initialize` and send Mcp-Session-Id.";
                error(StatusCode::BAD_REQUEST, id.as_ref(), TRANSPORT_ERROR, what)
            }
        }
    }

    fn is_modern(&self, method: &str, params: &Params<'_>) -> bool {
        let named = header(self.headers, VERSION).is_some_and(|version| !LEGACY_ALL.contains(&version));
        let carried = params.meta.contains_key(META_VERSION);
        match (&self.session, method) {
            // Whoever names a session has opened it, and is answered in it.
            (Some(_), _) => false,
            // A client of both eras may say what it can while it begins in the older way.
            (None, "initialize") => named && carried && self.served.era() != Some(Era::Legacy),
            (None, _) => named || carried,
        }
    }

    /// Answers with JSON when the answer comes at once and alone, else with an event stream.
    pub(super) async fn respond(
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
            Ok(Some(item)) if item.answer && takes.json => whole_message(status(item.text.as_ref()), item),
            Ok(Some(item)) => events(Some(item), inbox, config.keep_alive, kept),
            // The client cancelled it. HTTP wants an answer all the same: one that holds no message.
            Ok(None) if inbox.was_given_up() && takes.events => events(None, inbox, config.keep_alive, kept),
            Ok(None) if inbox.was_given_up() => empty(StatusCode::ACCEPTED),
            Ok(None) => {
                let what = format!("the server `{}` was let go", self.served.name);
                error(StatusCode::BAD_GATEWAY, None, INTERNAL_ERROR, &what)
            }
            Err(_) => events(None, inbox, config.keep_alive, kept),
        }
    }
}

/// Opens the stream for what belongs to no request.
pub(super) fn standing(
    inner: &Inner,
    session: &Session,
    headers: &HeaderMap,
    account: &Arc<Account>,
) -> Answer {
    if !accepts(headers).events {
        let what = "Not Acceptable: the client must accept text/event-stream.";
        return error(StatusCode::NOT_ACCEPTABLE, None, TRANSPORT_ERROR, what);
    }
    events(None, session.board.stand(account), inner.config.keep_alive, ())
}
