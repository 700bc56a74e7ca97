//! Signing in by an issuer of OpenID Connect, well and in every way that is not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::Sha256;

use super::house::{House, login, workspace};
use crate::access::oidc::Issuer;
use crate::access::oidc::tests::{Signer, encode};
use crate::access::{SignInRules, code_challenge};
use crate::clock::Clock as _;
use crate::domain::{Action, Caller, Kind, Role, SecretValue};
use crate::error::Error;
use crate::sigyl::{BrowserBack, SignIn};
use crate::wire::v1::{LoginState, MadeKey};

const BACK: &str = "https://here.example/login/oidc/acme/callback";

/// What an issuer answers, by the path that is asked for: a status, a place to go to and a body.
type Answers = Arc<Mutex<std::collections::BTreeMap<&'static str, (u16, String, String)>>>;

/// An issuer on this machine.
struct Acme {
    url: String,
    signer: Signer,
    answers: Answers,
    /// Heads and bodies of what was asked.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Acme {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (answers, asked) = (Answers::default(), Arc::new(Mutex::new(Vec::new())));
        let (given, told) = (answers.clone(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = request(&stream);
                let path = request.split(' ').nth(1).unwrap().to_owned();
                told.lock().unwrap().push(request);
                let answer = given.lock().unwrap().get(path.as_str()).cloned();
                let (status, to, body) = answer.unwrap_or((404, String::new(), String::new()));
                let length = body.len();
                // Whoever reads enough hangs up.
                write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\nlocation: {to}\r\ncontent-length: {length}\r\n\r\n{body}").ok();
            }
        });
        let acme = Self { url, signer: Signer::new(5), answers, asked };
        acme.says("/keys", acme.signer.published("k"));
        acme.discovered(&[]);
        acme
    }

    fn answers(&self, path: &'static str, status: u16, to: &str, body: String) {
        self.answers.lock().unwrap().insert(path, (status, to.to_owned(), body));
    }

    fn says(&self, path: &'static str, body: Value) {
        self.answers(path, 200, "", body.to_string());
    }

    /// Publishes what it is, with changes.
    fn discovered(&self, change: &[(&str, Value)]) {
        let at = |path: &str| format!("{}{path}", self.url);
        let mut all = json!({"issuer": self.url, "jwks_uri": at("/keys"), "token_endpoint": at("/token"),
            "authorization_endpoint": at("/authorize?tenant=1"), "device_authorization_endpoint": at("/device")});
        for (name, value) in change {
            all[*name] = value.clone();
        }
        self.says("/.well-known/openid-configuration", all);
    }

    fn issuer(&self) -> Issuer {
        Issuer {
            name: "acme".to_owned(),
            title: "Acme".to_owned(),
            issuer: self.url.clone(),
            client_id: "us".to_owned(),
            client_secret: Some(SecretValue::new("s3cr:t")),
            scopes: vec!["profile".to_owned()],
            login_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            domains: Vec::new(),
            groups: vec!["dev".to_owned()],
            everybody: false,
        }
    }

    async fn house(&self) -> House {
        let rules = SignInRules { place: Some((workspace("red"), Role::Viewer)), ..SignInRules::default() };
        let other =
            Issuer { name: "other".to_owned(), issuer: "https://other.example".to_owned(), ..self.issuer() };
        let sign_in = SignIn { oidc: vec![self.issuer(), other], rules, ..SignIn::default() };
        House::signing_in(sign_in).await.with_people().await
    }

    fn claims(&self, house: &House, nonce: Option<&str>) -> Value {
        let now = house.clock.now().millis() / 1_000;
        json!({"iss": self.url, "aud": "us", "sub": "u-7", "iat": now, "exp": now + 300, "nonce": nonce,
            "preferred_username": "ada@acme.example", "name": "Ada", "groups": ["dev"]})
    }

    fn signed(&self, claims: &Value) -> String {
        self.signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), claims)
    }

    fn gives(&self, token: &str) {
        self.says("/token", json!({"access_token": "at", "token_type": "Bearer", "id_token": token}));
    }

    fn last_asked(&self) -> String {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

fn request(stream: &std::net::TcpStream) -> String {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
            length = value.trim().parse().unwrap();
        }
        head += &line;
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

/// A browser that was sent away.
struct Away {
    url: Url,
    cookie: SecretValue,
}

impl Away {
    async fn from(house: &House) -> Result<Self, Error> {
        let begun = house.sigyl.begin_browser_login(Some("acme"), BACK).await?;
        Ok(Self { url: Url::parse(&begun.url).unwrap(), cookie: begun.cookie })
    }

    fn sent(&self, name: &str) -> String {
        self.url.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned()
    }

    fn back<'a>(&'a self, state: &'a str) -> BrowserBack<'a> {
        BrowserBack {
            by: Some("acme"),
            state,
            cookie: self.cookie.reveal(),
            code: "c0de",
            issuer: None,
            redirect: BACK,
            address: None,
        }
    }

    async fn comes_back(&self, house: &House) -> Result<MadeKey, Error> {
        house.sigyl.end_browser_login(self.back(&self.sent("state"))).await
    }
}

#[tokio::test]
async fn a_browser_comes_back_from_an_issuer_and_is_signed_in() {
    let acme = Acme::open();
    let house = acme.house().await;
    let away = Away::from(&house).await.unwrap();
    assert!(away.url.as_str().starts_with(&format!("{}/authorize?tenant=1&response_type=code&", acme.url)));
    assert_eq!((away.sent("client_id"), away.sent("scope")), ("us".to_owned(), "openid profile".to_owned()));
    assert_eq!(
        (away.sent("redirect_uri").as_str(), away.sent("code_challenge_method").as_str()),
        (BACK, "S256")
    );
    acme.gives(&acme.signed(&acme.claims(&house, Some(&away.sent("nonce")))));
    let session = away.comes_back(&house).await.unwrap();
    let browser = house.sigyl.authenticate(session.plain.reveal(), None).await.unwrap();
    assert!(browser.name() == "ada" && browser.may_in(Action::Read, &workspace("red")));
    assert!(!browser.may(Action::Keys) && browser.key().unwrap().key.parent.is_some());
    let asked = acme.last_asked();
    let secret = STANDARD.encode("us:s3cr%3At");
    assert!(asked.contains(&format!("authorization: Basic {secret}\r\n")), "{asked}");
    let form = Url::parse(&format!("http://x/?{}", asked.rsplit("\r\n\r\n").next().unwrap())).unwrap();
    let sent = |name: &str| form.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned();
    assert_eq!((sent("code"), sent("redirect_uri")), ("c0de".to_owned(), BACK.to_owned()));
    assert_eq!(code_challenge(&SecretValue::new(sent("code_verifier"))), away.sent("code_challenge"));
    // The same person, whatever they are called now.
    let away = Away::from(&house).await.unwrap();
    let mut claims = acme.claims(&house, Some(&away.sent("nonce")));
    claims["preferred_username"] = json!("rita");
    acme.gives(&acme.signed(&claims));
    assert_eq!(away.comes_back(&house).await.unwrap().key.account, login("ada"));
    // Somebody else whose name an account of before has, and somebody who left the group.
    for (name, value, kind) in
        [("sub", json!("u-8"), Kind::Conflict), ("groups", json!(["sales"]), Kind::Denied)]
    {
        let away = Away::from(&house).await.unwrap();
        claims["nonce"] = json!(away.sent("nonce"));
        claims[name] = value;
        acme.gives(&acme.signed(&claims));
        assert_eq!(away.comes_back(&house).await.unwrap_err().kind(), kind, "{name}");
        claims["sub"] = json!("u-7");
    }
}

#[tokio::test]
async fn a_state_is_good_once_in_its_browser_at_its_issuer_and_for_a_while() {
    let acme = Acme::open();
    let house = acme.house().await;
    let code = async |back: BrowserBack<'_>| house.sigyl.end_browser_login(back).await.unwrap_err().code();
    let away = Away::from(&house).await.unwrap();
    acme.gives(&acme.signed(&acme.claims(&house, Some(&away.sent("nonce")))));
    away.comes_back(&house).await.unwrap();
    let so_far = acme.asked.lock().unwrap().len();
    assert_eq!(code(away.back(&away.sent("state"))).await, "E1020", "replayed");
    let (one, other) = (Away::from(&house).await.unwrap(), Away::from(&house).await.unwrap());
    let state = one.sent("state");
    assert_eq!(code(BrowserBack { cookie: other.cookie.reveal(), ..one.back(&state) }).await, "E1020");
    let away = Away::from(&house).await.unwrap();
    let state = away.sent("state");
    for by in [Some("other"), None] {
        assert_eq!(code(BrowserBack { by, ..away.back(&state) }).await, "E1020", "{by:?}");
    }
    let away = Away::from(&house).await.unwrap();
    let state = away.sent("state");
    let foreign = BrowserBack { issuer: Some("https://other.example"), ..away.back(&state) };
    assert_eq!(code(foreign).await, "E1020", "the answer of another issuer");
    let late = Away::from(&house).await.unwrap();
    house.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(code(late.back(&late.sent("state"))).await, "E1020");
    let asked = acme.asked.lock().unwrap();
    assert!(!asked[so_far..].iter().any(|asked| asked.starts_with("POST")), "no code was shown to anybody");
}

#[tokio::test]
async fn no_token_signs_anybody_in_that_is_not_signed_for_us_now_and_for_this_sign_in() {
    let acme = Acme::open();
    let house = acme.house().await;
    let now = house.clock.now().millis() / 1_000;
    let refused = async |token: &dyn Fn(&Value) -> String, change: (&str, Value)| {
        let away = Away::from(&house).await.unwrap();
        let mut claims = acme.claims(&house, Some(&away.sent("nonce")));
        claims[change.0] = change.1.clone();
        acme.gives(&token(&claims));
        let error = away.comes_back(&house).await.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("E1020", Kind::Denied), "{change:?}: {error}");
    };
    let honest = |claims: &Value| acme.signed(claims);
    for change in [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("iss", json!("https://other.example")),
        ("iss", json!(format!("{}/", acme.url))),
        ("aud", json!("them")),
        ("aud", json!(["us", "them"])),
        ("azp", json!("them")),
        ("exp", json!(now - 61)),
        ("exp", Value::Null),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
        ("sub", json!("")),
    ] {
        refused(&honest, change).await;
    }
    let parts = |alg: &str, claims: &Value| {
        format!("{}.{}", encode(json!({"alg": alg, "kid": "k"}).to_string()), encode(claims.to_string()))
    };
    let none = ("name", json!("Ada"));
    refused(&|claims| format!("{}.", parts("none", claims)), none.clone()).await;
    let public = acme.signer.published("k")["keys"][0]["x"].as_str().unwrap().to_owned();
    let by_public_key = |claims: &Value| {
        let signed = parts("HS256", claims);
        let mut mac = Hmac::<Sha256>::new_from_slice(public.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", encode(mac.finalize().into_bytes()))
    };
    refused(&by_public_key, none.clone()).await;
    let foreign = Signer::new(6);
    refused(&|claims| foreign.sign(&json!({"alg": "EdDSA", "kid": "k"}), claims), none.clone()).await;
    refused(&|_| "no token".to_owned(), none).await;
    let away = Away::from(&house).await.unwrap();
    acme.answers("/token", 400, "", json!({"error": "invalid_grant"}).to_string());
    assert_eq!(
        away.comes_back(&house).await.unwrap_err().to_string(),
        "Acme did not sign anybody in: invalid_grant"
    );
    let people = house.sigyl.accounts(&Caller::local_owner()).await.unwrap();
    assert!(!people.iter().any(|account| account.login == login("ada")), "no account was made");
}

#[tokio::test]
async fn an_issuer_that_publishes_what_nobody_can_use_signs_nobody_in_and_leads_nowhere() {
    let elsewhere = Acme::open();
    elsewhere.discovered(&[]);
    let acme = Acme::open();
    let house = acme.house().await;
    let keys = || acme.signer.published("k").to_string();
    let discovery = "/.well-known/openid-configuration";
    acme.discovered(&[("issuer", json!(elsewhere.url))]);
    assert_eq!(Away::from(&house).await.err().unwrap().kind(), Kind::Upstream, "another issuer");
    acme.answers(discovery, 302, &format!("{}{discovery}", elsewhere.url), String::new());
    assert_eq!(Away::from(&house).await.err().unwrap().kind(), Kind::Upstream, "a way elsewhere");
    acme.discovered(&[]);
    acme.answers("/keys", 200, "", format!("{}{}", keys(), " ".repeat(2 << 20)));
    assert_eq!(Away::from(&house).await.err().unwrap().kind(), Kind::Upstream, "too many keys");
    acme.answers("/keys", 307, &format!("{}/keys", elsewhere.url), String::new());
    assert_eq!(Away::from(&house).await.err().unwrap().kind(), Kind::Upstream, "keys of somebody else");
    acme.answers("/keys", 200, "", keys());
    acme.discovered(&[
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", Value::Null),
    ]);
    assert_eq!(Away::from(&house).await.err().unwrap().code(), "E1020", "no address of the web");
    house.clock.advance(Duration::from_secs(601));
    acme.discovered(&[("authorization_response_iss_parameter_supported", json!(true))]);
    let away = Away::from(&house).await.unwrap();
    acme.gives(&acme.signed(&acme.claims(&house, Some(&away.sent("nonce")))));
    assert_eq!(away.comes_back(&house).await.unwrap_err().code(), "E1020", "it says that it names itself");
    for status in [302, 307] {
        let away = Away::from(&house).await.unwrap();
        acme.answers("/token", status, &format!("{}/token", elsewhere.url), String::new());
        let state = away.sent("state");
        let back = BrowserBack { issuer: Some(&acme.url), ..away.back(&state) };
        let refused = house.sigyl.end_browser_login(back).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Upstream, "{refused}");
        let told = format!("{refused:?}");
        assert!(!told.contains("s3cr") && !told.contains("c0de"), "{told}");
    }
    assert!(elsewhere.asked.lock().unwrap().is_empty(), "nobody was led there");
}

#[tokio::test]
async fn a_terminal_signs_in_by_an_issuer_where_that_has_codes_for_devices() {
    let acme = Acme::open();
    let house = acme.house().await;
    acme.says(
        "/device",
        json!({"device_code": "d", "user_code": "AB-CD", "interval": 5, "expires_in": 900,
        "verification_uri": "https://acme.example/device"}),
    );
    let begun = house.sigyl.begin_device_login(Some("acme")).await.unwrap();
    assert_eq!(begun.user_code, "AB-CD");
    assert!(acme.last_asked().ends_with("scope=openid+profile"), "{}", acme.last_asked());
    let poll = async || {
        house.clock.advance(Duration::from_secs(60));
        house.sigyl.poll_device_login(&begun.ticket, None).await
    };
    acme.answers("/token", 400, "", json!({"error": "authorization_pending"}).to_string());
    assert!(matches!(poll().await.unwrap(), LoginState::Waiting { interval: 5 }));
    acme.answers("/token", 503, "", "busy".to_owned());
    assert_eq!(poll().await.unwrap_err().kind(), Kind::Upstream, "it may answer the next time");
    acme.gives(&acme.signed(&acme.claims(&house, None)));
    house.clock.advance(Duration::from_secs(60));
    acme.gives(&acme.signed(&acme.claims(&house, None)));
    let LoginState::Done(made) = house.sigyl.poll_device_login(&begun.ticket, None).await.unwrap() else {
        panic!("it waits")
    };
    assert_eq!(made.key.account, login("ada"));
    assert_eq!(poll().await.unwrap_err().code(), "E1020", "its key is shown once");
    let unknown = house.sigyl.begin_device_login(Some("oidc")).await.unwrap_err();
    assert_eq!(unknown.to_string(), "no issuer is called oidc here: acme, other");
    house.clock.advance(Duration::from_secs(601));
    acme.discovered(&[("device_authorization_endpoint", Value::Null)]);
    let none = house.sigyl.begin_device_login(Some("acme")).await.unwrap_err();
    assert_eq!((none.code(), none.kind()), ("E1021", Kind::NotFound), "{none}");
    assert!(none.to_string().contains("device_authorization_endpoint"), "{none}");
}
