//! What servers declare: told, and kept from clients when it is forbidden.

use super::*;
use crate::domain::{Digest, Tool};
use crate::gateway::Sighting;
use crate::mcp::fake::{self, Fake, Posted, http_events, http_json, serve_http};

fn list() -> Value {
    json!({"jsonrpc": "2.0", "id": 3, "method": "tools/list", "params": {}})
}

fn echo() -> Value {
    json!({"name": "echo", "inputSchema": {"type": "object"}})
}

fn digest_of(tool: &Value) -> Digest {
    Tool::new(tool.as_object().unwrap().clone()).unwrap().digest().unwrap()
}

impl Endpoint {
    fn forbid(&self, digests: &[Digest]) {
        let why = |digest: &Digest| (*digest, "what it declares is under quarantine: it leaks".to_owned());
        self.gateway.forbid(digests.iter().map(why).collect());
    }

    fn sightings(&self) -> mpsc::Receiver<Sighting> {
        let (told, seen) = mpsc::channel(16);
        self.gateway.tell_declared(told);
        seen
    }
}

fn is_refused(said: &[Value]) -> bool {
    let text = said[0]["error"]["message"].as_str().unwrap_or_default();
    assert!(said[0].get("result").is_none() || text.is_empty(), "{said:?}");
    text.contains("it leaks")
}

#[tokio::test]
async fn a_list_with_a_forbidden_tool_reaches_no_client_of_a_session() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::legacy).upstream()).await;
    let mut seen = endpoint.sightings();
    let opened = endpoint.open().await;
    assert_eq!(seen.recv().await.unwrap().digests.len(), 1, "instructions");
    assert_eq!(opened.ask(&list()).await[0]["result"]["tools"][0], echo());
    let sighting = seen.recv().await.unwrap();
    assert_eq!((sighting.server, sighting.digests), (name("a"), vec![digest_of(&echo())]));
    opened.ask(&list()).await;
    assert!(seen.try_recv().is_err(), "the same list is told once");
    endpoint.forbid(&[digest_of(&echo())]);
    assert!(is_refused(&opened.ask(&list()).await));
    assert_eq!(seen.recv().await.unwrap().digests, [digest_of(&echo())]);
    endpoint.forbid(&[]);
    assert!(!is_refused(&opened.ask(&list()).await));
}

#[tokio::test]
async fn instructions_that_are_forbidden_open_no_session() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::legacy).upstream()).await;
    let text = crate::domain::Pin::of_others(&[], &[], Some("be kind")).unwrap();
    endpoint.forbid(&[text[0].sha256]);
    let response = endpoint.post("a", &initialize()).send().await.unwrap();
    assert!(response.headers().get("mcp-session-id").is_none());
    assert!(is_refused(&messages(response).await));
}

#[tokio::test]
async fn a_list_with_a_forbidden_tool_reaches_no_client_of_the_modern_era() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::modern).upstream()).await;
    endpoint.forbid(&[digest_of(&echo())]);
    let asked = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/list", "params": {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}}}});
    let post = endpoint.post("a", &asked).header("mcp-protocol-version", "2026-07-28");
    assert!(is_refused(&messages(post.header("mcp-method", "tools/list").send().await.unwrap()).await));
}

/// Answers that clients do not all read alike, with a tool in what some of them read.
const DOUBTFUL: [(&str, &str); 6] = [
    ("result_twice", r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"spare"}]},"result":{}}"#),
    ("list_twice", r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"spare"}],"tools":[]}}"#),
    ("name_twice", r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"spare","name":"other"}]}}"#),
    ("written_otherwise", r#"{"jsonrpc":"2.0","id":3,"result":{"Tools":[{"name":"spare"}]}}"#),
    ("no_version", r#"{"id":3,"result":{"tools":[{"name":"spare"}]}}"#),
    ("cut", r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"spare"}]"#),
];

/// The answer of a server that speaks HTTP: as JSON, as an event, as a batch, or compressed, so that nobody can look.
fn answered(posted: &Posted) -> String {
    let one = json!({"jsonrpc": "2.0", "id": 3, "result": {"tools": [echo()]}});
    let path = |text: &str| posted.head.starts_with(&format!("post /mcp?{text}"));
    match () {
        () if path("event") => http_events(&format!(": hello\n\ndata: {one}\n\n")),
        () if path("batch") => http_json("200 OK", "", &json!([one]).to_string()),
        () if path("large") => {
            let spaces = " ".repeat(2 << 20);
            http_json("200 OK", "", &format!("{spaces}{one}"))
        }
        () if DOUBTFUL.iter().any(|(name, _)| path(name)) => {
            let (_, text) = DOUBTFUL.iter().find(|(name, _)| path(name)).unwrap();
            http_json("200 OK", "", text)
        }
        () if path("packed") => http_json("200 OK", "content-encoding: gzip\r\n", "not to be read"),
        () => http_json("200 OK", "", &one.to_string()),
    }
}

#[tokio::test]
async fn a_list_with_a_forbidden_tool_of_an_http_server_is_held_back_however_it_comes() {
    let endpoint = Endpoint::of(quick(), Upstream::Http { url: serve_http(answered).await }).await;
    let mut seen = endpoint.sightings();
    let ask = async |path: &str, body: &Value| {
        endpoint.post(path, body).send().await.unwrap().text().await.unwrap()
    };
    for path in ["a?json", "a?event", "a?batch"] {
        assert!(ask(path, &list()).await.contains("inputSchema"), "{path}");
    }
    assert_eq!(seen.recv().await.unwrap().digests, [digest_of(&echo())]);
    assert_eq!(ask("a?packed", &list()).await, "not to be read");
    assert!(ask("a?large", &list()).await.contains("inputSchema"));
    endpoint.forbid(&[digest_of(&echo())]);
    for (path, body) in
        [("a?json", list()), ("a?event", list()), ("a?batch", json!([list()])), ("a?batch", list())]
    {
        let said = ask(path, &body).await;
        assert!(said.contains("it leaks") && !said.contains("inputSchema"), "{path}: {said}");
    }
    for path in ["a?packed", "a?large"] {
        let said = ask(path, &list()).await;
        assert!(said.contains("cannot be looked at") && !said.contains("inputSchema"), "{path}: {said}");
    }
    assert!(
        ask("a?json", &call(3, "echo", json!({}))).await.contains("inputSchema"),
        "no list was asked for"
    );
}

#[tokio::test]
async fn what_clients_may_read_otherwise_passes_only_while_nothing_is_forbidden() {
    let endpoint = Endpoint::of(quick(), Upstream::Http { url: serve_http(answered).await }).await;
    let ask = async |name: &str| {
        let post = endpoint.post(&format!("a?{name}"), &list());
        post.send().await.unwrap().text().await.unwrap()
    };
    for (name, text) in DOUBTFUL {
        assert_eq!(ask(name).await, text, "{name}");
    }
    endpoint.forbid(&[digest_of(&echo())]);
    for (name, _) in DOUBTFUL {
        let said = ask(name).await;
        assert!(said.contains("cannot be looked at") && !said.contains("spare"), "{name}: {said}");
    }
    assert!(ask("deep_list").await.contains("it leaks"), "what is plain is looked at as before");
    endpoint.forbid(&[]);
    assert_eq!(ask("cut").await, DOUBTFUL[5].1);
}
