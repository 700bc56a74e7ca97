//! One call of an API: with a token, again where that is safe, and refused in Google's words.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::refusal::{Class, Refusal};
use crate::web::{Heard, Method, Question, encoded};

/// Whether a call may be made again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It comes to the same, however often it is made.
    Safe,
    /// Only where Google says that it did nothing.
    Undone,
}

/// How long calls are tried, and how long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long one answer may take.
    pub answer: Duration,
    /// The first pause between two tries; each is twice the one before.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How often a call is made at most.
    pub tries: u32,
    /// How long something that was begun may take, where the call does not say otherwise.
    pub operation: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            tries: 6,
            operation: Duration::from_secs(300),
        }
    }
}

/// A call of an API.
#[derive(Debug)]
pub(super) struct Call {
    /// As Google names it: `run.projects.locations.services.create`.
    pub(super) name: &'static str,
    pub(super) api: Api,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) again: Again,
}

impl Call {
    /// Reads something.
    pub(super) fn get(name: &'static str, api: Api, path: impl Into<String>) -> Self {
        let (path, query) = (path.into(), Vec::new());
        Self { name, api, method: Method::Get, path, query, body: None, again: Again::Safe }
    }

    /// Does something.
    pub(super) fn post(name: &'static str, api: Api, path: impl Into<String>, body: Value) -> Self {
        let (path, query, body) = (path.into(), Vec::new(), Some(body));
        Self { name, api, method: Method::Post, path, query, body, again: Again::Undone }
    }

    /// The same call with something in its query.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The same call, which comes to the same however often it is made.
    pub(super) fn safe(mut self) -> Self {
        self.again = Again::Safe;
        self
    }

    fn target(&self) -> String {
        let pairs: Vec<(&str, &str)> =
            self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", encoded(&pairs)) };
        format!("/{}{query}", self.path)
    }
}

impl Google {
    /// Makes a call and reads its answer.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, GoogleError> {
        let heard = self.heard(&call).await?;
        // What does not answer with anything answers with an empty text.
        let body = if heard.body.is_empty() { b"{}".as_slice() } else { &heard.body };
        serde_json::from_slice(body).map_err(|error| GoogleError::Answer {
            call: call.name,
            why: format!("it is not of the expected form (line {}, column {})", error.line(), error.column()),
        })
    }

    /// Makes a call, and again where it failed in passing.
    async fn heard(&self, call: &Call) -> Result<Heard, GoogleError> {
        let (patience, mut pause, mut renewed) = (self.patience(), self.patience().first, false);
        let mut tries = 1;
        loop {
            let failure = match self.once(call, renewed).await {
                Ok(heard) => return Ok(heard),
                Err(failure) => failure,
            };
            let is_stale = matches!(&failure, GoogleError::Refused { refusal, .. } if refusal.class == Class::Unauthenticated);
            if is_stale && !renewed {
                // The token may have been withdrawn before its end.
                renewed = true;
                continue;
            }
            if tries >= patience.tries || !may_repeat(call, &failure) {
                return Err(failure);
            }
            tries += 1;
            let asked = failure.retry_after().unwrap_or_default();
            tokio::time::sleep(asked.max(pause).min(patience.longest)).await;
            pause = (2 * pause).min(patience.longest);
        }
    }

    async fn once(&self, call: &Call, fresh: bool) -> Result<Heard, GoogleError> {
        let token = self.credentials().token(fresh).await?;
        let (line, target) = (self.line(call.api)?, call.target());
        let mut question = Question::new(call.method, &target);
        (question.token, question.patience) = (Some(&token), self.patience().answer);
        question.body = call.body.as_ref().map(|body| ("application/json", body.to_string().into_bytes()));
        let heard =
            line.ask(question).await.map_err(|source| GoogleError::Web { call: call.name, source })?;
        match heard.status {
            200..=299 => Ok(heard),
            _ => Err(self.refused(Refusal::of(call.name, &heard))),
        }
    }
}

/// Tells whether a call that failed may be made again.
fn may_repeat(call: &Call, failure: &GoogleError) -> bool {
    match failure {
        // 429 and 503 say that nothing was done; of others nobody knows.
        GoogleError::Refused { refusal, .. } => {
            matches!(refusal.status, 429 | 503) || refusal.is_passing() && call.again == Again::Safe
        }
        GoogleError::Web { source, .. } => {
            matches!(source, crate::web::WebError::Unreachable { .. }) && call.again == Again::Safe
        }
        _ => false,
    }
}
