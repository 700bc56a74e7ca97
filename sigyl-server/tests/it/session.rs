//! Browsers that sign in with a key.

use http_body_util::Full;
use hyper::header::{COOKIE, SET_COOKIE};
use hyper::{Request, StatusCode};
use sigyl_server::Config;

use crate::app::{Reply, TestApp};

const ELSEWHERE: &str = "registry.example";

async fn sign_in(app: &TestApp, key: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method("POST").uri("/session").header("host", ELSEWHERE);
    request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Full::new(format!("key={key}").into())).unwrap()).await
}

async fn with_cookie(app: &TestApp, method: &str, path: &str, cookie: &str) -> Reply {
    let request =
        Request::builder().method(method).uri(path).header("host", ELSEWHERE).header(COOKIE, cookie);
    let request = request.header("sec-fetch-site", "same-origin");
    app.send(request.body(Default::default()).unwrap()).await
}

fn cookie(reply: &Reply) -> String {
    reply.header(SET_COOKIE.as_str()).split(';').next().unwrap().to_owned()
}

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn a_key_lets_a_browser_in_until_it_signs_out() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    let opened = sign_in(&app, &key, &[OWN]).await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::SEE_OTHER, "/"), "{opened:?}");
    let set = opened.header("set-cookie").to_owned();
    assert!(set.contains("; Max-Age=43200; HttpOnly; SameSite=Strict") && !set.contains("Secure"), "{set}");
    assert!(!set.contains(&key));
    let cookie = cookie(&opened);
    let page = with_cookie(&app, "GET", "/", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.body).contains("Sign out"));
    // It is for pages alone.
    assert_eq!(with_cookie(&app, "GET", "/api/v1/servers", &cookie).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(with_cookie(&app, "GET", "/v0.1/servers", &cookie).await.status, StatusCode::UNAUTHORIZED);
    let ended = with_cookie(&app, "POST", "/session/end", &cookie).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{ended:?}");
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    let after = with_cookie(&app, "GET", "/", &cookie).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    assert!(after.header("set-cookie").contains("Max-Age=0"), "{after:?}");
    app.end().await;
}

#[tokio::test]
async fn only_a_form_of_this_server_signs_in_or_out() {
    let app = TestApp::start().await;
    let key = app.admin_key().await;
    for headers in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://other.registry.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let refused = sign_in(&app, &key, headers).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(refused.header("set-cookie"), "", "{headers:?}");
    }
    let own = sign_in(&app, &key, &[("origin", "http://registry.example")]).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    let request = Request::builder().method("POST").uri("/session/end").header("host", ELSEWHERE);
    let request = request.header(COOKIE, cookie(&own)).header("sec-fetch-site", "cross-site");
    let refused = app.send(request.body(Default::default()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(with_cookie(&app, "GET", "/", &cookie(&own)).await.status, StatusCode::OK);
    app.end().await;
}

#[tokio::test]
async fn a_wrong_key_is_told_and_counted_like_any_other() {
    let mut config = Config::default();
    config.rates.login.burst = 5;
    let app = TestApp::with(config).await;
    let key = app.admin_key().await;
    let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('A') { 'B' } else { 'A' });
    let mut statuses = Vec::new();
    for key in [wrong.as_str(), "", "nonsense", &"x".repeat(600), &wrong, &wrong, &wrong] {
        let refused = sign_in(&app, key, &[OWN]).await;
        assert!(!String::from_utf8_lossy(&refused.body).contains(&wrong));
        assert_eq!(refused.header("set-cookie"), "");
        statuses.push(refused.status.as_u16());
    }
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    app.end().await;
}

#[tokio::test]
async fn a_session_ends_with_the_key_that_opened_it_and_everybody_still_sees_what_everybody_sees() {
    let mut config = Config::default();
    config.anonymous_read = true;
    let app = TestApp::with(config).await;
    let key = app.key(None, &["browse", "read", "keys"]).await;
    let cookie = cookie(&sign_in(&app, &key, &[OWN]).await);
    let listed = app.tell("GET", "/api/v1/keys", Some(&key), None).await.json();
    let own = key.split('_').nth(1).unwrap();
    assert!(listed["keys"].as_array().unwrap().iter().any(|it| it["parent"] == own), "{listed}");
    let revoked = app.tell("DELETE", &format!("/api/v1/keys/{own}"), Some(&key), None).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT, "{revoked:?}");
    let page = with_cookie(&app, "GET", "/", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.body).contains("href=\"/sign-in\""));
    assert!(page.header("set-cookie").contains("Max-Age=0"));
    app.end().await;
}
