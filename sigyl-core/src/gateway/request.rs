//! Looks at a request before anything is done with it: who it comes from, which server it names, what it says.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{ACCEPT, HOST, ORIGIN};
use hyper::{HeaderMap, Request, StatusCode};

use crate::domain::ServerName;
use crate::mcp::message::{INVALID_REQUEST, PARSE_ERROR, Unreadable};

use super::GatewayConfig;
use super::budget::{Account, Count};
use super::respond::{Answer, TRANSPORT_ERROR, error};

/// How many times the limit of a body is read before its connection is given up.
const DISCARD: usize = 8;
/// The session that a request belongs to.
pub(super) const SESSION: &str = "mcp-session-id";
/// The revision that a request is written in.
pub(super) const VERSION: &str = "mcp-protocol-version";

/// Refuses what a web page elsewhere could make a browser send: a foreign name for this machine, a foreign origin.
pub(super) fn check_source<B>(request: &Request<B>) -> Result<(), Box<Answer>> {
    let refuse = |what: &str| Err(Box::new(error(StatusCode::FORBIDDEN, None, TRANSPORT_ERROR, what)));
    let mut hosts = request.headers().get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
    // The whole address on the request line counts before the header; neither may name another machine.
    let line = request.uri().authority().map(|authority| authority.as_str());
    let named = hosts.next().or(line);
    if hosts.next().is_some() || !named.is_some_and(is_this_machine) || !line.is_none_or(is_this_machine) {
        return refuse("Forbidden: the Host header must name localhost, 127.0.0.1 or [::1].");
    }
    for origin in request.headers().get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if !rest.is_some_and(is_this_machine) {
            return refuse("Forbidden: requests of web pages from elsewhere are refused (Origin header).");
        }
    }
    Ok(())
}

/// Tells whether `host[:port]` means this machine.
fn is_this_machine(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some("") => ("[::1]", None),
        Some(rest) => ("[::1]", Some(rest.strip_prefix(':').unwrap_or("none"))),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port_is_number = port.is_none_or(|port| port.parse::<u16>().is_ok());
    port_is_number && (host == "[::1]" || host == "127.0.0.1" || host.eq_ignore_ascii_case("localhost"))
}

/// Reads the name of a server from the rest of a path; its `/` may be encoded.
pub(super) fn server_name(rest: &str) -> Option<ServerName> {
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.as_bytes();
    while let [first, after @ ..] = left {
        left = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            left = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    // What is no name cannot name a server; the caller says which path it was.
    ServerName::parse(std::str::from_utf8(&bytes).ok()?).ok()
}

/// Which kinds of answer a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepts {
    pub(super) json: bool,
    pub(super) events: bool,
}

/// Reads the Accept header; without one, everything is taken.
pub(super) fn accepts(headers: &HeaderMap) -> Accepts {
    let mut found = Accepts { json: false, events: false };
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        for kind in value.to_str().unwrap_or_default().split(',') {
            any = true;
            let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            found.json |= matches!(kind.as_str(), "application/json" | "application/*" | "*/*");
            found.events |= matches!(kind.as_str(), "text/event-stream" | "text/*" | "*/*");
        }
    }
    if any { found } else { Accepts { json: true, events: true } }
}

/// Reads a body within its bounds; it counts as long as the second half of the answer lives.
pub(super) async fn read_body(
    body: Incoming,
    config: &GatewayConfig,
    account: &Arc<Account>,
) -> Result<(Bytes, Count), Box<Answer>> {
    let mut count = account.count();
    let refuse = |status, what: &str| Err(Box::new(error(status, None, TRANSPORT_ERROR, what)));
    let too_large = format!("The body is larger than {} bytes.", config.request_bytes);
    match tokio::time::timeout(config.body_timeout, collect(body, config.request_bytes, &mut count)).await {
        Ok(Ok(Some(whole))) => Ok((whole, count)),
        Ok(Ok(None)) => refuse(StatusCode::PAYLOAD_TOO_LARGE, &too_large),
        Ok(Err(_)) => refuse(StatusCode::BAD_REQUEST, "The body could not be read."),
        Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
    }
}

/// Collects a body of at most `limit` bytes. Of a larger one some more is read and thrown away: most clients look at
/// the answer only after they have sent everything.
async fn collect(mut body: Incoming, limit: usize, count: &mut Count) -> Result<Option<Bytes>, hyper::Error> {
    let too_large = body.size_hint().lower() > limit as u64;
    let (mut whole, mut seen) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen += data.len();
        if seen > limit.saturating_mul(DISCARD) {
            return Ok(None);
        }
        if !too_large && seen <= limit {
            if !count.grow(data.len()) {
                // Its connection is being ended; nobody hears the answer.
                return Ok(None);
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok((seen <= limit).then(|| whole.freeze()))
}

/// The value of a header, if it is there once and is text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// What is wrong with a body that is no message.
pub(super) fn unreadable(unreadable: Unreadable) -> Answer {
    let (code, what) = match unreadable {
        Unreadable::NotJson => (PARSE_ERROR, "Parse error: the body is no JSON object".to_owned()),
        Unreadable::NotRpc(why) => (INVALID_REQUEST, format!("Invalid request: {why}")),
    };
    error(StatusCode::BAD_REQUEST, None, code, &what)
}
