//! The MCP endpoint of a server: a request is let through to it as it comes, and its answer as it comes.

use std::sync::Arc;

use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, BodyStream, StreamBody};
use hyper::Request;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper_util::rt::TokioIo;
use sigyl_core::Held;
use sigyl_core::domain::{Action, Caller, ServerName};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Body, Content, Problem};
use crate::router::{Access, Carries, Doc, Handler, Method, Reply, Route, fails, handler, shows};

/// What is between two ends of a connection and no further.
const OF_CONNECTION: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// How the type of a stream of events begins.
const EVENTS: &[u8] = b"text/event-stream";

/// What is meant for this server, and not for the one behind it.
const OF_DOOR: [HeaderName; 7] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

const ANSWERS: &[Reply] = &[
    shows("text/event-stream", "A message, or a stream of them."),
    Reply { status: 202, means: "Taken; there is nothing to say.", carries: Carries::Nothing },
    fails(404, "No such server runs here."),
];

pub(crate) const ROUTES: &[Route] = &[
    send("/mcp/{name}", handler!(plain), "mcpSend"),
    listen("/mcp/{name}", handler!(plain), "mcpListen"),
    end("/mcp/{name}", handler!(plain), "mcpEnd"),
    send("/mcp/{namespace}/{name}", handler!(with_namespace), "mcpSendTo"),
    listen("/mcp/{namespace}/{name}", handler!(with_namespace), "mcpListenTo"),
    end("/mcp/{namespace}/{name}", handler!(with_namespace), "mcpEndOf"),
];

const fn send(path: &'static str, handler: Handler, id: &'static str) -> Route {
    route(Method::Post, path, handler, Doc::new(id, "Sends a message to an MCP server.", ANSWERS))
}

const fn listen(path: &'static str, handler: Handler, id: &'static str) -> Route {
    route(Method::Get, path, handler, Doc::new(id, "Opens a stream of what an MCP server sends.", ANSWERS))
}

const fn end(path: &'static str, handler: Handler, id: &'static str) -> Route {
    route(Method::Delete, path, handler, Doc::new(id, "Ends a session of an MCP server.", ANSWERS))
}

const fn route(method: Method, path: &'static str, handler: Handler, doc: Doc) -> Route {
    Route { method, ..Route::get(path, Access::Tools, handler, doc).lasting() }
}

async fn plain(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let name = ask.part("name", ServerName::parse)?;
    pass(&app, &name, ask).await
}

async fn with_namespace(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let text = format!("{}/{}", ask.text("namespace")?, ask.text("name")?);
    let name = ServerName::parse(&text).map_err(|error| Problem::invalid(error.to_string()))?;
    pass(&app, &name, ask).await
}

async fn pass(app: &App, name: &ServerName, ask: Ask) -> Result<Answer, Problem> {
    let stream = app.core.endpoint(&ask.caller, name, ask.trace).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Problem::defect(&error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a stream to the endpoint broke");
        }
    });
    let (caller, has_key) = (ask.caller.clone(), ask.caller.key().is_some());
    let mut request = Request::new(ask.body);
    *request.method_mut() = ask.method;
    *request.uri_mut() = format!("/mcp/{name}").parse().map_err(|error| Problem::defect(&error))?;
    *request.headers_mut() = inward(ask.headers, has_key);
    // A body can take its time: who may call no more is not waited for, and what was sent of it starts nothing.
    let about = Held::Server(name.clone());
    let response = tokio::select! {
        response = sender.send_request(request) => response,
        why = app.core.lost(&caller, Action::Call, &about), if has_key => return Err(why.into()),
    };
    let response = response.map_err(|error| {
        tracing::debug!(%error, "the endpoint gave no answer");
        Problem::new(hyper::StatusCode::BAD_GATEWAY, "the endpoint gave no answer")
    })?;
    let (head, body) = response.into_parts();
    let mut headers = head.headers;
    without(&mut headers, &OF_CONNECTION);
    // Whoever drops the body closes the stream, which tells the endpoint that its client has gone.
    let body = body.map_err(Into::into).boxed_unsync();
    let is_stream = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(EVENTS));
    let body = if has_key && is_stream { while_allowed(app, caller, name, body) } else { body };
    Ok(Answer { status: head.status, headers, content: Content::Stream(body) })
}

/// Ends a stream once its caller may call the server no more.
fn while_allowed(app: &App, caller: Caller, name: &ServerName, body: Body) -> Body {
    let (core, about) = (app.core.clone(), Held::Server(name.clone()));
    let lost = async move {
        let why = core.lost(&caller, Action::Call, &about).await;
        tracing::debug!(error = %why, "a stream of an MCP server ends");
    };
    StreamBody::new(BodyStream::new(body).take_until(Box::pin(lost))).boxed_unsync()
}

/// The headers that the endpoint is shown. Who shows a key is no web page of elsewhere, whatever its origin; who shows
/// none is looked at by the endpoint, as on a loopback address of its own.
fn inward(mut headers: HeaderMap, has_key: bool) -> HeaderMap {
    without(&mut headers, &OF_CONNECTION);
    without(&mut headers, &OF_DOOR);
    if has_key || !headers.contains_key(HOST) {
        headers.insert(HOST, HeaderValue::from_static("localhost"));
    }
    if has_key {
        headers.remove(ORIGIN);
    }
    headers
}

fn without(headers: &mut HeaderMap, names: &[HeaderName]) {
    // What the header itself names is between the two ends as well.
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in names.iter().chain(&named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn what_is_meant_for_the_door_goes_no_further() {
        let shown = headers(&[
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("connection", "close, x-private"),
            ("x-private", "1"),
            ("x-forwarded-for", "192.0.2.1"),
            ("host", "mcp.example.org"),
            ("origin", "https://elsewhere.example"),
            ("mcp-session-id", "s"),
            ("content-type", "application/json"),
        ]);
        let with_key = inward(shown.clone(), true);
        let left =
            headers(&[("host", "localhost"), ("mcp-session-id", "s"), ("content-type", "application/json")]);
        assert_eq!(with_key, left);
        let without_key = inward(shown, false);
        assert_eq!(without_key[HOST], "mcp.example.org");
        assert_eq!(without_key[ORIGIN], "https://elsewhere.example");
    }
}
