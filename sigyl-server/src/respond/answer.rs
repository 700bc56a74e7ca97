//! What a handler says.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::{Body, Problem};

/// JSON, as content.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What an answer carries.
#[derive(Debug)]
pub(crate) enum Content {
    /// Nothing.
    Empty,
    /// Bytes that are all there.
    Whole(Bytes),
    /// What comes as it comes.
    Stream(Body),
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
}

impl Answer {
    /// `value` as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_vec(value).map_err(|error| Problem::defect(&error))?;
        Ok(Self::whole(JSON, text))
    }

    /// Bytes of a given type.
    pub(crate) fn whole(kind: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        Self { status: StatusCode::OK, headers, content: Content::Whole(bytes.into()) }
    }

    /// What comes as it comes.
    pub(crate) fn stream(kind: HeaderValue, body: Body) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        Self { status: StatusCode::OK, headers, content: Content::Stream(body) }
    }

    /// Nothing but a status.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), content: Content::Empty }
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}
