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
    /// How long it may take until an archive of source is sent and answered.
    pub sending: Duration,
    /// The first pause between two tries; each is twice the one before.
    pub first: Duration,
    /// The longest pause that is made unasked.
    pub longest: Duration,
    /// The longest pause that is made when Google asks for one; where it asks for more, its refusal is handed on at once.
    pub obeyed: Duration,
    /// The longest pause between two looks at something that goes on.
    pub watching: Duration,
    /// How often a call is made at most.
    pub tries: u32,
    /// How long something that was begun may take, where the call does not say otherwise.
    pub operation: Duration,
    /// How long a build may take.
    pub build: Duration,
    /// How long it may take until Google knows everywhere what was made or granted just now.
    pub settling: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            sending: Duration::from_secs(600),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            obeyed: Duration::from_secs(120),
            watching: Duration::from_secs(5),
            tries: 6,
            operation: Duration::from_secs(300),
            build: Duration::from_secs(1_800),
            settling: Duration::from_secs(120),
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
    pub(super) body: Option<Body>,
    pub(super) again: Again,
    /// How long the answer may take, where that is longer than usual.
    pub(super) limit: Option<Duration>,
}

/// What is sent along.
#[derive(Debug)]
pub(super) enum Body {
    Json(Value),
    /// Bytes of a type.
    Bytes(String, Vec<u8>),
}

impl Call {
    fn of(name: &'static str, api: Api, method: Method, path: String, body: Option<Body>) -> Self {
        // To read and to remove come to the same, however often they are done.
        let again = if matches!(method, Method::Get | Method::Delete) { Again::Safe } else { Again::Undone };
        Self { name, api, method, path, query: Vec::new(), body, again, limit: None }
    }

    /// Reads something.
    pub(super) fn get(name: &'static str, api: Api, path: impl Into<String>) -> Self {
        Self::of(name, api, Method::Get, path.into(), None)
    }

    /// Does something.
    pub(super) fn post(name: &'static str, api: Api, path: impl Into<String>, body: Value) -> Self {
        Self::of(name, api, Method::Post, path.into(), Some(Body::Json(body)))
    }

    /// Sends bytes of a type.
    pub(super) fn send(
        name: &'static str,
        api: Api,
        path: impl Into<String>,
        form: String,
        bytes: Vec<u8>,
    ) -> Self {
        Self::of(name, api, Method::Post, path.into(), Some(Body::Bytes(form, bytes)))
    }

    /// Changes a part of something.
    pub(super) fn patch(name: &'static str, api: Api, path: impl Into<String>, body: Value) -> Self {
        Self::of(name, api, Method::Patch, path.into(), Some(Body::Json(body)))
    }

    /// Removes something.
    pub(super) fn delete(name: &'static str, api: Api, path: impl Into<String>) -> Self {
        Self::of(name, api, Method::Delete, path.into(), None)
    }

    /// The same call, whose answer may take this long.
    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
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

    /// Makes a call that removes something; tells whether it was there.
    pub(super) async fn gone(&self, call: Call) -> Result<bool, GoogleError> {
        match self.heard(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is(&Class::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a call, and again where it failed in passing.
    async fn heard(&self, call: &Call) -> Result<Heard, GoogleError> {
        let (patience, mut pause, mut renewed) = (self.patience(), self.patience().first, false);
        let (mut tries, mut fresh) = (1, false);
        loop {
            // A token is asked for anew for one try alone: the tries after it have that one.
            let failure = match self.once(call, std::mem::take(&mut fresh)).await {
                Ok(heard) => return Ok(heard),
                Err(failure) => failure,
            };
            let is_stale = matches!(&failure, GoogleError::Refused { refusal, .. } if refusal.class == Class::Unauthenticated);
            if is_stale && !renewed {
                // The token may have been withdrawn before its end.
                (renewed, fresh) = (true, true);
                continue;
            }
            let asked = failure.retry_after().unwrap_or_default();
            if tries >= patience.tries || asked > patience.obeyed || !may_repeat(call, &failure) {
                return Err(failure);
            }
            tries += 1;
            tokio::time::sleep(asked.max(pause)).await;
            pause = (2 * pause).min(patience.longest);
        }
    }

    async fn once(&self, call: &Call, fresh: bool) -> Result<Heard, GoogleError> {
        let token = self.credentials().token(fresh).await?;
        let (line, target) = (self.line(call.api)?, call.target());
        let mut question = Question::new(call.method, &target);
        (question.token, question.patience) = (Some(&token), self.patience().answer);
        question.patience = call.limit.unwrap_or(question.patience);
        question.body = call.body.as_ref().map(|body| match body {
            Body::Json(value) => ("application/json", value.to_string().into_bytes()),
            Body::Bytes(form, bytes) => (form.as_str(), bytes.clone()),
        });
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
