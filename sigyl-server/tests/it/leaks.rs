//! Secrets through a whole life: set, deployed, repeated by their server in every way, replaced, resealed, backed up, deleted.
//! Their values are nowhere but in the server that they are for.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use sigyl_core::Sigyl;
use sigyl_core::domain::{Caller, RunState, Seq};

use crate::api::events;
use crate::running::Running;

/// What is planted; no two of them share a part.
const FIRST: &str = "plantd \"one\" /ü+&%7 Zq4wX";
const SECOND: &str = "pl4nted-TWO~kJ8/vv+Lm=3";
const THIRD: &str = "zz-third-9912-seed";

/// A stream that does not end by itself.
const FEED: &str = "/api/v1/events";

const MANIFEST: &str = "name: parrot\nversion: VERSION\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n\
    secrets:\n  - name: TOKEN\n  - name: OTHER\n    required: false\n";

/// Repeats what it was given, wherever a server can say something.
const SERVER: &str = r#"
import json, os, sys
said = os.environ.get("TOKEN", "none")
both = said + " and " + os.environ.get("OTHER", "none")
print("starting with " + both, file=sys.stderr, flush=True)
print(json.dumps(both), json.dumps(both, ensure_ascii=False), file=sys.stderr, flush=True)
if os.environ.get("MODE") == "fails":
    sys.exit("cannot work with " + both)
TOOL = {"name": "echo", "description": "Gives back the text. " + said, "inputSchema": {"type": "object", "properties": {"text": {"type": "string", "default": said}}}}
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    method, params = asked["method"], asked.get("params", {})
    error = None
    if method == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": said, "version": "1"}, "instructions": "Works with " + said}
    elif method == "tools/list":
        if os.environ.get("MODE") == "refuses":
            error = {"code": -32000, "message": "no list with " + both}
        result = {"tools": [TOOL]}
    elif method == "tools/call":
        result = {"content": [{"type": "text", "text": params["arguments"]["text"] + " " + both}]}
    else:
        error = {"code": -32601, "message": "no such method"}
    reply = {"jsonrpc": "2.0", "id": asked["id"]}
    reply.update({"error": error} if error else {"result": result})
    print(json.dumps(reply), flush=True)
"#;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The digits of base64 that a text decides alone, after `shift` other bytes.
fn base64(text: &str, shift: usize) -> String {
    let bits: Vec<u8> = std::iter::repeat_n(0, shift * 8)
        .chain(text.bytes().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)))
        .collect();
    let whole = bits.chunks_exact(6).map(|six| six.iter().fold(0_u8, |value, bit| value << 1 | bit));
    let digits: String = whole.map(|value| char::from(DIGITS[usize::from(value)])).collect();
    digits[(shift * 8).div_ceil(6)..].to_owned()
}

/// How a value may be written.
fn spellings(value: &str) -> Vec<String> {
    let quoted = json!(value).to_string();
    let quoted = quoted.trim_matches('"').to_owned();
    let ascii = quoted.replace('ü', "\\u00fc");
    let percent = value.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    let hex = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![value.to_owned(), quoted, ascii, percent.collect(), hex];
    all.extend((0..3).map(|shift| base64(value, shift)));
    all.extend((0..3).map(|shift| base64(value, shift).replace('+', "-").replace('/', "_")));
    // Parts that stand for the whole where it is cut or spelled in yet another way.
    all.extend(
        ["Zq4wX", "kJ8/vv", "third-9912"].into_iter().filter(|part| value.contains(part)).map(str::to_owned),
    );
    all
}

/// Fails when any planted value is in there.
fn clean(place: &str, bytes: &[u8]) {
    for value in [FIRST, SECOND, THIRD] {
        for spelling in spellings(value) {
            let found = bytes.windows(spelling.len()).position(|window| window == spelling.as_bytes());
            if let Some(at) = found {
                let around = &bytes[at.saturating_sub(80)..bytes.len().min(at + 120)];
                panic!("{place} holds {spelling}: …{}…", String::from_utf8_lossy(around));
            }
        }
    }
}

/// Looks at every file below a folder.
fn clean_files(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = path.symlink_metadata().unwrap();
        if about.is_dir() {
            count += clean_files(&path);
        } else if about.is_file() {
            // A file may go while this looks.
            if let Ok(bytes) = std::fs::read(&path) {
                clean(&path.display().to_string(), &bytes);
                count += 1;
            }
        }
    }
    count
}

/// Looks at the arguments of every process, and at the variables of all that are not the server itself.
fn clean_processes() -> usize {
    let mut servers = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let process = entry.path();
        let Ok(line) = std::fs::read(process.join("cmdline")) else { continue };
        clean(&format!("the command line of {}", process.display()), &line);
        let is_server = String::from_utf8_lossy(&line).contains("main.py");
        match std::fs::read(process.join("environ")) {
            Ok(vars) if is_server => {
                servers += usize::from(String::from_utf8_lossy(&vars).contains("TOKEN="))
            }
            Ok(vars) => clean(&format!("the environment of {}", process.display()), &vars),
            Err(_) => {}
        }
    }
    servers
}

/// Every address of the document that can be looked at, with what is on record in it.
async fn clean_answers(server: &Running) -> usize {
    let document = server.with_key("GET", "/openapi.json", &Value::Null).await;
    let document: Value = serde_json::from_slice(&document.body).unwrap();
    let runs = server.with_key("GET", "/api/v1/runs?limit=1000", &Value::Null).await;
    let runs: Value = serde_json::from_slice(&runs.body).unwrap();
    let mut addresses =
        vec!["/api/v1/audit?limit=1000".to_owned(), "/api/v1/servers/parrot/logs?limit=1000".to_owned()];
    for (path, methods) in document["paths"].as_object().unwrap() {
        // Who tries views that are not there is sent away for a while, as with keys.
        let guesses = path.starts_with("/view/");
        if methods.get("get").is_none() || path.starts_with("/mcp/") || path == FEED || guesses {
            continue;
        }
        let path =
            path.replace("{name}", "parrot").replace("{workspace}", "default").replace("{version}", "latest");
        if path.contains("{run}") {
            let ids = runs["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap());
            addresses.extend(ids.map(|id| path.replace("{run}", id)));
        } else {
            addresses.push(path);
        }
    }
    let newest = runs["runs"][0]["id"].as_str().unwrap();
    clean("the feed", &server.stream_until(&format!("{FEED}?after=0"), newest).await);
    for address in &addresses {
        let answer = server.with_key("GET", address, &Value::Null).await;
        assert_ne!(answer.status, 429, "GET {address} was not answered");
        let headers = format!("{:?}", answer.headers);
        clean(&format!("GET {address}"), &[headers.as_bytes(), &answer.body].concat());
    }
    addresses.len()
}

impl Running {
    async fn set(&self, name: &str, value: &Value, query: &str) -> (u16, Value) {
        let path = format!("/api/v1/servers/parrot/secrets/{name}{query}");
        let answer = self.with_key("PUT", &path, &json!({"value": value})).await;
        clean(&path, &answer.body);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    /// Lets another master key take over, and returns at once.
    async fn rotate(&self) -> Value {
        let before = self.key_settled().await;
        let from = json!({"from": before["key"]});
        assert_eq!(self.with_key("POST", "/api/v1/vault/rotate", &from).await.status, 202);
        before
    }

    async fn key_settled(&self) -> Value {
        for _ in 0..500 {
            let answer = self.with_key("GET", "/api/v1/vault", &Value::Null).await;
            let view: Value = serde_json::from_slice(&answer.body).unwrap();
            if view["change"].is_null() {
                return view;
            }
        }
        panic!("the master key is not settled")
    }

    async fn said(&self) -> String {
        let said =
            self.with_key("POST", "/api/v1/servers/parrot/tools/echo", &json!({"text": "hello"})).await;
        clean("a call", &said.body);
        assert_eq!(said.status, 200, "{:?}", said.body);
        String::from_utf8(said.body.to_vec()).unwrap()
    }
}

/// Everything that can be looked at while the server runs.
async fn clean_all(server: &Running) {
    // The process of a session lasts as long as that.
    session(server).await;
    assert!(clean_processes() > 0, "the server itself was given its secrets");
    assert!(clean_files(&server.folder.path().join("data")) > 10);
    clean_files(&server.folder.path().join(".cache"));
    assert!(clean_answers(server).await > 20);
    clean("the log", server.log.lock().unwrap().as_bytes());
}

#[tokio::test]
async fn the_value_of_a_secret_is_nowhere_but_in_its_server() {
    let rates = [
        ("SIGYL_RATES_READ", "1000000"),
        ("SIGYL_RATES_WRITE", "1000000"),
        ("SIGYL_RATES_DEPLOY", "10000"),
        ("SIGYL_LOG", "debug"),
    ];
    let mut server = Running::start(&rates);
    assert_eq!(server.set("TOKEN", &json!(FIRST), "").await.0, 404);
    let source = server.source("parrot", &MANIFEST.replace("VERSION", "1.0.0"), SERVER);
    let release = json!({"source": source, "secrets": {"TOKEN": FIRST}});
    let (end, told) = server.run("POST", "/api/v1/releases", &release).await;
    clean("the events of a release", &told);
    assert_eq!(end["run"]["state"], "done", "{end}");
    assert!(server.said().await.contains("[secret TOKEN] and none"));
    clean_all(&server).await;

    // Values that are none, and values that are.
    for wrong in [json!([THIRD]), json!({"third-9912": 1}), json!("")] {
        let (status, told) = server.set("OTHER", &wrong, "").await;
        assert!(matches!(status, 400 | 422), "{status} {told}");
    }
    let (status, set) = server.set("OTHER", &json!(THIRD), "").await;
    assert_eq!((status, &set["secret"]["version"], &set["run"]), (200, &json!(1), &Value::Null), "{set}");
    assert!(server.said().await.contains("and none"), "it gets it at its next start");
    let (_, set) = server.set("TOKEN", &json!(SECOND), "?restart=true").await;
    let path = format!("/api/v1/runs/{}/events", set["run"].as_str().unwrap_or_else(|| panic!("{set}")));
    let told = server.with_key("GET", &path, &Value::Null).await;
    clean("the events of a restart", &told.body);
    let end = events(&told.body).pop().unwrap().2;
    assert_eq!(end["run"]["state"], "done", "{end}");
    assert!(server.said().await.contains("[secret TOKEN] and [secret OTHER]"));
    clean_all(&server).await;

    // Another master key, and what is sealed under it.
    let before = server.rotate().await;
    assert_ne!(server.key_settled().await["key"], before["key"]);
    for (mode, state) in [("fails", "failed"), ("refuses", "failed"), ("works", "done")] {
        let again = json!({"env": {"MODE": mode}});
        let (end, told) = server.run("POST", "/api/v1/servers/parrot/releases", &again).await;
        clean(&format!("the events of a release that {mode}"), &told);
        assert_eq!(end["run"]["state"], state, "{mode}: {end}");
        if state == "failed" {
            let why = end["run"]["failure"]["message"].as_str().unwrap();
            assert!(why.contains("[secret TOKEN]") || mode == "fails", "{why}");
        }
    }
    clean_all(&server).await;
    let logs = server.with_key("GET", "/api/v1/servers/parrot/logs?limit=1000", &Value::Null).await;
    let said = String::from_utf8_lossy(&logs.body);
    assert!(said.contains("[secret TOKEN]"), "{said}");

    // A backup, and a deletion.
    server.stop();
    let data = server.folder.path().join("data");
    let config = sigyl_core::Config::new(
        data.clone(),
        server.folder.path().join(".cache/sigyl"),
        Default::default(),
        "/nonexistent".into(),
    );
    let core = Sigyl::open(config).await.unwrap();
    let backup = server.folder.path().join("backup");
    core.backup(&Caller::local_owner(), &backup).await.unwrap();
    clean("the backup", &std::fs::read(&backup).unwrap());
    core.verify_audit(&Caller::local_owner(), None).await.unwrap();
    let run = core.delete(&Caller::local_owner(), "parrot".parse().unwrap(), "parrot").await.unwrap();
    let (frames, _told) = tokio::sync::mpsc::channel(1024);
    let end = core.watch(&Caller::local_owner(), &run, Seq(0), &frames).await.unwrap();
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    core.shutdown().await;
    assert!(clean_files(&data) > 5);
    clean("the log", server.log.lock().unwrap().as_bytes());
}

/// Opens a session at the endpoint; returns what names it.
async fn session(server: &Running) -> String {
    let open = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let opened = server.with_key("POST", "/mcp/parrot", &open).await;
    assert_eq!(opened.status, 200, "{:?}", opened.body);
    opened.headers.get("mcp-session-id").unwrap().to_str().unwrap().to_owned()
}

/// Calls until it is told to stop; returns how many calls were answered as they should be.
async fn calls(server: &Running, stop: &AtomicBool, count: &AtomicUsize) {
    let session = session(server).await;
    let bearer = format!("Bearer {}", server.key);
    let headers =
        [("host", server.address.as_str()), ("authorization", &bearer), ("mcp-session-id", &session)];
    while !stop.load(Ordering::Relaxed) {
        let at = count.load(Ordering::Relaxed);
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "echo", "arguments": {"text": format!("call {at}")}}});
        let answer = server.send("POST", "/mcp/parrot", &headers, &call).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.status == 200 && text.contains(&format!("call {at} ")), "{} {text}", answer.status);
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn no_request_is_lost_while_another_master_key_takes_over() {
    let server = Running::start(&[
        ("SIGYL_RATES_READ", "1000000"),
        ("SIGYL_RATES_WRITE", "1000000"),
        ("SIGYL_RATES_DEPLOY", "10000"),
    ]);
    let source = server.source("parrot", &MANIFEST.replace("VERSION", "1.0.0"), SERVER);
    let release = json!({"source": source, "secrets": {"TOKEN": FIRST}});
    let (end, _) = server.run("POST", "/api/v1/releases", &release).await;
    assert_eq!(end["run"]["state"], "done", "{end}");
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let changes = async {
        for round in 0..5 {
            let before = count.load(Ordering::Relaxed);
            server.rotate().await;
            let (status, told) = server.set("OTHER", &json!(format!("value {round}")), "").await;
            assert_eq!(status, 200, "{told}");
            server.key_settled().await;
            while count.load(Ordering::Relaxed) < before + 20 {
                tokio::task::yield_now().await;
            }
        }
        stop.store(true, Ordering::Relaxed);
    };
    let four = async {
        tokio::join!(
            calls(&server, &stop, &count),
            calls(&server, &stop, &count),
            calls(&server, &stop, &count),
            calls(&server, &stop, &count)
        )
    };
    tokio::join!(changes, four);
    assert!(count.load(Ordering::Relaxed) >= 100);
    let (end, _) = server.run("POST", "/api/v1/servers/parrot/releases", &json!({})).await;
    assert_eq!(end["run"]["state"], "done", "{end}");
}
