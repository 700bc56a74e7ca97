//! Signing in by GitHub, and by the tokens of jobs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::house::{House, login, workspace};
use crate::access::oidc::Expected;
use crate::access::oidc::tests::Signer;
use crate::access::{SignInRules, Trust};
use crate::clock::Clock as _;
use crate::domain::{Action, AuditOutcome, Caller, Kind, Proof, Role, SecretValue};
use crate::github::{DeviceCode, DeviceState, GitHub, GitHubError, GitHubUser};
use crate::sigyl::{BrowserBack, SignIn};
use crate::wire::v1::{AuditFrom, LoginState};

/// A GitHub at which one user is signed in; what it was shown is kept.
#[derive(Debug, Default)]
struct Fake {
    user: Mutex<Option<GitHubUser>>,
    polls: Mutex<Vec<DeviceState>>,
    shown: Mutex<Vec<String>>,
}

#[async_trait]
impl GitHub for Fake {
    async fn begin_device(&self) -> Result<DeviceCode, GitHubError> {
        Ok(DeviceCode {
            device: SecretValue::new("device"),
            user_code: "AB-CD".to_owned(),
            verification_uri: "https://github.example/login/device".to_owned(),
            interval: 5,
            expires_in: 900,
        })
    }

    async fn poll_device(&self, _: &SecretValue) -> Result<DeviceState, GitHubError> {
        self.polls.lock().unwrap().pop().ok_or(GitHubError::Expired)
    }

    fn authorize_url(&self, redirect: &str, state: &str, challenge: &str) -> String {
        format!("{redirect} {state} {challenge}")
    }

    async fn exchange(
        &self,
        code: &str,
        verifier: &SecretValue,
        _: &str,
    ) -> Result<SecretValue, GitHubError> {
        self.shown.lock().unwrap().push(format!("{code} {}", verifier.reveal()));
        Ok(SecretValue::new("token"))
    }

    async fn user(&self, _: &SecretValue) -> Result<GitHubUser, GitHubError> {
        self.user.lock().unwrap().clone().ok_or(GitHubError::Expired)
    }

    async fn organisations(&self, _: &SecretValue) -> Result<Vec<String>, GitHubError> {
        Ok(vec!["octo-org".to_owned()])
    }

    fn issuer(&self) -> &'static str {
        "https://github.example"
    }

    fn has_browser_flow(&self) -> bool {
        true
    }
}

fn user(id: u64, login: &str) -> GitHubUser {
    GitHubUser { id, login: login.to_owned(), name: Some("The Cat".to_owned()) }
}

async fn house(rules: SignInRules, trust: Vec<Trust>) -> (House, Arc<Fake>) {
    let fake = Arc::new(Fake::default());
    let github: Arc<dyn GitHub> = fake.clone();
    let house = House::signing_in(SignIn { github: Some(github), rules, trust, ..SignIn::default() })
        .await
        .with_people()
        .await;
    *fake.user.lock().unwrap() = Some(user(7, "Octocat"));
    (house, fake)
}

fn members_of_octo_org() -> SignInRules {
    SignInRules {
        users: Vec::new(),
        organisations: vec!["Octo-Org".to_owned()],
        place: Some((workspace("red"), Role::Viewer)),
    }
}

/// Signs in at a terminal, once GitHub says that the code was typed.
async fn at_a_terminal(house: &House, fake: &Fake) -> Result<Caller, crate::error::Error> {
    let begun = house.sigyl.begin_device_login(None).await?;
    *fake.polls.lock().unwrap() = vec![DeviceState::Token(SecretValue::new("token"))];
    house.clock.advance(Duration::from_secs(5));
    match house.sigyl.poll_device_login(&begun.ticket, None).await? {
        LoginState::Done(made) => house.sigyl.authenticate(made.plain.reveal(), None).await,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_terminal_waits_for_github_and_asks_no_more_often_than_it_may() {
    let (house, fake) = house(members_of_octo_org(), Vec::new()).await;
    let begun = house.sigyl.begin_device_login(None).await.unwrap();
    *fake.polls.lock().unwrap() =
        vec![DeviceState::Token(SecretValue::new("token")), DeviceState::Waiting { slower: Some(9) }];
    let poll = async || house.sigyl.poll_device_login(&begun.ticket, None).await;
    let waits = async |seconds| matches!(poll().await.unwrap(), LoginState::Waiting { interval } if interval == seconds);
    assert!(waits(5).await && fake.polls.lock().unwrap().len() == 2, "too early to ask");
    house.clock.advance(Duration::from_secs(5));
    assert!(waits(9).await);
    house.clock.advance(Duration::from_secs(8));
    assert!(waits(9).await && fake.polls.lock().unwrap().len() == 1);
    house.clock.advance(Duration::from_secs(1));
    assert!(matches!(poll().await.unwrap(), LoginState::Done(_)));
    assert_eq!(poll().await.unwrap_err().code(), "E1020", "its key is shown once");
}

#[tokio::test]
async fn an_account_is_made_once_and_only_where_a_rule_says_so() {
    let (house, fake) = house(members_of_octo_org(), Vec::new()).await;
    let octocat = at_a_terminal(&house, &fake).await.unwrap();
    assert_eq!(octocat.name(), "octocat");
    assert!(
        octocat.may_in(Action::Read, &workspace("red")) && !octocat.may_in(Action::Deploy, &workspace("red"))
    );
    assert!(octocat.key().unwrap().key.expires.is_some());
    let told = house.sigyl.audit(&Caller::local_owner(), AuditFrom::End, 1).await.unwrap().items.remove(0);
    assert_eq!((told.fact.what.as_str(), told.fact.outcome), ("sign_in", AuditOutcome::Done));
    // Called otherwise now, and the same person.
    *fake.user.lock().unwrap() = Some(user(7, "rita"));
    let again = at_a_terminal(&house, &fake).await.unwrap();
    assert_eq!(again.account(), octocat.account());
    // Somebody else who is called as an account that has nothing to do with GitHub.
    *fake.user.lock().unwrap() = Some(user(8, "Rita"));
    let refused = at_a_terminal(&house, &fake).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.to_string()),
        (Kind::Conflict, "no account can be made for Rita: another account has this login".to_owned())
    );
    house.sigyl.disable_account(&Caller::local_owner(), &login("octocat"), true).await.unwrap();
    *fake.user.lock().unwrap() = Some(user(7, "Octocat"));
    assert_eq!(at_a_terminal(&house, &fake).await.unwrap_err().kind(), Kind::Denied);
    let (closed, fake) = self::house(SignInRules::default(), Vec::new()).await;
    let refused = at_a_terminal(&closed, &fake).await.unwrap_err();
    assert_eq!(refused.to_string(), "Octocat has no account here, and no rule of this server makes one");
    assert_eq!(House::empty().await.sigyl.begin_device_login(None).await.unwrap_err().code(), "E1021");
}

#[tokio::test]
async fn a_browser_comes_back_once_and_is_the_one_that_was_sent() {
    let (house, fake) = house(members_of_octo_org(), Vec::new()).await;
    let begin = async || {
        let begun = house.sigyl.begin_browser_login(None, "https://here/login/callback").await.unwrap();
        let state = begun.url.split(' ').nth(1).unwrap().to_owned();
        (state, begun.cookie)
    };
    let end = async |state: &str, cookie: &str| {
        let back = BrowserBack {
            by: None,
            state,
            cookie,
            code: "code",
            issuer: None,
            redirect: "https://here/login/callback",
            address: None,
        };
        house.sigyl.end_browser_login(back).await
    };
    let (state, cookie) = begin().await;
    let session = end(&state, cookie.reveal()).await.unwrap();
    let browser = house.sigyl.authenticate(session.plain.reveal(), None).await.unwrap();
    assert!(browser.name() == "octocat" && browser.may(Action::Read) && !browser.may(Action::Keys));
    assert!(browser.key().unwrap().key.parent.is_some());
    assert_eq!(end(&state, cookie.reveal()).await.unwrap_err().code(), "E1020", "a state is good once");
    let ((victims, _), (_, attackers)) = (begin().await, begin().await);
    assert_eq!(end(&victims, attackers.reveal()).await.unwrap_err().code(), "E1020", "another browser");
    assert!(end(&victims, "").await.is_err(), "and nobody after that");
    let (late, cookie) = begin().await;
    house.clock.advance(Duration::from_secs(15 * 60));
    assert!(end(&late, cookie.reveal()).await.is_err(), "its time is over");
    assert_eq!(fake.shown.lock().unwrap().len(), 1, "GitHub was asked once");
    house.sigyl.close_session(&browser).await.unwrap();
    assert!(house.sigyl.authenticate(session.plain.reveal(), None).await.is_err());
}

/// Serves what an issuer publishes, and returns its address.
fn issuer(keys: serde_json::Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let own = issuer.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            let mut rest = String::new();
            while reader.read_line(&mut rest).unwrap() > 2 {}
            let body = match line.contains("openid-configuration") {
                true => json!({"issuer": own, "jwks_uri": format!("{own}/keys")}).to_string(),
                false => keys.to_string(),
            };
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                .unwrap();
        }
    });
    issuer
}

#[tokio::test]
async fn a_job_of_github_actions_proves_the_namespace_of_its_owner() {
    let trust = Trust {
        issuer: Trust::GITHUB_ACTIONS.to_owned(),
        audience: "sigyl".to_owned(),
        repository: None,
        subject: Some("repo:Octo-Org/*".to_owned()),
        workspace: workspace("red"),
        scopes: vec!["publish".parse().unwrap()],
    };
    let signer = Signer::new(3);
    let issuer = issuer(signer.published("k"));
    let (house, _) = house(SignInRules::default(), vec![trust.clone()]).await;
    let now = house.clock.now();
    let claims = async |owner: &str| {
        let seconds = now.millis() / 1_000;
        let said = json!({"iss": issuer, "aud": "sigyl", "exp": seconds + 300, "iat": seconds,
            "sub": "repo:Octo-Org/weather:ref:refs/heads/main", "repository_owner": owner});
        let token = signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), &said);
        let expected = Expected { issuer: &issuer, audience: "sigyl", nonce: None, now };
        house.sigyl.inner.signing_in.providers.verify(&token, &expected).await.unwrap()
    };
    let space = trust.namespace(&claims("Octo-Org").await);
    assert_eq!(space.as_deref(), Some("io.github.Octo-Org"));
    for odd in ["", "a/b", "a.b", "ä"] {
        assert_eq!(trust.namespace(&claims(odd).await), None, "{odd}");
    }
    let other = Trust { issuer: issuer.clone(), ..trust.clone() };
    assert_eq!(other.namespace(&claims("Octo-Org").await), None, "nobody else speaks for GitHub");
    let made = house.sigyl.trusted(trust, space, None).await.unwrap();
    let job = house.sigyl.authenticate(made.plain.reveal(), None).await.unwrap();
    let clock = include_str!("../../../tests/data/registry/clock.json");
    let proof = async |name: &str| {
        let host = format!("{}.example", name.replace(['/', '.'], "-"));
        let own = clock.replace("com.example/clock", name).replace("clock.example.com", &host);
        house.sigyl.publish_listing(&job, own.into()).await.unwrap().meta.sigyl.namespace
    };
    assert_eq!(proof("io.github.Octo-Org/clock").await, Proof::GitHubActions);
    assert_eq!(proof("io.github.octo-org/clock").await, Proof::Unproven, "its case counts");
    assert_eq!(proof("com.example/clock").await, Proof::Unproven);
}

#[tokio::test]
async fn a_job_gets_a_key_that_is_short_and_for_what_its_rule_says() {
    let signer = Signer::new(3);
    let issuer = issuer(signer.published("k"));
    let trust = Trust {
        issuer: issuer.clone(),
        audience: "sigyl".to_owned(),
        repository: Some("octo-org/weather".to_owned()),
        subject: Some("repo:octo-org/weather:ref:refs/heads/*".to_owned()),
        workspace: workspace("red"),
        scopes: vec!["publish:com.example/*".parse().unwrap(), "read".parse().unwrap()],
    };
    let (house, _) = house(SignInRules::default(), vec![trust]).await;
    let now = house.clock.now().millis() / 1_000;
    let token = |change: &[(&str, serde_json::Value)]| {
        let mut claims = json!({"iss": issuer, "aud": "sigyl", "exp": now + 300, "iat": now,
            "sub": "repo:octo-org/weather:ref:refs/heads/main", "repository": "octo-org/weather"});
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        SecretValue::new(signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), &claims))
    };
    let made = house.sigyl.exchange_token(&token(&[]), None).await.unwrap();
    assert_eq!(made.key.account, login("ci-red-octo-org-weather"));
    assert_eq!(made.key.expires, Some(house.clock.now().plus(Duration::from_secs(15 * 60))));
    let job = house.sigyl.authenticate(made.plain.reveal(), None).await.unwrap();
    let name = |text: &str| crate::store::contract::fixture::name(text);
    assert!(job.may_on(Action::Publish, &workspace("red"), &name("com.example/clock")));
    assert!(!job.may_on(Action::Publish, &workspace("red"), &name("com.other/clock")));
    assert!(!job.may(Action::Deploy) && !job.may_in(Action::Read, &workspace("blue")));
    house.sigyl.exchange_token(&token(&[]), None).await.unwrap();
    for change in [
        ("repository", json!("octo-org/other")),
        ("repository", json!(null)),
        ("sub", json!("repo:octo-org/weather:pull_request")),
        ("aud", json!("another")),
        ("iss", json!("http://127.0.0.1:9")),
        ("exp", json!(now - 61)),
    ] {
        let refused =
            house.sigyl.exchange_token(&token(std::slice::from_ref(&change)), None).await.unwrap_err();
        assert_eq!((refused.code(), refused.kind()), ("E1020", Kind::Denied), "{change:?}: {refused}");
    }
    let (nobody, _) = self::house(SignInRules::default(), Vec::new()).await;
    assert_eq!(nobody.sigyl.exchange_token(&token(&[]), None).await.unwrap_err().code(), "E1021");
}
