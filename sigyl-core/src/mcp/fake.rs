//! Small MCP servers for tests: what they say is decided by a function, over pipes in memory or over a real socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::era::{LEGACY, META_SERVER, MODERN};
use super::{Pass, PassError, Pipes, Shown, Spawn, SpawnError, Upstream};
use crate::domain::SecretValue;

/// What a fake does about one message.
pub(crate) enum Say {
    /// Writes a line.
    Line(String),
    /// Ends.
    End,
}

type Handler = dyn Fn(&Value) -> Vec<Say> + Send + Sync;

/// A stdio server in memory.
pub(crate) struct Fake {
    handler: Arc<Handler>,
    first: Vec<u8>,
    spawned: AtomicUsize,
    alive: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

struct Alive(Arc<AtomicUsize>, tokio::task::AbortHandle);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.abort();
    }
}

impl Fake {
    pub(crate) fn new(handler: impl Fn(&Value) -> Vec<Say> + Send + Sync + 'static) -> Arc<Self> {
        Self::saying_first("", handler)
    }

    /// A server that writes `first` before it is asked anything.
    pub(crate) fn saying_first(
        first: &str,
        handler: impl Fn(&Value) -> Vec<Say> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            handler: Arc::new(handler),
            first: first.into(),
            spawned: AtomicUsize::new(0),
            alive: Arc::default(),
        })
    }

    /// How many processes were started.
    pub(crate) fn spawned(&self) -> usize {
        self.spawned.load(Ordering::SeqCst)
    }

    /// How many processes were started and not stopped.
    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    pub(crate) fn upstream(self: &Arc<Self>) -> Upstream {
        Upstream::Stdio(Arc::clone(self) as Arc<dyn Spawn>)
    }
}

#[async_trait]
impl Spawn for Fake {
    async fn spawn(&self) -> Result<Pipes, SpawnError> {
        self.spawned.fetch_add(1, Ordering::SeqCst);
        self.alive.fetch_add(1, Ordering::SeqCst);
        let (stdin, theirs_in) = tokio::io::duplex(1024);
        let (stdout, mut theirs_out) = tokio::io::duplex(1024);
        let (handler, first) = (Arc::clone(&self.handler), self.first.clone());
        let task = tokio::spawn(async move {
            theirs_out.write_all(&first).await.unwrap();
            let mut lines = BufReader::new(theirs_in).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                for say in handler(&serde_json::from_str(&line).unwrap()) {
                    match say {
                        Say::Line(text) => {
                            // The reader may have gone; then nobody is there to hear it.
                            theirs_out.write_all(format!("{text}\n").as_bytes()).await.ok();
                        }
                        Say::End => return,
                    }
                }
            }
        });
        let guard = Box::new(Alive(Arc::clone(&self.alive), task.abort_handle()));
        Ok(Pipes { stdin: Box::new(stdin), stdout: Box::new(stdout), guard })
    }

    async fn ended(&self, _guard: &(dyn std::any::Any + Send + Sync)) -> Option<String> {
        Some("exit status 3".to_owned())
    }
}

/// A line with the result of `asked`.
pub(crate) fn result(asked: &Value, result: Value) -> Say {
    Say::Line(json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string())
}

/// A line with an error for `asked`.
pub(crate) fn error(asked: &Value, code: i64) -> Say {
    Say::Line(
        json!({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": code, "message": "no"}}).to_string(),
    )
}

/// A server of the legacy era with one tool `echo`.
pub(crate) fn legacy(asked: &Value) -> Vec<Say> {
    match asked["method"].as_str().unwrap_or_default() {
        "initialize" => vec![result(
            asked,
            json!({
                "protocolVersion": LEGACY,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "old", "version": "1"},
                "instructions": "be kind",
            }),
        )],
        "server/discover" => vec![error(asked, -32601)],
        method if method.starts_with("notifications/") => Vec::new(),
        method => vec![answer(asked, method)],
    }
}

/// A server of the modern era with one tool `echo`.
pub(crate) fn modern(asked: &Value) -> Vec<Say> {
    let versioned = asked["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == MODERN;
    match asked["method"].as_str().unwrap_or_default() {
        method if method.starts_with("notifications/") => Vec::new(),
        _ if !versioned => vec![error(asked, -32602)],
        "server/discover" => vec![result(
            asked,
            json!({
                "resultType": "complete",
                "supportedVersions": [MODERN],
                "capabilities": {"tools": {}},
                "_meta": {META_SERVER: {"name": "new", "version": "2"}},
                "ttlMs": 0,
                "cacheScope": "public",
            }),
        )],
        method => vec![answer(asked, method)],
    }
}

fn answer(asked: &Value, method: &str) -> Say {
    match method {
        "tools/list" => {
            result(asked, json!({"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}))
        }
        "tools/call" if asked["params"]["name"] == "echo" => {
            let text = asked["params"]["arguments"].to_string();
            result(asked, json!({"content": [{"type": "text", "text": text}]}))
        }
        "tools/call" => result(asked, json!({"content": [], "isError": true})),
        "ping" => result(asked, json!({})),
        _ => error(asked, -32601),
    }
}

/// A request as a fake over HTTP sees it.
pub(crate) struct Posted {
    /// Request line and headers, in lower case.
    pub(crate) head: String,
    /// The body, `null` when there is none.
    pub(crate) body: Value,
}

/// Serves on a real socket what `answer` gives for each request: a whole HTTP/1.1 response. Returns the address.
pub(crate) async fn serve_http(answer: impl Fn(&Posted) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/mcp", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut got = Vec::new();
                let posted = loop {
                    if let Some(posted) = whole(&got) {
                        break posted;
                    }
                    let mut piece = [0; 4096];
                    match socket.read(&mut piece).await {
                        Ok(count) if count > 0 => got.extend_from_slice(&piece[..count]),
                        _ => return,
                    }
                };
                let text = answer(&posted);
                // The client may have left before the whole answer was written.
                socket.write_all(text.as_bytes()).await.ok();
            });
        }
    });
    address
}

fn whole(got: &[u8]) -> Option<Posted> {
    let end = got.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&got[..end]).to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
    let body = got.get(end + 4..end + 4 + length)?;
    Some(Posted { head, body: serde_json::from_slice(body).unwrap_or(Value::Null) })
}

/// Shows `t0` at a door, and has so many others to show once that is not taken.
#[derive(Debug)]
pub(crate) struct Keys {
    shown: std::sync::Mutex<u32>,
    last: u32,
}

impl Keys {
    /// Makes what opens a door that wants `t0`, or one after it up to `last`.
    pub(crate) fn up_to(last: u32) -> Arc<dyn Pass> {
        Arc::new(Self { shown: Default::default(), last })
    }

    fn shown(number: u32) -> Shown {
        Shown { header: "x-door", value: SecretValue::new(format!("t{number}")) }
    }
}

#[async_trait]
impl Pass for Keys {
    async fn show(&self) -> Result<Shown, PassError> {
        Ok(Self::shown(*self.shown.lock().unwrap()))
    }

    async fn show_anew(&self, refused: &Shown) -> Result<Option<Shown>, PassError> {
        let mut shown = self.shown.lock().unwrap();
        assert_eq!(refused.value.reveal(), Self::shown(*shown).value.reveal());
        if *shown == self.last {
            return Ok(None);
        }
        *shown += 1;
        Ok(Some(Self::shown(*shown)))
    }
}

/// An HTTP response with a JSON body.
pub(crate) fn http_json(status: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n{body}"
    )
}

/// An HTTP response with an event stream that ends with the connection.
pub(crate) fn http_events(events: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n{events}")
}
