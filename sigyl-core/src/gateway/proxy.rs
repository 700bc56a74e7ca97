//! The endpoint of a server that speaks HTTP itself: passes both directions on as they come.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, HeaderValue, ORIGIN,
    SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::mcp::Shown;
use crate::mcp::message::{INTERNAL_ERROR, Id, Message, error_response};
use crate::mcp::sse::write_message;

use super::declared::List;
use super::inner::Inner;
use super::journal::{By, Call};
use super::request::{SESSION, header};
use super::respond::{Answer, NO_SESSION, NO_SESSION_TEXT, TRANSPORT_ERROR, busy, empty, error};
use super::route::{Seat, Served};
use super::sieve::Sieve;
use super::watch::{LOOKED_AT, Reader, Watch};

/// Headers that concern one connection, or that the far end must not see.
const KEPT_BACK: [HeaderName; 12] = [
    CONNECTION,
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    ORIGIN,
    COOKIE,
    SET_COOKIE,
    // The answer is looked at on its way, so it comes as it is.
    ACCEPT_ENCODING,
];
const KEPT_BACK_MORE: [&str; 5] =
    ["keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "forwarded"];

/// A request to pass on.
pub(super) struct Passed<'a> {
    pub(super) inner: &'a Arc<Inner>,
    pub(super) served: Arc<Served>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
    pub(super) by: Option<By>,
}

impl Passed<'_> {
    /// Passes it on and gives the answer as it comes.
    pub(super) async fn forward(self) -> Answer {
        let (id, call) = self.look();
        let seat = self.served.passing();
        let name = &self.served.name;
        let (client, url) = match (&self.served.http, self.served.route.upstream.url()) {
            (Some(Ok(client)), Some(url)) => (client, self.address(url)),
            (Some(Err(why)), _) => {
                return busy(id.as_ref(), &format!("the server `{name}` cannot be reached: {why}"));
            }
            _ => return empty(StatusCode::NOT_FOUND),
        };
        let deadline = (self.method != Method::GET && !self.is_listening(id.as_ref()))
            .then(|| Instant::now() + self.served.route.timeout);
        let limit = Instant::now() + self.served.route.timeout;
        let asked = tokio::select! {
            biased;
            () = self.served.is_cut_off() => {
                return busy(id.as_ref(), &format!("the server `{name}` is not served any more"));
            }
            asked = tokio::time::timeout_at(limit, self.ask(client, &url)) => asked,
        };
        let response = match asked {
            Ok(Ok(response)) => response,
            Ok(Err(Unasked::Shut(why))) => {
                return busy(id.as_ref(), &format!("the server `{name}` cannot be reached: {why}"));
            }
            Ok(Err(Unasked::Unreachable(failed))) => {
                tracing::debug!(server.name = %name, error = %failed.without_url(), "a server could not be reached");
                if let Some(moved) = self.moved(id.as_ref()) {
                    return moved;
                }
                let what = format!("the server `{name}` is down: it cannot be reached");
                return error(StatusCode::BAD_GATEWAY, id.as_ref(), INTERNAL_ERROR, &what);
            }
            Err(_) => {
                let what = format!("the server `{name}` did not answer in time");
                return error(StatusCode::GATEWAY_TIMEOUT, id.as_ref(), INTERNAL_ERROR, &what);
            }
        };
        self.follow_session(&response);
        let sieve = self.list(&response);
        self.pass_back(response, Watch::new(id, call), sieve, deadline, seat)
    }

    /// Asks the far end; once more where it does not take what opens its door, and there is something new to show.
    async fn ask(&self, client: &reqwest::Client, url: &str) -> Result<reqwest::Response, Unasked> {
        let headers = end_to_end(self.headers);
        let Some(pass) = self.served.route.upstream.pass() else {
            return self.send(client, url, headers).await;
        };
        let opens = pass.show().await.map_err(|error| Unasked::Shut(error.to_string()))?;
        let response = self.send(client, url, opened(headers.clone(), &opens)?).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match pass.show_anew(&opens).await.map_err(|error| Unasked::Shut(error.to_string()))? {
            Some(opens) => self.send(client, url, opened(headers, &opens)?).await,
            None => Ok(response),
        }
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        url: &str,
        headers: HeaderMap,
    ) -> Result<reqwest::Response, Unasked> {
        let mut request = client.request(self.method.clone(), url).headers(headers);
        if self.method == Method::POST {
            request = request.body(self.body.clone());
        }
        request.send().await.map_err(Unasked::Unreachable)
    }

    /// Sends a client whose session ended with an earlier version back to `initialize`.
    fn moved(&self, id: Option<&Id>) -> Option<Answer> {
        let session = header(self.headers, SESSION)?;
        self.served.retired_for()?;
        self.inner.unpin(session);
        Some(error(StatusCode::NOT_FOUND, id, NO_SESSION, NO_SESSION_TEXT))
    }

    fn address(&self, url: &str) -> String {
        match self.uri.query() {
            Some(query) if !url.contains('?') => format!("{url}?{query}"),
            _ => url.to_owned(),
        }
    }

    /// Finds out which request this is, and starts the record of a call.
    fn look(&self) -> (Option<Id>, Option<Call>) {
        match Message::read(&self.body) {
            Ok(Message::Request { id, method, params }) => {
                (Some(id), Call::start(&self.inner.journal, &self.served, self.by.clone(), &method, params))
            }
            _ => (None, None),
        }
    }

    /// Holds back what may declare something: answers to requests for it, and what a stream brings later.
    fn list(&self, response: &reqwest::Response) -> Option<Sieve> {
        let (declared, served) = (&self.inner.declared, &self.served);
        let of = |text: &[u8]| match Message::read(text) {
            Ok(Message::Request { method, .. }) => List::start(declared, served, &method),
            _ => None,
        };
        let list = match self.method {
            Method::GET => Some(List::of(declared, served)),
            Method::POST => of(&self.body).or_else(|| {
                let parts = serde_json::from_slice::<Vec<&RawValue>>(&self.body).ok()?;
                parts.into_iter().find_map(|part| of(part.get().as_bytes()))
            }),
            _ => None,
        };
        list.map(|list| Sieve::new(list, response.headers(), LOOKED_AT))
    }

    fn is_listening(&self, id: Option<&Id>) -> bool {
        id.is_some()
            && matches!(Message::read(&self.body), Ok(Message::Request { method, .. }) if method == "subscriptions/listen")
    }

    /// Keeps a session on the route that it began on.
    fn follow_session(&self, response: &reqwest::Response) {
        if let Some(session) = header(response.headers(), SESSION) {
            self.inner.pin(session, &self.served, self.by.as_ref());
        }
        if self.method == Method::DELETE
            && response.status().is_success()
            && let Some(session) = header(self.headers, SESSION)
        {
            self.inner.unpin(session);
        }
    }

    fn pass_back(
        self,
        response: reqwest::Response,
        mut watch: Watch,
        sieve: Option<Sieve>,
        deadline: Option<Instant>,
        seat: Seat,
    ) -> Answer {
        let status = response.status();
        let headers = end_to_end(response.headers());
        watch.reader = Reader::of(&headers);
        let state =
            Passing { response, watch, sieve, deadline, served: self.served, over: false, _seat: seat };
        let pieces = stream::unfold(state, Passing::step);
        let mut answer = Response::new(StreamBody::new(pieces).boxed_unsync());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        answer
    }
}

/// Copies the headers that are meant for the far end.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let listed = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<String> =
        listed.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    let kept = |name: &HeaderName| {
        !KEPT_BACK.contains(name)
            && !KEPT_BACK_MORE.contains(&name.as_str())
            && !name.as_str().starts_with("x-forwarded-")
            && !listed.iter().any(|other| other == name.as_str())
    };
    headers.iter().filter(|(name, _)| kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Why a request did not get to the far end.
enum Unasked {
    /// There is nothing that opens its door.
    Shut(String),
    /// It does not answer.
    Unreachable(reqwest::Error),
}

/// Puts what opens the door of a server among the headers, where it is never shown. What a client sends under that name is
/// not passed on.
fn opened(mut headers: HeaderMap, shown: &Shown) -> Result<HeaderMap, Unasked> {
    let value = HeaderValue::from_str(shown.value.reveal());
    let mut value = value.map_err(|_| Unasked::Shut("what it is shown fits no header".to_owned()))?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(shown.header), value);
    Ok(headers)
}

/// An answer on its way back.
struct Passing {
    response: reqwest::Response,
    watch: Watch,
    sieve: Option<Sieve>,
    deadline: Option<Instant>,
    /// Held until the end, so that it can be cut off.
    served: Arc<Served>,
    over: bool,
    _seat: Seat,
}

type Piece = Result<Frame<Bytes>, Box<dyn std::error::Error + Send + Sync>>;

impl Passing {
    async fn step(mut self) -> Option<(Piece, Self)> {
        if self.over {
            return None;
        }
        loop {
            let response = &mut self.response;
            let next = async {
                match self.deadline {
                    Some(deadline) => tokio::time::timeout_at(deadline, response.chunk()).await,
                    None => Ok(response.chunk().await),
                }
            };
            let chunk = tokio::select! {
                biased;
                () = self.served.is_cut_off() => return self.broken("is not served any more"),
                chunk = next => chunk,
            };
            let passes = match chunk {
                Ok(Ok(Some(piece))) => match &mut self.sieve {
                    Some(sieve) => sieve.push(&piece),
                    None => Ok(piece),
                },
                Ok(Ok(None)) => {
                    self.over = true;
                    self.sieve.as_mut().map_or(Ok(Bytes::new()), Sieve::end)
                }
                Ok(Err(_)) => return self.broken("broke off in the middle of its answer"),
                Err(_) => return self.broken("did not answer in time"),
            };
            match passes {
                Ok(piece) if piece.is_empty() && !self.over => {}
                Ok(piece) => return self.passed(piece),
                Err(why) => return self.refused(&why),
            }
        }
    }

    fn passed(mut self, piece: Bytes) -> Option<(Piece, Self)> {
        self.watch.see(&piece);
        if self.over {
            self.watch.finish();
        }
        (!piece.is_empty()).then(|| (Ok(Frame::data(piece)), self))
    }

    /// Ends an answer that declares what is forbidden. Nothing of it has passed, or only whole events.
    fn refused(mut self, why: &str) -> Option<(Piece, Self)> {
        self.over = true;
        let text = error_response(self.watch.id.as_ref(), TRANSPORT_ERROR, why);
        let piece = match &self.watch.reader {
            Reader::Events(_) => write_message(&text),
            _ => text,
        };
        Some((Ok(Frame::data(piece.into())), self))
    }

    /// Ends an answer that does not go on.
    fn broken(mut self, how: &str) -> Option<(Piece, Self)> {
        self.over = true;
        let why = format!("the server `{}` {how}", self.served.name);
        // An event stream can still say what happened; a JSON text can only be cut off.
        let piece = match (&self.watch.reader, &self.watch.id) {
            (Reader::Events(_), Some(id)) => {
                let text = error_response(Some(id), INTERNAL_ERROR, &why);
                Ok(Frame::data(Bytes::from([b"\n\n".to_vec(), write_message(&text)].concat())))
            }
            _ => Err(why.into()),
        };
        Some((piece, self))
    }
}
