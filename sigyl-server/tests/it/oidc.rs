//! A browser that signs in by an issuer of OpenID Connect, against a small one on this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{COOKIE, SET_COOKIE};
use hyper::{Request, StatusCode};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sigyl_core::SignIn;
use sigyl_core::access::oidc::Issuer;
use sigyl_core::clock::{Clock as _, FixedClock};
use sigyl_server::Config;

use crate::app::{Reply, TestApp};

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Serves an issuer whose token says what `claims` holds; returns its address.
fn issuer(claims: Arc<Mutex<Value>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let own = url.clone();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let mut rest = String::new();
            while reader.read_line(&mut rest).unwrap() > 2 {}
            let at = |path: &str| format!("{own}{path}");
            let answer = match first.split(' ').nth(1).unwrap() {
                "/keys" => {
                    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())}]})
                }
                "/token" => {
                    let claims = claims.lock().unwrap().to_string();
                    let signed = format!("{}.{}", encode(r#"{"alg":"EdDSA"}"#), encode(claims));
                    let token = format!("{signed}.{}", encode(pair.sign(signed.as_bytes())));
                    json!({"access_token": "at", "token_type": "Bearer", "id_token": token})
                }
                _ => json!({"issuer": own, "jwks_uri": at("/keys"), "token_endpoint": at("/token"),
                    "authorization_endpoint": at("/authorize")}),
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

async fn browser(app: &TestApp, path: &str, cookie: &str) -> Reply {
    let request = Request::builder().uri(path).header("host", "localhost").header(COOKIE, cookie);
    app.send(request.body(Default::default()).unwrap()).await
}

fn sent(to: &str, name: &str) -> String {
    to.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_comes_back_from_an_issuer_with_the_session_of_every_sign_in() {
    let claims = Arc::new(Mutex::new(Value::Null));
    let url = issuer(claims.clone());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut owned =
        sigyl_core::Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    let clock = Arc::new(FixedClock::default());
    owned.clock = clock.clone();
    let acme = Issuer {
        name: "acme".to_owned(),
        title: "<Acme>".to_owned(),
        issuer: url.clone(),
        client_id: "us".to_owned(),
        client_secret: None,
        scopes: Vec::new(),
        login_claim: "preferred_username".to_owned(),
        groups_claim: "groups".to_owned(),
        domains: Vec::new(),
        groups: Vec::new(),
        everybody: true,
    };
    owned.sign_in = SignIn { oidc: vec![acme], ..SignIn::default() };
    let app = TestApp::over(owned, Config::default(), folder).await;
    let page = String::from_utf8(app.get("/sign-in").await.body.into()).unwrap();
    assert!(
        page.contains("href=\"/login/oidc/acme\"") && page.contains("Sign in with &lt;Acme&gt;"),
        "{page}"
    );
    assert_eq!(app.get("/login/oidc/other").await.status, StatusCode::NOT_FOUND);
    let begun = app.get("/login/oidc/acme").await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    let (to, set) = (begun.header("location").to_owned(), begun.header("set-cookie").to_owned());
    assert!(to.starts_with(&format!("{url}/authorize?response_type=code&client_id=us&")), "{to}");
    assert!(sent(&to, "redirect_uri").ends_with("%2Flogin%2Foidc%2Facme%2Fcallback"), "{to}");
    assert!(set.starts_with("sigyl_login=") && set.contains("HttpOnly; SameSite=Lax"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    let now = clock.now().millis() / 1_000;
    *claims.lock().unwrap() = json!({"iss": url, "aud": "us", "sub": "7", "exp": now + 60,
        "nonce": sent(&to, "nonce"), "preferred_username": "ada"});
    let back = format!("/login/oidc/acme/callback?code=good&state={}", sent(&to, "state"));
    let signed_in = browser(&app, &back, &cookie).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{signed_in:?}");
    let set: Vec<_> = signed_in.headers.get_all(SET_COOKIE).iter().map(|it| it.to_str().unwrap()).collect();
    assert!(set[0].starts_with("sigyl_session=") && set[0].contains("HttpOnly; SameSite=Strict"), "{set:?}");
    assert!(set[1].starts_with("sigyl_login=;") && set[1].contains("Max-Age=0"), "{set:?}");
    let home = browser(&app, "/", set[0].split(';').next().unwrap()).await;
    assert!(String::from_utf8_lossy(&home.body).contains("ada"), "{home:?}");
    let again = browser(&app, &back, &cookie).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "its state was used");
    assert!(again.header("set-cookie").starts_with("sigyl_login=;"), "{again:?}");
    let terminal = app.tell("POST", "/api/v1/login/device?by=oidc", None, None).await;
    assert_eq!((terminal.status, terminal.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("E1021")));
    app.end().await;
}
