//! One server that is asked again and again, over connections that are kept.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};

use super::asking::{AGENT, Heard, Limits, WebError, heard, shown};
use crate::domain::SecretValue;

/// How something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// To read.
    Get,
    /// To make, or to do.
    Post,
    /// To put in the place of what is there.
    Put,
    /// To change a part.
    Patch,
    /// To remove.
    Delete,
}

/// What is asked.
#[derive(Debug)]
pub struct Question<'q> {
    /// How.
    pub method: Method,
    /// What stands behind the root, with the query.
    pub path: &'q str,
    /// Who asks.
    pub token: Option<&'q SecretValue>,
    /// More headers; their values hold no line breaks.
    pub headers: &'q [(&'q str, &'q str)],
    /// The type that the answer should have.
    pub accepts: &'static str,
    /// The type of what is sent along, and that itself.
    pub body: Option<(&'q str, Vec<u8>)>,
    /// How long the answer may take.
    pub patience: Duration,
    /// Bytes that the answer may have.
    pub most: usize,
}

impl<'q> Question<'q> {
    /// Asks in a way, for a path, with the bounds of small answers.
    pub fn new(method: Method, path: &'q str) -> Self {
        let Limits { patience, most } = Limits::default();
        Self {
            method,
            path,
            token: None,
            headers: &[],
            accepts: "application/json",
            body: None,
            patience,
            most,
        }
    }
}

/// A server, and the connections to it.
#[derive(Clone, Debug)]
pub struct Line {
    client: reqwest::Client,
    root: String,
}

impl Line {
    pub(super) fn new(client: reqwest::Client, root: &str) -> Self {
        Self { client, root: root.trim_end_matches('/').to_owned() }
    }

    /// Returns the address that all paths stand behind.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Asks, and takes the answer whatever its status.
    pub async fn ask(&self, question: Question<'_>) -> Result<Heard, WebError> {
        let url = format!("{}{}", self.root, question.path);
        let mut request = self.client.request(question.method.into(), &url);
        request = request.header(ACCEPT, question.accepts).header(USER_AGENT, AGENT);
        if let Some(token) = question.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.reveal()));
        }
        for (name, value) in question.headers {
            request = request.header(*name, *value);
        }
        if let Some((form, body)) = question.body {
            request = request.header(CONTENT_TYPE, form).body(body);
        }
        let limit = question.patience;
        let asked = tokio::time::timeout(limit, heard(request, &url, question.most)).await;
        asked.unwrap_or_else(|_| {
            let why = format!("it took more than {} s", limit.as_secs());
            Err(WebError::Unreachable { url: shown(&url), why })
        })
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

#[cfg(feature = "cloud-run")]
impl Line {
    /// Asks for the root itself, with headers of one's own.
    pub(crate) async fn ask_with<'h>(
        &self,
        headers: impl Iterator<Item = (&'h str, &'h str)>,
    ) -> Result<Heard, WebError> {
        let Limits { patience, most } = Limits::default();
        let mut request = self.client.get(&self.root).header(USER_AGENT, AGENT).timeout(patience);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        heard(request, &self.root, most).await
    }
}

/// Reads for how long a server asks to be left alone, if it says so in seconds.
pub(super) fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
