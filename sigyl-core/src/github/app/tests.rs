//! GitHub hands out the keys of an App, over real sockets, in every way that it should not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{AppError, Converted, convert};
use crate::domain::{Kind, SecretValue};
use crate::web::{Web, WebError};

const KEY: &str = include_str!("test_key.pem");

/// A GitHub that answers each question so, and what it was asked.
async fn github(head: &'static str, body: Vec<u8>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            while !text.ends_with(b"\r\n\r\n") {
                text.push(stream.read_u8().await.unwrap());
            }
            heard.lock().unwrap().push(String::from_utf8(text).unwrap());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
        }
    });
    (at, asked)
}

fn made(web_url: &str) -> Value {
    json!({
        "id": 7, "slug": "sigyl-x", "node_id": "n", "name": "sigyl-x", "html_url": format!("{web_url}/apps/sigyl-x"),
        "client_id": "Iv1.x", "client_secret": "planted-client", "webhook_secret": "planted-webhook-secret",
        "pem": KEY, "owner": {"login": "octo"}, "permissions": {"contents": "read"},
    })
}

const CREATED: &str = "HTTP/1.1 201 Created\r\nconnection: close\r\n\r\n";

async fn asked(api: &str, web: &str, code: &str) -> Result<Converted, AppError> {
    let hook = Some("https://sigyl.example/webhooks/github".to_owned());
    convert(&Web::new(false), (api, web), &SecretValue::new(code), hook).await
}

/// An error with its causes, as it is logged.
fn told(error: &AppError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    format!("{error} {error:?} {}", causes.join(": "))
}

#[tokio::test]
async fn a_code_becomes_an_app_with_its_keys() {
    let (api, heard) = github(CREATED, made("https://github.example").to_string().into_bytes()).await;
    let made = asked(&api, "https://github.example", "c0de").await.unwrap();
    assert_eq!((made.owner.as_deref(), made.permissions["contents"].as_str()), (Some("octo"), "read"));
    let (app, keys) = (made.app, made.keys);
    assert_eq!((app.id, app.slug.as_str(), app.api_url), (7, "sigyl-x", api));
    assert_eq!((keys.private_key.reveal(), keys.client_id.as_str()), (KEY, "Iv1.x"));
    assert!(!format!("{keys:?}").contains("planted"));
    let heard = heard.lock().unwrap();
    assert!(heard[0].starts_with("POST /app-manifests/c0de/conversions HTTP/1.1\r\n"), "{heard:?}");
    assert_eq!(heard.len(), 1);
    assert!(!heard[0].to_ascii_lowercase().contains("authorization"), "nobody is anybody yet");
}

#[tokio::test]
async fn what_is_no_code_is_not_sent() {
    let (api, heard) = github(CREATED, Vec::new()).await;
    for code in ["", "a/b", "a b", "a?x=1", "é", &"a".repeat(201)] {
        assert!(matches!(asked(&api, "https://github.example", code).await, Err(AppError::Code)), "{code}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_code_that_is_over_is_told_as_that() {
    let (api, _) = github(
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n",
        b"{\"message\":\"Not Found\"}".to_vec(),
    )
    .await;
    let error = asked(&api, "https://github.example", "c0de").await.unwrap_err();
    assert!(matches!(error, AppError::Code) && error.kind() == Kind::Denied, "{error}");
    let (api, _) =
        github("HTTP/1.1 503 Gone\r\nconnection: close\r\n\r\n", b"{\"message\":\"later\\u001b\"}".to_vec())
            .await;
    let error = asked(&api, "https://github.example", "c0de").await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub answered 503 when it was asked for the keys of the App: later");
}

#[tokio::test]
async fn what_is_no_app_with_good_keys_is_refused_whole_and_told_without_a_secret() {
    let web = "https://github.example";
    let changed = |pairs: &[(&str, Value)]| {
        let mut made = made(web);
        for (name, value) in pairs {
            made[*name] = value.clone();
        }
        made.to_string().into_bytes()
    };
    let whole = made(web).to_string();
    for (body, why) in [
        (whole.as_bytes()[..whole.len() / 2].to_vec(), "it broke off"),
        (Vec::new(), "it broke off"),
        (changed(&[("pem", json!("planted-pem"))]), "private key"),
        (changed(&[("pem", json!({"planted-pem": 1}))]), "it is no App"),
        (changed(&[("html_url", json!("https://evil.example/apps/x"))]), "html_url"),
        (changed(&[("id", json!("planted-id"))]), "it is no App"),
        (changed(&[("webhook_secret", Value::Null)]), "without a secret"),
        (changed(&[("webhook_secret", json!("planted"))]), "webhook_secret"),
        (changed(&[("name", json!("a\u{1b}[2J"))]), "name"),
        (vec![b'x'; (1 << 20) + 1], "longer than"),
    ] {
        let (api, _) = github(CREATED, body).await;
        let error = asked(&api, web, "c0de-planted").await.unwrap_err();
        let told = told(&error);
        assert!(told.contains(why), "{told}");
        assert!(!told.contains("planted") && !told.contains("MII"), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_not_waited_for_and_the_code_is_not_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let begun = tokio::time::Instant::now();
    let error = asked(&api, "https://github.example", "c0de-planted").await.unwrap_err();
    assert!(matches!(error, AppError::Web(WebError::Unreachable { .. })), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(60) && !told(&error).contains("planted"), "{error:?}");
    drop(listener);
    let error = asked(&api, "https://github.example", "c0de-planted").await.unwrap_err();
    assert!(!told(&error).contains("planted"), "{error:?}");
    let clear = asked("http://github.example", "https://github.example", "c0de-planted").await.unwrap_err();
    assert!(told(&clear).contains("in the clear") && !told(&clear).contains("planted"), "{clear:?}");
}
