//! The endpoint over real sockets, in front of small servers that are written here.

mod declared;
mod guard;
mod legacy;
mod life;
mod modern;
mod others;
mod proxied;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Gateway, GatewayConfig, GatewayError, Route};
use crate::clock::FixedClock;
use crate::domain::{ServerName, Version};
use crate::mcp::{SseDecoder, Upstream};
use crate::store::CallRecord;

/// An endpoint that serves on a port of its own.
struct Endpoint {
    base: String,
    gateway: Gateway,
    records: tokio::sync::Mutex<mpsc::Receiver<CallRecord>>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), GatewayError>>,
}

/// Bounds that make waiting short.
fn quick() -> GatewayConfig {
    GatewayConfig {
        grace: Duration::from_millis(20),
        keep_alive: Duration::from_millis(20),
        tick: Duration::from_millis(5),
        ..GatewayConfig::default()
    }
}

fn name(text: &str) -> ServerName {
    ServerName::parse(text).unwrap()
}

fn route(upstream: Upstream) -> Route {
    Route::new(upstream, Version::parse("1.0.0").unwrap())
}

impl Endpoint {
    async fn start(config: GatewayConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/mcp/", listener.local_addr().unwrap());
        let (sender, records) = mpsc::channel(16);
        let gateway = Gateway::new(config, Arc::new(FixedClock::default()), sender);
        let (stop, stopped) = oneshot::channel();
        let serve = gateway.clone().serve(listener, async {
            // The test is over when the sender is gone, too.
            stopped.await.ok();
        });
        Self { base, gateway, records: records.into(), stop, served: tokio::spawn(serve) }
    }

    /// An endpoint with one server `a`.
    async fn of(config: GatewayConfig, upstream: Upstream) -> Self {
        let endpoint = Self::start(config).await;
        endpoint.gateway.route(name("a"), route(upstream));
        endpoint
    }

    fn client(&self) -> reqwest::Client {
        crate::mcp::proxy_client(&self.base).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.client()
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body.to_string())
    }

    /// Opens a session on `a`.
    async fn open(&self) -> Opened<'_> {
        let response = self.post("a", &initialize()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let session = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        assert_eq!(session.len(), 43, "256 bits");
        let said = messages(response).await.remove(0);
        let opened = Opened { endpoint: self, session, said };
        let told = opened.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        assert_eq!(told.status(), 202);
        opened
    }

    /// The next record of a call.
    async fn record(&self) -> CallRecord {
        self.records.lock().await.recv().await.unwrap()
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }
}

/// A session on server `a`.
struct Opened<'a> {
    endpoint: &'a Endpoint,
    session: String,
    said: Value,
}

impl Opened<'_> {
    fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.endpoint.post("a", body).header("mcp-session-id", &self.session)
    }

    async fn send(&self, body: &Value) -> reqwest::Response {
        self.post(body).send().await.unwrap()
    }

    async fn ask(&self, body: &Value) -> Vec<Value> {
        messages(self.send(body).await).await
    }

    async fn listen(&self) -> Stream {
        let get = self.endpoint.client().get(format!("{}a", self.endpoint.base));
        let get = get.header("accept", "text/event-stream").header("mcp-session-id", &self.session);
        Stream::of(get.send().await.unwrap())
    }
}

/// An event stream that is read message by message.
struct Stream {
    response: reqwest::Response,
    decoder: SseDecoder,
    ready: std::collections::VecDeque<Value>,
}

impl Stream {
    fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, decoder: SseDecoder::new(1 << 20), ready: Default::default() }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            let piece = self.response.chunk().await.unwrap()?;
            let events = self.decoder.push(&piece).unwrap();
            self.ready.extend(events.iter().map(|event| serde_json::from_str::<Value>(&event.data).unwrap()));
        }
    }
}

/// All messages of an answer, whichever way it came.
async fn messages(response: reqwest::Response) -> Vec<Value> {
    if response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
        let mut stream = Stream::of(response);
        let mut all = Vec::new();
        while let Some(message) = stream.next().await {
            all.push(message);
        }
        return all;
    }
    vec![serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()]
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
}

fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": "tools/call",
        "params": {"name": tool, "arguments": arguments, "_meta": {"progressToken": "p"}}})
}

/// Waits until something is so; the test fails when it never is.
async fn until(what: impl Fn() -> bool) {
    let look = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look).await.expect("it never came true");
}
