//! Sends a request, and reads its answer, bounded.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use reqwest::{Method, Response};
use serde::de::DeserializeOwned;

use super::call::Call;
use super::{Client, ClientError, Refused};

/// Bytes of an answer.
pub(super) const MOST: usize = 64 << 20;

/// Bytes of an answer that tells a problem.
const PROBLEM: usize = 1 << 20;

/// Parts of a list that are asked for: a server gives thousands of entries at a time.
const PARTS_MOST: usize = 10_000;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

impl Client {
    /// Asks, and reads what is answered.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let operation = call.operation.id;
        let answer = self.whole(&call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| ClientError::Unreadable {
            operation,
            kind: answer.kind,
            source: error.into(),
        })
    }

    /// Asks for a list, part after part. `open` takes a part and tells the cursor of the next one.
    pub(super) async fn all<T: DeserializeOwned, I>(
        &self,
        call: Call,
        open: impl Fn(T) -> (Vec<I>, Option<String>),
    ) -> Result<Vec<I>, ClientError> {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..PARTS_MOST {
            let (part, next) = open(self.ask(call.clone().may_ask("cursor", after.as_ref())).await?);
            let is_empty = part.is_empty();
            all.extend(part);
            match next {
                None => return Ok(all),
                Some(_) if is_empty => break,
                more => after = more,
            }
        }
        Err(ClientError::Endless { operation: call.operation.id })
    }

    /// Asks for something whose only answer is that it was done.
    pub(super) async fn done(&self, call: Call) -> Result<(), ClientError> {
        self.whole(&call).await.map(|_| ())
    }

    /// Asks for text.
    pub(super) async fn text(&self, call: Call) -> Result<String, ClientError> {
        let operation = call.operation.id;
        let answer = self.whole(&call).await?;
        String::from_utf8(answer.body).map_err(|error| ClientError::Unreadable {
            operation,
            kind: answer.kind,
            source: error.into(),
        })
    }

    async fn whole(&self, call: &Call) -> Result<Answer, ClientError> {
        let (operation, within) = (call.operation.id, call.within);
        let reading = async {
            let response = self.send(call).await?;
            let kind = kind(&response);
            let body = self.read(operation, response, MOST).await?;
            Ok(Answer { kind, body })
        };
        match tokio::time::timeout(within, reading).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Timeout { url: self.inner.shown.clone(), operation, within }),
        }
    }

    /// Sends a request until it is answered well, or is not to be tried again. Only its beginning is read.
    pub(super) async fn send(&self, call: &Call) -> Result<Response, ClientError> {
        let mut tries = 0;
        loop {
            let response = self.once(call).await?;
            if response.status().is_success() {
                return Ok(response);
            }
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = self.read(call.operation.id, response, PROBLEM).await?;
            let refused = Refused::read(call.operation.id, status, &headers, &body);
            match self.inner.patience.after(call.operation, &refused, tries) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(ClientError::Refused(Box::new(refused))),
            }
            tries += 1;
        }
    }

    async fn once(&self, call: &Call) -> Result<Response, ClientError> {
        let method = Method::from_bytes(call.operation.method.as_bytes())
            .map_err(|error| ClientError::Setup(error.into()))?;
        let mut request = self.inner.http.request(method, call.url(&self.inner.url)?);
        if let Some(key) = &self.inner.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        if let Some((body, kind)) = &call.body {
            request = request.header(CONTENT_TYPE, *kind).body(body.clone());
        }
        if let Some(seen) = &call.seen {
            request = request.header(LAST_EVENT_ID, seen);
        }
        request = request.header(ACCEPT, "application/json, text/event-stream;q=0.9, */*;q=0.1");
        request.send().await.map_err(|error| self.unreachable(error))
    }

    async fn read(
        &self,
        operation: &'static str,
        mut response: Response,
        limit: usize,
    ) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + piece.len() > limit {
                return Err(ClientError::TooLarge { operation, limit });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// Nobody answered, or not to the end.
    pub(super) fn unreachable(&self, error: reqwest::Error) -> ClientError {
        ClientError::Unreachable { url: self.inner.shown.clone(), source: error.without_url().into() }
    }
}

/// An answer that was read whole.
struct Answer {
    kind: String,
    body: Vec<u8>,
}

/// Returns what an answer says that it is.
pub(super) fn kind(response: &Response) -> String {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or("of no type").chars().take(100).collect()
}
