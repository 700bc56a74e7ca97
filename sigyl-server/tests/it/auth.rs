//! Who comes in: keys in every shape, how often, and that nothing is read before.

use http_body_util::Full;
use hyper::{Request, StatusCode};
use sigyl_core::access::{Rate, Rates};
use sigyl_core::domain::{Caller, KeyId, Label, Network, Scope};
use sigyl_core::wire::v1::{AuditFrom, NewKey};
use sigyl_server::Config;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::{Reply, TestApp};

async fn shown(app: &TestApp, values: &[&str]) -> Reply {
    let mut request = Request::builder().uri("/api/v1/whoami").header("host", app.address.to_string());
    for value in values {
        request = request.header("authorization", *value);
    }
    app.send(request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn a_good_key_comes_in_and_says_whose_it_is() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let reply = shown(&app, &[&format!("{scheme} {key}")]).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        assert_eq!(reply.json()["account"]["administrator"], true);
        assert!(reply.json().to_string().find(&key).is_none());
    }
    app.end().await;
}

#[tokio::test]
async fn what_is_no_good_key_stays_out_and_all_of_it_reads_the_same() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let (id, short) = (key.split('_').nth(1).unwrap(), &key[..key.len() - 1]);
    let never = format!("Bearer sigyl_{id}_{}", "A".repeat(43));
    for value in [&never, &format!("Bearer {short}"), &format!("Bearer {key}x"), &"Bearer x".to_owned()] {
        let reply = shown(&app, &[value]).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"sigyl\"");
        assert_eq!(reply.json()["detail"], "the key is not known", "{value}");
    }
    for value in ["Bearer", "Bearer ", "Basic eDp5", "bearer", &format!("Bearer {}", "k".repeat(5_000))] {
        assert_eq!(shown(&app, &[value]).await.status, StatusCode::UNAUTHORIZED, "{value}");
    }
    let good = format!("Bearer {key}");
    assert_eq!(shown(&app, &[&good, &good]).await.status, StatusCode::BAD_REQUEST);
    app.end().await;
}

#[tokio::test]
async fn nothing_of_a_request_is_read_before_it_is_known_who_asks() {
    let app = TestApp::start().await;
    for (method, path) in [
        ("GET", "/api/v1/servers/%zz"),
        ("GET", "/api/v1/runs?limit=many"),
        ("GET", "/api/v1/runs?a=1&a=2"),
        ("POST", "/api/v1/releases"),
        ("PUT", "/api/v1/workspaces/%00/members/%ff"),
    ] {
        assert_eq!(app.ask(method, path).await.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    let key = app.admin_key().await;
    for (path, status) in [
        ("/api/v1/servers/%zz", StatusCode::BAD_REQUEST),
        ("/api/v1/servers/nothing", StatusCode::NOT_FOUND),
        ("/api/v1/runs?limit=many", StatusCode::BAD_REQUEST),
        ("/api/v1/runs?a=1&a=2", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(app.tell("GET", path, Some(&key), None).await.status, status, "{path}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_key_that_is_revoked_while_a_body_is_coming_changes_nothing() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let id = app.core.authenticate(&key, None).await.unwrap().key().unwrap().key.id.clone();
    let mut stream = app.connect().await;
    let body = r#"{"login":"eve"}"#;
    let (first, second) = body.split_at(5);
    let head = format!(
        "POST /api/v1/accounts HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\nconnection: close\r\n"
    );
    let length = body.len();
    let more =
        format!("content-type: application/json\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n");
    stream.write_all(format!("{head}{more}").as_bytes()).await.unwrap();
    // The body is asked for once the key was found good.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first.as_bytes()).await.unwrap();
    app.core.revoke_key(&Caller::local_owner(), &id).await.unwrap();
    stream.write_all(second.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    let accounts = app.core.accounts(&Caller::local_owner()).await.unwrap();
    assert!(accounts.iter().all(|account| account.login.as_str() != "eve"), "{accounts:?}");
    app.end().await;
}

#[tokio::test]
async fn names_that_are_paths_lead_nowhere() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    for name in [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "..",
        ".",
        "a%00b",
        "a%5c..%5cb",
        "%ff",
        "%2fetc",
        "a%2f..%2fb",
        "%252e%252e",
    ] {
        for path in [
            format!("/api/v1/servers/{name}"),
            format!("/api/v1/servers/{name}/secrets"),
            format!("/v0.1/servers/{name}/versions/{name}"),
            format!("/servers/{name}"),
            format!("/docs/{name}"),
            format!("/mcp/{name}"),
            format!("/api/v1/quarantines/{name}"),
        ] {
            let status = app.tell("GET", &path, Some(&key), None).await.status.as_u16();
            assert!([400, 404, 405].contains(&status), "{path}: {status}");
        }
    }
    app.end().await;
}

#[tokio::test]
async fn bodies_of_bad_shapes_are_refused_with_what_is_wrong() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (kind, body, status) in [
        ("application/json", &b"{\"label\":\"a\",\"label\":\"b\"}"[..], StatusCode::BAD_REQUEST),
        ("application/json", b"{\"label\":\"\\u0000\"}", StatusCode::BAD_REQUEST),
        ("application/json", b"{\"label\":\"\xff\"}", StatusCode::BAD_REQUEST),
        ("application/json", b"{\"label\":\"a\",\"other\":1}", StatusCode::BAD_REQUEST),
        ("application/json", b"{\"label\":\"a\"", StatusCode::BAD_REQUEST),
        ("application/json", deep.as_bytes(), StatusCode::BAD_REQUEST),
        ("application/json", &vec![b' '; 1 << 20], StatusCode::PAYLOAD_TOO_LARGE),
        ("text/plain", b"{\"label\":\"a\"}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/json; charset=utf-8", b"{\"label\":\"a\"}", StatusCode::CREATED),
    ] {
        let request = Request::builder()
            .method("POST")
            .uri("/api/v1/keys")
            .header("host", "a")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", kind);
        let reply = app.send(request.body(Full::new(body.to_vec().into())).unwrap()).await;
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(reply.status, status, "{start} {:?}", reply.body);
    }
    app.end().await;
}

fn rates(burst: u32) -> Config {
    let rate = Rate { burst, every: Duration::from_secs(3_600) };
    let mut config = Config::default();
    config.rates = Rates { read: rate, write: rate, deploy: rate, login: rate, buckets: 100 };
    config
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let app = TestApp::with(rates(2)).await;
    let (one, two) = (app.admin_key().await, app.admin_key().await);
    let ask = async |key: &str| app.tell("GET", "/api/v1/whoami", Some(key), None).await;
    let first = ask(&one).await;
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("2", "1"));
    assert_eq!(ask(&one).await.status, StatusCode::OK);
    let refused = ask(&one).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 3_000, "{refused:?}");
    assert_eq!(ask(&two).await.status, StatusCode::OK, "another key has its own share");
    assert_eq!(app.get("/health").await.status, StatusCode::OK);
    app.end().await;
}

#[tokio::test]
async fn who_tries_keys_is_slowed_before_they_are_looked_at() {
    let app = TestApp::with(rates(2)).await;
    let ask = async |key: &str| app.tell("GET", "/api/v1/whoami", Some(key), None).await;
    let revoked = app.admin_key().await;
    let id = KeyId::parse(revoked.split('_').nth(1).unwrap()).unwrap();
    app.core.revoke_key(&Caller::local_owner(), &id).await.unwrap();
    for status in [401, 401, 429, 429] {
        assert_eq!(ask(&revoked).await.status, status);
    }
    let late = ask(&app.admin_key().await).await;
    assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "nobody knows yet that this one is good");
    assert!(late.header("retry-after").parse::<u64>().unwrap() > 3_000, "{late:?}");
    let audit = app.core.audit(&Caller::local_owner(), AuditFrom::End, 1_000).await.unwrap().items;
    let refused = audit.iter().filter(|entry| entry.fact.what == "authenticate").count();
    assert_eq!(refused, 1, "what follows within a minute is counted");
    app.end().await;
}

#[tokio::test]
async fn who_is_turned_away_without_a_key_is_counted_and_a_good_key_is_not_slowed_by_it() {
    for (method, path, authorization, status) in [
        ("GET", "/api/v1/whoami", None, StatusCode::UNAUTHORIZED),
        ("GET", "/api/v1/whoami", Some("Basic eDp5"), StatusCode::UNAUTHORIZED),
        ("GET", "/nothing", None, StatusCode::NOT_FOUND),
        ("GET", "/nothing", Some("Bearer x"), StatusCode::NOT_FOUND),
        ("BREW", "/health", None, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let app = TestApp::with(rates(2)).await;
        let key = app.admin_key().await;
        for status in [status, status, StatusCode::TOO_MANY_REQUESTS] {
            let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let reply = app.send(request.body(Full::default()).unwrap()).await;
            assert_eq!(reply.status, status, "{method} {path} {authorization:?}");
        }
        assert_eq!(app.tell("GET", "/api/v1/whoami", Some(&key), None).await.status, StatusCode::OK);
        app.end().await;
    }
}

#[tokio::test]
async fn a_good_key_takes_nothing_of_what_refusals_take() {
    let mut config = rates(2);
    config.rates.read.burst = 100;
    let app = TestApp::with(config).await;
    let key = app.admin_key().await;
    let ask = async |key: &str| app.tell("GET", "/api/v1/whoami", Some(key), None).await.status;
    assert_eq!(ask("sigyl_0000000000000000_x").await, StatusCode::UNAUTHORIZED);
    for _ in 0..5 {
        let (one, two, three) = tokio::join!(ask(&key), ask(&key), ask(&key));
        assert_eq!([one, two, three], [StatusCode::OK; 3]);
    }
    app.end().await;
}

#[tokio::test]
async fn a_key_for_a_network_is_not_good_for_whom_a_proxy_does_not_name() {
    let mut config = Config::default();
    config.trusted_proxies = vec![Network::parse("127.0.0.0/8").unwrap()];
    let app = TestApp::with(config).await;
    let new = NewKey {
        label: Label::parse("test").unwrap(),
        scopes: vec![Scope::parse("*").unwrap()],
        workspace: None,
        networks: vec![Network::parse("127.0.0.0/8").unwrap(), Network::parse("192.0.2.0/24").unwrap()],
        expires: None,
        account: None,
        view: None,
    };
    let made = app.core.create_key(&Caller::local_owner(), new).await.unwrap();
    for (forwarded, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("unknown"), StatusCode::UNAUTHORIZED),
        (Some("203.0.113.1"), StatusCode::UNAUTHORIZED),
        (Some("192.0.2.1:4711"), StatusCode::OK),
    ] {
        let mut request = Request::builder().uri("/api/v1/whoami").header("host", "a");
        request = request.header("authorization", format!("Bearer {}", made.plain.reveal()));
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let reply = app.send(request.body(Full::default()).unwrap()).await;
        assert_eq!(reply.status, status, "{forwarded:?}");
    }
    app.end().await;
}
