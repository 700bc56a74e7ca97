//! The pages: what strangers wrote stays text, who may see what, and what a browser is told to allow.

use hyper::header::{ACCEPT, HeaderValue};
use hyper::{Request, StatusCode};
use serde_json::json;
use sigyl_core::domain::{Caller, ListingStatus};
use sigyl_core::wire::registry::{ImportRow, StatusUpdate};
use sigyl_server::Config;

use crate::app::{Reply, TestApp};

/// Markup, an address that runs, and characters that turn text around or are not seen.
const HOSTILE: &str =
    "</title></code>\"'><script>alert(1)</script><img src=x onerror=alert(2)> \u{202e}evil\u{200b}\u{2066}";

/// Every page but those of servers and files.
const PAGES: [&str; 9] = [
    "/",
    "/?q=clock&sort=updated",
    "/?page=99",
    "/docs",
    "/docs/server",
    "/docs/clients",
    "/docs/rules",
    "/search?q=key",
    "/api",
];

async fn with_document(config: Config, document: &serde_json::Value) -> TestApp {
    let app = TestApp::with(config).await;
    let rows = vec![ImportRow { line: 1, text: document.to_string() }];
    let report = app.core.import(&Caller::local_owner(), HOSTILE, rows).await.unwrap();
    assert_eq!(report.added, 1, "{report:?}");
    app
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

async fn page(app: &TestApp, path: &str, host: &str) -> Reply {
    let request = Request::builder().uri(path).header("host", host).header(ACCEPT, "text/html,*/*;q=0.8");
    app.send(request.body(Default::default()).unwrap()).await
}

/// A document with hostile text in every field that a page could show.
fn hostile() -> serde_json::Value {
    let value = json!({"name": HOSTILE, "description": HOSTILE, "value": HOSTILE, "isSecret": false});
    json!({
        "name": format!("com.example/{HOSTILE}"), "title": HOSTILE, "description": HOSTILE, "version": format!("1{HOSTILE}"),
        "websiteUrl": "javascript:alert(1)//https://x",
        "repository": {"url": format!("https://x/{HOSTILE}"), "source": HOSTILE, "subfolder": HOSTILE},
        "remotes": [
            {"type": "streamable-http", "url": format!("javascript:alert('{HOSTILE}')"), "headers": [value]},
            {"type": HOSTILE, "url": HOSTILE},
        ],
        "packages": [{
            "registryType": "npm", "identifier": HOSTILE, "version": HOSTILE, "transport": {"type": "stdio"},
            "environmentVariables": [value], "packageArguments": [{"type": "positional", "value": HOSTILE}],
        }, {"registryType": HOSTILE, "identifier": HOSTILE, "transport": {"type": HOSTILE}}],
        "_meta": {HOSTILE: {HOSTILE: [HOSTILE]}},
    })
}

/// Reads markup and fails where an element, an attribute or an address is not one of ours.
fn assert_tame(html: &str, path: &str) {
    const ATTRIBUTES: &str = " action aria-current aria-describedby aria-hidden aria-label aria-labelledby autocomplete charset checked class \
        content datetime dir for hidden href id lang maxlength method name open placeholder rel required role scope selected spellcheck \
        tabindex title type value ";
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, more) = after.split_once('>').unwrap();
        rest = more;
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        let is_ours = name == "!DOCTYPE"
            || !matches!(name, "script" | "img" | "iframe" | "object" | "embed" | "svg" | "style" | "base");
        assert!(is_ours, "<{tag}> in {path}");
        let mut left = tag.split_once(' ').map_or("", |(_, attributes)| attributes);
        while let Some((attribute, value)) = left.split_once("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            left = after;
            let attribute = attribute.trim();
            assert!(ATTRIBUTES.contains(&format!(" {attribute} ")), "{attribute} in <{tag}> in {path}");
            let leads = !["href", "action"].contains(&attribute)
                || [
                    "/",
                    "#",
                    "https://",
                    "http://",
                    "vscode:mcp/install?",
                    "cursor://anysphere.cursor-deeplink/",
                ]
                .iter()
                .any(|start| value.starts_with(start));
            assert!(leads && !value.starts_with("//"), "{attribute}={value} in {path}");
        }
    }
    for odd in ['\u{202e}', '\u{200b}', '\u{2066}'] {
        assert!(!html.contains(odd), "{odd:?} in {path}");
    }
}

#[tokio::test]
async fn text_of_strangers_is_text_on_every_page() {
    let app = with_document(Config::default(), &hostile()).await;
    let name = format!("com.example/{HOSTILE}");
    let gone =
        StatusUpdate { status: ListingStatus::Deprecated, status_message: Some("<b>x</b>".to_owned()) };
    app.core.set_status_of_all(&Caller::local_owner(), &name, gone).await.unwrap();
    let listed = text(&app.get("/").await);
    let at =
        listed.split("<h3><a dir=\"auto\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let server = app.get(&at).await;
    assert_eq!(server.status, StatusCode::OK, "{}", text(&server));
    let shown = text(&server);
    assert!(shown.contains("⟦RLO⟧evil⟦ZWSP⟧⟦LRI⟧") && shown.contains("&lt;script&gt;alert(1)"), "{shown}");
    assert!(shown.contains("&lt;b&gt;x&lt;/b&gt;"), "{shown}");
    let hostile_query = "%3C%2Ftitle%3E%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AE";
    for path in [
        at.as_str(),
        "/",
        &format!("/?q={hostile_query}"),
        &format!("/search?q={hostile_query}"),
        &format!("/docs/{hostile_query}"),
        &format!("/servers/{hostile_query}"),
        &format!("{at}?version={hostile_query}"),
        &format!("/{hostile_query}"),
    ] {
        let reply = page(&app, path, "localhost").await;
        assert!(reply.header("content-type").starts_with("text/html"), "{path}");
        assert_tame(&text(&reply), path);
    }
    app.end().await;
}

#[tokio::test]
async fn what_a_released_server_and_its_people_say_is_text_too() {
    const MARKUP: &str = "</title></code>\"'><script>alert(1)</script><img src=x onerror=alert(2)>";
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let folder = app.data_dir.parent().unwrap().join("source");
    std::fs::create_dir_all(&folder).unwrap();
    let manifest = json!({
        "name": "toy", "version": "1.0.0", "title": MARKUP, "description": MARKUP, "runtime": "python",
        "entryPoint": "main.py", "startCommand": {"type": "stdio"},
    });
    std::fs::write(folder.join("sigyl.yaml"), manifest.to_string()).unwrap();
    std::fs::write(folder.join("main.py"), "print('hello')\n").unwrap();
    let begun = app.tell("POST", "/api/v1/releases", Some(&key), Some(&json!({"source": folder}))).await;
    let events = begun.json()["events"].as_str().unwrap().to_owned();
    app.tell("GET", &events, Some(&key), None).await;
    let told = json!({"title": MARKUP, "description": MARKUP, "category": "tools"});
    let edited = app.tell("PATCH", "/api/v1/servers/toy", Some(&key), Some(&told)).await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    let named = app.tell("PATCH", "/api/v1/me", Some(&key), Some(&json!({"name": MARKUP}))).await;
    assert_eq!(named.status, StatusCode::OK, "{named:?}");
    let form = Request::builder().method("POST").uri("/session").header("host", "localhost");
    let form = form
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    let opened = app.send(form.body(format!("key={key}").into()).unwrap()).await;
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    for path in [
        "/",
        "/?q=toy&sort=updated",
        "/servers/internal.sigyl/toy",
        "/servers/internal.sigyl/toy?version=1.0.0",
    ] {
        let asked = Request::builder().uri(path).header("host", "localhost").header("cookie", &cookie);
        let reply =
            app.send(asked.header("sec-fetch-site", "same-origin").body(Default::default()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        let html = text(&reply);
        assert!(html.contains("Sign out") && html.contains("&lt;script&gt;alert(1)"), "{path}: {html}");
        assert_tame(&html, path);
    }
    app.end().await;
}

#[tokio::test]
async fn a_page_runs_nothing_loads_nothing_and_stands_in_no_frame() {
    let app = TestApp::start().await;
    let style = text(&app.get("/").await);
    let style =
        style.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in PAGES.iter().copied().chain(["/sign-in", "/nothing", style.as_str()]) {
        let reply = page(&app, path, "localhost").await;
        let policy = reply.header("content-security-policy");
        for wanted in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(wanted), "{wanted} for {path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
        if path != style {
            let html = text(&reply);
            assert_tame(&html, path);
            assert_eq!(html.matches("<h1").count(), 1, "{path}");
            assert_eq!(html.matches("<main id=\"main\"").count(), 1, "{path}");
        }
    }
    let sheet = app.get(&style).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(sheet.header("cache-control").contains("immutable"));
    assert!(!text(&sheet).contains("url(") && !text(&sheet).contains("@import"));
    app.end().await;
}

#[tokio::test]
async fn pages_are_shown_to_whom_the_registry_is_and_the_rest_are_told_how_to_come_in() {
    let document = json!({"name": "com.example/clock", "version": "1.0.0", "description": "x"});
    let elsewhere = "registry.example";
    let server = "/servers/com.example/clock";
    let app = with_document(Config::default(), &document).await;
    for path in PAGES.iter().copied().chain([server, "/servers/com.example%2Fclock"]) {
        assert_eq!(page(&app, path, "localhost").await.status, StatusCode::OK, "{path}");
        let refused = page(&app, path, elsewhere).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(text(&refused).contains("href=\"/sign-in\""), "{path}");
        let keyless = app.tell("GET", path, Some(&app.key(None, &["keys"]).await), None).await;
        assert_eq!(keyless.status, StatusCode::FORBIDDEN, "{path}");
        let key = app.key(None, &["browse"]).await;
        assert_eq!(app.tell("GET", path, Some(&key), None).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(page(&app, "/sign-in", elsewhere).await.status, StatusCode::OK);
    app.end().await;
    let mut config = Config::default();
    config.anonymous_read = true;
    let app = with_document(config, &document).await;
    for path in PAGES.iter().copied().chain([server]) {
        assert_eq!(page(&app, path, elsewhere).await.status, StatusCode::OK, "{path}");
    }
    app.end().await;
}

#[tokio::test]
async fn what_is_not_there_or_hidden_is_a_page_that_says_so() {
    let document = json!({"name": "com.example/clock", "version": "1.0.0", "description": "x"});
    let app = with_document(Config::default(), &document).await;
    app.core.delete_listing(&Caller::local_owner(), "com.example/clock", "1.0.0").await.unwrap();
    for path in [
        "/servers/com.example/clock",
        "/servers/com.example/none",
        "/docs/none",
        "/nothing",
        "/assets/none.css",
    ] {
        let reply = page(&app, path, "localhost").await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert!(reply.header("content-type").starts_with("text/html"), "{path}");
        assert!(text(&reply).contains("There is nothing here"), "{path}");
    }
    let listed = text(&app.get("/").await);
    assert!(!listed.contains("com.example/clock"), "{listed}");
    for path in ["/?page=x", "/?sort=x", "/?q=a&q=b", "/servers/%ff"] {
        assert_eq!(page(&app, path, "localhost").await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    app.end().await;
}

#[tokio::test]
async fn programs_are_answered_as_before_and_the_document_leaves_pages_out() {
    let app = TestApp::start().await;
    let program = app.get("/nothing").await;
    assert_eq!(program.header("content-type"), "application/problem+json");
    let mut request =
        Request::builder().uri("/v0.1/servers/none/versions/latest").header("host", "localhost");
    request = request.header(ACCEPT, HeaderValue::from_static("text/html"));
    let api = app.send(request.body(Default::default()).unwrap()).await;
    assert_eq!(api.header("content-type"), "application/problem+json");
    let paths = app.get("/openapi.json").await.json()["paths"].clone();
    for page in ["/", "/docs", "/servers/{name}", "/session", "/sign-in"] {
        assert!(paths.get(page).is_none(), "{page}");
    }
    app.end().await;
}
