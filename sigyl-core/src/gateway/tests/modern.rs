//! Clients of the modern era in front of stdio servers.

use std::sync::Mutex;

use super::*;
use crate::mcp::fake::{self, Fake, Say, result};

const VERSION: &str = "2026-07-28";

fn meta() -> Value {
    json!({"io.modelcontextprotocol/protocolVersion": VERSION, "io.modelcontextprotocol/clientCapabilities": {}})
}

fn modern(id: impl Into<Value>, method: &str, mut params: Value) -> Value {
    let mut meta = meta();
    if let Some(token) = params.get("token").cloned() {
        meta["progressToken"] = token;
    }
    params["_meta"] = meta;
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

fn post(endpoint: &Endpoint, body: &Value) -> reqwest::RequestBuilder {
    let post = endpoint.post("a", body).header("mcp-protocol-version", VERSION);
    let post = post.header("mcp-method", body["method"].as_str().unwrap());
    match body["params"]["name"].as_str() {
        Some(name) => post.header("mcp-name", name),
        None => post,
    }
}

#[tokio::test]
async fn a_legacy_server_sends_modern_clients_back_to_initialize() {
    let server = Fake::new(fake::legacy);
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    for _ in 0..2 {
        let response = post(&endpoint, &modern(1, "server/discover", json!({}))).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let said = messages(response).await.remove(0);
        assert_eq!((&said["id"], &said["error"]["code"]), (&json!(1), &json!(-32000)));
    }
    until(|| server.alive() == 0).await;
    assert_eq!(server.spawned(), 1, "the era is found out once");
    assert_eq!(endpoint.open().await.said["result"]["serverInfo"]["name"], "old");
}

#[tokio::test]
async fn two_clients_share_a_process_and_their_ids_do_not_meet() {
    let first: Mutex<Option<Value>> = Mutex::new(None);
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        // Answers come when both have asked, the later one first.
        Some("tools/call") => {
            let Some(earlier) = first.lock().unwrap().take() else {
                *first.lock().unwrap() = Some(asked.clone());
                return Vec::new();
            };
            let both = [asked, &earlier];
            let progress = both.map(|asked| {
                let token = asked["params"]["_meta"]["progressToken"].clone();
                let params =
                    json!({"progressToken": token, "progress": 0.5, "message": asked["params"]["arguments"]});
                Say::Line(
                    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
                        .to_string(),
                )
            });
            let answers =
                both.map(|asked| result(asked, json!({"content": [], "for": asked["params"]["arguments"]})));
            progress.into_iter().chain(answers).collect()
        }
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let ask =
        |who: &str| modern(1, "tools/call", json!({"name": "echo", "arguments": {"who": who}, "token": "t"}));
    let (ada, bob) = (ask("ada"), ask("bob"));
    let both = async { tokio::join!(post(&endpoint, &ada).send(), post(&endpoint, &bob).send()) }.await;
    for (response, who) in [(both.0, "ada"), (both.1, "bob")] {
        let said = messages(response.unwrap()).await;
        assert_eq!(said[0]["params"]["progressToken"], "t", "{said:?}");
        assert_eq!(said[0]["params"]["message"], json!({ "who": who }));
        assert_eq!((&said[1]["id"], &said[1]["result"]["for"]), (&json!(1), &json!({ "who": who })));
        assert_eq!(said.len(), 2);
    }
    assert_eq!(server.spawned(), 1);
    assert_eq!(endpoint.record().await.tool, "echo");
    endpoint.end().await;
    assert_eq!(server.alive(), 0);
}

#[tokio::test]
async fn a_log_message_reaches_only_the_request_that_asked_for_it() {
    let log = |text: &str| {
        let params = json!({"level": "info", "data": text});
        Say::Line(json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params}).to_string())
    };
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        // It logs before it answers and, of another call, after.
        Some("tools/call") => {
            let who = asked["params"]["arguments"]["who"].as_str().unwrap();
            let answer = result(asked, json!({"content": []}));
            vec![log("of somebody before"), log(who), answer, log("too late")]
        }
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let ask = |who: &str| modern(1, "tools/call", json!({"name": "echo", "arguments": {"who": who}}));
    for _ in 0..2 {
        let said = messages(post(&endpoint, &ask("quiet")).send().await.unwrap()).await;
        assert_eq!(said.len(), 1, "nobody knows whose log messages these are: {said:?}");
    }
    let mut asks = ask("ada");
    asks["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = json!("info");
    let said = messages(post(&endpoint, &asks).send().await.unwrap()).await;
    assert_eq!(said[1]["params"]["data"], "ada", "{said:?}");
    assert_eq!(said.last().unwrap()["id"], 1);
    assert_eq!(server.spawned(), 2, "it had a process of its own");
    until(|| server.alive() == 1).await;
    endpoint.end().await;
}

#[tokio::test]
async fn statuses_and_header_checks_are_those_of_the_revision() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::modern).upstream()).await;
    let ok = post(&endpoint, &modern(1, "server/discover", json!({}))).send().await.unwrap();
    assert_eq!(ok.status(), 200);
    assert!(!ok.headers().contains_key("mcp-session-id"));
    assert_eq!(messages(ok).await[0]["result"]["supportedVersions"], json!([VERSION]));
    let unknown = post(&endpoint, &modern(1, "no/such", json!({}))).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert_eq!(messages(unknown).await[0]["error"]["code"], -32601);

    let body = modern(5, "tools/call", json!({"name": "héllo"}));
    let with = |name: &'static str, value: &'static str| {
        let mut headers = reqwest::header::HeaderMap::new();
        for (key, text) in [
            ("mcp-protocol-version", VERSION),
            ("mcp-method", "tools/call"),
            ("mcp-name", "=?base64?aMOpbGxv?="),
        ] {
            if key != name || !value.is_empty() {
                headers.insert(key, if key == name { value } else { text }.parse().unwrap());
            }
        }
        endpoint.post("a", &body).headers(headers).send()
    };
    assert_eq!(with("none", "").await.unwrap().status(), 200);
    for (header, value) in [
        ("mcp-method", "tools/list"),
        ("mcp-method", ""),
        ("mcp-name", "other"),
        ("mcp-name", "=?base64?%?="),
        ("mcp-protocol-version", "2031-01-01"),
        ("mcp-protocol-version", ""),
    ] {
        let response = with(header, value).await.unwrap();
        assert_eq!(response.status(), 400, "{header}: {value}");
        let said = messages(response).await.remove(0);
        assert_eq!((&said["id"], &said["error"]["code"]), (&json!(5), &json!(-32020)), "{header}: {value}");
    }
    let removed = post(&endpoint, &modern(6, "initialize", json!({}))).send().await.unwrap();
    assert_eq!(removed.status(), 404);
    assert_eq!(messages(removed).await[0]["error"]["code"], -32601);
    let told = json!({"jsonrpc": "2.0", "method": "notifications/x", "params": {"_meta": meta()}});
    assert_eq!(post(&endpoint, &told).send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_request() {
    let (sender, heard) = std::sync::mpsc::channel();
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        Some("tools/call") => {
            sender.send(asked["id"].clone()).unwrap();
            Vec::new()
        }
        Some("notifications/cancelled") => {
            sender.send(asked["params"]["requestId"].clone()).unwrap();
            Vec::new()
        }
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let stream =
        post(&endpoint, &modern("mine", "tools/call", json!({"name": "echo"}))).send().await.unwrap();
    let asked = heard.recv().unwrap();
    drop(stream);
    until(|| heard.try_recv().is_ok_and(|cancelled| cancelled == asked)).await;
}

#[tokio::test]
async fn a_subscription_is_known_by_the_clients_own_id() {
    const KEY: &str = "io.modelcontextprotocol/subscriptionId";
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("subscriptions/listen") => {
            let meta = json!({KEY: asked["id"]});
            let note = |method: &str| {
                Say::Line(json!({"jsonrpc": "2.0", "method": method, "params": {"_meta": meta}}).to_string())
            };
            vec![
                note("notifications/subscriptions/acknowledged"),
                note("notifications/tools/list_changed"),
                result(asked, json!({"resultType": "complete", "_meta": meta})),
            ]
        }
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let listen = modern("sub", "subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}));
    let said = messages(post(&endpoint, &listen).send().await.unwrap()).await;
    let ids: Vec<&Value> = said[..2].iter().map(|note| &note["params"]["_meta"][KEY]).collect();
    assert_eq!(ids, ["sub", "sub"]);
    assert_eq!((&said[2]["id"], &said[2]["result"]["_meta"][KEY]), (&json!("sub"), &json!("sub")));
}

#[tokio::test]
async fn a_dead_process_is_told_and_started_again() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => vec![Say::End],
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let said =
        messages(post(&endpoint, &modern(3, "tools/call", json!({"name": "echo"}))).send().await.unwrap())
            .await;
    assert_eq!((&said[0]["id"], &said[0]["error"]["code"]), (&json!(3), &json!(-32603)));
    assert!(said[0]["error"]["message"].as_str().unwrap().contains("`a` is down: it ended (exit status 3)"));
    // It is not started again at once, so that a crash at every start does not keep the machine busy.
    let soon = post(&endpoint, &modern(4, "server/discover", json!({}))).send().await.unwrap();
    assert_eq!(soon.status(), 503);
    assert_eq!(server.spawned(), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_large_ends_nobody_elses_request() {
    let server = Fake::new(|asked| match asked["params"]["name"].as_str() {
        Some("slow") => Vec::new(),
        Some("large") => vec![result(asked, json!({"content": [], "much": "x".repeat(5000)}))],
        _ => fake::modern(asked),
    });
    let config = GatewayConfig { message_bytes: 4000, ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let tool = |id: &str, tool: &str| modern(id, "tools/call", json!({"name": tool}));
    let _slow = Stream::of(post(&endpoint, &tool("s", "slow")).send().await.unwrap());
    let said = messages(post(&endpoint, &tool("l", "large")).send().await.unwrap()).await.remove(0);
    assert_eq!((&said["id"], &said["error"]["code"]), (&json!("l"), &json!(-32603)));
    assert!(said["error"]["message"].as_str().unwrap().contains("at most 4000"), "{said}");
    let said = messages(post(&endpoint, &tool("e", "echo")).send().await.unwrap()).await.remove(0);
    assert_eq!((&said["id"], server.spawned()), (&json!("e"), 1));
}

#[tokio::test]
async fn a_subscription_that_the_server_ends_is_over() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("subscriptions/listen") => {
            let params = json!({"requestId": asked["id"]});
            let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
            vec![Say::Line(cancelled.to_string())]
        }
        // No other request can be given up by the server.
        Some("tools/call") => {
            let params = json!({"requestId": asked["id"]});
            let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
            vec![Say::Line(cancelled.to_string()), result(asked, json!({"content": []}))]
        }
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let listen = modern("sub", "subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}));
    let answer = post(&endpoint, &listen).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(messages(answer).await.is_empty());
    let asked = modern(1, "tools/call", json!({"name": "echo"}));
    assert_eq!(messages(post(&endpoint, &asked).send().await.unwrap()).await[0]["id"], 1);
}

#[tokio::test]
async fn a_server_that_asks_without_reading_is_ended() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => {
            let ask = json!({"jsonrpc": "2.0", "id": "x".repeat(1000), "method": "ping"});
            // It writes all of these before it reads the first answer.
            (0..1200).map(|_| Say::Line(ask.to_string())).collect()
        }
        _ => fake::modern(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let asked = modern(1, "tools/call", json!({"name": "echo"}));
    let said = messages(post(&endpoint, &asked).send().await.unwrap()).await.remove(0);
    let message = said["error"]["message"].as_str().unwrap();
    assert!(message.contains("asked without reading"), "{message}");
    until(|| server.alive() == 0).await;
}
