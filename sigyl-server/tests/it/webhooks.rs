//! Deliveries of GitHub: its own examples are taken when they are signed, and refused when not.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use ring::hmac;
use serde_json::Value;
use sigyl_core::domain::SecretValue;
use sigyl_server::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use crate::app::{Reply, TestApp};

const SECRET: &str = "It's a Secret to Everybody";
const EXAMPLES: &str = include_str!("../data/github/webhooks.json");

async fn app() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut owned =
        sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    owned.github.webhook_secret = Some(SecretValue::new(SECRET));
    TestApp::over(owned, Config::default(), folder).await
}

fn signed(body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// A delivery, which is spoiled by what is changed of it.
struct Sent<'a> {
    event: Option<&'a str>,
    id: String,
    signature: Option<String>,
    kind: &'a str,
    body: &'a str,
}

impl<'a> Sent<'a> {
    fn of(event: &'a str, body: &'a str) -> Self {
        let id = Uuid::now_v7().to_string();
        Self { event: Some(event), id, signature: Some(signed(body)), kind: "application/json", body }
    }

    async fn to(&self, app: &TestApp) -> Reply {
        let mut request = Request::builder()
            .method("POST")
            .uri("/webhooks/github")
            .header("host", app.address.to_string())
            .header("content-type", self.kind)
            .header("x-github-delivery", &self.id);
        if let Some(event) = self.event {
            request = request.header("x-github-event", event);
        }
        if let Some(signature) = &self.signature {
            request = request.header("x-hub-signature-256", signature);
        }
        app.send(request.body(Full::new(Bytes::copy_from_slice(self.body.as_bytes()))).unwrap()).await
    }
}

#[tokio::test]
async fn every_example_of_github_is_taken_when_signed_and_refused_when_not() {
    let app = app().await;
    let examples: BTreeMap<String, Vec<Value>> = serde_json::from_str(EXAMPLES).unwrap();
    let mut seen = 0;
    for (event, bodies) in &examples {
        for body in bodies {
            let body = body.to_string();
            let sent = Sent::of(event, &body);
            let reply = sent.to(&app).await;
            assert_eq!(
                (reply.status, &reply.json()["event"]),
                (StatusCode::OK, &Value::from(event.as_str()))
            );
            let unsigned = Sent { signature: None, ..Sent::of(event, &body) };
            assert_eq!(unsigned.to(&app).await.status, StatusCode::FORBIDDEN, "{event}");
            seen += 1;
        }
    }
    assert_eq!((examples.len(), seen), (6, 23));
    app.end().await;
}

#[tokio::test]
async fn what_is_spoiled_is_refused() {
    let app = app().await;
    let body = r#"{"zen":"Keep it logically awesome."}"#;
    let good = || Sent::of("ping", body);
    assert_eq!(good().to(&app).await.json()["outcome"], "ignored");
    let other = signed("{}");
    let spoiled = [
        (Sent { signature: Some(other.clone()), ..good() }, 403),
        (Sent { signature: Some(other[7..].to_owned()), ..good() }, 403),
        (Sent { signature: Some("sha256=".to_owned()), ..good() }, 403),
        (Sent { signature: Some(String::new()), ..good() }, 403),
        (Sent { event: None, ..good() }, 400),
        (Sent { event: Some("Ping!"), ..good() }, 400),
        (Sent { id: "a b".to_owned(), ..good() }, 400),
        (Sent { kind: "text/plain", ..good() }, 415),
        (Sent::of("ping", "{not json"), 400),
        (Sent::of("push", "{}"), 400),
        (Sent::of("star", "{"), 400),
    ];
    for (at, (sent, status)) in spoiled.iter().enumerate() {
        let reply = sent.to(&app).await;
        assert_eq!(reply.status.as_u16(), *status, "{at}: {:?}", reply.body);
        assert!(!String::from_utf8_lossy(&reply.body).contains("Secret"), "{at}");
    }
    let large = format!(
        "POST /webhooks/github HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        (5 << 20) + 1
    );
    let said = app.raw(large.as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    assert_eq!(Sent::of("star", "{}").to(&app).await.json()["note"], "this event is not looked at");
    app.end().await;
}

#[tokio::test]
async fn a_delivery_that_nobody_follows_is_ignored_each_time() {
    let app = app().await;
    let examples: BTreeMap<String, Vec<Value>> = serde_json::from_str(EXAMPLES).unwrap();
    let body = examples["installation"][0].to_string();
    let first = Sent::of("installation", &body);
    assert_eq!(first.to(&app).await.json()["outcome"], "ignored");
    // It takes no room among those that are remembered.
    assert_eq!(first.to(&app).await.json()["outcome"], "ignored");
    app.end().await;
}

#[tokio::test]
async fn who_announces_much_and_sends_nothing_keeps_nobody_out() {
    let app = app().await;
    let head = format!(
        "POST /webhooks/github HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        5 << 20
    );
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = app.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut said = [0; 12];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 100");
        waiting.push(stream);
    }
    let body = r#"{"zen":"Keep it logically awesome."}"#;
    assert_eq!(Sent::of("ping", body).to(&app).await.status, StatusCode::OK);
    drop(waiting);
    app.end().await;
}

#[tokio::test]
async fn without_a_secret_nothing_is_taken() {
    let app = TestApp::start().await;
    let reply = Sent::of("ping", "{}").to(&app).await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::NOT_FOUND, &Value::from("E1401")));
    app.end().await;
}
