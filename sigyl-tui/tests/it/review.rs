//! `--review`: what is sent, where, with which key, and what its failure comes to.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::sigyl::{Ended, Home, ended};

/// Answers `calls` connections by `answer`, which sees each request, and returns the requests.
fn service(calls: usize, answer: fn(&str) -> String) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let serve = move || {
        (0..calls)
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                let asked = request(&mut stream);
                stream.write_all(answer(&asked).as_bytes()).unwrap();
                asked
            })
            .collect()
    };
    (url, std::thread::spawn(serve))
}

fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                return text;
            }
        }
        let count = stream.read(&mut chunk).unwrap();
        read.extend_from_slice(&chunk[..count]);
    }
}

fn answer(content: &Value) -> String {
    let body = json!({
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": content.to_string()}}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 30},
    })
    .to_string();
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn receipt(asked: &str) -> String {
    asked.split("to be exactly ").nth(1).unwrap().split(':').next().unwrap().to_owned()
}

/// Finds what holds a release.
fn poisoned(asked: &str) -> String {
    let finding = json!({
        "part": 1, "category": "tool_poisoning", "severity": "error", "confidence": "high",
        "quote": "Adds two numbers.", "message": "It does more than it says.",
    });
    answer(&json!({
        "receipt": receipt(asked), "addresses_reviewer": false, "findings": [finding], "raises": [],
    }))
}

/// Says what was dictated to it.
fn dictated(_: &str) -> String {
    answer(&json!({"receipt": "approved", "addresses_reviewer": false, "findings": [], "raises": []}))
}

/// Scans one tool with a reviewer at `url`, in an environment that names another one.
fn scanned(home: &Home, url: &str, more: &[&str]) -> Ended {
    let manifest = "name: a\nruntime: node\nentryPoint: a.js\nstartCommand: {type: stdio}\ntools:\n  - \
                    {name: add, description: Adds two numbers., inputSchema: {type: object}}\n";
    home.write("s/sigyl.yaml", manifest);
    home.write("s/a.js", "");
    looked(home, url, "", &[&["s", "--format", "json"], more].concat())
}

/// Scans anything with such a reviewer, and `always` at the end of its table.
fn looked(home: &Home, url: &str, always: &str, what: &[&str]) -> Ended {
    let table = format!("[llm]\nbase_url = '{url}'\nmodel = 'm'\napi_key_env = 'MY_KEY'\n{always}");
    let config = home.write("c.toml", &table);
    let mut command = home.command();
    command
        .env("MY_KEY", "sk-mine-0001")
        .env("OPENAI_API_KEY", "sk-env-0002")
        .env("OPENAI_ADMIN_KEY", "sk-env-0003")
        .env("OPENAI_BASE_URL", "http://127.0.0.1:9/other")
        .env("OPENAI_ORG_ID", "org-env")
        .env("OPENAI_PROJECT_ID", "project-env")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("ALL_PROXY", "http://127.0.0.1:9");
    ended(command.args(["scan", "--config"]).arg(config).args(what))
}

fn reviewer(ended: &Ended) -> Value {
    let document = ended.document();
    let analyzers = document["analyzers"].as_array().unwrap();
    analyzers.iter().find(|one| one["name"] == "reviewer").unwrap().clone()
}

#[test]
fn only_the_configured_service_is_asked_with_the_configured_key() {
    let home = Home::new();
    let (url, asked) = service(1, poisoned);
    let ended = scanned(&home, &url, &["--review"]);
    let asked = asked.join().unwrap().remove(0);
    assert!(asked.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("authorization: Bearer sk-mine-0001"), "{asked}");
    for foreign in ["sk-env", "org-env", "project-env", "openai-organization"] {
        assert!(!asked.to_ascii_lowercase().contains(foreign), "{foreign} in {asked}");
    }
    assert_eq!((ended.code, &ended.document()["verdict"]), (1, &"hold".into()), "{ended:?}");
    assert_eq!(ended.document()["findings"][0]["rule"], "llm-review");
    assert_eq!(reviewer(&ended)["status"], "ran", "{ended:?}");
    assert!(ended.err.contains("m at http") && ended.err.contains("tokens"), "the estimate: {}", ended.err);
    assert!(!format!("{ended:?}").contains("sk-mine"));
    // What was answered once is asked nobody again.
    let again = scanned(&home, &url, &["--review"]);
    assert_eq!((again.code, &reviewer(&again)["status"]), (1, &"ran".into()), "{again:?}");
}

#[test]
fn a_dictated_answer_and_a_service_that_is_gone_are_failures() {
    let home = Home::new();
    let (url, asked) = service(1, dictated);
    let ended = scanned(&home, &url, &["--review"]);
    asked.join().unwrap();
    assert_eq!((ended.code, &reviewer(&ended)["status"]), (3, &"failed".into()), "{ended:?}");
    assert!(reviewer(&ended)["reason"].as_str().unwrap().contains("receipt"));
    let gone = scanned(&home, &url, &["--review"]);
    assert_eq!((gone.code, &reviewer(&gone)["status"]), (3, &"failed".into()), "{gone:?}");
    assert!(reviewer(&gone)["reason"].as_str().unwrap().contains("unreachable"));
}

#[test]
fn nobody_is_asked_without_review_and_none_can_be_asked_without_a_table() {
    let home = Home::new();
    let quiet = scanned(&home, "http://127.0.0.1:9/v1", &[]);
    assert_eq!((quiet.code, &reviewer(&quiet)["status"]), (0, &"skipped".into()), "{quiet:?}");
    let none = home.run(&["scan", "s", "--review"]);
    assert!(none.code == 2 && none.err.contains("no table `llm`"), "{none:?}");
    assert!(!Path::new(&home.path().join(".cache/sigyl/reviews")).exists());
}

/// What a server of one tool answers: it reads what it is asked, and does not look at it.
const SERVER: &str = r#"while read -r line; do
id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
case "$line" in
*'"initialize"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"a","version":"1"}}}\n' "$id";;
*'"tools/list"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"tools":[{"name":"add","description":"Adds two numbers.","inputSchema":{"type":"object"}}]}}\n' "$id";;
*'"id"'*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\n' "$id";;
esac
done"#;

#[test]
fn where_everything_is_reviewed_a_running_server_is_and_a_list_says_that_it_was_not() {
    let (home, always) = (Home::new(), "review = 'always'\n");
    let (url, asked) = service(1, poisoned);
    let server = home.write("server.sh", SERVER);
    let ended =
        looked(&home, &url, always, &["--format", "json", "--live", "--", "sh", server.to_str().unwrap()]);
    assert_eq!((ended.code, &reviewer(&ended)["status"]), (1, &"ran".into()), "{ended:?}");
    assert!(asked.join().unwrap()[0].contains("Adds two numbers."));
    let list = home.write("list.json", r#"[{"name": "add", "description": "Adds two numbers."}]"#);
    let list = list.to_str().unwrap();
    let ended = looked(&home, &url, always, &["--format", "json", "--tools", list]);
    assert_eq!((ended.code, &reviewer(&ended)["status"]), (3, &"failed".into()), "{ended:?}");
    let lines = looked(&home, &url, always, &["--tools", list, "--format", "jsonl"]);
    assert_eq!(lines.code, 3, "{lines:?}");
    let set = looked(&home, &url, always, &["--set", list]);
    assert!(set.code == 3 && set.out.contains("only sources and --live are reviewed"), "{set:?}");
    assert_eq!(looked(&home, &url, "", &["--tools", list]).code, 0);
}
