//! The API from end to end: a release, its events, its report; keys, members, audit.

use serde_json::{Value, json};

use crate::app::TestApp;

/// The events of a stream: name, id and data.
pub(crate) fn events(body: &[u8]) -> Vec<(String, Option<u64>, Value)> {
    let text = std::str::from_utf8(body).unwrap();
    let field =
        |block: &str, name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let block = |block: &str| {
        let data = serde_json::from_str(&field(block, "data: ")?).unwrap();
        Some((field(block, "event: ")?, field(block, "id: ").map(|id| id.parse().unwrap()), data))
    };
    text.split("\n\n").filter_map(block).collect()
}

const POISONED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/servers/poisoned");

#[tokio::test]
async fn a_release_is_told_as_it_goes_and_again_from_any_event_on() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let begun = app.tell("POST", "/api/v1/releases", Some(&key), Some(&json!({"source": POISONED}))).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let path = begun.json()["events"].as_str().unwrap().to_owned();
    let told = app.tell("GET", &path, Some(&key), None).await;
    assert_eq!(told.header("content-type"), "text/event-stream");
    let all = events(&told.body);
    let (name, _, end) = all.last().unwrap();
    assert_eq!((name.as_str(), end["run"]["state"].as_str()), ("end", Some("blocked")), "{end}");
    let ids: Vec<_> = all.iter().filter_map(|(_, id, _)| *id).collect();
    assert!(ids.len() > 3 && ids.is_sorted(), "{ids:?}");
    let middle = ids[ids.len() / 2];
    let rest = app.tell("GET", &format!("{path}?after={middle}"), Some(&key), None).await;
    let rest: Vec<_> = events(&rest.body).iter().filter_map(|(_, id, _)| *id).collect();
    assert_eq!(rest, ids.into_iter().filter(|id| *id > middle).collect::<Vec<_>>());
    let run = path.strip_suffix("/events").unwrap();
    let outcome = app.tell("GET", run, Some(&key), None).await.json();
    assert_eq!(outcome["report"]["verdict"], "block");
    let listed = app.tell("GET", "/api/v1/runs", Some(&key), None).await.json();
    assert_eq!(listed["runs"][0]["id"], outcome["run"]["id"]);
    app.end().await;
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let first = app.tell("GET", "/api/v1/servers", Some(&key), None).await;
    assert_eq!(first.json(), json!({"servers": []}));
    let request = hyper::Request::builder()
        .uri("/api/v1/servers")
        .header("host", "a")
        .header("authorization", format!("Bearer {key}"))
        .header("if-none-match", first.header("etag"));
    let again = app.send(request.body(Default::default()).unwrap()).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), first.header("etag"));
    app.end().await;
}

#[tokio::test]
async fn what_reaches_into_the_machine_takes_who_operates_it() {
    let app = TestApp::start().await;
    let deployer = app.key(None, &["deploy", "read", "approve", "secrets"]).await;
    for body in [
        json!({"source": POISONED}),
        json!({"source": "git:file:///etc"}),
        json!({"source": "npm:x", "grant": ["read=/"]}),
        json!({"source": "npm:x", "allow_scripts": ["x"]}),
    ] {
        let reply = app.tell("POST", "/api/v1/releases", Some(&deployer), Some(&body)).await;
        assert_eq!(reply.status, 403, "{body}: {reply:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn keys_and_members_are_made_and_taken_back_and_the_audit_tells_it() {
    let app = TestApp::start().await;
    let admin = app.admin_key().await;
    let tell = async |method: &str, path: &str, key: &str, body: Option<Value>| {
        app.tell(method, path, Some(key), body.as_ref()).await
    };
    let made = tell("POST", "/api/v1/accounts", &admin, Some(json!({"login": "ada"}))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let members = "/api/v1/workspaces/default/members";
    let set = tell("PUT", &format!("{members}/ada"), &admin, Some(json!({"role": "member"}))).await;
    assert_eq!(set.status, 204, "{set:?}");
    let made = tell("POST", "/api/v1/keys", &admin, Some(json!({"label": "ci", "account": "ada"}))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let (ada, id) = (made.json()["plain"].as_str().unwrap().to_owned(), made.json()["key"]["id"].clone());
    assert_eq!(tell("GET", "/api/v1/whoami", &ada, None).await.json()["roles"], json!({"default": "member"}));
    assert_eq!(tell("GET", "/api/v1/accounts", &ada, None).await.status, 403);
    let path = format!("/api/v1/keys/{}", id.as_str().unwrap());
    assert_eq!(tell("DELETE", &path, &ada, None).await.status, 204);
    assert_eq!(tell("GET", "/api/v1/whoami", &ada, None).await.status, 401);
    let audit = tell("GET", "/api/v1/audit", &admin, None).await;
    let text = audit.json().to_string();
    for what in ["create_account", "set_member", "create_key", "revoke_key"] {
        assert!(text.contains(what), "{what}: {text}");
    }
    assert!(!text.contains(&ada), "no key is in the audit");
    assert_eq!(tell("POST", "/api/v1/audit/verification", &admin, None).await.status, 200);
    app.end().await;
}

#[tokio::test]
async fn lists_are_read_in_parts_that_follow_each_other() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    for login in ["ada", "bob", "eve"] {
        let made = app.tell("POST", "/api/v1/accounts", Some(&key), Some(&json!({"login": login}))).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let whole = app.tell("GET", "/api/v1/accounts", Some(&key), None).await.json();
    assert_eq!(whole["next"], Value::Null);
    let (mut read, mut path) = (Vec::new(), "/api/v1/accounts?limit=2".to_owned());
    loop {
        let part = app.tell("GET", &path, Some(&key), None).await.json();
        read.extend(part["accounts"].as_array().unwrap().clone());
        let Some(next) = part["next"].as_str() else { break };
        assert_eq!(part["accounts"].as_array().unwrap().len(), 2);
        path = format!("/api/v1/accounts?limit=2&cursor={next}");
    }
    assert_eq!(Value::from(read), whole["accounts"]);
    for wrong in ["accounts?limit=0", "accounts?cursor=YQ", "workspaces?cursor=YWNjb3VudHMKYWRh"] {
        assert_eq!(
            app.tell("GET", &format!("/api/v1/{wrong}"), Some(&key), None).await.status,
            400,
            "{wrong}"
        );
    }
    app.end().await;
}
