//! MCP over streamable HTTP, as a client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, Response, StatusCode, Url, redirect};

use crate::mcp::error::quote;
use crate::mcp::message::{Id, Message};
use crate::mcp::sse::SseDecoder;
use crate::mcp::{McpError, Pass, PassError, ProbeLimits, Shown};

use super::address::{check, is_local_name, may_lead_to, shown};
use super::wire::{answer_to_server, read_reply};
use super::{Ask, Reply, tls};

const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
const CONNECT: Duration = Duration::from_secs(10);
const LEAVE: Duration = Duration::from_secs(2);
const REDIRECTS: usize = 5;

/// A server behind an address.
#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    url: Url,
    /// What opens its door.
    pass: Option<Arc<dyn Pass>>,
    limits: ProbeLimits,
    session: Option<HeaderValue>,
    version: Option<HeaderValue>,
    read: usize,
}

/// Makes a client that passes requests on to one address and leaves answers as they are.
pub(crate) fn proxy_client(url: &str) -> Result<reqwest::Client, McpError> {
    http_client(&check(url)?, false)
}

/// The same for one machine, whatever its name leads to by then.
pub(crate) fn client_of(url: &str, machine: SocketAddr) -> Result<reqwest::Client, McpError> {
    client_at(&check(url)?, false, Some(machine))
}

/// Makes a client that speaks in the clear alone and follows nothing, for an address that the operator's machine names
/// and this one does not guard: the metadata server of a cloud.
#[cfg(feature = "cloud-run")]
pub(crate) fn clear_client(patience: Duration) -> Result<reqwest::Client, McpError> {
    let wrong = |why: String| McpError::Address { url: "http://".to_owned(), why };
    reqwest::Client::builder()
        .tls_backend_preconfigured(
            tls::trusting_nobody().map_err(|error| wrong(format!("TLS is not available ({error})")))?,
        )
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(patience)
        .build()
        .map_err(|error| wrong(error.without_url().to_string()))
}

/// The same for an address whose certificate has to come from one of these authorities, as PEM, and from no other.
#[cfg(feature = "knative")]
pub(crate) fn trusting_client(url: &str, authorities: &[u8]) -> Result<reqwest::Client, McpError> {
    let url = check(url)?;
    client_with(&url, false, None, tls::trusting(authorities))
}

/// Makes a client for one address: no proxy, no redirect to another origin, no forbidden address.
fn http_client(url: &Url, decode: bool) -> Result<reqwest::Client, McpError> {
    client_at(url, decode, None)
}

fn client_at(url: &Url, decode: bool, machine: Option<SocketAddr>) -> Result<reqwest::Client, McpError> {
    let tls = match url.scheme() {
        "https" => tls::verifying(),
        _ => tls::trusting_nobody(),
    };
    client_with(url, decode, machine, tls)
}

fn client_with(
    url: &Url,
    decode: bool,
    machine: Option<SocketAddr>,
    tls: Result<rustls::ClientConfig, rustls::Error>,
) -> Result<reqwest::Client, McpError> {
    let wrong = |why: String| McpError::Address { url: shown(url), why };
    let builder = match (machine, url.host_str()) {
        (Some(machine), Some(host)) => reqwest::Client::builder().resolve(host, machine),
        _ => reqwest::Client::builder(),
    };
    builder
        .tls_backend_preconfigured(tls.map_err(|error| wrong(format!("TLS is not available ({error})")))?)
        .dns_resolver(GuardedDns)
        .redirect(redirect::Policy::custom(same_origin))
        .no_proxy()
        .gzip(decode)
        .connect_timeout(CONNECT)
        .build()
        .map_err(|error| wrong(error.without_url().to_string()))
}

/// Follows only redirects that keep method, body and origin.
fn same_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let keeps = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let origin = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if keeps && origin && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
}

/// Looks names up and keeps only the addresses that may be spoken to.
#[derive(Clone, Debug)]
struct GuardedDns;

impl reqwest::dns::Resolve for GuardedDns {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            // Names below `localhost` mean this machine everywhere, and not every resolver knows it (RFC 6761).
            let here = [SocketAddr::from(([127, 0, 0, 1], 0))];
            if is_local_name(&host) && host.contains('.') {
                return Ok(Box::new(here.into_iter()) as reqwest::dns::Addrs);
            }
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|at| may_lead_to(&host, at.ip())).collect();
            if allowed.is_empty() {
                return Err(format!("the name {host} leads only to addresses that are refused").into());
            }
            Ok(Box::new(allowed.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

impl Http {
    /// Prepares to speak to an address; nothing is sent yet.
    pub(crate) fn new(
        url: &str,
        pass: Option<Arc<dyn Pass>>,
        limits: &ProbeLimits,
    ) -> Result<Self, McpError> {
        let url = check(url)?;
        let client = http_client(&url, true)?;
        Ok(Self { client, url, pass, limits: limits.clone(), session: None, version: None, read: 0 })
    }

    /// Names a revision in every later request, or none.
    pub(crate) fn agree_on(&mut self, version: Option<&str>) {
        // A revision that no header can carry is not sent; the server will say what it misses.
        self.version = version.and_then(|version| HeaderValue::from_str(version).ok());
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&mut self, ask: &Ask<'_>) -> Result<Reply, McpError> {
        match tokio::time::timeout(ask.within, self.converse(ask)).await {
            Ok(reply) => reply,
            Err(_) => Err(McpError::Timeout { method: ask.method.to_owned(), after: ask.within, junk: 0 }),
        }
    }

    /// Sends a notification.
    pub(super) async fn tell(
        &mut self,
        method: &str,
        text: Vec<u8>,
        within: Duration,
    ) -> Result<(), McpError> {
        match tokio::time::timeout(within, self.post(text, &[])).await {
            Err(_) => Err(McpError::Timeout { method: method.to_owned(), after: within, junk: 0 }),
            Ok(Err(error)) => Err(error),
            Ok(Ok(response)) if response.status().is_success() => Ok(()),
            Ok(Ok(response)) => Err(status_error(method, &response)),
        }
    }

    /// Ends a session that the server keeps; if it cannot be told, it will find out by itself.
    pub(super) async fn close(self) {
        if let Some(session) = &self.session {
            let leave = self.client.delete(self.url.clone()).header(SESSION, session).timeout(LEAVE);
            let Ok(mut leave) = self.shown(leave).await else { return };
            if let Some(version) = &self.version {
                leave = leave.header(VERSION, version);
            }
            if let Err(error) = leave.send().await {
                tracing::debug!(error = %error.without_url(), "a session could not be ended");
            }
        }
    }

    /// Tells whether a GET is answered as the HTTP+SSE transport of 2024-11-05 does.
    pub(crate) async fn is_old_transport(&mut self, within: Duration) -> bool {
        let look = async {
            let get = self.client.get(self.url.clone()).header(ACCEPT, "text/event-stream");
            let mut response =
                self.shown(get).await.ok()?.send().await.ok().filter(|found| found.status().is_success())?;
            let mut decoder = SseDecoder::new(64 << 10);
            loop {
                let piece = response.chunk().await.ok()??;
                if let Some(event) = decoder.push(&piece).ok()?.first() {
                    return (event.event == "endpoint").then_some(());
                }
            }
        };
        matches!(tokio::time::timeout(within, look).await, Ok(Some(())))
    }

    async fn post(&self, text: Vec<u8>, headers: &[(String, String)]) -> Result<Response, McpError> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(text);
        if let Some(session) = &self.session {
            request = request.header(SESSION, session);
        }
        if let Some(version) = &self.version {
            request = request.header(VERSION, version);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let Some(pass) = &self.pass else { return self.send(request).await };
        let shut = |error: PassError| McpError::Unreachable { url: shown(&self.url), source: error.into() };
        let (again, opens) = (request.try_clone(), pass.show().await.map_err(shut)?);
        let response = self.send(opens.on(request)).await?;
        // It may have been withdrawn, or ended while this machine slept.
        match again.filter(|_| response.status() == StatusCode::UNAUTHORIZED) {
            Some(again) => match pass.show_anew(&opens).await.map_err(shut)? {
                Some(opens) => self.send(opens.on(again)).await,
                None => Ok(response),
            },
            None => Ok(response),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, McpError> {
        request.send().await.map_err(|error| self.unreachable(error))
    }

    /// Shows what opens the door.
    async fn shown(&self, request: RequestBuilder) -> Result<RequestBuilder, McpError> {
        let Some(pass) = &self.pass else { return Ok(request) };
        match pass.show().await {
            Ok(opens) => Ok(opens.on(request)),
            Err(error) => Err(McpError::Unreachable { url: shown(&self.url), source: error.into() }),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> McpError {
        McpError::Unreachable { url: shown(&self.url), source: error.without_url().into() }
    }

    async fn converse(&mut self, ask: &Ask<'_>) -> Result<Reply, McpError> {
        let response = self.post(ask.text(), &ask.headers).await?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = response.headers().get(WWW_AUTHENTICATE);
            let challenge = challenge.map(|value| quote(&String::from_utf8_lossy(value.as_bytes())));
            return Err(McpError::AuthRequired { challenge });
        }
        if ask.method == "initialize" && status.is_success() {
            self.session = response.headers().get(SESSION).cloned();
        }
        match kind_of(response.headers()) {
            Content::Events if status.is_success() => self.read_events(ask, response).await,
            Content::Json => self.read_json(ask, response).await,
            _ if status == StatusCode::ACCEPTED => Err(McpError::Protocol {
                method: ask.method.to_owned(),
                why: "it only accepted the request".to_owned(),
            }),
            _ => Err(status_error(ask.method, &response)),
        }
    }

    async fn read_json(&mut self, ask: &Ask<'_>, mut response: Response) -> Result<Reply, McpError> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece(ask, &mut response).await? {
            body.extend_from_slice(&piece);
            if body.len() > self.limits.message_bytes {
                return Err(too_large(ask, format!("more than {} bytes", self.limits.message_bytes)));
            }
        }
        match Message::read(&body) {
            // A server that refuses a request before reading it answers without an id.
            Ok(Message::Response { id, outcome }) if id.is_none() || id == Some(Id::Int(ask.id)) => {
                read_reply(ask.method, outcome)
            }
            _ if !response.status().is_success() => Err(status_error(ask.method, &response)),
            _ => Err(McpError::Protocol {
                method: ask.method.to_owned(),
                why: "the body is no JSON-RPC response to it".to_owned(),
            }),
        }
    }

    async fn read_events(&mut self, ask: &Ask<'_>, mut response: Response) -> Result<Reply, McpError> {
        let mut decoder = SseDecoder::new(self.limits.message_bytes);
        while let Some(piece) = self.piece(ask, &mut response).await? {
            let events = decoder.push(&piece).map_err(|large| too_large(ask, large.to_string()))?;
            for event in events.iter().filter(|event| event.event == "message") {
                match Message::read(event.data.as_bytes()) {
                    Ok(Message::Response { id: Some(Id::Int(id)), outcome }) if id == ask.id => {
                        return read_reply(ask.method, outcome);
                    }
                    Ok(Message::Request { id, method, .. }) => {
                        self.post(answer_to_server(&id, &method), &[]).await?;
                    }
                    _ => {}
                }
            }
        }
        Err(McpError::Protocol {
            method: ask.method.to_owned(),
            why: "the stream ended without the answer".to_owned(),
        })
    }

    async fn piece(
        &mut self,
        ask: &Ask<'_>,
        response: &mut Response,
    ) -> Result<Option<bytes::Bytes>, McpError> {
        let piece = response.chunk().await.map_err(|error| self.unreachable(error))?;
        self.read += piece.as_ref().map_or(0, bytes::Bytes::len);
        if self.read > self.limits.total_bytes {
            let what = format!("more than {} bytes in one conversation", self.limits.total_bytes);
            return Err(too_large(ask, what));
        }
        Ok(piece)
    }
}

impl Shown {
    /// Puts it on a request.
    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(self.header, self.value.reveal())
    }
}

enum Content {
    Json,
    Events,
    Other,
}

fn kind_of(headers: &HeaderMap) -> Content {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Content::Json,
        "text/event-stream" => Content::Events,
        _ => Content::Other,
    }
}

fn too_large(ask: &Ask<'_>, what: String) -> McpError {
    McpError::TooLarge { method: ask.method.to_owned(), what }
}

fn status_error(method: &str, response: &Response) -> McpError {
    let status = response.status();
    let note = if status.is_redirection() {
        let to = response.headers().get(reqwest::header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| response.url().join(to).ok());
        to.map(|to| format!("it leads to {}, which is not followed; use that address", shown(&to)))
    } else if status.is_success() {
        Some("the content is neither JSON nor an event stream".to_owned())
    } else {
        None
    };
    McpError::Status { method: method.to_owned(), status: status.as_u16(), note }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::mcp::fake::{Keys, Posted, http_events, http_json, serve_http};
    use crate::mcp::{Era, McpError, ProbeLimits, Upstream, call, probe};

    async fn served(answer: impl Fn(&Posted) -> String + Send + Sync + 'static) -> Upstream {
        Upstream::Http { url: serve_http(answer).await }
    }

    fn result(posted: &Posted, result: Value) -> String {
        json!({"jsonrpc": "2.0", "id": posted.body["id"], "result": result}).to_string()
    }

    fn legacy(posted: &Posted) -> String {
        let method = posted.body["method"].as_str().unwrap_or_default();
        if posted.head.starts_with("delete") {
            return http_json("200 OK", "", "");
        }
        if method == "initialize" {
            let said =
                json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {}});
            return http_json("200 OK", "mcp-session-id: s1\r\n", &result(posted, said));
        }
        if !posted.head.contains("mcp-session-id: s1") {
            return http_json("400 Bad Request", "", "{\"error\":\"no session\"}");
        }
        assert!(posted.head.contains("mcp-protocol-version: 2025-06-18"));
        match method {
            "tools/list" => {
                let answer = result(posted, json!({"tools": [{"name": "a"}]}));
                let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
                http_events(&format!(": hi\n\ndata: {ping}\n\ndata: {answer}\n\n"))
            }
            _ => http_json("202 Accepted", "", ""),
        }
    }

    #[tokio::test]
    async fn a_legacy_server_keeps_its_session_and_may_stream() {
        let probe = probe(&served(legacy).await, &ProbeLimits::default()).await.unwrap();
        assert_eq!((probe.era, probe.tools.len()), (Era::Legacy, 1));
    }

    #[tokio::test]
    async fn what_is_not_taken_at_a_door_is_replaced_once() {
        let url = serve_http(|posted| match posted.head.contains("x-door: t1") {
            true => legacy(posted),
            false => http_json("401 Unauthorized", "www-authenticate: Bearer\r\n", "{}"),
        })
        .await;
        let guarded = |last| Upstream::Guarded { url: url.clone(), pass: Keys::up_to(last) };
        assert_eq!(probe(&guarded(1), &ProbeLimits::default()).await.unwrap().tools.len(), 1);
        let refused = probe(&guarded(0), &ProbeLimits::default()).await;
        assert!(matches!(refused, Err(McpError::AuthRequired { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_modern_call_repeats_what_the_server_wants_in_headers() {
        let server = served(|posted| {
            assert!(posted.head.contains("mcp-protocol-version: 2026-07-28"));
            let answer = match posted.body["method"].as_str().unwrap() {
                "server/discover" => {
                    json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
                }
                "tools/list" => json!({"tools": [{"name": "weather", "inputSchema": {"properties": {
                    "city": {"type": "string", "x-mcp-header": "City"}}}}]}),
                _ => {
                    assert!(posted.head.contains("mcp-method: tools/call"));
                    assert!(posted.head.contains("mcp-name: weather"));
                    assert!(posted.head.contains("mcp-param-city: oslo"));
                    json!({"content": []})
                }
            };
            http_json("200 OK", "", &result(posted, answer))
        })
        .await;
        let answer = call(&server, "weather", json!({"city": "Oslo"}), &ProbeLimits::default()).await;
        assert_eq!(answer.unwrap(), json!({"content": []}));
    }

    #[tokio::test]
    async fn authorization_redirects_and_old_servers_are_not_taken_for_down() {
        let said = async |server: Upstream| probe(&server, &ProbeLimits::default()).await.unwrap_err();
        let locked = served(|_| {
            http_json("401 Unauthorized", "www-authenticate: Bearer resource_metadata=\"http://a/b\"\r\n", "")
        });
        let error = said(locked.await).await;
        assert!(
            matches!(&error, McpError::AuthRequired { challenge: Some(text) } if text.contains("http://a/b"))
        );

        let moved =
            served(|_| http_json("307 Temporary Redirect", "location: http://127.0.0.2:9/x?key=1\r\n", ""));
        let error = said(moved.await).await.to_string();
        assert!(error.contains("307: it leads to http://127.0.0.2:9/x, which is not followed"), "{error}");

        let old = served(|posted| match posted.head.starts_with("get") {
            true => http_events("event: endpoint\ndata: /messages\n\n"),
            false => http_json("405 Method Not Allowed", "", ""),
        });
        assert!(matches!(said(old.await).await, McpError::OldTransport));

        let gone = Upstream::Http { url: "http://127.0.0.1:1/mcp".to_owned() };
        assert!(matches!(said(gone).await, McpError::Unreachable { .. }));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut_off() {
        let server = served(|posted| {
            let blown = json!({"supportedVersions": ["2026-07-28"], "instructions": "x".repeat(3000)});
            http_json("200 OK", "", &result(posted, blown))
        })
        .await;
        let few = ProbeLimits { message_bytes: 1000, ..ProbeLimits::default() };
        let error = probe(&server, &few).await.unwrap_err();
        assert!(matches!(error, McpError::TooLarge { .. }), "{error}");
    }
}
