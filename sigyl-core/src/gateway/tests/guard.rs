//! Who may come in, and what is where.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::mcp::fake::{self, Fake, result};

async fn status_of(endpoint: &Endpoint, header: &str, value: &str) -> u16 {
    endpoint.post("a", &initialize()).header(header, value).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::legacy).upstream()).await;
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "localhost:x", "[::1]x", "localhost@e"]
    {
        assert_eq!(status_of(&endpoint, "host", host).await, 403, "{host}");
    }
    for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8640", "[::1]:9", "[::1]"] {
        assert_eq!(status_of(&endpoint, "host", host).await, 200, "{host}");
    }
    for origin in
        ["http://evil.example", "null", "http://localhost.evil.example", "file://", "http://127.0.0.1@e"]
    {
        assert_eq!(status_of(&endpoint, "origin", origin).await, 403, "{origin}");
    }
    for origin in ["http://localhost:6274", "https://127.0.0.1", "http://[::1]:3000"] {
        assert_eq!(status_of(&endpoint, "origin", origin).await, 200, "{origin}");
    }
}

#[tokio::test]
async fn an_address_on_the_request_line_is_checked_like_the_host_header() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::legacy).upstream()).await;
    let address = endpoint.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    for (line, status) in [("http://evil.example/health", "403"), ("http://localhost/health", "200")] {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!("GET {line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer}");
    }
}

#[tokio::test]
async fn a_name_may_be_written_with_its_slash_encoded() {
    let endpoint = Endpoint::start(quick()).await;
    endpoint.gateway.route(name("io.github.Ada/clock"), route(Fake::new(fake::legacy).upstream()));
    for path in
        ["io.github.Ada/clock", "io.github.Ada%2Fclock", "io.github.Ada%2fclock", "io.github.Ada/clock/"]
    {
        assert_eq!(endpoint.post(path, &initialize()).send().await.unwrap().status(), 200, "{path}");
    }
    for path in ["clock", "io.github.Ada", "io.github.Ada/clock/x", "io.github.Ada%2", "%ff", "..%2fx", ""] {
        let response = endpoint.post(path, &initialize()).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        let said = messages(response).await.remove(0);
        assert!(said["error"]["message"].as_str().unwrap().starts_with("Not found"), "{said}");
    }
}

#[tokio::test]
async fn health_is_told_and_other_methods_are_refused() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::legacy).upstream()).await;
    let health = endpoint.base.replace("/mcp/", "/health");
    let response = endpoint.client().get(health).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.unwrap(), r#"{"status":"ok"}"#);
    let put = endpoint.client().put(format!("{}a", endpoint.base)).send().await.unwrap();
    assert_eq!(
        (put.status().as_u16(), &put.headers()["allow"]),
        (405, &"POST, GET, DELETE".parse().unwrap())
    );
    let get = endpoint.client().get(format!("{}a", endpoint.base)).send().await.unwrap();
    assert_eq!(get.status(), 405, "without a session there is nothing to listen to");
}

#[tokio::test]
async fn bodies_are_bounded_and_must_be_messages() {
    let config = GatewayConfig { request_bytes: 1000, ..quick() };
    let endpoint = Endpoint::of(config, Fake::new(fake::legacy).upstream()).await;
    let large = endpoint.post("a", &json!("x".repeat(2000))).send().await.unwrap();
    assert_eq!(large.status(), 413);
    for (body, code) in [("{", -32700), ("7", -32700), ("{}", -32600), ("", -32700)] {
        let response = endpoint.post("a", &Value::Null).body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(messages(response).await[0]["error"]["code"], code, "{body}");
    }
    let picky = endpoint.client().post(format!("{}a", endpoint.base)).header("accept", "text/html");
    assert_eq!(picky.body(initialize().to_string()).send().await.unwrap().status(), 406);
}

#[tokio::test]
async fn a_client_that_does_not_begin_or_finish_is_let_go() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let brief = Duration::from_millis(30);
    let config = GatewayConfig { head_timeout: brief, body_timeout: brief, connections: 1, ..quick() };
    let endpoint = Endpoint::of(config, Fake::new(fake::legacy).upstream()).await;
    let address = endpoint.base.trim_start_matches("http://").trim_end_matches("/mcp/").to_owned();
    for begun in [
        "",
        "PRI * HT",
        "POST /mcp/a HTTP/1.1\r\nhost: localhost\r\n",
        "POST /mcp/a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{",
    ] {
        // With one connection allowed at a time, the next one waits for this one to be over.
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        socket.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // A connection that is cut may also be reset.
        socket.read_to_string(&mut answer).await.ok();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{begun}: {answer}");
    }
}

#[tokio::test]
async fn only_loopback_is_served() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let gateway = Gateway::new(quick(), Arc::new(FixedClock::default()), mpsc::channel(1).0);
    let error = gateway.serve(listener, async {}).await.unwrap_err();
    assert!(matches!(error, GatewayError::NotLoopback { .. }), "{error}");
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let endpoint = Endpoint::of(quick(), Fake::new(fake::legacy).upstream()).await;
    let client = reqwest::Client::builder().http2_prior_knowledge();
    // The TLS settings only keep the client from looking for a provider; nothing here is encrypted.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let client = client.tls_backend_preconfigured(tls).no_proxy().build().unwrap();
    let response =
        client.post(format!("{}a", endpoint.base)).body(initialize().to_string()).send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (reqwest::Version::HTTP_2, 200));
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_let_go() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => vec![result(asked, json!({"content": [], "much": "x".repeat(12 << 20)}))],
        _ => fake::legacy(asked),
    });
    // One connection at a time: the next is taken when this one has been given up.
    let config = GatewayConfig { write_timeout: Duration::from_millis(50), connections: 1, ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let session = endpoint.open().await;
    let response = session.send(&call(1, "echo", json!({}))).await;
    let health = endpoint.client().get(endpoint.base.replace("/mcp/", "/health"));
    let next = tokio::time::timeout(Duration::from_secs(10), health.send()).await;
    assert_eq!(next.expect("it is still waited for").unwrap().status(), 200);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn clients_that_read_slowly_make_room_for_others() {
    let server = Fake::new(|asked| match asked["method"].as_str() {
        Some("tools/call") => vec![result(asked, json!({"content": [], "much": "x".repeat(12 << 20)}))],
        _ => fake::legacy(asked),
    });
    let config = GatewayConfig { held_bytes: 20 << 20, write_timeout: Duration::from_secs(600), ..quick() };
    let endpoint = Endpoint::of(config, server.upstream()).await;
    let (slow, quick) = (endpoint.open().await, endpoint.open().await);
    let stuck = slow.send(&call(1, "echo", json!({}))).await;
    // Its record is made when the answer is on its way to the client, which does not read it.
    endpoint.record().await;
    let taken = quick.send(&call(1, "echo", json!({}))).await.bytes().await.unwrap();
    assert!(taken.len() > 12 << 20);
    assert!(stuck.bytes().await.is_err(), "it was let go");
    let pong = slow.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await;
    assert_eq!(pong[0]["result"], json!({}), "its session is still there");
}

#[tokio::test]
async fn clients_that_send_slowly_make_room_for_others() {
    let config = GatewayConfig { held_bytes: 1 << 20, ..quick() };
    let endpoint = Endpoint::of(config, Fake::new(fake::legacy).upstream()).await;
    let session = endpoint.open().await;
    let address = endpoint.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let mut stuck = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!("POST /mcp/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", 1 << 20);
    stuck.write_all(head.as_bytes()).await.unwrap();
    stuck.write_all(&vec![b'x'; 900 << 10]).await.unwrap();
    let mut answer = Vec::new();
    // However it ends: the connection may also be reset.
    let mut over = std::pin::pin!(async { stuck.read_to_end(&mut answer).await.is_ok_and(|read| read > 0) });
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "x".repeat(500 << 10)}});
    let answered = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            tokio::select! {
                answered = &mut over => return answered,
                pong = session.ask(&ping) => assert_eq!(pong[0]["result"], json!({})),
            }
        }
    });
    assert!(!answered.await.expect("it is still there"));
}

#[tokio::test]
async fn a_client_may_send_all_of_a_body_that_is_too_large_and_then_hear_so() {
    let config = GatewayConfig { request_bytes: 1 << 20, ..quick() };
    let endpoint = Endpoint::of(config, Fake::new(fake::legacy).upstream()).await;
    let address = endpoint.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!("POST /mcp/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", 5 << 20);
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'x'; 5 << 20]).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}
