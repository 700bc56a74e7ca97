//! The life of servers over HTTP: what is said of them, their events, and quarantine.

use serde_json::json;
use sigyl_core::domain::Digest;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::TestApp;

const CLOCK: &str = include_str!("../../../sigyl-core/tests/data/registry/clock.json");

#[tokio::test]
async fn a_document_under_quarantine_is_in_no_view_until_it_is_lifted() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let document = serde_json::from_str(CLOCK).unwrap();
    let published = app.tell("POST", "/v0.1/publish", Some(&key), Some(&document)).await;
    assert_eq!(published.status, 200, "{published:?}");
    let views = [
        "/v0.1/servers?include_deleted=true",
        "/v0/servers",
        "/v0.1/servers?updated_since=2020-01-01T00:00:00Z",
        "/v0.1/x/internal.sigyl/search?q=clock",
    ];
    let shown = async || {
        let mut counts = Vec::new();
        for view in views {
            let listed = app.tell("GET", view, Some(&key), None).await;
            assert_eq!(listed.status, 200, "{view}: {listed:?}");
            counts.push(listed.json()["servers"].as_array().unwrap().len());
        }
        counts
    };
    assert_eq!(shown().await, [1; 4]);
    let body = json!({"what": "com.example/clock", "reason": "it leaks"});
    let put = app.tell("POST", "/api/v1/quarantines", Some(&key), Some(&body)).await;
    assert_eq!((put.status.as_u16(), &put.json()["quarantine"]["reason"]), (201, &json!("it leaks")));
    assert_eq!(shown().await, [0; 4]);
    let one = "/v0.1/servers/com.example%2Fclock/versions";
    for path in [one.to_owned(), format!("{one}/latest"), format!("{one}/1.2.0")] {
        assert_eq!(app.tell("GET", &path, Some(&key), None).await.status, 404, "{path}");
    }
    let again = app.tell("POST", "/api/v1/quarantines", Some(&key), Some(&body)).await;
    assert_eq!(again.status, 409);
    let mut next = document.clone();
    next["version"] = json!("9.0.0");
    let refused = app.tell("POST", "/v0.1/publish", Some(&key), Some(&next)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (422, &json!("E0308")));
    let listed = app.tell("GET", "/api/v1/quarantines", Some(&key), None).await.json();
    assert_eq!(listed["quarantines"][0]["what"], "com.example/clock");

    let lift = "/api/v1/quarantines/com.example%2Fclock/lifting";
    let lifted = app.tell("POST", lift, Some(&key), Some(&json!({"reason": "mended"}))).await;
    assert_eq!(lifted.status, 200, "{lifted:?}");
    assert_eq!(shown().await, [1; 4]);
    app.end().await;
}

#[tokio::test]
async fn what_is_put_under_quarantine_has_to_be_named_exactly() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let digest = Digest::of(b"x");
    for (what, reason, status) in [
        (digest.hex(), "bare", 400),
        ("Not a name".to_owned(), "why", 400),
        (digest.to_string(), " ", 400),
        (digest.to_string(), "known bad", 201),
        ("not-here-yet".to_owned(), "is never to come", 201),
    ] {
        let body = json!({"what": what, "reason": reason});
        let reply = app.tell("POST", "/api/v1/quarantines", Some(&key), Some(&body)).await;
        assert_eq!(reply.status, status, "{body}: {reply:?}");
    }
    app.end().await;
}

/// Records a server, which does not start for want of anything that could run it.
async fn server(app: &TestApp) -> (String, String) {
    let key = app.admin_key().await;
    let folder = app.data_dir.parent().unwrap().join("source");
    std::fs::create_dir_all(&folder).unwrap();
    let manifest =
        "name: toy\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n";
    std::fs::write(folder.join("sigyl.yaml"), manifest).unwrap();
    std::fs::write(folder.join("main.py"), "print('hello')\n").unwrap();
    let begun = app.tell("POST", "/api/v1/releases", Some(&key), Some(&json!({"source": folder}))).await;
    let events = begun.json()["events"].as_str().unwrap().to_owned();
    app.tell("GET", &events, Some(&key), None).await;
    let listed = app.tell("GET", "/api/v1/servers", Some(&key), None).await;
    assert_eq!(listed.json()["servers"][0]["server"]["name"], "toy", "{listed:?}");
    (key, "/api/v1/servers/toy".to_owned())
}

#[tokio::test]
async fn a_server_is_described_and_rated_and_the_registry_shows_it() {
    let app = TestApp::start().await;
    let (key, toy) = server(&app).await;
    let tell = async |method: &str, path: &str, body: Option<serde_json::Value>| {
        app.tell(method, path, Some(&key), body.as_ref()).await
    };
    let edited = tell("PATCH", &toy, Some(json!({"title": "Sundial", "tags": ["sky"]}))).await;
    assert_eq!((edited.status.as_u16(), &edited.json()["overlay"]["title"]), (200, &json!("Sundial")));
    for bad in [json!({}), json!({"icon": "http://a.example"}), json!({"tags": ["A b"]}), json!({"x": 1})] {
        assert_eq!(tell("PATCH", &toy, Some(bad.clone())).await.status, 400, "{bad}");
    }
    let rating = format!("{toy}/rating");
    for bad in [json!({"stars": 0}), json!({"stars": 6}), json!({"stars": 4.5}), json!({})] {
        assert_eq!(tell("PUT", &rating, Some(bad.clone())).await.status, 400, "{bad}");
    }
    for stars in [2, 4] {
        let put = tell("PUT", &rating, Some(json!({"stars": stars, "comment": "as it is"}))).await;
        assert_eq!(put.status, 204, "{put:?}");
    }
    let listed = tell("GET", &format!("{toy}/ratings"), None).await.json();
    assert_eq!(
        (&listed["total"], listed["ratings"].as_array().unwrap().len()),
        (&json!({"count": 1, "average": 4.0}), 1)
    );
    let found = tell("GET", "/v0.1/x/internal.sigyl/search?q=sundial", None).await.json();
    let meta = &found["servers"][0]["_meta"]["internal.sigyl/registry"];
    assert_eq!((&meta["profile"]["tags"], &meta["rating"]["average"]), (&json!(["sky"]), &json!(4.0)));
    assert!(meta["profile"].get("by").is_none(), "whoever reads the registry is not told who wrote it");
    assert_eq!(tell("DELETE", &rating, None).await.status, 204);
    assert_eq!(tell("DELETE", &rating, None).await.status, 404);
    app.end().await;
}

/// A stream of events that is open.
struct Events(tokio::io::BufReader<tokio::net::TcpStream>);

impl Events {
    async fn of(app: &TestApp, key: &str, path: &str) -> Self {
        let mut stream = app.connect().await;
        let asked = format!("GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        Self(tokio::io::BufReader::new(stream))
    }

    /// Reads on to what an event says that holds a word.
    async fn telling(&mut self, word: &str) -> String {
        loop {
            let line = self.until(r#"data: {"seq""#).await.unwrap();
            if line.contains(word) {
                return line;
            }
        }
    }

    /// Reads on to a line that begins so; nothing when the stream ends before.
    async fn until(&mut self, start: &str) -> Option<String> {
        let mut line = String::new();
        while self.0.read_line(&mut line).await.ok()? > 0 {
            if line.starts_with(start) {
                return Some(line);
            }
            line.clear();
        }
        None
    }
}

#[tokio::test]
async fn events_are_told_from_a_number_on_and_end_when_the_key_is_revoked() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let reader = app.key(None, &["read"]).await;
    let mut live = Events::of(&app, &reader, "/api/v1/events").await;
    assert!(live.until("HTTP/1.1 200").await.is_some());
    assert!(live.until("event: open").await.is_some());
    let (_, toy) = server(&app).await;
    assert!(live.until("event: event").await.is_some());
    app.tell("PATCH", &toy, Some(&key), Some(&json!({"title": "Toy"}))).await;
    let edited = live.telling("edited").await;
    assert!(edited.contains(r#""server":"toy""#), "{edited}");
    let mut again = Events::of(&app, &reader, "/api/v1/events?after=0&kind=edited&server=toy").await;
    assert_eq!(
        again.telling(r#""kind""#).await,
        edited,
        "the first that comes again is the one that was wanted"
    );
    for (path, status) in [
        ("/api/v1/events?kind=nonsense", 400),
        ("/api/v1/events?after=x", 400),
        ("/api/v1/events?server=nobody", 404),
    ] {
        assert_eq!(app.tell("GET", path, Some(&reader), None).await.status, status, "{path}");
    }
    let id = reader.split('_').nth(1).unwrap();
    assert_eq!(app.tell("DELETE", &format!("/api/v1/keys/{id}"), Some(&key), None).await.status, 204);
    assert!(live.until("event: failed").await.is_some(), "it is told");
    assert!(live.until("nothing more").await.is_none(), "and it is over");
    assert!(again.until("event: failed").await.is_some());
    app.end().await;
}

#[tokio::test]
async fn one_key_has_so_many_streams_open_and_others_have_their_own() {
    let mut bounds = sigyl_server::Bounds::default();
    bounds.streams_each = 2;
    bounds.streams = 3;
    let app = TestApp::bounded(bounds).await;
    let (one, other) = (app.key(None, &["read"]).await, app.key(None, &["read"]).await);
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = Events::of(&app, &one, "/api/v1/events").await;
        stream.until("event: open").await.unwrap();
        open.push(stream);
    }
    let refused = app.tell("GET", "/api/v1/events", Some(&one), None).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "5"));
    let mut stream = Events::of(&app, &other, "/api/v1/events").await;
    stream.until("event: open").await.unwrap();
    let full = app.tell("GET", "/api/v1/events", Some(&other), None).await;
    assert_eq!((full.status.as_u16(), full.header("retry-after")), (503, "1"));
    app.end().await;
}

#[tokio::test]
async fn a_request_under_an_idempotency_key_is_done_once() {
    let app = TestApp::start().await;
    let (key, other) = (app.admin_key().await, app.admin_key().await);
    let send = async |key: &str, path: &str, once: &str, body: serde_json::Value| {
        let request = hyper::Request::builder()
            .method("POST")
            .uri(path)
            .header("host", "a")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .header("idempotency-key", once);
        app.send(request.body(body.to_string().into()).unwrap()).await
    };
    let accounts = "/api/v1/accounts";
    let first = send(&key, accounts, "one", json!({"login": "ada"})).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let again = send(&key, accounts, "one", json!({"login": "ada"})).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    for (key, path, once, body, status) in [
        // Another body, address or caller under the same key.
        (&key, accounts, "one", json!({"login": "bob"}), 409),
        (&key, "/api/v1/accounts?x=1", "one", json!({"login": "ada"}), 409),
        (&other, accounts, "one", json!({"login": "ada"}), 409),
        // What was refused was not done.
        (&key, accounts, "two", json!({"login": "not a login"}), 400),
        (&key, accounts, "two", json!({"login": "bob"}), 201),
        (&key, accounts, &"x".repeat(201), json!({"login": "eve"}), 400),
    ] {
        let reply = send(key, path, once, body.clone()).await;
        assert_eq!(reply.status, status, "{once} {body}: {reply:?}");
    }
    let made = send(&key, "/api/v1/keys", "key", json!({"label": "ci"})).await;
    assert_eq!(made.status, 201);
    let again = send(&key, "/api/v1/keys", "key", json!({"label": "ci"})).await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["code"]),
        (409, &json!("E1014")),
        "a secret is shown once"
    );
    // Who may less is not told again what who might more was told.
    let account = app.core.authenticate(&key, None).await.unwrap().key().unwrap().account.login.clone();
    let second = sigyl_core::domain::Login::parse("bob").unwrap();
    let owner = sigyl_core::domain::Caller::local_owner();
    app.core.set_administrator(&owner, &second, true).await.unwrap();
    app.core.set_administrator(&owner, &account, false).await.unwrap();
    let less = send(&key, accounts, "one", json!({"login": "ada"})).await;
    assert_eq!(less.status, 403, "{less:?}");
    app.core.set_administrator(&owner, &account, true).await.unwrap();
    assert_eq!(send(&key, accounts, "one", json!({"login": "ada"})).await.status, 201, "as before");
    // What gives a right takes none: who sends it again is answered.
    for _ in 0..2 {
        let body = json!({"name": "team", "owner": account.as_str()});
        assert_eq!(send(&key, "/api/v1/workspaces", "team", body).await.status, 201);
    }
    let many = (0..8).map(|_| send(&key, accounts, "many", json!({"login": "mia"})));
    let replies = futures_util::future::join_all(many).await;
    assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status.as_u16())), "{replies:?}");
    let audit = app.tell("GET", "/api/v1/audit", Some(&key), None).await.json().to_string();
    assert_eq!(audit.matches("\"on\":\"mia\"").count(), 1, "{audit}");
    app.end().await;
}

#[tokio::test]
async fn bodies_under_idempotency_keys_have_their_room_together() {
    let mut bounds = sigyl_server::Bounds::default();
    bounds.once_bytes = 64 << 10;
    let app = TestApp::bounded(bounds).await;
    let key = app.admin_key().await;
    let head = |name: &str, length: usize| {
        format!(
            "POST /api/v1/accounts HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
             content-type: application/json\r\nidempotency-key: {name}\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut waiting = app.connect().await;
    // It is told to go on once it has its room: nobody else may take some of it before.
    let first = head("one", 60 << 10).replacen("host: a", "host: a\r\nexpect: 100-continue", 1);
    waiting.write_all(first.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    waiting.read_exact(&mut told).await.unwrap();
    assert_eq!(told.as_slice(), b"HTTP/1.1 100 Continue\r\n\r\n");
    let status = async |name: &str, length: usize, body: usize| {
        let said = app.raw(format!("{}{}", head(name, length), " ".repeat(body)).as_bytes()).await;
        said.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    // What is refused is not read: a body that is sent all the same may take the answer along.
    assert_eq!(status("two", 9 << 10, 0).await, "503", "there is no room beside the first");
    let large = status("large", 5 << 20, 0).await;
    assert_eq!(large, "413", "what is too large is told so, whatever room there is");
    drop(waiting);
    // It is refused as no JSON once there is room.
    let has_room = async {
        loop {
            let status = status("two", 9 << 10, 9 << 10).await;
            if !["503", ""].contains(&status.as_str()) {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(std::time::Duration::from_secs(20), has_room).await.unwrap();
    // Or it is told that a try before it was cut off, or that it asks too often: there was room all the same.
    assert!(["400", "409", "429"].contains(&status.as_str()), "{status}");
    app.end().await;
}

#[tokio::test]
async fn who_asks_for_a_document_is_counted_once_a_day() {
    let app = TestApp::start().await;
    let (key, toy) = server(&app).await;
    let document = "/v0.1/servers/internal.sigyl%2Ftoy/versions/latest";
    for shown in [Some(key.as_str()), None, Some(key.as_str()), None] {
        assert_eq!(app.tell("GET", document, shown, None).await.status, 200);
    }
    let counted = async {
        loop {
            let view = app.tell("GET", &toy, Some(&key), None).await.json();
            if view["downloads"] == 2 {
                return;
            }
            assert!(view["downloads"].as_u64().unwrap() < 2, "{view}");
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), counted).await.unwrap();
    app.end().await;
}
