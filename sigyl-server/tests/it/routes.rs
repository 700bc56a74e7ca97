//! What the routes answer.

use std::path::Path;

use hyper::StatusCode;
use sigyl_core::control::Client;
use sigyl_core::wire::v1::{Request, Response};

use crate::app::TestApp;

#[tokio::test]
async fn it_says_that_it_lives_and_that_it_can_work() {
    let app = TestApp::start().await;
    let health = app.get("/health").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (StatusCode::OK, Some("ok")));
    let ready = app.get("/ready").await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (StatusCode::OK, Some("ready")));
    assert_eq!(ready.header("x-content-type-options"), "nosniff");
    assert_eq!(ready.header("cache-control"), "no-store");
    let other = app.get("/ready").await;
    assert_ne!(ready.header("x-request-id"), other.header("x-request-id"));
    app.end().await;
}

#[tokio::test]
async fn a_head_is_the_get_without_its_body() {
    let app = TestApp::start().await;
    let (get, head) = (app.get("/health").await, app.ask("HEAD", "/health").await);
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(head.header("content-type"), get.header("content-type"));
    app.end().await;
}

#[tokio::test]
async fn another_address_is_unknown_and_another_method_is_told_which_there_are() {
    let app = TestApp::start().await;
    for path in ["/nothing", "/health/", "/HEALTH", "/health/x", "//health", "/%68ealth"] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.json()["error"], reply.json()["detail"]);
        let instance = format!("urn:uuid:{}", reply.header("x-request-id"));
        assert_eq!(reply.json()["instance"].as_str(), Some(instance.as_str()));
    }
    for method in ["POST", "PUT", "DELETE", "TRACE", "OPTIONS", "BREW"] {
        let reply = app.ask(method, "/health").await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(reply.header("allow"), "GET, HEAD");
    }
    app.end().await;
}

#[tokio::test]
async fn what_was_answered_is_counted() {
    let app = TestApp::start().await;
    app.get("/health").await;
    app.get("/nothing").await;
    let text =
        String::from_utf8(app.tell("GET", "/metrics", Some(&app.admin_key().await), None).await.body.into())
            .unwrap();
    let line = r#"sigyl_http_requests_total{method="GET",route="/health",status="2xx"} 1"#;
    assert!(text.lines().any(|found| found == line), "{text}");
    assert!(text.contains("\nsigyl_connections 1\n"), "{text}");
    app.end().await;
}

#[tokio::test]
async fn it_owns_its_data_directory_and_ends_when_another_process_asks_it_to() {
    async fn asked(data_dir: &Path, request: Request) -> Response {
        Client::connect(data_dir).await.unwrap().unwrap().call(&request, |_| {}).await.unwrap()
    }
    let app = TestApp::start().await;
    app.get("/health").await;
    let Response::Owner(owner) = asked(&app.data_dir, Request::Owner).await else { panic!("no owner") };
    assert_eq!(owner.endpoint, Some(format!("http://{}", app.address)));
    asked(&app.data_dir, Request::Stop).await;
    app.ended().await;
}
