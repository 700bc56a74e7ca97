//! Signing in by GitHub, at a terminal and in a browser, against a small stand-in for GitHub.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use hyper::header::{COOKIE, SET_COOKIE};
use hyper::{Request, StatusCode};
use serde_json::json;
use sigyl_core::SignIn;
use sigyl_core::access::SignInRules;
use sigyl_core::clock::FixedClock;
use sigyl_core::domain::SecretValue;
use sigyl_core::github::{GitHubClient, GitHubConfig};
use sigyl_core::web::Web;
use sigyl_server::Config;

use crate::app::{Reply, TestApp};

/// Answers as GitHub does, for a user called Octocat; the code `bad` is none.
fn github() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut form = vec![0; length];
            reader.read_exact(&mut form).unwrap();
            let form = String::from_utf8(form).unwrap();
            let answer = match first.split(' ').nth(1).unwrap() {
                "/login/device/code" => json!({"device_code": "d", "user_code": "AB-CD", "interval": 1,
                    "verification_uri": "https://github.example/login/device", "expires_in": 900}),
                "/login/oauth/access_token" if form.contains("code=bad&") => {
                    json!({"error": "bad_verification_code"})
                }
                "/login/oauth/access_token" => json!({"access_token": "ghu_0", "token_type": "bearer"}),
                "/user" => json!({"id": 583_231, "login": "Octocat", "name": null}),
                _ => json!([{"login": "octo-org"}]),
            };
            let answer = answer.to_string();
            let length = answer.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}"
            )
            .unwrap();
        }
    });
    url
}

async fn app(users: &[&str]) -> (TestApp, Arc<FixedClock>) {
    let url = github();
    let config = GitHubConfig {
        api_url: url.clone(),
        oauth_url: url,
        web_url: "https://github.example".to_owned(),
        client_id: "Iv1.x".to_owned(),
        client_secret: Some(SecretValue::new("s3cret")),
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut owned =
        sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    let clock = Arc::new(FixedClock::default());
    owned.clock = clock.clone();
    let users = users.iter().map(|&user| user.to_owned()).collect();
    owned.sign_in = SignIn {
        github: Some(Arc::new(GitHubClient::new(config, Web::default()))),
        rules: SignInRules { users, ..SignInRules::default() },
        ..SignIn::default()
    };
    (TestApp::over(owned, Config::default(), folder).await, clock)
}

#[tokio::test]
async fn a_terminal_signs_in_with_a_code_that_somebody_types() {
    let (app, clock) = app(&["octocat"]).await;
    let begun = app.tell("POST", "/api/v1/login/device", None, None).await;
    assert_eq!((begun.status, begun.json()["user_code"].as_str()), (StatusCode::OK, Some("AB-CD")));
    let ticket = json!({"ticket": begun.json()["ticket"]});
    let poll = async || app.tell("POST", "/api/v1/login/device/token", None, Some(&ticket)).await;
    let early = poll().await;
    assert_eq!((early.status, early.json()), (StatusCode::ACCEPTED, json!({"waiting": {"interval": 1}})));
    clock.advance(std::time::Duration::from_secs(1));
    let done = poll().await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let key = done.json()["done"]["plain"].as_str().unwrap().to_owned();
    let who = app.tell("GET", "/api/v1/whoami", Some(&key), None).await.json();
    assert_eq!(
        (who["account"]["login"].as_str(), who["key"]["sign_in"].as_bool()),
        (Some("octocat"), Some(true))
    );
    assert_eq!(poll().await.status, StatusCode::FORBIDDEN, "the key is shown once");
    let id = who["key"]["id"].as_str().unwrap();
    let out = app.tell("DELETE", &format!("/api/v1/keys/{id}"), Some(&key), None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(app.tell("GET", "/api/v1/whoami", Some(&key), None).await.status, StatusCode::UNAUTHORIZED);
    app.end().await;
}

async fn browser(app: &TestApp, path: &str, cookie: &str) -> Reply {
    let request = Request::builder().uri(path).header("host", "localhost").header(COOKIE, cookie);
    app.send(request.body(Default::default()).unwrap()).await
}

/// Sends a browser to GitHub; returns its cookie and the state that it comes back with.
async fn sent(app: &TestApp) -> (String, String) {
    let sent = app.get("/login").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    let set = sent.header("set-cookie");
    assert!(set.starts_with("sigyl_login=") && set.contains("HttpOnly; SameSite=Lax"), "{set}");
    let to = sent.header("location");
    assert!(to.starts_with("https://github.example/login/oauth/authorize?client_id=Iv1.x&"), "{to}");
    assert!(to.contains("code_challenge_method=S256") && !to.contains("s3cret"), "{to}");
    let state = to.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    (set.split(';').next().unwrap().to_owned(), state)
}

#[tokio::test]
async fn a_browser_comes_back_from_github_and_is_signed_in() {
    let (app, _) = app(&["octocat"]).await;
    assert!(String::from_utf8_lossy(&app.get("/sign-in").await.body).contains("Sign in with GitHub"));
    let (cookie, state) = sent(&app).await;
    let back = format!("/login/callback?code=good&state={state}");
    let stolen = browser(&app, &back, "").await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "another browser: {stolen:?}");
    assert_eq!(browser(&app, &back, &cookie).await.status, StatusCode::FORBIDDEN, "its state was used");
    let (cookie, state) = sent(&app).await;
    let back = format!("/login/callback?code=good&state={state}");
    let signed_in = browser(&app, &back, &cookie).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{signed_in:?}");
    let set: Vec<_> = signed_in.headers.get_all(SET_COOKIE).iter().map(|it| it.to_str().unwrap()).collect();
    assert!(set[0].starts_with("sigyl_session=") && set[0].contains("HttpOnly; SameSite=Strict"), "{set:?}");
    assert!(set[1].starts_with("sigyl_login=;") && set[1].contains("Max-Age=0"), "{set:?}");
    let session = set[0].split(';').next().unwrap();
    let page = browser(&app, "/", session).await;
    assert!(String::from_utf8_lossy(&page.body).contains("octocat"), "{page:?}");
    let (cookie, state) = sent(&app).await;
    for wrong in [format!("code=bad&state={state}"), "error=access_denied".to_owned(), String::new()] {
        let refused = browser(&app, &format!("/login/callback?{wrong}"), &cookie).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(refused.header("set-cookie").starts_with("sigyl_login=;"), "{refused:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn whom_no_rule_names_gets_no_account_and_is_told_so() {
    let (app, _) = app(&["somebody-else"]).await;
    let (cookie, state) = sent(&app).await;
    let refused = browser(&app, &format!("/login/callback?code=good&state={state}"), &cookie).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let text = String::from_utf8_lossy(&refused.body).into_owned();
    assert!(text.contains("Octocat has no account here, and no rule of this server makes one"), "{text}");
    app.end().await;
    let plain = TestApp::start().await;
    assert_eq!(plain.get("/login").await.status, StatusCode::NOT_FOUND);
    assert!(!String::from_utf8_lossy(&plain.get("/sign-in").await.body).contains("GitHub"));
    assert_eq!(plain.tell("POST", "/api/v1/login/device", None, None).await.status, StatusCode::NOT_FOUND);
    plain.end().await;
}
