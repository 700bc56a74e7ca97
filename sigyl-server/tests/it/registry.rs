//! The registry as editors and other clients read it, and as publishers write it.

use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use sigyl_server::Config;

use crate::app::{Reply, TestApp};

const OFFICIAL: &str = "io.modelcontextprotocol.registry/official";

fn document(name: &str, version: &str) -> Value {
    json!({
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": name,
        "description": "Tells the time",
        "version": version,
        "remotes": [{"type": "streamable-http", "url": format!("https://{}.example.com/mcp", name.replace('/', "."))}],
    })
}

async fn published(app: &TestApp, key: &str, name: &str, version: &str) -> Reply {
    app.tell("POST", "/v0.1/publish", Some(key), Some(&document(name, version))).await
}

#[tokio::test]
async fn a_document_is_published_listed_deprecated_deleted_and_restored() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    assert_eq!(published(&app, &key, "com.example/clock", "1.0.0").await.status, StatusCode::OK);
    assert_eq!(published(&app, &key, "com.example/clock", "1.0.0").await.status, StatusCode::CONFLICT);
    assert_eq!(published(&app, &key, "com.example/clock", "1.1.0").await.status, StatusCode::OK);
    let at = "/v0.1/servers/com.example%2Fclock";
    let latest = app.get(&format!("{at}/versions/latest")).await.json();
    assert_eq!(latest["server"], document("com.example/clock", "1.1.0"));
    assert_eq!(latest["_meta"][OFFICIAL]["isLatest"], true);
    let mirrored = app.get("/v0/servers/com.example%2Fclock/versions/1.1.0").await.json();
    assert_eq!(mirrored, latest);
    let deprecated = json!({"status": "deprecated", "statusMessage": "use another"});
    let path = format!("{at}/versions/1.0.0/status");
    let changed = app.tell("PATCH", &path, Some(&key), Some(&deprecated)).await;
    assert_eq!(changed.json()["_meta"][OFFICIAL]["statusMessage"], "use another", "{changed:?}");
    let gone = app.tell("DELETE", &format!("{at}/versions/1.1.0"), Some(&key), None).await;
    assert_eq!(gone.json()["_meta"][OFFICIAL]["status"], "deleted", "{gone:?}");
    assert_eq!(app.get(&format!("{at}/versions/latest")).await.json()["server"]["version"], "1.0.0");
    let all =
        app.tell("PATCH", &format!("{at}/status"), Some(&key), Some(&json!({"status": "active"}))).await;
    assert_eq!(all.json()["updatedCount"], 2, "{all:?}");
    app.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told_with_its_place() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let mut wrong = document("com.example/clock", "^1.0.0");
    wrong["description"] = "x".repeat(101).into();
    let refused = app.tell("POST", "/v0.1/publish", Some(&key), Some(&wrong)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let places: Vec<_> =
        refused.json()["errors"].as_array().unwrap().iter().map(|one| one["location"].clone()).collect();
    assert!(
        places.contains(&json!("body/version")) && places.contains(&json!("body/description")),
        "{places:?}"
    );
    let told = app.tell("POST", "/v0.1/validate", None, Some(&wrong)).await;
    assert_eq!((told.status, told.json()["valid"].as_bool()), (StatusCode::OK, Some(false)));
    app.end().await;
}

/// Official clients refuse a whole page for one document without a version, or with a name without a namespace.
#[tokio::test]
async fn what_strict_readers_refuse_is_told_and_left_out_when_they_ask() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let row = |line: usize, name: &str, version: Option<&str>| {
        let mut server = document("com.example/clock", "1.0.0");
        server["name"] = json!(name);
        server["remotes"] = json!([]);
        match version {
            Some(version) => server["version"] = json!(version),
            None => drop(server.as_object_mut().unwrap().remove("version")),
        }
        json!({"line": line, "text": json!({"server": server}).to_string()})
    };
    let rows = [
        row(1, "com.example/clock", Some("1.0.0")),
        row(2, "Gmail", Some("1.0.0")),
        row(3, "com.example/none", None),
    ];
    let body = json!({"source": "others", "rows": rows});
    let report = app.tell("POST", "/api/v1/imports", Some(&key), Some(&body)).await;
    assert_eq!((&report.json()["added"], &report.json()["incomplete"]), (&json!(3), &json!(2)), "{report:?}");
    for prefix in ["/v0.1", "/v0"] {
        let names = |reply: Reply| -> Vec<String> {
            let servers = reply.json()["servers"].as_array().unwrap().clone();
            servers.iter().map(|one| one["server"]["name"].as_str().unwrap().to_owned()).collect()
        };
        let complete = app.get(&format!("{prefix}/servers?complete_only=true")).await;
        assert_eq!(names(complete), ["com.example/clock"]);
        let all = app.get(&format!("{prefix}/servers")).await;
        assert_eq!(names(all), ["Gmail", "com.example/clock", "com.example/none"]);
        let kept = app.get(&format!("{prefix}/servers/Gmail/versions/1.0.0")).await;
        assert_eq!(kept.json()["server"]["name"], "Gmail");
    }
    app.end().await;
}

/// VS Code asks whether there is a registry, lists with filters, and sends the cursor alone and as it is.
#[tokio::test]
async fn vs_code_walks_the_gallery() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    for name in ["a", "b", "c"] {
        for version in ["1.0.0", "1.0.1"] {
            let reply = published(&app, &key, &format!("com.example/weather-{name}"), version).await;
            assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        }
    }
    published(&app, &key, "com.example/clock", "1.0.0").await;
    assert_eq!(app.get("/v0.1/servers?limit=1").await.status, StatusCode::OK);
    let first = app.get("/v0.1/servers?limit=2&version=latest&search=weather").await.json();
    let cursor = first["metadata"]["nextCursor"].as_str().unwrap();
    assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c)), "{cursor}");
    let second = app.get(&format!("/v0.1/servers?cursor={cursor}")).await.json();
    let names: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["servers"].as_array().unwrap())
        .map(|one| (one["server"]["name"].clone(), one["server"]["version"].clone()))
        .collect();
    let expected: Vec<_> =
        ["a", "b", "c"].map(|name| (json!(format!("com.example/weather-{name}")), json!("1.0.1"))).into();
    assert_eq!(names, expected);
    assert_eq!(second["metadata"].get("nextCursor"), None);
    for forged in ["x", "%00", "AAAA", &cursor[1..], &cursor.replace(&cursor[..4], "AAAA")] {
        let refused = app.get(&format!("/v0.1/servers?cursor={forged}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{forged}");
    }
    app.end().await;
}

/// Copilot never sends a key, and asks from a browser: it needs these headers, also before it asks.
#[tokio::test]
async fn copilot_may_read_and_nobody_elsewhere_may_write() {
    let mut config = Config::default();
    config.anonymous_read = true;
    let app = TestApp::with(config).await;
    let key = app.admin_key().await;
    published(&app, &key, "com.example/clock", "1.0.0").await;
    for path in [
        "/v0.1/servers",
        "/v0.1/servers/com.example%2Fclock/versions/latest",
        "/v0.1/servers/com.example%2Fclock/versions/9",
    ] {
        for method in ["OPTIONS", "GET"] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("host", "registry.example")
                .header("origin", "https://github.com")
                .header("access-control-request-method", "GET");
            let reply = app.send(request.body(Default::default()).unwrap()).await;
            assert!(reply.status != 401 && reply.status != 403, "{method} {path}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), "*");
            assert_eq!(reply.header("access-control-allow-methods"), "GET, OPTIONS");
            assert_eq!(reply.header("access-control-allow-headers"), "Authorization, Content-Type");
        }
    }
    assert_eq!(app.ask("OPTIONS", "/v0.1/servers").await.status, StatusCode::NO_CONTENT);
    let refused = app.tell("POST", "/v0.1/publish", None, Some(&document("com.example/x", "1.0.0"))).await;
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (StatusCode::UNAUTHORIZED, "")
    );
    app.end().await;
}

#[tokio::test]
async fn a_web_page_of_elsewhere_does_not_read_what_only_this_machine_is_shown() {
    let app = TestApp::start().await;
    let bearer = format!("Bearer {}", app.admin_key().await);
    for (origin, key, readable) in [
        (None, None, "*"),
        (Some("http://localhost:3000"), None, "*"),
        (Some("https://elsewhere.example"), None, ""),
        (Some("null"), None, ""),
        (Some("https://elsewhere.example"), Some(&bearer), "*"),
    ] {
        let mut request = Request::builder().uri("/v0.1/servers").header("host", "localhost");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let reply = app.send(request.body(Default::default()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.header("access-control-allow-origin"), readable, "{origin:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn without_a_key_only_this_machine_reads_unless_the_operator_lets_everybody() {
    let elsewhere = [("localhost", Some("192.0.2.1")), ("mcp.example.org", None)];
    let read = async |app: &TestApp, (host, forwarded): (&str, Option<&str>)| {
        let mut request = Request::builder().uri("/v0.1/servers").header("host", host);
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        app.send(request.body(Default::default()).unwrap()).await.status
    };
    let app = TestApp::start().await;
    assert_eq!(read(&app, ("localhost", None)).await, StatusCode::OK);
    for from in elsewhere {
        assert_eq!(read(&app, from).await, StatusCode::UNAUTHORIZED, "{from:?}");
    }
    app.end().await;
    let mut config = Config::default();
    config.anonymous_read = true;
    let app = TestApp::with(config).await;
    for from in elsewhere {
        assert_eq!(read(&app, from).await, StatusCode::OK, "{from:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn many_who_publish_one_version_at_once_publish_it_once() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let publish = || published(&app, &key, "com.example/race", "1.0.0");
    let (a, b, c, d) = tokio::join!(publish(), publish(), publish(), publish());
    let mut statuses = [a, b, c, d].map(|reply| reply.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    app.end().await;
}
