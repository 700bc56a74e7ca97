//! A real server behind the door: released over HTTP, reached with a key, and without one only where that is wanted.

use serde_json::{Value, json};
use sigyl_core::registry::Document;
use sigyl_core::registry::install::{self, Choice, Client};

use crate::api::events;
use crate::running::Running;

const MANIFEST: &str =
    "name: echo\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n";

/// Speaks as much of MCP as a handshake, a list and a call take.
const SERVER: &str = r#"
import json, sys
TOOL = {"name": "echo", "description": "Gives back the text.", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    method, params = asked["method"], asked.get("params", {})
    if method == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "echo", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [TOOL]}
    elif method == "tools/call":
        result = {"content": [{"type": "text", "text": params["arguments"]["text"]}]}
    else:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no such method"}}), flush=True)
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"#;

/// Releases a folder with the server and waits until it serves.
pub(crate) async fn release(server: &Running) -> Value {
    let source = server.source("echo", MANIFEST, SERVER);
    server.run("POST", "/api/v1/releases", &json!({"source": source})).await.0
}

pub(crate) fn call() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}})
}

#[tokio::test]
async fn a_released_server_is_reached_with_a_key_and_its_calls_are_on_record() {
    let server = Running::start(&[]);
    let end = release(&server).await;
    assert_eq!(end["run"]["state"], "done", "{end}");
    assert_eq!(end["url"], format!("http://{}/mcp/echo", server.address));
    let host = [("host", server.address.as_str())];
    assert_eq!(server.send("POST", "/mcp/echo", &host, &call()).await.status, 401);
    let opened = server.with_key("POST", "/mcp/echo", &call()).await;
    assert!(String::from_utf8_lossy(&opened.body).contains("\"serverInfo\""), "{:?}", opened.body);
    assert_eq!(server.with_key("POST", "/mcp/nothing", &call()).await.status, 404);
    let said = server.with_key("POST", "/api/v1/servers/echo/tools/echo", &json!({"text": "hello"})).await;
    assert!(String::from_utf8_lossy(&said.body).contains("hello"), "{:?}", said.body);
    let calls = server.with_key("GET", "/api/v1/servers/echo/calls", &Value::Null).await;
    let calls = events(&calls.body);
    assert_eq!((calls[0].0.as_str(), calls[0].2["tool"].as_str()), ("call", Some("echo")), "{calls:?}");
    let deleted = server.with_key("DELETE", "/api/v1/servers/echo?confirm=echo", &Value::Null).await;
    assert_eq!(deleted.status, 202, "{:?}", deleted.body);
}

/// What a client does with the document of a server that runs here: it writes its configuration, asks its user for the key, and calls.
#[tokio::test]
async fn the_document_of_a_server_names_the_header_that_lets_a_client_in() {
    let server = Running::start(&[]);
    release(&server).await;
    let shown = document(&server).await;
    let document = Document::import(shown.to_string().as_bytes()).unwrap().0;
    let of = |client| install::entry(&document, Client::named(client).unwrap(), Choice::Any, None).unwrap();
    let vscode = of("vscode");
    let (url, value) = (vscode.body["url"].as_str().unwrap(), &vscode.body["headers"]["Authorization"]);
    assert_eq!((vscode.inputs.len(), &vscode.inputs[0]["password"]), (1, &json!(true)), "{vscode:?}");
    let mark = format!("${{input:{}}}", vscode.inputs[0]["id"].as_str().unwrap());
    assert_eq!(value, &json!(format!("Bearer {mark}")));
    assert_eq!(of("claude-code").body["headers"]["Authorization"], "Bearer ${ECHO_SIGYL_KEY}");
    assert_eq!(of("codex").body["bearer_token_env_var"], "ECHO_SIGYL_KEY");
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert_eq!(host, server.address);
    let key = &server.key;
    let sent = value.as_str().unwrap().replace(&mark, key);
    let headers = [("host", host), ("authorization", sent.as_str())];
    assert_eq!(server.send("POST", &format!("/{path}"), &headers, &call()).await.status, 200);
    assert_eq!(server.send("POST", &format!("/{path}"), &headers[..1], &call()).await.status, 401);
}

async fn document(server: &Running) -> Value {
    let path = "/v0.1/servers/internal.sigyl%2Fecho/versions/latest";
    let shown = server.with_key("GET", path, &Value::Null).await;
    serde_json::from_slice::<Value>(&shown.body).unwrap()["server"].take()
}

#[tokio::test]
async fn programs_of_this_machine_need_no_key_where_that_is_wanted_and_web_pages_of_elsewhere_do() {
    let server = Running::start(&[("SIGYL_MCP_KEYLESS_LOOPBACK", "1")]);
    release(&server).await;
    assert_eq!(document(&server).await["remotes"][0].get("headers"), None);
    let here = [("host", server.address.as_str())];
    assert_eq!(server.send("POST", "/mcp/echo", &here, &call()).await.status, 200);
    let page = [here[0], ("origin", "https://elsewhere.example")];
    assert_eq!(server.send("POST", "/mcp/echo", &page, &call()).await.status, 403);
    let led = [("host", "elsewhere.example")];
    assert_eq!(server.send("POST", "/mcp/echo", &led, &call()).await.status, 401);
    let proxied = [here[0], ("x-forwarded-for", "192.0.2.1")];
    assert_eq!(server.send("POST", "/mcp/echo", &proxied, &call()).await.status, 401);
    assert_eq!(server.send("GET", "/api/v1/servers", &here, &Value::Null).await.status, 401);
}
