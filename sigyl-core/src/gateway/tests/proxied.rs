//! Servers that speak HTTP themselves.

use super::super::journal::By;
use super::super::route::Served;
use super::*;
use crate::mcp::fake::{Keys, Posted, http_json, serve_http};
use crate::store::CallOutcome;

fn result(posted: &Posted, more: &str) -> String {
    let body = json!({"jsonrpc": "2.0", "id": posted.body["id"], "result": {"content": [], "isError": true}});
    http_json("200 OK", more, &body.to_string())
}

#[tokio::test]
async fn requests_and_answers_pass_with_their_headers() {
    let url = serve_http(|posted| {
        for wanted in [
            "mcp-session-id: s",
            "mcp-protocol-version: 2026-07-28",
            "mcp-param-city: oslo",
            "last-event-id: 7",
            "authorization: bearer t",
        ] {
            assert!(posted.head.contains(wanted), "{wanted}: {}", posted.head);
        }
        for dropped in ["origin:", "x-hop:", "keep-alive:", "cookie:", "accept-encoding:", "localhost"] {
            assert!(!posted.head.contains(dropped), "{dropped}: {}", posted.head);
        }
        assert!(posted.head.starts_with("post /mcp?x=1 http/1.1"), "{}", posted.head);
        result(posted, "x-own: yes\r\nmcp-session-id: s\r\nset-cookie: a=b\r\n")
    })
    .await;
    let endpoint = Endpoint::of(quick(), Upstream::Http { url }).await;
    let mut post = endpoint.post("a?x=1", &call(1, "echo", json!({})));
    for (name, value) in [
        ("mcp-session-id", "s"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-param-city", "Oslo"),
        ("last-event-id", "7"),
        ("authorization", "Bearer t"),
        ("origin", "http://localhost:1"),
        ("host", "localhost"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "5"),
        ("cookie", "a=b"),
        ("accept-encoding", "gzip"),
    ] {
        post = post.header(name, value);
    }
    let response = post.send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["x-own"]), (200, &"yes".parse().unwrap()));
    assert!(!response.headers().contains_key("set-cookie"));
    assert_eq!(messages(response).await[0]["id"], 1);
    let record = endpoint.record().await;
    assert_eq!((&*record.tool, record.outcome), ("echo", CallOutcome::ToolError));
}

#[tokio::test]
async fn what_opens_a_door_is_replaced_once_where_it_is_not_taken_and_the_refusal_passes_then() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let url = serve_http(move |posted| {
        count.fetch_add(1, Ordering::Relaxed);
        match posted.head.contains("x-door: t1") {
            true => result(posted, ""),
            false => http_json("401 Unauthorized", "www-authenticate: Bearer\r\n", "{}"),
        }
    })
    .await;
    let guarded = |last| Upstream::Guarded { url: url.clone(), pass: Keys::up_to(last) };
    let endpoint = Endpoint::of(quick(), guarded(1)).await;
    let post = || endpoint.post("a", &call(1, "echo", json!({}))).header("x-door", "of the client").send();
    for (status, requests) in [(200, 2), (200, 3)] {
        assert_eq!(
            (post().await.unwrap().status().as_u16(), asked.load(Ordering::Relaxed)),
            (status, requests)
        );
    }
    endpoint.gateway.route(name("a"), route(guarded(0)));
    let refused = post().await.unwrap();
    assert_eq!((refused.status().as_u16(), asked.load(Ordering::Relaxed)), (401, 4));
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    // A second one that is not taken either is not followed by a third.
    let url = serve_http(|_| http_json("401 Unauthorized", "", "{}")).await;
    endpoint.gateway.route(name("a"), route(Upstream::Guarded { url, pass: Keys::up_to(9) }));
    assert_eq!(post().await.unwrap().status(), 401);
}

/// A server whose answer is written piece by piece: what is sent into the channel.
async fn piecewise() -> (Upstream, mpsc::Sender<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let (sender, mut pieces) = mpsc::channel::<String>(8);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0);
        while let Some(piece) = pieces.recv().await {
            socket.write_all(piece.as_bytes()).await.unwrap();
        }
    });
    (Upstream::Http { url }, sender)
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";

#[tokio::test]
async fn events_pass_as_they_come() {
    let (upstream, pieces) = piecewise().await;
    let endpoint = Endpoint::of(quick(), upstream).await;
    let note = r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#;
    pieces.send(format!("{EVENTS}data: {note}\n\n")).await.unwrap();
    let mut stream = Stream::of(endpoint.post("a", &call(1, "echo", json!({}))).send().await.unwrap());
    assert_eq!(stream.next().await.unwrap()["method"], "notifications/progress");
    // Only now does the server go on, in the middle of an event.
    pieces.send("data: {\"jsonrpc\":\"2.0\",\"id\":1,".to_owned()).await.unwrap();
    pieces.send("\"result\":{\"content\":[]}}\n\n".to_owned()).await.unwrap();
    assert_eq!(stream.next().await.unwrap()["id"], 1);
    assert_eq!(endpoint.record().await.outcome, CallOutcome::Ok);
    drop(pieces);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_stream_that_is_open_ends_when_its_server_is_barred_or_removed() {
    type End = fn(&Gateway);
    let ends: [(&str, End); 3] = [
        ("replaced, then barred", |gateway| {
            gateway.route(name("a"), route(Upstream::Http { url: "http://127.0.0.1:1/mcp".to_owned() }));
            gateway.bar(&name("a"), None, "under quarantine".to_owned());
        }),
        ("barred", |gateway| gateway.bar(&name("a"), None, "under quarantine".to_owned())),
        ("removed", |gateway| gateway.unroute(&name("a"))),
    ];
    for (how, end) in ends {
        let (upstream, pieces) = piecewise().await;
        let endpoint = Endpoint::of(quick(), upstream).await;
        let note = r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#;
        pieces.send(format!("{EVENTS}data: {note}\n\n")).await.unwrap();
        let mut stream = Stream::of(endpoint.post("a", &call(1, "echo", json!({}))).send().await.unwrap());
        assert_eq!(stream.next().await.unwrap()["method"], "notifications/progress");
        end(&endpoint.gateway);
        let last = stream.next().await.unwrap();
        assert_eq!(last["error"]["message"], "the server `a` is not served any more", "{how}");
        assert_eq!(stream.next().await, None, "{how}: what the server goes on to say is not passed on");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_told_on_the_stream() {
    let (upstream, pieces) = piecewise().await;
    let endpoint = Endpoint::start(quick()).await;
    let mut brief = route(upstream);
    brief.timeout = Duration::from_millis(100);
    endpoint.gateway.route(name("a"), brief);
    pieces.send(format!("{EVENTS}data: {{\"half\":")).await.unwrap();
    let response = endpoint.post("a", &call("c", "echo", json!({}))).send().await.unwrap();
    let text = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
    assert!(text.contains(r#""id":"c","error""#) && text.contains("did not answer in time"), "{text}");
}

#[tokio::test]
async fn a_server_that_is_down_is_a_bad_gateway() {
    let url = "http://127.0.0.1:1/mcp".to_owned();
    let endpoint = Endpoint::of(quick(), Upstream::Http { url }).await;
    let response = endpoint.post("a", &call(4, "echo", json!({}))).send().await.unwrap();
    assert_eq!(response.status(), 502);
    let said = messages(response).await.remove(0);
    assert_eq!(said["id"], 4);
    assert_eq!(said["error"]["message"], "the server `a` is down: it cannot be reached");
    assert_eq!(endpoint.record().await.outcome, CallOutcome::Failed);
}

#[tokio::test]
async fn a_sessions_name_that_is_too_long_is_not_remembered() {
    let long = "x".repeat(2000);
    let url = serve_http(move |posted| match posted.head.contains("x-long: yes") {
        true => result(posted, &format!("mcp-session-id: {long}\r\n")),
        false => result(posted, "mcp-session-id: short\r\n"),
    })
    .await;
    let endpoint = Endpoint::of(quick(), Upstream::Http { url }).await;
    let post = endpoint.post("a", &initialize()).header("x-long", "yes").send().await.unwrap();
    assert_eq!(post.headers()["mcp-session-id"].len(), 2000, "it is the client's all the same");
    assert!(endpoint.gateway.inner.pins().is_empty());
    endpoint.post("a", &initialize()).send().await.unwrap();
    assert_eq!(endpoint.gateway.inner.pins().len(), 1);
}

#[tokio::test]
async fn a_session_stays_on_the_route_it_began_on() {
    let blue = serve_http(|posted| result(posted, "mcp-session-id: s1\r\nx-by: blue\r\n")).await;
    let green = serve_http(|posted| result(posted, "x-by: green\r\n")).await;
    let endpoint = Endpoint::of(quick(), Upstream::Http { url: blue }).await;
    let by = async |session: Option<&str>, delete: bool| {
        let mut request = match delete {
            true => endpoint.client().delete(format!("{}a", endpoint.base)),
            false => endpoint.post("a", &initialize()),
        };
        if let Some(session) = session {
            request = request.header("mcp-session-id", session);
        }
        request.send().await.unwrap().headers()["x-by"].to_str().unwrap().to_owned()
    };
    assert_eq!(by(None, false).await, "blue");
    let draining = endpoint.gateway.route(name("a"), route(Upstream::Http { url: green }));
    assert_eq!(by(None, false).await, "green");
    assert_eq!(by(Some("s1"), false).await, "blue");
    assert_eq!(draining.left(), 1);
    assert_eq!(by(Some("s2"), false).await, "green", "a session that nobody knows");
    assert_eq!(by(Some("s1"), true).await, "blue");
    draining.over().await;
    assert_eq!(by(Some("s1"), false).await, "green", "it was ended");
}

#[tokio::test]
async fn a_session_is_counted_for_who_opened_it_whoever_uses_it_later() {
    let upstream = || Upstream::Http { url: "http://127.0.0.1:1/mcp".to_owned() };
    let endpoint = Endpoint::of(quick(), upstream()).await;
    let [one, other] = [0; 2].map(|_| Arc::new(Served::new(name("a"), route(upstream()))));
    let pin = |served, by: &str| endpoint.gateway.inner.pin("s", served, Some(&By::from(by)));
    let open = || endpoint.gateway.open_sessions().into_iter().collect::<Vec<_>>();
    pin(&one, "ada");
    pin(&one, "bert");
    assert_eq!(open(), [((name("a"), Some("ada".into())), 1)]);
    // Another instance that gives the same name has opened another session.
    pin(&other, "bert");
    assert_eq!(open(), [((name("a"), Some("bert".into())), 1)]);
}
