//! Carries what octocrab asks: with the right token, within bounds, and no faster than GitHub wants.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use octocrab::OctoBody;
use serde::de::DeserializeOwned;
use tower_service::Service;

use super::ApiError;
use super::kept::{Kept, KeptAnswer};
use super::tokens::{Tokens, Whose};
use crate::clock::Clock;
use crate::domain::{RepositoryName, SecretValue, Timestamp};
use crate::web::{Heard, Line, Method, Question};

/// What GitHub's answers have to be.
pub(super) const ACCEPTS: &str = "application/vnd.github+json";
/// The version of its API.
pub(super) const HEADERS: &[(&str, &str)] = &[("x-github-api-version", "2022-11-28")];
/// Bytes of an answer.
const ANSWER: usize = 8 << 20;
/// The longest that is waited for GitHub in one question; of more, it is told.
const WAITED: Duration = Duration::from_secs(10);
/// How long GitHub is left alone when it does not say how long.
const ALONE: Duration = Duration::from_secs(60);
/// Characters of what GitHub says when it refuses.
const MESSAGE: usize = 200;

/// What all questions share.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) line: Line,
    pub(super) tokens: Tokens,
    pub(super) clock: Arc<dyn Clock>,
    /// Until when GitHub is not asked, and until when not as everybody asks, which it counts by itself.
    alone: Mutex<Option<Timestamp>>,
    alone_as_everybody: Mutex<Option<Timestamp>>,
    /// Answers by what was asked.
    kept: Mutex<Kept>,
}

impl Office {
    pub(super) fn new(line: Line, tokens: Tokens, clock: Arc<dyn Clock>) -> Self {
        Self {
            line,
            tokens,
            clock,
            alone: Mutex::default(),
            alone_as_everybody: Mutex::default(),
            kept: Mutex::default(),
        }
    }
}

/// Carries one question after the other.
#[derive(Clone, Debug)]
pub(super) struct Courier(pub(super) Arc<Office>);

impl Service<http1::Request<OctoBody>> for Courier {
    type Response = http1::Response<Full<Bytes>>;
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ApiError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ApiError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http1::Request<OctoBody>) -> Self::Future {
        let office = Arc::clone(&self.0);
        Box::pin(async move { office.deliver(request).await })
    }
}

/// A question that can be asked again.
struct Asked {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    whose: Whose,
}

impl Asked {
    /// What is read at a path, in the name of whatever sees the repository that the path is about.
    fn read(path: &str) -> Self {
        Self { method: Method::Get, path: path.to_owned(), body: None, whose: whose(path) }
    }

    /// What its answer is kept by: another name may be answered otherwise.
    fn key(&self) -> String {
        match &self.whose {
            // The path tells which.
            Whose::Repository(_) | Whose::Asker => self.path.clone(),
            Whose::Everybody => format!("everybody {}", self.path),
            Whose::Installation(id) => format!("{id} {}", self.path),
        }
    }
}

impl Office {
    async fn deliver(
        &self,
        request: http1::Request<OctoBody>,
    ) -> Result<http1::Response<Full<Bytes>>, ApiError> {
        let asked = read(request).await?;
        let heard = self.patiently(&asked).await?;
        let (status, answer) = self.kept(&asked, heard)?;
        let answer = http1::Response::builder().status(status).body(Full::new(Bytes::from(answer.body)));
        answer.map_err(|_| ApiError::Answer("its status is none"))
    }

    /// Asks what octocrab has no question for, and takes the answer as it is.
    pub(super) async fn look(&self, path: &str) -> Result<Heard, ApiError> {
        self.patiently(&Asked::read(path)).await
    }

    /// Reads what is at a path in somebody's name, and tells whether another page comes after it.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        whose: &Whose,
        path: &str,
    ) -> Result<(T, bool), ApiError> {
        let asked = Asked { whose: whose.clone(), ..Asked::read(path) };
        let heard = self.patiently(&asked).await?;
        let (status, answer) = self.kept(&asked, heard)?;
        if !(200..300).contains(&status) {
            return Err(refusal(status, &answer.body));
        }
        let read = serde_json::from_slice(&answer.body);
        read.map(|read| (read, answer.has_next)).map_err(|_| ApiError::Answer("it has another form"))
    }

    /// Asks, and once more where GitHub wants to be left alone for a moment.
    async fn patiently(&self, asked: &Asked) -> Result<Heard, ApiError> {
        match self.once(asked).await {
            Err(ApiError::Limited { until }) => {
                let wait = until.since(self.clock.now());
                if wait > WAITED {
                    return Err(ApiError::Limited { until });
                }
                tracing::warn!(seconds = wait.as_secs(), "GitHub asks to wait");
                tokio::time::sleep(wait).await;
                self.once(asked).await
            }
            heard => heard,
        }
    }

    /// Asks once, unless GitHub is to be left alone.
    async fn once(&self, asked: &Asked) -> Result<Heard, ApiError> {
        let now = self.clock.now();
        let alone = *self.alone(&asked.whose).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = alone.filter(|until| *until > now) {
            return Err(ApiError::Limited { until });
        }
        let token = self.token(&asked.whose, now).await?;
        let mut heard = self.ask(asked, token.as_ref()).await?;
        // A token that was taken back; the next one may be good.
        if heard.status == 401 && self.tokens.forget(&asked.whose) {
            let token = self.token(&asked.whose, now).await?;
            heard = self.ask(asked, token.as_ref()).await?;
        }
        match limited(&heard, now) {
            Some(until) => Err(self.leave_alone(&asked.whose, until)),
            None => Ok(heard),
        }
    }

    async fn token(&self, whose: &Whose, now: Timestamp) -> Result<Option<SecretValue>, ApiError> {
        match self.tokens.of(whose, &self.line, now).await {
            Err(ApiError::Limited { until }) => Err(self.leave_alone(whose, until)),
            token => token,
        }
    }

    fn alone(&self, whose: &Whose) -> &Mutex<Option<Timestamp>> {
        if *whose == Whose::Everybody { &self.alone_as_everybody } else { &self.alone }
    }

    fn leave_alone(&self, whose: &Whose, until: Timestamp) -> ApiError {
        *self.alone(whose).lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        ApiError::Limited { until }
    }

    async fn ask(&self, asked: &Asked, token: Option<&SecretValue>) -> Result<Heard, ApiError> {
        let tag = self.tag(asked);
        let mut headers = HEADERS.to_vec();
        headers.extend(tag.as_deref().map(|tag| ("if-none-match", tag)));
        let question = Question {
            token,
            headers: &headers,
            accepts: ACCEPTS,
            body: asked.body.clone().map(|body| ("application/json", body)),
            most: ANSWER,
            ..Question::new(asked.method, &asked.path)
        };
        Ok(self.line.ask(question).await?)
    }

    /// Returns the tag of the answer that is kept of a question.
    fn tag(&self, asked: &Asked) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&asked.key()).filter(|_| asked.method == Method::Get).map(|answer| answer.tag.clone())
    }

    /// Puts what is kept in the place of an answer that says that nothing changed, and keeps the others.
    fn kept(&self, asked: &Asked, heard: Heard) -> Result<(u16, KeptAnswer), ApiError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.status == 304 {
            let answer = kept.get(&asked.key());
            let answer = answer.ok_or(ApiError::Answer("nothing changed of what is not kept"))?;
            return Ok((200, answer.clone()));
        }
        let tag = heard.header("etag").filter(|_| heard.status == 200).map(str::to_owned);
        let has_next = heard.header("link").is_some_and(|link| link.contains("rel=\"next\""));
        let answer = KeptAnswer { tag: tag.clone().unwrap_or_default(), body: heard.body, has_next };
        if asked.method == Method::Get {
            match tag {
                Some(_) => kept.keep(asked.key(), answer.clone()),
                None => kept.forget(&asked.key()),
            }
        }
        Ok((heard.status, answer))
    }
}

async fn read(request: http1::Request<OctoBody>) -> Result<Asked, ApiError> {
    let (parts, body) = request.into_parts();
    let method = match parts.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return Err(ApiError::Answer("this is asked in a way that is not known")),
    };
    let path = parts.uri.path_and_query().map(ToString::to_string);
    let path = path.ok_or(ApiError::Answer("what is asked has no address"))?;
    let collected = body.collect().await.map_err(|_| ApiError::Answer("what is asked cannot be read"))?;
    let body = Some(collected.to_bytes().to_vec()).filter(|body| !body.is_empty());
    let whose = whose(&path);
    Ok(Asked { method, path, body, whose })
}

/// Tells in whose name a path is asked for.
fn whose(path: &str) -> Whose {
    repository_of(path).map_or(Whose::Asker, Whose::Repository)
}

/// Finds the repository that a path is about.
fn repository_of(path: &str) -> Option<RepositoryName> {
    let path = path.split('?').next()?;
    let mut parts = path.strip_prefix("/repos/")?.split('/');
    RepositoryName::parse(&format!("{}/{}", parts.next()?, parts.next()?)).ok()
}

/// Tells until when GitHub wants to be left alone, if an answer says so: by its first or its second limit.
pub(super) fn limited(heard: &Heard, now: Timestamp) -> Option<Timestamp> {
    if !matches!(heard.status, 403 | 429) {
        return None;
    }
    if let Some(wait) = heard.retry_after {
        return Some(now.plus(wait));
    }
    if heard.header("x-ratelimit-remaining") == Some("0") {
        let reset = heard.header("x-ratelimit-reset").and_then(|text| text.parse::<i64>().ok());
        let reset = reset.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000)));
        return Some(
            reset.map_or_else(|| now.plus(ALONE), |reset| reset.max(now.plus(Duration::from_secs(1)))),
        );
    }
    let says = String::from_utf8_lossy(&heard.body).to_ascii_lowercase();
    (heard.status == 429 || says.contains("secondary rate limit")).then(|| now.plus(ALONE))
}

/// Tells what GitHub says when it refuses.
pub(super) fn refusal(status: u16, body: &[u8]) -> ApiError {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let said = said.as_ref().and_then(|said| said["message"].as_str()).unwrap_or("it says no more");
    ApiError::Refused { status, message: said.chars().filter(|c| !c.is_control()).take(MESSAGE).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_repository_that_a_token_is_needed_for() {
        let of = |path: &str| repository_of(path).map(String::from);
        assert_eq!(of("/repos/octo/x/git/ref/heads/main").as_deref(), Some("octo/x"));
        assert_eq!(of("/repos/octo/x?page=2").as_deref(), Some("octo/x"));
        for none in ["/app", "/repos/octo", "/user/repos/a/b", "/repos/../x"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn github_is_left_alone_as_long_as_it_says() {
        let now = Timestamp::from_millis(1_000_000);
        let heard = |status: u16, body: &str| Heard::of(status, body.as_bytes().to_vec());
        assert_eq!(limited(&heard(404, ""), now), None);
        assert_eq!(limited(&heard(403, r#"{"message":"Resource not accessible"}"#), now), None);
        let secondary = r#"{"message":"You have exceeded a secondary rate limit"}"#;
        assert_eq!(limited(&heard(403, secondary), now), Some(now.plus(ALONE)));
        assert_eq!(limited(&heard(429, ""), now), Some(now.plus(ALONE)));
    }
}
