//! Bounds: too many, too slow, too long.

use std::time::Duration;

use hyper::StatusCode;
use sigyl_server::{Bounds, Config};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::TestApp;

const SHORT: Duration = Duration::from_millis(50);

fn bounds(change: impl FnOnce(&mut Bounds)) -> Bounds {
    let mut bounds = Bounds::default();
    bounds.tick = Duration::from_millis(5);
    change(&mut bounds);
    bounds
}

#[tokio::test]
async fn a_client_that_says_nothing_or_only_half_a_head_is_let_go() {
    let app = TestApp::bounded(bounds(|bounds| bounds.head_time = SHORT)).await;
    for said in ["", "GET /health HTTP/1.1\r\nhost: a\r\nx"] {
        let mut stream = app.connect().await;
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.ok();
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 408"), "{heard}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_body_that_stops_coming_or_has_no_end_is_not_waited_for() {
    let slow = TestApp::bounded(bounds(|bounds| bounds.body_time = SHORT)).await;
    let usual = TestApp::start().await;
    let large = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    for (app, length, body, status) in [
        (&slow, "content-length: 100", "{\"login\":".to_owned(), "408"),
        (&usual, "transfer-encoding: chunked", large, "413"),
        (&usual, "content-length: 99999999999", "{".to_owned(), "413"),
    ] {
        let key = app.admin_key().await;
        let head = format!("POST /api/v1/accounts HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n");
        let asked = format!("{head}content-type: application/json\r\n{length}\r\n\r\n{body}");
        let (mut reader, mut writer) = app.connect().await.into_split();
        let writing = tokio::spawn(async move {
            // The server may have heard enough before all of it was sent.
            writer.write_all(asked.as_bytes()).await.ok();
            writer
        });
        let mut said = [0; 12];
        reader.read_exact(&mut said).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&said), format!("HTTP/1.1 {status}"), "{length}");
        writing.abort();
    }
    for app in [slow, usual] {
        assert_eq!(app.get("/health").await.status, StatusCode::OK);
        app.end().await;
    }
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let app = TestApp::bounded(bounds(|bounds| bounds.idle_time = SHORT)).await;
    let mut stream = app.connect().await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard.matches("HTTP/1.1 200 OK").count(), 1, "{heard}");
    app.end().await;
}

#[tokio::test]
async fn who_comes_when_there_is_no_room_is_told_to_come_back() {
    let app = TestApp::bounded(bounds(|bounds| bounds.connections = 1)).await;
    let mut first = app.connect().await;
    first.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    first.read_u8().await.unwrap();
    let mut said = String::new();
    app.connect().await.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("retry-after: 5\r\n"), "{said}");
    app.end().await;
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let app = TestApp::bounded(bounds(|bounds| bounds.connections_each = 1)).await;
    let mut first = app.connect().await;
    first.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    first.read_u8().await.unwrap();
    let mut said = String::new();
    app.connect().await.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    app.end().await;
}

#[tokio::test]
async fn when_too_many_requests_are_under_way_others_wait_outside_and_health_is_answered() {
    let app = TestApp::bounded(bounds(|bounds| bounds.requests = 0)).await;
    let busy = app.get("/ready").await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(busy.header("retry-after"), "1");
    assert_eq!(app.get("/health").await.status, StatusCode::OK);
    app.end().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_let_go() {
    let slow = bounds(|bounds| {
        bounds.answer_time = SHORT;
        bounds.stall_time = Duration::from_secs(600);
        bounds.requests = 4;
    });
    let mut config = Config::default();
    config.bounds = slow;
    // Refusals would be short.
    config.rates.read.burst = u32::MAX;
    let app = TestApp::with(config).await;
    let mut stream = app.connect().await;
    let padding = "x".repeat(8_000);
    let asked = format!("GET /openapi.json HTTP/1.1\r\nhost: a\r\npadding: {padding}\r\n\r\n");
    // Until neither side takes any more: the server has the rest of its answers in hand.
    let mut sent = 0;
    while let Ok(Ok(())) = tokio::time::timeout(SHORT, stream.write_all(asked.as_bytes())).await {
        sent += 1;
        assert!(sent < 1_000_000, "the server reads on although nobody reads its answers");
    }
    let mut said = Vec::new();
    // It ends, because the server gave up: with a reset, or with half an answer.
    stream.read_to_end(&mut said).await.ok();
    assert_eq!(app.get("/ready").await.status, StatusCode::OK, "the permit is back");
    app.end().await;
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_the_server_ends() {
    let app = TestApp::start().await;
    let mut stream = app.connect().await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.unwrap();
    app.end().await;
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains(r#""status":"ok""#), "{rest}");
}
