//! The GitHub App that is kept: whose it is to keep, what is on record of it, and what is asked as it.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::house::House;
use crate::clock::SystemClock;
use crate::domain::{Caller, GitHubApp, GitHubAppKeys, Kind, SecretName, SecretValue, ServerName};
use crate::error::Error;
use crate::github::app::AppOpener;
use crate::github::webhook::Delivered;
use crate::sigyl::Config;
use crate::sigyl::app_desk::keys_of;
use crate::store::KeptApp;
use crate::vault::Vault;
use crate::web::Web;
use crate::wire::v1::{AuditFrom, InForce, NewGitHubApp, Request, Response};

const KEY: &str = include_str!("../../github/app/test_key.pem");
const HOOKS: &str = "planted-webhook-secret";

fn new(id: u64) -> NewGitHubApp {
    let web = "https://github.example";
    let app = GitHubApp {
        id,
        slug: format!("sigyl-{id}"),
        name: "Sigyl".into(),
        html_url: format!("{web}/apps/sigyl-{id}"),
        api_url: format!("{web}/api/v3"),
        web_url: web.into(),
        hook_url: Some("https://sigyl.example/webhooks/github".into()),
    };
    let keys = GitHubAppKeys {
        private_key: SecretValue::new(KEY),
        webhook_secret: Some(SecretValue::new(HOOKS)),
        client_id: "Iv1.x".into(),
        client_secret: SecretValue::new("planted-client-secret"),
    };
    NewGitHubApp { app, keys }
}

/// What both programs set where nobody else is named who asks.
fn open_to_apps(config: &mut Config) {
    config.github.web_url = "https://github.example/".into();
    config.github.api_url = "https://github.example/api/v3/".into();
    config.github.app = Some(Arc::new(AppOpener::new(Web::new(false), Arc::new(SystemClock))));
}

/// What GitHub sends at first, signed.
async fn ping(house: &House, secret: &str) -> Result<(), Error> {
    let body = br#"{"zen":"x","hook_id":1}"#;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = format!("sha256={hex}");
    let delivered = Delivered {
        event: Some("ping"),
        id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        signature: Some(&signature),
        body,
    };
    house.sigyl.take_hook(&Caller::local_owner(), delivered).await.map(|_| ())
}

#[tokio::test]
async fn an_app_is_used_at_once_and_after_a_start_until_it_is_let_go_of() {
    let house = House::configured(open_to_apps).await;
    let owner = Caller::local_owner();
    let before = house.sigyl.github_app(&owner).await.unwrap();
    assert_eq!((before.app, before.asks, before.hooks), (None, InForce::Nothing, InForce::Nothing));
    assert!(!house.sigyl.takes_hooks() && house.sigyl.github_api().is_none());
    let view = house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    assert_eq!((view.asks, view.hooks, &view.note), (InForce::App, InForce::App, &None));
    assert_eq!(view.app.as_ref().unwrap().app, new(7).app);
    assert!(house.sigyl.github_api().is_some());
    ping(&house, HOOKS).await.unwrap();
    assert!(ping(&house, "another-secret-of-32-bytes-or-so").await.is_err());
    let (folder, mut config) = house.closed().await;
    open_to_apps(&mut config);
    let house = House::on(folder, config).await;
    assert_eq!(house.sigyl.github_app(&owner).await.unwrap(), view);
    ping(&house, HOOKS).await.unwrap();
    house.sigyl.forget_github_app(&owner).await.unwrap();
    assert!(!house.sigyl.takes_hooks() && house.sigyl.github_api().is_none());
    assert!(ping(&house, HOOKS).await.is_err());
    let again = house.sigyl.forget_github_app(&owner).await.unwrap_err();
    assert_eq!((again.kind(), again.code()), (Kind::NotFound, "E1404"));
}

#[tokio::test]
async fn what_is_configured_wins_and_is_told() {
    let house = House::configured(|config| {
        open_to_apps(config);
        config.github.webhook_secret = Some(SecretValue::new("configured-secret-of-some-length"));
    })
    .await;
    let owner = Caller::local_owner();
    let view = house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    assert_eq!((view.asks, view.hooks), (InForce::App, InForce::Configuration));
    ping(&house, "configured-secret-of-some-length").await.unwrap();
    assert!(ping(&house, HOOKS).await.is_err());
    // A GitHub of another address, and nobody who may ask as an App.
    let house = House::configured(|config| {
        open_to_apps(config);
        config.github.web_url = "https://github.com".into();
    })
    .await;
    let view = house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    assert_eq!(view.asks, InForce::Nothing);
    assert!(view.note.unwrap().contains("https://github.com is configured"));
    // An API of another address would be asked, and believed, as if it were that GitHub.
    let house = House::configured(open_to_apps).await;
    let elsewhere = GitHubApp { api_url: "https://evil.example/api/v3".into(), ..new(7).app };
    let elsewhere = NewGitHubApp { app: elsewhere, ..new(7) };
    let view = house.sigyl.keep_github_app(&owner, elsewhere).await.unwrap();
    assert_eq!((view.asks, view.hooks), (InForce::Nothing, InForce::Nothing));
    assert!(view.note.unwrap().contains("asked at https://evil.example/api/v3"));
    assert!(house.sigyl.github_api().is_none());
    let house = House::configured(|_| {}).await;
    let view = house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    assert_eq!((view.asks, view.hooks), (InForce::Nothing, InForce::Nothing));
    assert!(view.note.unwrap().contains("configuration"));
}

#[tokio::test]
async fn another_app_waits_and_new_keys_of_the_same_are_taken() {
    let house = House::configured(open_to_apps).await;
    let owner = Caller::local_owner();
    house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    let other = house.sigyl.keep_github_app(&owner, new(8)).await.unwrap_err();
    assert!(other.kind() == Kind::Conflict && other.to_string().contains("sigyl-7"), "{other}");
    let rotated = NewGitHubApp {
        keys: GitHubAppKeys { webhook_secret: Some(SecretValue::new("a-new-webhook-secret")), ..new(7).keys },
        ..new(7)
    };
    house.sigyl.keep_github_app(&owner, rotated).await.unwrap();
    ping(&house, "a-new-webhook-secret").await.unwrap();
    assert!(ping(&house, HOOKS).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_used_is_not_kept() {
    let house = House::configured(open_to_apps).await;
    let owner = Caller::local_owner();
    let keys = |change: fn(&mut GitHubAppKeys)| {
        let mut new = new(7);
        change(&mut new.keys);
        new
    };
    for wrong in [
        keys(|keys| keys.private_key = SecretValue::new("planted-pem")),
        keys(|keys| keys.private_key = SecretValue::new(&KEY[..900])),
        keys(|keys| keys.webhook_secret = Some(SecretValue::new("planted"))),
        NewGitHubApp { app: GitHubApp { html_url: "https://evil.example/x".into(), ..new(7).app }, ..new(7) },
        NewGitHubApp { app: GitHubApp { api_url: "http://github.example".into(), ..new(7).app }, ..new(7) },
        NewGitHubApp { app: GitHubApp { api_url: "https://[".into(), ..new(7).app }, ..new(7) },
        NewGitHubApp { app: GitHubApp { api_url: "https://169.254.169.254".into(), ..new(7).app }, ..new(7) },
    ] {
        let error = house.sigyl.keep_github_app(&owner, wrong).await.unwrap_err();
        assert!(error.kind() == Kind::Invalid && !format!("{error:?}").contains("planted"), "{error:?}");
        assert_eq!(house.store().github_app().await.unwrap(), None);
    }
    assert_eq!(house.sigyl.github_app(&owner).await.unwrap().app, None);
}

#[tokio::test]
async fn only_who_operates_the_installation_may_and_all_of_it_is_audited_without_a_secret() {
    let house = House::configured(open_to_apps).await.with_people().await;
    let owner = Caller::local_owner();
    let rita = house.caller("rita", &["*"]).await;
    assert_eq!(house.sigyl.github_app(&rita).await.unwrap_err().kind(), Kind::Denied);
    assert_eq!(house.sigyl.keep_github_app(&rita, new(7)).await.unwrap_err().kind(), Kind::Denied);
    house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    assert_eq!(house.sigyl.forget_github_app(&rita).await.unwrap_err().kind(), Kind::Denied);
    let view = house.sigyl.github_app(&owner).await.unwrap();
    house.sigyl.forget_github_app(&owner).await.unwrap();
    let audit = json!(house.sigyl.audit(&owner, AuditFrom::After(0), 99).await.unwrap()).to_string();
    let journal = house.store().journal(crate::store::Page::first(99)).await.unwrap();
    let events = house.store().events(None, crate::store::Page::first(99)).await.unwrap();
    let request = format!("{:?}", Request::KeepGitHubApp { new: Box::new(new(7)) });
    let response = serde_json::to_string(&Response::GitHub(Box::new(view))).unwrap();
    for text in [audit.clone(), format!("{journal:?} {events:?}"), request, response] {
        assert!(!text.contains("planted") && !text.contains("BEGIN RSA"), "{text}");
    }
    let of = |what: &str| audit.matches(&format!("\"what\":\"{what}\"")).count();
    assert!(of("keep_github_app") >= 1 && of("forget_github_app") >= 1, "{audit}");
}

#[tokio::test]
async fn another_master_key_seals_it_anew_and_the_store_holds_no_key_in_the_clear() {
    let house = House::configured(open_to_apps).await;
    let owner = Caller::local_owner();
    house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    let first = house.store().github_app().await.unwrap().unwrap();
    house.sigyl.rotate_master_key(&owner, None).await.unwrap();
    house.sigyl.key_settled().await;
    let second = house.store().github_app().await.unwrap().unwrap();
    assert_ne!(first.sealed.sealed, second.sealed.sealed);
    let backup = house.data().join("backup");
    house.sigyl.backup(&owner, &backup).await.unwrap();
    let bytes = std::fs::read(&backup).unwrap();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(
        holds(b"sigyl-7") && !holds(HOOKS.as_bytes()) && !holds(b"planted-client") && !holds(b"BEGIN RSA")
    );
    let (folder, mut config) = house.closed().await;
    open_to_apps(&mut config);
    let house = House::on(folder, config).await;
    ping(&house, HOOKS).await.unwrap();
}

#[tokio::test]
async fn what_was_changed_on_the_disk_is_not_used_and_stops_nothing() {
    let house = House::configured(open_to_apps).await;
    let owner = Caller::local_owner();
    house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    let mut kept = house.store().github_app().await.unwrap().unwrap();
    if let Some(last) = kept.sealed.sealed.last_mut() {
        *last ^= 1;
    }
    house.store().apply(crate::store::Change::PutGitHubApp(Box::new(kept))).await.unwrap();
    let (folder, mut config) = house.closed().await;
    open_to_apps(&mut config);
    let house = House::on(folder, config).await;
    let view = house.sigyl.github_app(&owner).await.unwrap();
    assert_eq!((view.asks, view.hooks), (InForce::Nothing, InForce::Nothing));
    assert!(view.note.is_some() && ping(&house, HOOKS).await.is_err());
}

#[tokio::test]
async fn a_damaged_app_does_not_keep_the_old_master_key() {
    let house = House::configured(open_to_apps).await;
    let owner = Caller::local_owner();
    house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    // The version, the id of the key, and what is wrapped under it.
    for at in [0, 1, 20] {
        let mut kept = house.store().github_app().await.unwrap().unwrap();
        kept.sealed.sealed[at] ^= 0x80;
        house.store().apply(crate::store::Change::PutGitHubApp(Box::new(kept))).await.unwrap();
        house.sigyl.rotate_master_key(&owner, None).await.unwrap();
        let settled = house.sigyl.key_settled();
        tokio::time::timeout(std::time::Duration::from_secs(30), settled).await.unwrap();
        assert_eq!(house.sigyl.master_key(&owner).await.unwrap().change, None, "{at}");
        house.sigyl.keep_github_app(&owner, new(7)).await.unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What is kept opens with the master key that sealed it, whatever it is, and with no other.
    #[test]
    fn what_is_kept_opens_only_with_the_right_master_key(secret in "\\PC{16,60}", client in "\\PC{1,60}") {
        let folder = tempfile::tempdir().unwrap();
        let vault = |name: &str| Vault::open(&folder.path().join(name)).unwrap();
        let (right, other) = (vault("right"), vault("other"));
        let keys = GitHubAppKeys {
            webhook_secret: Some(SecretValue::new(secret)),
            client_secret: SecretValue::new(client),
            ..new(7).keys
        };
        let text = SecretValue::new(serde_json::to_string(&keys).unwrap());
        let now = crate::domain::Timestamp::EPOCH;
        let sealed = right.seal(&ServerName::own(), &SecretName::github_app(), &text, now).unwrap();
        let kept = KeptApp { app: new(7).app, sealed };
        prop_assert!(keys_of(&right, &kept).unwrap() == keys);
        prop_assert!(keys_of(&other, &kept).is_err());
        let mut moved = kept;
        moved.sealed.name = SecretName::signing_key();
        prop_assert!(keys_of(&right, &moved).is_err(), "it is bound to its place");
    }
}

#[test]
fn a_request_crosses_the_socket_whole() {
    let request = Request::KeepGitHubApp { new: Box::new(new(7)) };
    let text: Value = serde_json::to_value(&request).unwrap();
    assert_eq!(text["with"]["new"]["keys"]["private_key"], KEY);
    let Ok(Request::KeepGitHubApp { new: read }) = serde_json::from_value(text) else {
        panic!("{request:?}")
    };
    assert_eq!((read.app, read.keys), (new(7).app, new(7).keys));
}
