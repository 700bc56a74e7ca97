//! A client of one server: finds out the era, then asks.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::era::{LEGACY, LEGACY_ALL, META_SERVER, MODERN, client_info, modern_headers, modern_meta};
use super::error::quote;
use super::message::{HEADER_MISMATCH, METHOD_NOT_FOUND, MISSING_CAPABILITY, RpcError, UNSUPPORTED_VERSION};
use super::transport::{Ask, Http, Reply, Stdio, Wire};
use super::{Era, McpError, ProbeLimits, Upstream};

const OLD_TRANSPORT_WAIT: Duration = Duration::from_secs(5);

/// What a server said when it was met.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    pub(crate) era: Era,
    pub(crate) versions: Vec<String>,
    pub(crate) server_info: Value,
    pub(crate) capabilities: Value,
    pub(crate) instructions: Option<String>,
    pub(crate) latency: Duration,
}

/// A connection whose era is settled.
#[derive(Debug)]
pub(crate) struct Client {
    line: Line,
    hello: Hello,
}

/// A connection whose era is open.
#[derive(Debug)]
struct Line {
    wire: Wire,
    limits: ProbeLimits,
    next_id: i64,
}

/// What an attempt at `server/discover` showed.
enum Met {
    Modern(Hello),
    Legacy,
}

impl Client {
    /// Meets a server.
    pub(crate) async fn connect(upstream: &Upstream, limits: &ProbeLimits) -> Result<Self, McpError> {
        let mut line = Line::open(upstream, limits).await?;
        if limits.era != Some(Era::Legacy) {
            match line.discover().await {
                Ok(Met::Modern(hello)) => return Ok(Self { line, hello }),
                Ok(Met::Legacy) => {}
                Err(error) if limits.era == Some(Era::Modern) => return Err(error),
                // Some old servers end when the first request is not `initialize`.
                Err(McpError::Ended { .. }) => line = Line::open(upstream, limits).await?,
                Err(
                    error @ (McpError::Unreachable { .. }
                    | McpError::AuthRequired { .. }
                    | McpError::Refused { .. }
                    | McpError::Garbage { .. }
                    | McpError::TooLarge { .. }),
                ) => return Err(error),
                Err(error) => tracing::debug!(%error, "no answer to server/discover; trying initialize"),
            }
        }
        let hello = line.initialize().await?;
        Ok(Self { line, hello })
    }

    /// Returns what the server said when it was met.
    pub(crate) fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks and gives the result; an error of the server's own is [`McpError::Refused`].
    pub(crate) async fn request(
        &mut self,
        method: &str,
        params: Map<String, Value>,
        more_headers: Vec<(String, String)>,
    ) -> Result<Value, McpError> {
        let within = self.line.limits.answer;
        let reply = match self.hello.era {
            Era::Legacy => self.line.ask(method, params, Vec::new(), within).await?,
            Era::Modern => self.line.ask_modern(method, params, more_headers, within).await?,
        };
        reply.map_err(|error| refused(method, &error))
    }

    /// Gives all items of one kind, page by page.
    pub(crate) async fn list(&mut self, method: &str, field: &str) -> Result<Vec<Value>, McpError> {
        let wrong = |why: String| McpError::Protocol { method: method.to_owned(), why };
        let ProbeLimits { items: most, pages, .. } = self.line.limits;
        let mut items = Vec::new();
        let mut cursors = std::collections::BTreeSet::new();
        let mut params = Map::new();
        for _ in 0..pages {
            let mut page = self.request(method, params, Vec::new()).await?;
            match page.get_mut(field).map(Value::take) {
                Some(Value::Array(found)) => items.extend(found),
                _ => return Err(wrong(format!("it has no list `{field}`"))),
            }
            if items.len() > most {
                let what = format!("more than {most} {field}");
                return Err(McpError::TooLarge { method: method.to_owned(), what });
            }
            let cursor = match page.get("nextCursor") {
                None | Some(Value::Null) => return Ok(items),
                Some(Value::String(cursor)) => cursor.clone(),
                Some(_) => return Err(wrong("its `nextCursor` is no string".to_owned())),
            };
            params = Map::from_iter([("cursor".to_owned(), Value::from(cursor.clone()))]);
            if !cursors.insert(cursor) {
                return Err(wrong("it gives a cursor a second time, so its pages have no end".to_owned()));
            }
        }
        Err(McpError::TooLarge { method: method.to_owned(), what: format!("more than {pages} pages") })
    }

    /// Takes leave.
    pub(crate) async fn close(self) {
        self.line.wire.close().await;
    }
}

impl Line {
    async fn open(upstream: &Upstream, limits: &ProbeLimits) -> Result<Self, McpError> {
        let wire = match upstream {
            Upstream::Stdio(spawn) => Wire::Stdio(Box::new(Stdio::start(spawn, limits).await?)),
            Upstream::Http { url } => Wire::Http(Box::new(Http::new(url, None, limits)?)),
            Upstream::Guarded { url, pass } => {
                Wire::Http(Box::new(Http::new(url, Some(pass.clone()), limits)?))
            }
        };
        Ok(Self { wire, limits: limits.clone(), next_id: 0 })
    }

    async fn ask(
        &mut self,
        method: &str,
        params: Map<String, Value>,
        headers: Vec<(String, String)>,
        within: Duration,
    ) -> Result<Reply, McpError> {
        self.next_id += 1;
        let ask = Ask { id: self.next_id, method, params: params.into(), headers, within };
        self.wire.ask(&ask).await
    }

    async fn ask_modern(
        &mut self,
        method: &str,
        mut params: Map<String, Value>,
        more_headers: Vec<(String, String)>,
        within: Duration,
    ) -> Result<Reply, McpError> {
        let mut headers = modern_headers(method, &params);
        headers.extend(more_headers);
        params.insert("_meta".to_owned(), modern_meta());
        self.ask(method, params, headers, within).await
    }

    fn agree_on(&mut self, version: Option<&str>) {
        if let Wire::Http(http) = &mut self.wire {
            http.agree_on(version);
        }
    }

    async fn discover(&mut self) -> Result<Met, McpError> {
        const METHOD: &str = "server/discover";
        self.agree_on(Some(MODERN));
        let start = Instant::now();
        let reply = self.ask_modern(METHOD, Map::new(), Vec::new(), self.limits.discover).await?;
        match reply {
            Ok(found) => Ok(read_discovered(&found, start.elapsed()).map_or(Met::Legacy, Met::Modern)),
            Err(error) if is_modern_refusal(&error) => Err(refused(METHOD, &error)),
            Err(_) => Ok(Met::Legacy),
        }
    }

    async fn initialize(&mut self) -> Result<Hello, McpError> {
        const METHOD: &str = "initialize";
        self.agree_on(None);
        let start = Instant::now();
        let params = Map::from_iter([
            ("protocolVersion".to_owned(), json!(LEGACY)),
            ("capabilities".to_owned(), json!({})),
            ("clientInfo".to_owned(), client_info()),
        ]);
        let reply = match self.ask(METHOD, params, Vec::new(), self.limits.answer).await {
            Err(error @ McpError::Status { status: 400 | 404 | 405, .. }) => {
                let Wire::Http(http) = &mut self.wire else { return Err(error) };
                let old = http.is_old_transport(OLD_TRANSPORT_WAIT).await;
                return Err(if old { McpError::OldTransport } else { error });
            }
            reply => reply?,
        };
        let said = reply.map_err(|error| refused(METHOD, &error))?;
        let version = said.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
        if !LEGACY_ALL.contains(&version) {
            let why = format!("it speaks revision `{}`, which is not known", quote(version));
            return Err(McpError::Protocol { method: METHOD.to_owned(), why });
        }
        self.agree_on(Some(version));
        let hello = Hello {
            era: Era::Legacy,
            versions: vec![version.to_owned()],
            server_info: field(&said, "serverInfo"),
            capabilities: field(&said, "capabilities"),
            instructions: instructions(&said),
            latency: start.elapsed(),
        };
        self.wire.tell("notifications/initialized", self.limits.answer).await?;
        Ok(hello)
    }
}

/// Reads the result of `server/discover`; nothing when it names no modern revision that is spoken here.
fn read_discovered(found: &Value, latency: Duration) -> Option<Hello> {
    let versions = found.get("supportedVersions")?.as_array()?;
    let versions: Vec<String> = versions.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect();
    versions.iter().any(|version| version == MODERN).then(|| Hello {
        era: Era::Modern,
        versions,
        server_info: found.get("_meta").map_or(Value::Null, |meta| field(meta, META_SERVER)),
        capabilities: field(found, "capabilities"),
        instructions: instructions(found),
        latency,
    })
}

/// Tells whether an error can only come from a modern server that has no revision in common with this client.
fn is_modern_refusal(error: &RpcError) -> bool {
    match error.code {
        HEADER_MISMATCH | MISSING_CAPABILITY => true,
        UNSUPPORTED_VERSION => {
            let named = error.data.as_ref().and_then(|data| data.get("supported")).and_then(Value::as_array);
            let legacy = |version: &Value| version.as_str().is_some_and(|text| LEGACY_ALL.contains(&text));
            named.is_some_and(|named| !named.iter().any(legacy))
        }
        _ => false,
    }
}

fn field(of: &Value, name: &str) -> Value {
    of.get(name).cloned().unwrap_or(Value::Null)
}

fn instructions(said: &Value) -> Option<String> {
    said.get("instructions").and_then(Value::as_str).map(str::to_owned)
}

fn refused(method: &str, error: &RpcError) -> McpError {
    McpError::Refused { method: method.to_owned(), code: error.code, message: quote(&error.message) }
}

/// Tells whether a server says that it does not have a method.
pub(crate) fn is_method_not_found(error: &McpError) -> bool {
    matches!(error, McpError::Refused { code: METHOD_NOT_FOUND, .. })
}
