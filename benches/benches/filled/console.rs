//! What a large installation answers the console.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sigyl_core::domain::{Digest, Timestamp};
use sigyl_core::store::Store as _;
use sigyl_core::store::contract::fixture;
use sigyl_core::store::sled::SledStore;
use sigyl_core::wire::v1::{Frame, Request, Response, ServerView};

/// Whatever goes wrong.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Servers of the installation.
pub(crate) const SERVERS: usize = 10_000;
/// Tools of each.
const TOOLS: usize = 8;
/// Runs, entries of the audit and kinds of calls that are asked for.
const ROWS: usize = 500;

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    Ok(serde_json::from_value(value)?)
}

/// The present time.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000)
}

fn name(at: usize) -> String {
    format!("server-{at:05}")
}

/// All servers: most serve, some wait, some failed.
pub(crate) fn servers() -> Result<Vec<ServerView>, Failure> {
    (0..SERVERS).map(server).collect()
}

fn server(at: usize) -> Result<ServerView, Failure> {
    let (name, digest) = (name(at), Digest::of(b"clock").to_string());
    let tools: Vec<Value> = (0..TOOLS)
        .map(|tool| {
            json!({
                "name": format!("tool-{tool}"), "description": "Tells the time in a zone, as somebody there would say it.",
                "inputSchema": {"type": "object", "properties": {"zone": {"type": "string", "description": "where"}}},
            })
        })
        .collect();
    let serves = !at.is_multiple_of(7);
    let deployment = json!({
        "server": name, "version": "1.2.0", "source": digest, "run": "019abc", "revision": "r1",
        "transport": {"type": "stdio"}, "launch": {"program": "/x/clock", "args": [], "dir": "/x", "readable": []},
        "env": {"ZONE": "utc"}, "secrets": [], "granted": {}, "resources": {},
        "confinement": {"enforced": ["own tree read-only"], "unenforced": []}, "activated": now(),
    });
    let status = json!({"running": !at.is_multiple_of(11), "pids": [4711], "restarts": 0, "since": now(), "last_exit": null});
    read(json!({
        "server": {
            "name": name, "title": "Clock", "description": "Tells the time in any zone.", "created": now(),
            "latest": "1.2.0", "active": serves.then_some("1.2.0"), "granted": {}, "locator": "examples/servers/clock",
        },
        "deployment": serves.then_some(deployment), "status": serves.then_some(status), "url": null, "verdict": "pass",
        "tools": if serves { tools } else { Vec::new() }, "confinement": null, "health": "answered in 3 ms",
        "held": at.is_multiple_of(97).then_some("019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10"),
    }))
}

/// Answers what the benched screens ask; nothing to what stays open.
pub(crate) fn answer(request: &Request, servers: &[ServerView]) -> Option<Response> {
    let rows = |row: fn(usize) -> Value| Value::Array((0..ROWS).map(row).collect());
    let with = match request {
        Request::List => return Some(Response::Servers(servers.to_vec())),
        Request::Show { name } => {
            let view = servers.iter().find(|view| view.server.name == *name)?;
            return Some(Response::Server(Box::new(view.clone())));
        }
        Request::WhoAmI => {
            json!({"result": "who_am_i", "with": {"name": "ada", "account": null, "key": null, "roles": {"default": "owner"}}})
        }
        Request::Runs { .. } => json!({"result": "runs", "with": rows(run)}),
        Request::CountCalls => json!({"result": "call_counts", "with": rows(count)}),
        Request::Audit { .. } => json!({"result": "audit", "with": rows(entry)}),
        _ => return None,
    };
    serde_json::from_value(with).ok()
}

fn run(at: usize) -> Value {
    let state = ["done", "failed", "held", "running"][at % 4];
    json!({
        "id": format!("019aa1b2-9d04-7c1f-a6b3-{at:012}"), "plan": "release", "caller": "local owner", "request": {},
        "server": name(at), "version": "1.2.0", "state": state, "steps": [], "source": null, "report": null,
        "judgement": null, "decision": null, "failure": null, "created": now(), "updated": now(),
    })
}

fn count(at: usize) -> Value {
    json!({
        "server": name(at), "caller": "ada", "tool": format!("tool-{at}"), "ok": 40 + at, "tool_error": at % 3,
        "protocol_error": 0, "failed": at % 2, "micros": 430_000 + at,
    })
}

fn entry(at: usize) -> Value {
    let digest = Digest::of(b"x").to_string();
    json!({
        "number": at + 1, "previous": digest, "hash": digest, "fact": {
            "at": now(), "who": {"name": "ada", "account": null, "key": null}, "what": "deploy", "on": name(at),
            "workspace": "default", "from": null, "outcome": "done", "note": null,
        },
    })
}

/// An event of a feed: mostly such as servers have to be looked at again for.
pub(crate) fn event(at: usize) -> Result<Frame, Failure> {
    let event = json!({
        "seq": at + 1, "at": now(), "run": null, "server": name(at % SERVERS), "kind": "health", "healthy": !at.is_multiple_of(5),
        "note": format!("answered in {} ms", at % 90),
    });
    read(json!({"frame": "event", "with": event}))
}

/// A line of a log.
pub(crate) fn line(at: usize) -> Result<Frame, Failure> {
    let text = format!("{at} GET /mcp 200 in {} ms, asked by somebody for the time in Ulaanbaatar", at % 90);
    read(json!({"frame": "log", "with": {"at": now(), "stream": "server", "text": text}}))
}

/// Puts servers on record.
pub(crate) async fn fill(store: &Path, servers: usize) -> Result<(), Failure> {
    let store = SledStore::open(store)?;
    for at in 0..servers {
        store.apply(fixture::publish(&name(at), "1.0.0", &at.to_string())).await?;
    }
    Ok(())
}
