//! The way to the service: one request, one bounded answer. Nothing is followed, retried or taken from the environment.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::address;
use super::settings::{ReviewerError, ReviewerSettings};
use super::trouble::Trouble;
use crate::clock::Clock;
use crate::mcp::tls;

/// Bytes of an answer that are read.
pub(super) const ANSWER: usize = 256 << 10;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) status: u16,
    /// How long the service asks to wait.
    pub(super) wait: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Carries requests to the service.
#[async_trait]
pub(super) trait Line: Send + Sync + std::fmt::Debug {
    /// Sends one request and reads its answer.
    async fn exchange(&self, request: reqwest::Request) -> Result<Heard, Trouble>;
}

/// The line over HTTP.
#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl Http {
    pub(super) fn new(client: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock }
    }
}

/// Makes a client that speaks to one service.
pub(super) fn client(settings: &ReviewerSettings) -> Result<reqwest::Client, ReviewerError> {
    let secure = settings.base_url.starts_with("https")
        || settings.proxy.as_deref().is_some_and(|proxy| proxy.starts_with("https"));
    let tls = if secure { tls::verifying() } else { tls::trusting_nobody() };
    let tls = tls.map_err(|error| ReviewerError::Client(format!("TLS is not available ({error})")))?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT);
    if let Some(proxy) = &settings.proxy {
        let wrong = |_| ReviewerError::setting("proxy", "cannot be used: write http://HOST:PORT");
        builder = builder.proxy(reqwest::Proxy::all(address::proxy(proxy)?).map_err(wrong)?);
    }
    builder.build().map_err(|error| ReviewerError::Client(error.without_url().to_string()))
}

#[async_trait]
impl Line for Http {
    async fn exchange(&self, request: reqwest::Request) -> Result<Heard, Trouble> {
        let mut response = self.client.execute(request).await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let wait = wait(response.headers(), &*self.clock);
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(unreachable)? {
            if body.len() + bytes.len() > ANSWER {
                return Err(Trouble::TooLarge(ANSWER));
            }
            body.extend_from_slice(&bytes);
        }
        Ok(Heard { status, wait, body })
    }
}

/// Tells what went wrong, with the innermost cause and without the address.
fn unreachable(error: reqwest::Error) -> Trouble {
    let error = error.without_url();
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        told = format!("{told}: {inner}");
        cause = inner.source();
    }
    Trouble::Unreachable(told.chars().take(300).collect())
}

/// Reads how long the service asks to wait: seconds, milliseconds or a date.
fn wait(headers: &HeaderMap, clock: &dyn Clock) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse::<u64>().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let after = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = after.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(after).ok()?.timestamp_millis();
    let left = at.saturating_sub(clock.now().millis());
    Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::clock::FixedClock;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn each_way_of_asking_for_patience_is_read() {
        let clock = FixedClock::default();
        let read = |name, value| wait(&headers(name, value), &clock);
        assert_eq!(read("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(read("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(read("retry-after", "soon"), None);
        let then = chrono::DateTime::from_timestamp_millis(clock.now().millis() + 5_000).unwrap();
        let then = then.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let read = read("retry-after", &then).unwrap();
        assert!(read <= Duration::from_secs(5) && read > Duration::from_secs(3), "{read:?}");
    }

    /// Answers one connection with `answer`, and returns what was asked.
    async fn served(answer: &'static [u8]) -> (Result<Heard, Trouble>, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
        let settings = ReviewerSettings::new(&url, "m");
        let line = Http::new(client(&settings).unwrap(), Arc::new(FixedClock::default()));
        let request = reqwest::Request::new(reqwest::Method::POST, url.parse().unwrap());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 1024];
            let read = stream.read(&mut asked).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8_lossy(&asked[..read]).into_owned()
        };
        tokio::join!(line.exchange(request), serve)
    }

    #[tokio::test]
    async fn an_answer_is_read_and_a_redirect_is_not_followed() {
        let (heard, asked) = served(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        assert_eq!(heard.unwrap().body, b"{}");
        assert!(asked.starts_with("POST /v1/chat/completions HTTP/1.1"), "{asked}");
        let moved = b"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(served(moved).await.0.unwrap().status, 307);
    }

    #[tokio::test]
    async fn a_cut_answer_and_a_dropped_connection_are_told() {
        for answer in [&b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{"[..], b""] {
            assert!(matches!(served(answer).await.0, Err(Trouble::Unreachable(_))));
        }
    }
}
