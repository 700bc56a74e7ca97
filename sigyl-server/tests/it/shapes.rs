//! Requests of bad shapes: refused with a 4xx or a closed connection, and the server lives on.

use crate::app::TestApp;

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let app = TestApp::start().await;
    let long = "a".repeat(1 << 20);
    let many = "X: a\r\n".repeat(10_000);
    for (shape, refused) in [
        ("GET /health HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), "400"),
        ("GET /health HTTP/1.1\r\nHost:\r\n\r\n".to_owned(), "400"),
        ("GET /health HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), "400"),
        (format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), "431"),
        (format!("GET /health HTTP/1.1\r\nHost: a\r\n{many}\r\n"), "431"),
        ("GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_owned(), "400"),
        (
            "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"
                .to_owned(),
            "400",
        ),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}".to_owned(), "400"),
    ] {
        let said = app.raw(shape.as_bytes()).await;
        let start: String = shape.chars().take(60).collect();
        let expected = format!("HTTP/1.1 {refused}");
        assert!(said.is_empty() || said.starts_with(&expected), "{start:?}: {said}");
    }
    assert_eq!(app.get("/health").await.status, 200);
    app.end().await;
}

#[tokio::test]
async fn an_address_that_names_a_server_does_not_stand_for_the_host_header() {
    let app = TestApp::start().await;
    for (version, host, status) in
        [("1.1", "", "400"), ("1.0", "", "400"), ("1.1", "Host: localhost\r\n", "200")]
    {
        let asked = format!("GET http://localhost/health HTTP/{version}\r\n{host}\r\n");
        let said = app.raw(asked.as_bytes()).await;
        assert!(said.starts_with(&format!("HTTP/{version} {status}")), "{asked:?}: {said}");
    }
    app.end().await;
}

#[tokio::test]
async fn what_two_readers_could_split_differently_is_read_once() {
    let app = TestApp::start().await;
    let smuggled = "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX";
    let said = app.raw(smuggled.as_bytes()).await;
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
    assert!(said.starts_with("HTTP/1.1 4"), "{said}");
    app.end().await;
}
