//! The life of servers over HTTP: what is said of them, and quarantine.

use serde_json::json;
use sigyl_core::domain::Digest;

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
