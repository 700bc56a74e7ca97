//! Views: what of the registry is shown to who knows their address, and to everybody else.

use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use sigyl_core::domain::{Known, Shows};
use sigyl_server::Config;

use crate::app::{Reply, TestApp};

fn document(name: &str) -> Value {
    json!({
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": name, "description": "Tells the time", "version": "1.0.0",
        "remotes": [{"type": "streamable-http", "url": format!("https://{}.example.com/mcp", name.replace('/', "."))}],
    })
}

async fn made(app: &TestApp, key: &str, view: Value) -> Reply {
    let body = json!({"label": "copilot", "view": view});
    app.tell("POST", "/api/v1/keys", Some(key), Some(&body)).await
}

fn names(reply: &Reply) -> Vec<String> {
    let list = reply.json();
    list["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["server"]["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn from_elsewhere(app: &TestApp, path: &str) -> Reply {
    let request = Request::builder()
        .uri(path)
        .header("host", "registry.example")
        .header("origin", "https://github.com");
    app.send(request.body(Default::default()).unwrap()).await
}

async fn with_two() -> (TestApp, String) {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    for name in ["com.example/clock", "com.other/alarm"] {
        let published = app.tell("POST", "/v0.1/publish", Some(&key), Some(&document(name))).await;
        assert_eq!(published.status, StatusCode::OK, "{published:?}");
    }
    (app, key)
}

#[tokio::test]
async fn who_knows_the_address_of_a_view_reads_what_it_shows_and_nothing_else() {
    let (app, key) = with_two().await;
    let view = made(&app, &key, json!({"names": ["com.example/*"]})).await;
    assert_eq!(view.status, StatusCode::CREATED, "{view:?}");
    let (secret, id) = (
        view.json()["plain"].as_str().unwrap().to_owned(),
        view.json()["key"]["id"].as_str().unwrap().to_owned(),
    );
    let base = format!("/view/{secret}/v0.1");
    let listed = from_elsewhere(&app, &format!("{base}/servers?version=latest")).await;
    assert_eq!((listed.status, names(&listed)), (StatusCode::OK, vec!["com.example/clock".to_owned()]));
    assert_eq!(listed.header("access-control-allow-origin"), "*");
    let found = from_elsewhere(&app, &format!("{base}/x/internal.sigyl/search?q=time")).await;
    assert_eq!(names(&found), ["com.example/clock"]);
    for (name, status) in [("com.example%2Fclock", 200), ("com.other%2Falarm", 404)] {
        for path in ["versions", "versions/latest", "versions/1.0.0"] {
            let reply = from_elsewhere(&app, &format!("{base}/servers/{name}/{path}")).await;
            assert_eq!(reply.status, status, "{name}/{path}");
        }
    }
    // What is published later is in it too.
    app.tell("POST", "/v0.1/publish", Some(&key), Some(&document("com.example/late"))).await;
    assert_eq!(names(&from_elsewhere(&app, &format!("{base}/servers")).await).len(), 2);
    let revoked = app.tell("DELETE", &format!("/api/v1/keys/{id}"), Some(&key), None).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    assert_eq!(from_elsewhere(&app, &format!("{base}/servers")).await.status, StatusCode::NOT_FOUND);
    app.end().await;
}

#[tokio::test]
async fn an_address_without_a_view_is_one_that_nothing_answers_and_tells_nothing() {
    let (app, key) = with_two().await;
    for secret in [key.as_str(), "nothing", "%00", &key[..key.len() - 1]] {
        let reply = from_elsewhere(&app, &format!("/view/{secret}/v0.1/servers")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{secret}");
        assert!(!String::from_utf8_lossy(&reply.body).contains(&key[10..]), "{reply:?}");
    }
    let view =
        made(&app, &key, json!({"known": "anything"})).await.json()["plain"].as_str().unwrap().to_owned();
    for (method, path) in [("POST", "/v0.1/publish"), ("GET", "/api/v1/servers"), ("POST", "/api/v1/keys")] {
        let reply = app.tell(method, path, Some(&view), Some(&json!({}))).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "a view's key does nothing else: {method} {path}");
    }
    app.end().await;
}

#[tokio::test]
async fn only_an_administrator_makes_a_view_and_it_is_for_nothing_else() {
    let (app, key) = with_two().await;
    let lesser = app.key(None, &["keys", "browse"]).await;
    assert_eq!(made(&app, &lesser, json!({})).await.status, StatusCode::FORBIDDEN);
    let body = json!({"label": "x", "view": {}, "scopes": ["deploy"]});
    assert_eq!(
        app.tell("POST", "/api/v1/keys", Some(&key), Some(&body)).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(made(&app, &key, json!({"names": ["com.example*"]})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(made(&app, &key, json!({"known": "everything"})).await.status, StatusCode::BAD_REQUEST);
    app.end().await;
}

#[tokio::test]
async fn the_operator_settles_what_who_has_no_view_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut owned =
        sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    owned.shows = Shows { known: Known::Scanned, names: Vec::new() };
    let app = TestApp::over(owned, Config::default(), folder).await;
    let key = app.admin_key().await;
    app.tell("POST", "/v0.1/publish", Some(&key), Some(&document("com.example/clock"))).await;
    assert!(names(&app.get("/v0.1/servers").await).is_empty());
    assert_eq!(app.get("/servers/com.example/clock").await.status, StatusCode::NOT_FOUND);
    let whole = app.tell("GET", "/v0.1/servers", Some(&key), None).await;
    assert_eq!(names(&whole), ["com.example/clock"], "who administers it sees everything");
    let reader = app.key(None, &["browse"]).await;
    assert!(names(&app.tell("GET", "/v0.1/servers", Some(&reader), None).await).is_empty());
    app.end().await;
}
