//! Sends a request until it is answered, with patience that grows and ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use tower_service::Service;

use super::budget::{Budget, Tokens};
use super::line::{Heard, Line};
use super::trouble::Trouble;

/// The first wait between two tries; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait between two tries, and the longest that a service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Characters of what a service says when it refuses.
const MESSAGE: usize = 200;

/// Carries one question.
#[derive(Clone, Debug)]
pub(super) struct Courier {
    pub(super) line: Arc<dyn Line>,
    pub(super) budget: Arc<Budget>,
    /// What one try may take; it is set aside for the first before the courier leaves.
    pub(super) aside: Tokens,
    pub(super) attempts: u8,
    pub(super) timeout: Duration,
}

impl From<Trouble> for OpenAIError {
    fn from(trouble: Trouble) -> Self {
        Self::Boxed(Box::new(trouble))
    }
}

impl Service<HttpRequestFactory> for Courier {
    type Response = reqwest::Response;
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, Trouble>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let courier = self.clone();
        Box::pin(async move { courier.deliver(&request).await })
    }
}

impl Courier {
    async fn deliver(&self, request: &HttpRequestFactory) -> Result<reqwest::Response, Trouble> {
        let mut tries = 1;
        loop {
            let (trouble, asked) = match self.once(request).await {
                Ok(heard) if (200..300).contains(&heard.status) => return response(heard),
                Ok(heard) => (refusal(&heard), heard.wait),
                Err(trouble) => (trouble, None),
            };
            if !trouble.may_pass() || tries >= self.attempts {
                return Err(trouble);
            }
            let wait = asked.map_or_else(|| growing(tries), |asked| asked.max(FIRST_WAIT));
            if wait > LONGEST_WAIT {
                return Err(impatient(trouble, wait));
            }
            // A try that failed may have been paid for all the same, unless the service turned it away.
            if !matches!(trouble, Trouble::Status { status: 429 | 503 | 529, .. }) {
                self.budget.set_aside(self.aside)?;
            }
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    async fn once(&self, request: &HttpRequestFactory) -> Result<Heard, Trouble> {
        let built = request.build().await.map_err(|error| Trouble::Question(error.to_string()))?;
        let answered = tokio::time::timeout(self.timeout, self.line.exchange(built)).await;
        answered.unwrap_or(Err(Trouble::TimedOut(self.timeout)))
    }
}

/// Hands on an answer that is JSON: async-openai would write one that is not into the log, whole.
fn response(heard: Heard) -> Result<reqwest::Response, Trouble> {
    serde_json::from_slice::<serde::de::IgnoredAny>(&heard.body).map_err(|error| malformed(&error))?;
    let answer = http1::Response::builder().status(heard.status).body(heard.body);
    answer.map(reqwest::Response::from).map_err(|error| Trouble::Malformed(error.to_string()))
}

pub(super) fn malformed(error: &serde_json::Error) -> Trouble {
    Trouble::Malformed(format!("{:?} error at column {}", error.classify(), error.column()))
}

/// A wait that doubles with each try, spread so that many do not come back together.
fn growing(tries: u8) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(1 << tries.saturating_sub(1).min(8)).min(LONGEST_WAIT);
    // Without randomness the wait is merely the same for all.
    let spread = getrandom::u32().map_or(1.0, |drawn| f64::from(drawn) / f64::from(u32::MAX));
    whole / 2 + (whole / 2).mul_f64(spread)
}

fn impatient(trouble: Trouble, wait: Duration) -> Trouble {
    match trouble {
        Trouble::Status { status, .. } => Trouble::Busy { status, wait },
        other => other,
    }
}

/// Tells what the service says when it refuses; that a quota is used up does not pass by waiting.
fn refusal(heard: &Heard) -> Trouble {
    let said: Option<serde_json::Value> = serde_json::from_slice(&heard.body).ok();
    let field = |name: &str| said.as_ref().and_then(|said| said["error"][name].as_str());
    let message: String = field("message").unwrap_or_default().chars().take(MESSAGE).collect();
    match (heard.status, field("code")) {
        (429, Some("insufficient_quota")) => Trouble::Status { status: 402, message },
        (status @ 300..400, _) => {
            Trouble::Status { status, message: "it leads elsewhere, which is not followed".to_owned() }
        }
        (status, _) => Trouble::Status { status, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_spread_and_end() {
        for tries in 1..=10 {
            let wait = growing(tries);
            let whole = FIRST_WAIT.saturating_mul(1 << (tries - 1).min(8)).min(LONGEST_WAIT);
            assert!(wait >= whole / 2 && wait <= whole, "{tries}: {wait:?}");
        }
    }

    #[test]
    fn a_quota_that_is_used_up_is_not_waited_for() {
        let heard = |status, body: &str| Heard { status, wait: None, body: body.as_bytes().to_vec() };
        let quota = refusal(&heard(429, r#"{"error": {"code": "insufficient_quota", "message": "pay"}}"#));
        assert!(!quota.may_pass() && quota.is_for_all() && quota.to_string().ends_with("402: pay"));
        assert!(refusal(&heard(429, "not json")).may_pass());
        assert!(refusal(&heard(302, "")).to_string().contains("not followed"));
    }
}
