//! Sessions and routes come and go.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::mcp::fake::{self, Fake, Say, result};

/// A server that names itself, and keeps calls of `wait` waiting.
pub(super) fn named(label: &'static str) -> Arc<Fake> {
    Fake::new(move |asked| match (asked["method"].as_str(), asked["params"]["name"].as_str()) {
        (Some("tools/call"), Some("wait")) => Vec::new(),
        (Some("tools/call"), _) => vec![result(asked, json!({"content": [], "by": label}))],
        _ => fake::legacy(asked),
    })
}

#[tokio::test]
async fn a_new_route_takes_new_clients_and_old_ones_stay() {
    let (blue, green) = (named("blue"), named("green"));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    let old = endpoint.open().await;
    let draining = endpoint.gateway.route(name("a"), route(green.upstream()));
    let new = endpoint.open().await;
    assert_eq!(old.ask(&call(1, "echo", json!({}))).await[0]["result"]["by"], "blue");
    assert_eq!(new.ask(&call(1, "echo", json!({}))).await[0]["result"]["by"], "green");
    assert_eq!(draining.left(), 1);
    endpoint.gateway.unroute(&name("a"));
    until(|| blue.alive() + green.alive() == 0).await;
    assert_eq!(new.send(&call(2, "echo", json!({}))).await.status(), 404);
}

#[tokio::test]
async fn what_drains_too_long_is_ended() {
    let blue = named("blue");
    let config = GatewayConfig { drain: Duration::from_millis(50), ..quick() };
    let endpoint = Endpoint::of(config, blue.upstream()).await;
    let old = endpoint.open().await;
    let mut stream = Stream::of(old.send(&call(1, "wait", json!({}))).await);
    let draining = endpoint.gateway.route(name("a"), route(named("green").upstream()));
    let said = stream.next().await.unwrap();
    assert!(said["error"]["message"].as_str().unwrap().contains("another version serves"), "{said}");
    draining.over().await;
    until(|| blue.alive() == 0).await;
}

#[tokio::test]
async fn unused_sessions_end_and_used_ones_do_not() {
    let server = named("a");
    let config = GatewayConfig { session_idle: Duration::from_millis(100), ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let (_unused, listening, waiting) = (endpoint.open().await, endpoint.open().await, endpoint.open().await);
    let _stream = listening.listen().await;
    let _call = Stream::of(waiting.send(&call(1, "wait", json!({}))).await);
    until(|| server.alive() == 2).await;
    assert_eq!(listening.ask(&call(1, "echo", json!({}))).await[0]["result"]["by"], "a");
    assert_eq!(endpoint.gateway.sessions(&name("a")), 2);
}

#[tokio::test]
async fn the_longest_unused_session_makes_room_and_busy_ones_do_not() {
    let server = named("a");
    let endpoint = Endpoint::start(quick()).await;
    let mut two = route(server.upstream());
    two.max_sessions = 2;
    endpoint.gateway.route(name("a"), two);
    let (first, second) = (endpoint.open().await, endpoint.open().await);
    first.ask(&call(1, "echo", json!({}))).await;
    let third = endpoint.open().await;
    assert_eq!(second.send(&call(1, "echo", json!({}))).await.status(), 404);
    let streams =
        (first.send(&call(2, "wait", json!({}))).await, third.send(&call(2, "wait", json!({}))).await);
    let refused = endpoint.post("a", &initialize()).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(messages(refused).await[0]["error"]["message"].as_str().unwrap().contains("2 sessions"));
    drop(streams);
    assert_eq!(server.alive(), 2);
}

#[tokio::test]
async fn a_slow_keeper_of_records_stops_no_call() {
    let endpoint = Endpoint::of(quick(), named("a").upstream()).await;
    let session = endpoint.open().await;
    // Twice as many as the channel holds, and nobody takes them out.
    for id in 1..=32 {
        assert_eq!(session.ask(&call(id, "echo", json!({}))).await[0]["result"]["by"], "a");
    }
    let mut kept = 0;
    let mut records = endpoint.records.lock().await;
    while records.try_recv().is_ok() {
        kept += 1;
    }
    assert_eq!(kept, 16);
}

#[tokio::test]
async fn the_end_lets_requests_finish_and_stops_every_process() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => Vec::new(),
        // The answer to the call comes when the client says so.
        Some("notifications/now") => vec![result(&json!({"id": 1}), json!({"content": []}))],
        _ => fake::legacy(asked),
    });
    let endpoint = Endpoint::of(quick(), server.upstream()).await;
    let session = endpoint.open().await;
    let now = session.post(&json!({"jsonrpc": "2.0", "method": "notifications/now"}));
    let mut standing = session.listen().await;
    let mut stream = Stream::of(session.send(&call(1, "echo", json!({}))).await);
    assert_eq!(now.send().await.unwrap().status(), 202);
    endpoint.end().await;
    assert_eq!(stream.next().await.unwrap()["result"], json!({"content": []}));
    assert_eq!(standing.next().await, None);
    assert_eq!(server.alive(), 0);
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let server = Fake::saying_first("", |asked| match asked["method"].as_str() {
        Some("tools/call") => Vec::<Say>::new(),
        _ => fake::legacy(asked),
    });
    let config = GatewayConfig { shutdown: Duration::from_millis(50), ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let session = endpoint.open().await;
    let stream = session.send(&call(1, "echo", json!({}))).await;
    endpoint.end().await;
    assert_eq!(server.alive(), 0);
    drop(stream);
}

#[tokio::test]
async fn a_server_that_is_starting_asks_its_clients_to_wait() {
    let endpoint = Endpoint::start(quick()).await;
    endpoint.gateway.expect(name("a"));
    let early = endpoint.post("a", &initialize()).send().await.unwrap();
    assert_eq!(early.status(), 503);
    assert!(early.headers().contains_key("retry-after"));
    assert_eq!(endpoint.post("b", &initialize()).send().await.unwrap().status(), 404);
    endpoint.gateway.route(name("a"), route(named("a").upstream()));
    assert_eq!(endpoint.post("a", &initialize()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn whoever_stands_before_it_hands_requests_over_on_streams() {
    let (sender, _records) = mpsc::channel(16);
    let gateway = Gateway::new(quick(), Arc::new(FixedClock::default()), sender);
    let (stop, stopped) = oneshot::channel::<()>();
    let attending = tokio::spawn(gateway.clone().attend(async {
        stopped.await.ok();
    }));
    for (host, status) in [("localhost", "200 OK"), ("elsewhere.example", "403 Forbidden")] {
        let (mut near, far) = tokio::io::duplex(1024);
        let asked = format!("GET /health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        near.write_all(asked.as_bytes()).await.unwrap();
        gateway.answer(far, Some("ada".into())).await;
        let mut said = String::new();
        near.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
    }
    stop.send(()).unwrap();
    attending.await.unwrap();
}

/// Sends the head of a request and half of its body; the answer comes with the other half.
async fn half_sent(endpoint: &Endpoint, more: &str, body: &Value) -> (tokio::net::TcpStream, String) {
    let address = endpoint.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    let body = body.to_string();
    let (first, second) = body.split_at(10);
    let head = format!(
        "POST /mcp/a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\n{more}content-length: {}\r\n\r\n{first}",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    (socket, second.to_owned())
}

#[tokio::test]
async fn a_request_whose_body_was_still_coming_starts_nothing_that_was_barred_meanwhile() {
    let modern = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}}}});
    let headers = "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/list\r\n";
    for (server, more, body) in
        [(Fake::new(fake::legacy), "", initialize()), (Fake::new(fake::modern), headers, modern)]
    {
        let endpoint = Endpoint::of(quick(), server.upstream()).await;
        let (mut socket, rest) = half_sent(&endpoint, more, &body).await;
        // The endpoint has the first half once it answers somebody who came later on the same listener.
        let health = endpoint.base.replace("/mcp/", "/health");
        assert_eq!(endpoint.client().get(health).send().await.unwrap().status(), 200);
        endpoint.gateway.bar(&name("a"), None, "a is under quarantine (a): it leaks".to_owned());
        socket.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("it leaks"), "{answer}");
        assert_eq!(server.spawned(), 0);
    }
}

#[tokio::test]
async fn what_is_barred_is_refused_and_not_routed_until_it_is_let_in_again() {
    let (blue, green) = (named("blue"), named("green"));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    let old = endpoint.open().await;
    let why = || "a is under quarantine (a): it leaks".to_owned();
    endpoint.gateway.bar(&name("a"), None, why());
    until(|| blue.alive() == 0).await;
    let refused = old.send(&call(1, "echo", json!({}))).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("it leaks"));
    drop(endpoint.gateway.route(name("a"), route(green.upstream())));
    assert_eq!(old.send(&call(2, "echo", json!({}))).await.status(), 403);
    let version = |text| Version::parse(text).unwrap();
    endpoint.gateway.bar(&name("a"), Some(vec![version("0.9.0")]), why());
    assert!(endpoint.gateway.refuses(&name("a"), &version("1.0.0")), "all of it still is");
    endpoint.gateway.unbar(&name("a"));
    for old in ["0.8.0", "0.9.0"] {
        endpoint.gateway.bar(&name("a"), Some(vec![version(old)]), why());
    }
    assert!(endpoint.gateway.refuses(&name("a"), &version("0.8.0")));
    drop(endpoint.gateway.route(name("a"), route(green.upstream())));
    let new = endpoint.open().await;
    assert_eq!(new.ask(&call(1, "echo", json!({}))).await[0]["result"]["by"], "green");
    endpoint.gateway.unbar(&name("a"));
    assert!(!endpoint.gateway.refuses(&name("a"), &version("0.9.0")));
}
