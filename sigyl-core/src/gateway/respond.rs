//! Writes answers: JSON, event streams, errors that any MCP client can read.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::mcp::message::{Id, error_response};
use crate::mcp::sse::write_message;

use super::outbox::{Inbox, Item};

/// The body of every answer.
pub(super) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;
/// An answer.
pub(super) type Answer = Response<Body>;

/// An MCP server's own code for what is wrong with the transport.
pub(super) const TRANSPORT_ERROR: i64 = -32000;
/// The code that MCP servers give for a session that is not theirs.
pub(super) const NO_SESSION: i64 = -32001;
/// What a client of such a session should do.
pub(super) const NO_SESSION_TEXT: &str = "Session not found: start again with `initialize`.";

fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Empty::new().map_err(|never: Infallible| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    answer
}

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(whole(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// An answer with one message of a server as its body.
pub(super) fn whole_message(status: StatusCode, item: Item) -> Answer {
    json(status, Bytes::from_owner(item.text))
}

/// An answer that says what is wrong, as a JSON-RPC error.
pub(super) fn error(status: StatusCode, id: Option<&Id>, code: i64, message: &str) -> Answer {
    json(status, error_response(id, code, message))
}

/// The answer to a method that the address does not have.
pub(super) fn not_allowed(allow: &'static str) -> Answer {
    let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, None, TRANSPORT_ERROR, "Method not allowed.");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    answer
}

/// The answer to a client that should come back later.
pub(super) fn busy(id: Option<&Id>, message: &str) -> Answer {
    let mut answer = error(StatusCode::SERVICE_UNAVAILABLE, id, TRANSPORT_ERROR, message);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
    answer
}

/// An event stream of `first` and all that comes into `inbox`; `kept` lives as long as the stream.
pub(super) fn events(
    first: Option<Item>,
    inbox: Inbox,
    keep_alive: Duration,
    kept: impl Send + 'static,
) -> Answer {
    let start = first.map(event).unwrap_or_else(|| Bytes::from_static(b": open\n\n"));
    let state = (Some(start), inbox, kept);
    let pieces = stream::unfold(state, move |(start, mut inbox, kept)| async move {
        let piece = match start {
            Some(start) => start,
            None => match tokio::time::timeout(keep_alive, inbox.next()).await {
                Ok(Some(item)) => event(item),
                Ok(None) => return None,
                Err(_) => Bytes::from_static(b": still here\n\n"),
            },
        };
        Some((Ok(Frame::data(piece)), (None, inbox, kept)))
    });
    let mut answer = Response::new(StreamBody::new(pieces).boxed_unsync());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

/// A message as an event, counted until it is written.
fn event(item: Item) -> Bytes {
    Bytes::from_owner(item.text.framed(write_message))
}
