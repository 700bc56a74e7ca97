//! A new version beside the one that serves.

use super::life::named;
use super::*;
use crate::mcp::fake::{Fake, Say, http_json, serve_http};

fn second(upstream: Upstream) -> Route {
    Route::new(upstream, Version::parse("2.0.0").unwrap())
}

async fn by(session: &Opened<'_>) -> String {
    let said = session.ask(&call(1, "echo", json!({}))).await;
    said[0]["result"]["by"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_share_of_new_sessions_is_led_to_it_and_each_stays_where_it_began() {
    let (blue, green) = (named("blue"), named("green"));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    let before = endpoint.open().await;
    assert!(endpoint.gateway.try_out(&name("a"), second(green.upstream()), 50));
    let sessions =
        [endpoint.open().await, endpoint.open().await, endpoint.open().await, endpoint.open().await];
    let mut served = Vec::new();
    for session in &sessions {
        served.push(by(session).await);
        assert_eq!(by(session).await, *served.last().unwrap(), "it stays");
    }
    assert_eq!(served, ["blue", "green", "blue", "green"]);
    assert_eq!(by(&before).await, "blue");
    let seen = endpoint.gateway.compared(&name("a")).unwrap();
    assert_eq!((seen.serving.calls, seen.tried.calls, seen.tried.failed), (5, 4, 0));

    assert!(endpoint.gateway.try_out(&name("a"), second(green.upstream()), 99));
    assert_eq!(endpoint.gateway.compared(&name("a")).unwrap().tried.calls, 4, "a larger share counts on");
    let draining = endpoint.gateway.promote(&name("a")).unwrap();
    assert_eq!(draining.left(), 3, "those of the earlier version stay on it");
    assert_eq!(by(&endpoint.open().await).await, "green");
    assert_eq!((by(&sessions[0]).await, by(&sessions[1]).await), ("blue".to_owned(), "green".to_owned()));
    assert!(endpoint.gateway.compared(&name("a")).is_none());
}

#[tokio::test]
async fn what_is_withdrawn_ends_with_its_sessions_and_nobody_else_notices() {
    let (blue, green) = (named("blue"), named("green"));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    assert!(endpoint.gateway.try_out(&name("a"), second(green.upstream()), 50));
    let (stays, ends) = (endpoint.open().await, endpoint.open().await);
    endpoint.gateway.withdraw(&name("a"));
    assert_eq!(by(&stays).await, "blue");
    assert_eq!(ends.send(&call(2, "echo", json!({}))).await.status(), 404, "it may begin anew");
    until(|| green.alive() == 0).await;
    for _ in 0..3 {
        assert_eq!(by(&endpoint.open().await).await, "blue");
    }
}

#[tokio::test]
async fn what_is_barred_is_not_tried_and_what_is_tried_can_be_barred() {
    let (blue, green) = (named("blue"), named("green"));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    let two = vec![Version::parse("2.0.0").unwrap()];
    assert!(!endpoint.gateway.try_out(&name("b"), second(green.upstream()), 50), "nothing of it serves");
    assert!(endpoint.gateway.try_out(&name("a"), second(green.upstream()), 99));
    endpoint.open().await;
    let ends = endpoint.open().await;
    endpoint.gateway.bar(&name("a"), Some(two), "it is not trusted".to_owned());
    assert_eq!(ends.send(&call(2, "echo", json!({}))).await.status(), 404);
    until(|| green.alive() == 0).await;
    assert!(endpoint.gateway.compared(&name("a")).is_none());
    assert!(!endpoint.gateway.try_out(&name("a"), second(green.upstream()), 50));
    assert_eq!(by(&endpoint.open().await).await, "blue");
    assert!(endpoint.gateway.promote(&name("a")).is_none());
}

#[tokio::test]
async fn what_cannot_be_opened_is_counted_and_what_serves_may_be_barred_meanwhile() {
    let (blue, broken) = (named("blue"), Fake::new(|_| vec![Say::End]));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    assert!(endpoint.gateway.try_out(&name("a"), second(broken.upstream()), 50));
    let _first = endpoint.open().await;
    let refused = endpoint.post("a", &initialize()).send().await.unwrap();
    assert!(refused.status().is_server_error(), "{}", refused.status());
    let seen = endpoint.gateway.compared(&name("a")).unwrap();
    assert_eq!((seen.tried.calls, seen.tried.failed, seen.serving.failed), (1, 1, 0));
    let one = vec![Version::parse("1.0.0").unwrap()];
    endpoint.gateway.bar(&name("a"), Some(one), "it is not trusted".to_owned());
    assert!(endpoint.gateway.compared(&name("a")).is_some(), "the repair is tried on");
}

#[tokio::test]
async fn what_has_no_session_stays_with_who_asks() {
    let serve = |label: &'static str| {
        serve_http(move |posted| {
            let body =
                json!({"jsonrpc": "2.0", "id": posted.body["id"], "result": {"content": [], "by": label}});
            http_json("200 OK", "", &body.to_string())
        })
    };
    let endpoint = Endpoint::of(quick(), Upstream::Http { url: serve("blue").await }).await;
    let tried = second(Upstream::Http { url: serve("green").await });
    assert!(endpoint.gateway.try_out(&name("a"), tried, 50));
    let client = endpoint.client();
    let mut by = Vec::new();
    for id in 0..6 {
        let post = client.post(format!("{}a", endpoint.base)).header("content-type", "application/json");
        let post = post.header("accept", "application/json, text/event-stream");
        let said = messages(post.body(call(id, "echo", json!({})).to_string()).send().await.unwrap()).await;
        by.push(said[0]["result"]["by"].clone());
    }
    by.dedup();
    assert_eq!(by.len(), 1, "one connection is led to one version: {by:?}");
}

#[tokio::test]
async fn a_server_that_is_removed_takes_what_is_tried_along() {
    let (blue, green) = (named("blue"), named("green"));
    let endpoint = Endpoint::of(quick(), blue.upstream()).await;
    assert!(endpoint.gateway.try_out(&name("a"), second(green.upstream()), 99));
    let _sessions = [endpoint.open().await, endpoint.open().await];
    endpoint.gateway.unroute(&name("a"));
    until(|| blue.alive() + green.alive() == 0).await;
    assert!(endpoint.gateway.compared(&name("a")).is_none());
}

#[tokio::test]
async fn sessions_of_http_servers_stay_on_what_is_tried_too() {
    let serve = |label: &'static str| {
        serve_http(move |posted| {
            let body =
                json!({"jsonrpc": "2.0", "id": posted.body["id"], "result": {"content": [], "by": label}});
            http_json("200 OK", &format!("mcp-session-id: {label}\r\n"), &body.to_string())
        })
    };
    let endpoint = Endpoint::of(quick(), Upstream::Http { url: serve("blue").await }).await;
    let tried = second(Upstream::Http { url: serve("green").await });
    assert!(endpoint.gateway.try_out(&name("a"), tried, 50));
    let mut opened = Vec::new();
    for _ in 0..2 {
        let answer = endpoint.post("a", &initialize()).send().await.unwrap();
        opened.push(answer.headers()["mcp-session-id"].to_str().unwrap().to_owned());
    }
    assert_eq!(opened, ["blue", "green"]);
    let open = || endpoint.gateway.open_sessions().into_iter().collect::<Vec<_>>();
    assert_eq!(open(), [((name("a"), None), 2)]);
    for session in ["green", "green", "blue", "green"] {
        let call = endpoint.post("a", &call(1, "echo", json!({}))).header("mcp-session-id", session);
        assert_eq!(messages(call.send().await.unwrap()).await[0]["result"]["by"], session);
    }
}
