//! Clients of the legacy era in front of stdio servers.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::mcp::fake::{self, Fake, Say, result};
use crate::store::CallOutcome;

fn line(value: &Value) -> Say {
    Say::Line(value.to_string())
}

#[tokio::test]
async fn each_session_has_a_process_of_its_own() {
    let counters = AtomicUsize::new(0);
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        Some("tools/call") => {
            vec![result(asked, json!({"content": [], "n": counters.fetch_add(1, Ordering::SeqCst)}))]
        }
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let (one, two) = (endpoint.open().await, endpoint.open().await);
    assert_eq!(one.said["result"]["serverInfo"]["name"], "old");
    assert_ne!(one.session, two.session);
    assert_eq!((server.spawned(), server.alive(), endpoint.gateway.sessions(&name("a"))), (2, 2, 2));
    // The same id in two sessions is no conflict.
    assert_eq!(one.ask(&call(1, "echo", json!({}))).await[0]["result"]["n"], 0);
    assert_eq!(two.ask(&call(1, "echo", json!({}))).await[0]["result"]["n"], 1);

    let delete =
        endpoint.client().delete(format!("{}a", endpoint.base)).header("mcp-session-id", &one.session);
    assert_eq!(delete.send().await.unwrap().status(), 200);
    until(|| server.alive() == 1).await;
    let gone = one.send(&call(2, "echo", json!({}))).await;
    assert_eq!(gone.status(), 404);
    assert_eq!(messages(gone).await[0]["error"]["code"], -32001);
    let without = endpoint.post("a", &call(3, "echo", json!({}))).send().await.unwrap();
    assert_eq!(without.status(), 400);
    assert_eq!(messages(without).await[0]["id"], 3);

    let record = endpoint.record().await;
    assert_eq!((record.server.as_str(), record.version.as_str(), &*record.tool), ("a", "1.0.0", "echo"));
    endpoint.end().await;
    assert_eq!(server.alive(), 0);
}

#[tokio::test]
async fn how_calls_end_is_recorded_and_nothing_they_say() {
    let server = Fake::new(|asked| match asked["params"]["name"].as_str() {
        Some("refused") => vec![fake::error(asked, -32602)],
        Some("broken") => vec![Say::End],
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let session = endpoint.open().await;
    for (tool, outcome) in [
        ("echo", CallOutcome::Ok),
        ("other", CallOutcome::ToolError),
        ("refused", CallOutcome::ProtocolError),
        ("broken", CallOutcome::Failed),
    ] {
        session.ask(&call(1, tool, json!({"password": "hunter2"}))).await;
        let record = endpoint.record().await;
        assert_eq!((&*record.tool, record.outcome), (tool, outcome));
        assert!(!format!("{record:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn progress_and_requests_of_the_server_come_on_the_stream_of_the_call() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => vec![
            line(
                &json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": "p", "progress": 1}}),
            ),
            line(&json!({"jsonrpc": "2.0", "id": "ask", "method": "sampling/createMessage", "params": {}})),
        ],
        None => {
            assert_eq!(asked["id"], "ask");
            vec![result(&json!({"id": 9}), json!({"content": [], "heard": asked["result"]}))]
        }
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let session = endpoint.open().await;
    let mut stream = Stream::of(session.send(&call(9, "echo", json!({}))).await);
    assert_eq!(stream.next().await.unwrap()["method"], "notifications/progress");
    assert_eq!(stream.next().await.unwrap()["method"], "sampling/createMessage");
    let answered = session.send(&json!({"jsonrpc": "2.0", "id": "ask", "result": {"text": "hi"}})).await;
    assert_eq!(answered.status(), 202);
    assert_eq!(stream.next().await.unwrap()["result"]["heard"], json!({"text": "hi"}));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn what_belongs_to_no_call_waits_for_the_standing_stream() {
    let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
    let note = changed.clone();
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        Some("ping") => {
            let mut said = fake::legacy(asked);
            said.extend((0..3).map(|_| line(&note)));
            said.push(line(
                &json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "end"}}),
            ));
            said
        }
        _ => fake::legacy(asked),
    });
    let two_messages = changed.to_string().len() * 2 + 90;
    let config = GatewayConfig { backlog_bytes: two_messages, ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let session = endpoint.open().await;
    let pong = session.ask(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await;
    assert_eq!(pong.len(), 1);
    // A second answer comes after all that the first one caused was heard.
    session.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).await;
    let mut stream = session.listen().await;
    assert_eq!(stream.next().await, Some(changed.clone()));
    assert_eq!(stream.next().await, Some(changed), "the first of three made room");
    assert_eq!(stream.next().await.unwrap()["params"]["data"], "end");
    // A second stream takes the place of the first.
    let mut second = session.listen().await;
    assert_eq!(stream.next().await, None);
    session.ask(&json!({"jsonrpc": "2.0", "id": 3, "method": "ping"})).await;
    assert_eq!(second.next().await.unwrap()["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn a_process_that_dies_tells_whoever_waits() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => vec![Say::End],
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let session = endpoint.open().await;
    let said = session.ask(&call("x", "echo", json!({}))).await.remove(0);
    assert_eq!((&said["id"], &said["error"]["code"]), (&json!("x"), &json!(-32603)));
    let message = said["error"]["message"].as_str().unwrap();
    assert_eq!(message, "the session with server `a` is over: it ended (exit status 3)");
    assert_eq!(session.send(&call(2, "echo", json!({}))).await.status(), 404);
    assert_eq!(endpoint.gateway.sessions(&name("a")), 0);
}

#[tokio::test]
async fn a_server_that_does_not_start_is_a_bad_gateway() {
    let endpoint = Endpoint::of(quick(), Fake::new(|_| vec![Say::End]).upstream()).await;
    let response = endpoint.post("a", &initialize()).send().await.unwrap();
    assert_eq!(response.status(), 502);
    assert!(!response.headers().contains_key("mcp-session-id"));
    assert_eq!(messages(response).await[0]["id"], 0);
    let refusing = Fake::new(|asked| vec![fake::error(asked, -32602)]);
    endpoint.gateway.route(name("a"), route(refusing.upstream()));
    let response = endpoint.post("a", &initialize()).send().await.unwrap();
    assert_eq!(response.status(), 200, "the server's own error is the client's answer");
    assert!(!response.headers().contains_key("mcp-session-id"));
    assert_eq!(messages(response).await[0]["error"]["code"], -32602);
    until(|| refusing.alive() == 0).await;
}

#[tokio::test]
async fn an_id_is_used_once_at_a_time_and_silence_ends_in_time() {
    let (cancelled, heard) = std::sync::mpsc::channel();
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        Some("tools/call") => Vec::new(),
        Some("notifications/cancelled") => {
            cancelled.send(asked["params"]["requestId"].clone()).unwrap();
            Vec::new()
        }
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::start(quick()).await;
    let mut slow = route(server.upstream());
    slow.timeout = Duration::from_millis(200);
    endpoint.gateway.route(name("a"), slow);
    let session = endpoint.open().await;
    let mut stream = Stream::of(session.send(&call(7, "echo", json!({}))).await);
    let again = session.send(&call(7, "echo", json!({}))).await;
    assert_eq!(again.status(), 400);
    assert!(messages(again).await[0]["error"]["message"].as_str().unwrap().contains("already under way"));
    let said = stream.next().await.unwrap();
    assert!(said["error"]["message"].as_str().unwrap().contains("did not answer in time"), "{said}");
    assert_eq!(said["id"], 7);
    assert_eq!(stream.next().await, None);
    until(|| heard.try_recv().is_ok_and(|id| id == 7)).await;
}

#[tokio::test]
async fn a_cancelled_request_is_not_answered_and_its_stream_ends() {
    let (sender, heard) = std::sync::mpsc::channel();
    let server = Fake::new(move |asked| match asked["method"].as_str() {
        Some("tools/call") => {
            sender.send(asked["id"].clone()).unwrap();
            Vec::new()
        }
        Some("notifications/cancelled") => {
            sender.send(asked["params"]["requestId"].clone()).unwrap();
            // It has not noticed in time, and answers.
            vec![result(&json!({"id": asked["params"]["requestId"]}), json!({"content": []}))]
        }
        _ => fake::legacy(asked),
    });
    let long = Duration::from_secs(600);
    let slow = GatewayConfig { grace: long, keep_alive: long, ..quick() };
    for (config, accept, status) in
        [(quick(), "*/*", 200), (slow.clone(), "*/*", 200), (slow, "application/json", 202)]
    {
        let endpoint = Endpoint::of(config, server.upstream()).await;
        let session = endpoint.open().await;
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("accept", accept.parse().unwrap());
        let asked = tokio::spawn(session.post(&call("c", "echo", json!({}))).headers(headers).send());
        until(|| heard.try_recv().is_ok_and(|id| id == "c")).await;
        let cancel =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "c"}});
        assert_eq!(session.send(&cancel).await.status(), 202);
        let answer = asked.await.unwrap().unwrap();
        assert_eq!(answer.status(), status);
        let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with(':')), "{text}");
        until(|| heard.try_recv().is_ok_and(|id| id == "c")).await;
        let pong = session.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await;
        assert_eq!((pong.len(), &pong[0]["id"]), (1, &json!(2)));
    }
}

/// Begins in the revision that it is asked for.
fn in_any_revision(asked: &Value) -> Vec<Say> {
    if asked["method"] != "initialize" {
        return fake::legacy(asked);
    }
    let version = &asked["params"]["protocolVersion"];
    vec![result(asked, json!({"protocolVersion": version, "capabilities": {}}))]
}

#[tokio::test]
async fn batches_belong_to_one_revision_and_reach_the_server_message_by_message() {
    // It answers in the revision that it is asked for, and reads no batches.
    let server = Fake::new(in_any_revision);
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let mut begin = initialize();
    begin["params"]["protocolVersion"] = json!("2025-03-26");
    let opened = endpoint.post("a", &begin).send().await.unwrap();
    let older = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let older = |body: &Value| endpoint.post("a", body).header("mcp-session-id", &older).send();
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/x"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]);
    let said = messages(older(&batch).await.unwrap()).await;
    let mut ids: Vec<i64> = said.iter().map(|said| said["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2]);
    let told = older(&json!([{"jsonrpc": "2.0", "method": "notifications/x"}])).await.unwrap();
    assert_eq!(told.status(), 202);
    for wrong in [json!([]), json!([{"jsonrpc": "2.0", "id": 1, "method": "initialize"}]), json!([7])] {
        assert_eq!(older(&wrong).await.unwrap().status(), 400, "{wrong}");
    }
    let newer = endpoint.open().await;
    assert_eq!(newer.send(&batch).await.status(), 400, "its revision has none, named or not");
}

#[tokio::test]
async fn garbage_is_tolerated_up_to_a_bound() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("ping") => {
            let long = Say::Line("x".repeat(5000));
            vec![Say::Line("starting…".to_owned()), Say::Line(String::new()), long, result(asked, json!({}))]
        }
        Some("tools/list") => (0..6).map(|n| Say::Line(format!("debug {n}"))).collect(),
        Some("tools/call") => vec![Say::Line("x".repeat(4000 * 65))],
        _ => fake::legacy(asked),
    });
    let config = GatewayConfig { junk_lines: 5, message_bytes: 4000, ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let session = endpoint.open().await;
    for id in 1..9 {
        let pong = session.ask(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"})).await;
        assert_eq!(pong[0]["result"], json!({}));
    }
    let said = session.ask(&json!({"jsonrpc": "2.0", "id": 10, "method": "tools/list"})).await;
    assert!(said[0]["error"]["message"].as_str().unwrap().contains("must log to standard error"), "{said:?}");
    let session = endpoint.open().await;
    let said = session.ask(&call(1, "echo", json!({}))).await;
    assert!(said[0]["error"]["message"].as_str().unwrap().contains("without the end of a line"), "{said:?}");
    until(|| server.alive() == 0).await;
}

#[tokio::test]
async fn an_answer_that_is_too_large_fails_its_request_alone() {
    let server = Fake::new(|asked| {
        let (id, much) = (&asked["id"], "\\\"},\\\"id\\\":1,{\\\"".repeat(1000));
        match asked["params"]["name"].as_str() {
            Some("slow") => Vec::new(),
            Some("large") => vec![Say::Line(format!(
                r#"{{"result":{{"content":[{{"id":1,"text":"{much}"}}]}},"jsonrpc":"2.0","id":{id}}}"#
            ))],
            Some("nameless") => {
                vec![Say::Line(format!(r#"{{"result":{{"text":"{much}"}},"jsonrpc":"2.0","id":[{id}]}}"#))]
            }
            _ => fake::legacy(asked),
        }
    });
    let config = GatewayConfig { message_bytes: 4000, ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let (session, other) = (endpoint.open().await, endpoint.open().await);
    let mut slow = Stream::of(session.send(&call(1, "slow", json!({}))).await);
    let said = session.ask(&call(2, "large", json!({}))).await.remove(0);
    assert_eq!((&said["id"], &said["error"]["code"]), (&json!(2), &json!(-32603)));
    let message = said["error"]["message"].as_str().unwrap();
    assert!(message.contains("gave an answer of ") && message.contains("at most 4000"), "{message}");
    assert_eq!(endpoint.record().await.outcome, CallOutcome::Failed);
    assert_eq!(session.ask(&call(3, "echo", json!({}))).await[0]["id"], 3, "the process lives on");

    let mut elsewhere = Stream::of(other.send(&call(1, "slow", json!({}))).await);
    let said = session.ask(&call(4, "nameless", json!({}))).await.remove(0);
    assert!(said["error"]["message"].as_str().unwrap().contains("cannot be told to which"), "{said}");
    let said = slow.next().await.unwrap();
    assert_eq!((&said["id"], &said["error"]["code"]), (&json!(1), &json!(-32603)));
    // The other session has a process of its own, and goes on waiting.
    assert_eq!(other.ask(&call(5, "echo", json!({}))).await[0]["id"], 5);
    assert_eq!(server.alive(), 2);
    endpoint.gateway.unroute(&name("a"));
    assert!(elsewhere.next().await.unwrap()["error"]["message"].as_str().unwrap().contains("was removed"));
}

#[tokio::test]
async fn a_carriage_return_inside_a_message_ends_no_line_of_its_event() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => {
            let progress =
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p"}}"#;
            let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\r\"result\":{{\"a\":1}}}}", asked["id"]);
            vec![Say::Line(progress.replacen(',', ",\r\r", 1)), Say::Line(answer)]
        }
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let said = endpoint.open().await.ask(&call(1, "echo", json!({}))).await;
    assert_eq!(
        (&said[0]["method"], &said[1]["result"]),
        (&json!("notifications/progress"), &json!({"a": 1}))
    );
}

#[tokio::test]
async fn requests_under_way_in_a_session_are_bounded() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("resources/read") => Vec::new(),
        _ => in_any_revision(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let mut begin = initialize();
    begin["params"]["protocolVersion"] = json!("2025-03-26");
    let opened = endpoint.post("a", &begin).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let send = |body: &Value| endpoint.post("a", body).header("mcp-session-id", &session).send();
    let read = |id: usize| json!({"jsonrpc": "2.0", "id": id, "method": "resources/read"});
    for hundred in 0..10 {
        let batch: Vec<Value> = (0..100).map(|one| read(hundred * 100 + one)).collect();
        // Its client leaves at once.
        assert_eq!(send(&json!(batch)).await.unwrap().status(), 200);
    }
    let refused = send(&read(1000)).await.unwrap();
    assert_eq!(refused.status(), 503);
    let said = messages(refused).await.remove(0);
    assert_eq!(said["id"], 1000);
    assert!(said["error"]["message"].as_str().unwrap().contains("1000 requests under way"), "{said}");
}
