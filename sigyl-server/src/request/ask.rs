//! One request, as its handler sees it. Nothing of it is read before the handler asks.

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;
use sigyl_core::domain::{Caller, TraceParent};

use super::{Query, json, percent};
use crate::door::Client;
use crate::respond::{Body, Problem};
use crate::router::Params;

/// A request whose route is known, and who asks it.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) caller: Caller,
    /// Where it comes from.
    pub(crate) client: Client,
    pub(crate) method: hyper::Method,
    /// What the route's path calls parts of the address, as they were sent.
    pub(crate) params: Params,
    /// The address up to `?`, as it was sent.
    pub(crate) path: String,
    /// What stands after `?`, as it was sent.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// How long the client has to send the body.
    pub(crate) body_time: Duration,
    /// Its place in a trace, where a collector is told of it.
    pub(crate) trace: Option<TraceParent>,
}

impl Ask {
    /// Puts a request together from its parts.
    pub(crate) fn new(
        caller: Caller,
        client: Client,
        head: Parts,
        params: Params,
        body: Incoming,
        body_time: Duration,
        trace: Option<TraceParent>,
    ) -> Self {
        let path = head.uri.path().to_owned();
        let query = head.uri.query().unwrap_or_default().to_owned();
        let (method, headers) = (head.method, head.headers);
        let body = body.map_err(Into::into).boxed_unsync();
        Self { caller, client, method, params, path, query, headers, body, body_time, trace }
    }

    /// Reads the part of the address that the route's path calls `name`.
    pub(crate) fn text(&self, name: &'static str) -> Result<String, Problem> {
        let raw = self.params.get(name).unwrap_or_default();
        percent::decode(raw, false)
            .map_err(|error| Problem::invalid(format!("the {name} in the address cannot be read: {error}")))
    }

    /// Reads the part of the address that the route's path calls `name`, as what it stands for.
    pub(crate) fn part<T, E: std::fmt::Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let text = self.text(name)?;
        parse(&text).map_err(|error| Problem::invalid(format!("the {name} in the address is wrong: {error}")))
    }

    /// Reads the query.
    pub(crate) fn query(&self) -> Result<Query, Problem> {
        Query::read(&self.query)
    }

    /// Reads a body that is JSON, of at most `limit` bytes.
    pub(crate) async fn json<T: DeserializeOwned>(self, limit: usize) -> Result<T, Problem> {
        let text = self.json_text(limit).await?;
        serde_json::from_str(&text).map_err(|error| not_json(&error))
    }

    /// Reads the text of a body that is JSON, of at most `limit` bytes.
    pub(crate) async fn json_text(self, limit: usize) -> Result<String, Problem> {
        let text = String::from_utf8(self.bytes(limit).await?.into())
            .map_err(|_| Problem::invalid("the body cannot be read: it is not UTF-8"))?;
        json::check(&text).map_err(|error| not_json(&error))?;
        Ok(text)
    }

    /// Reads a body that a form of a page sent, of at most `limit` bytes.
    pub(crate) async fn form(self, limit: usize) -> Result<Query, Problem> {
        let bytes = self.body_of("application/x-www-form-urlencoded", "a form", limit, |_| Ok(())).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::invalid("the form is not UTF-8"))?;
        Query::read(text)
    }

    /// Reads the body now, of at most `limit` bytes, whatever it is said to be. The handler reads it again.
    pub(crate) async fn read_whole(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let coming = std::mem::replace(&mut self.body, whole(Bytes::new()));
        let collected = tokio::time::timeout(self.body_time, collect(coming, limit, |_| Ok(()))).await;
        let bytes = collected.map_err(|_| too_slow())??;
        self.body = whole(bytes.clone());
        Ok(bytes)
    }

    /// Reads a body that is said to be `kind`, of at most `limit` bytes, piece by piece.
    pub(crate) fn pieces(self, kind: &str, limit: u64) -> Result<Pieces, Problem> {
        let said = self.headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
        if !said.is_some_and(|said| said.eq_ignore_ascii_case(kind)) {
            let what = format!("the body has to have the header `Content-Type: {kind}`");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what));
        }
        if self.body.size_hint().lower() > limit {
            return Err(too_large(limit));
        }
        Ok(Pieces { body: self.body, left: limit, limit })
    }

    /// Reads a body that is said to be JSON, of at most `limit` bytes, as it is.
    pub(crate) async fn bytes(self, limit: usize) -> Result<Bytes, Problem> {
        self.body_of("application/json", "JSON", limit, |_| Ok(())).await
    }

    /// The same, where `room` is told how many bytes there are with each piece that came, and may refuse it.
    pub(crate) async fn bytes_if(
        self,
        limit: usize,
        room: impl FnMut(usize) -> Result<(), Problem>,
    ) -> Result<Bytes, Problem> {
        self.body_of("application/json", "JSON", limit, room).await
    }

    async fn body_of(
        self,
        wanted: &str,
        called: &str,
        limit: usize,
        room: impl FnMut(usize) -> Result<(), Problem>,
    ) -> Result<Bytes, Problem> {
        let kind = self.headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)) {
            let what = format!("the body has to be {called}, with the header `Content-Type: {wanted}`");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what));
        }
        let collected = tokio::time::timeout(self.body_time, collect(self.body, limit, room)).await;
        collected.map_err(|_| too_slow())?
    }
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
}

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")
}

/// A body that comes piece by piece.
#[derive(Debug)]
pub(crate) struct Pieces {
    body: Body,
    left: u64,
    limit: u64,
}

impl Pieces {
    /// Returns what came next; nothing when all is there.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|_| Problem::invalid("the body ended too early"))?;
            let Ok(data) = frame.into_data() else { continue };
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.left = self.left.checked_sub(length).ok_or_else(|| too_large(self.limit))?;
            return Ok(Some(data));
        }
        Ok(None)
    }
}

fn too_large(limit: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes"))
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::invalid(format!("the body cannot be read: {error}"))
}

/// Collects a body of at most `limit` bytes; one that says it is larger is not begun.
async fn collect(
    mut body: Body,
    limit: usize,
    mut room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large(limit));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::invalid("the body ended too early"))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        room(whole.len() + data.len())?;
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
