//! A real server behind the door: released over HTTP, reached with a key, and without one only where that is wanted.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::api::events;

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

/// The program, serving.
struct Running {
    child: Child,
    address: String,
    key: String,
    folder: TempDir,
}

struct Answer {
    status: u16,
    body: Bytes,
}

impl Running {
    fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut program = Command::new(env!("CARGO_BIN_EXE_sigyl-server"));
        program.env_clear().env("HOME", folder.path()).env("PATH", std::env::var_os("PATH").unwrap());
        program.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
        program.envs(variables.iter().copied()).env("SIGYL_LOG_FORMAT", "json").stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("listening on")).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = line["fields"]["message"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let key = std::fs::read_to_string(data.join("admin.key")).unwrap();
        // The log is read to its end, so that the program never waits for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, key: key.trim_end().to_owned(), folder }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let io = TokioIo::new(TcpStream::connect(&self.address).await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        request = request
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            sender.send_request(request.body(Full::<Bytes>::from(body.to_string())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        Answer { status, body: response.into_body().collect().await.unwrap().to_bytes() }
    }

    async fn with_key(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        self.send(method, path, &[("host", &self.address), ("authorization", &bearer)], body).await
    }

    /// Releases a folder with the server and waits until it serves.
    async fn release(&self) -> Value {
        let source = self.folder.path().join("echo");
        write(&source.join("sigyl.yaml"), MANIFEST);
        write(&source.join("main.py"), SERVER);
        let begun = self.with_key("POST", "/api/v1/releases", &json!({"source": source})).await;
        let begun: Value = serde_json::from_slice(&begun.body).unwrap();
        let told = self.with_key("GET", begun["events"].as_str().unwrap(), &Value::Null).await;
        events(&told.body).pop().unwrap().2
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(ended.unwrap().success() && self.child.wait().unwrap().success());
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn call() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}})
}

#[tokio::test]
async fn a_released_server_is_reached_with_a_key_and_its_calls_are_on_record() {
    let server = Running::start(&[]);
    let end = server.release().await;
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

#[tokio::test]
async fn programs_of_this_machine_need_no_key_where_that_is_wanted_and_web_pages_of_elsewhere_do() {
    let server = Running::start(&[("SIGYL_MCP_KEYLESS_LOOPBACK", "1")]);
    server.release().await;
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
