//! Secrets of servers through the handle, and the key that seals them.

use serde_json::json;

use super::house::House;
use crate::clock::Clock as _;
use crate::domain::{
    AuditOutcome, Caller, Deployment, Role, Run, RunState, SecretName, SecretValue, Server, ServerName,
};
use crate::error::Error;
use crate::pipeline::Order;
use crate::store::contract::fixture::{self, secret_name};
use crate::store::{Change, SealedSecret};
use crate::wire::v1::AuditFrom;

fn value(text: &str) -> SecretValue {
    SecretValue::new(text)
}

async fn set(house: &House, caller: &Caller, of: &ServerName, name: &str, text: &str) -> Result<u64, Error> {
    let set = house.sigyl.set_secret(caller, of, &secret_name(name), value(text), false).await?;
    Ok(set.secret.version)
}

async fn revealed(house: &House, of: &ServerName, name: &SecretName) -> String {
    let owner = Caller::local_owner();
    house.sigyl.reveal_secret(&owner, of, name).await.unwrap().reveal().to_owned()
}

#[tokio::test]
async fn a_secret_is_set_listed_revealed_and_removed_and_the_audit_says_so() {
    let house = House::new().await;
    let (clock, rita) = (house.server("clock", "red").await, house.caller("rita", &["*"]).await);
    assert_eq!(set(&house, &rita, &clock, "TOKEN", "planted-one").await.unwrap(), 1);
    assert_eq!(set(&house, &rita, &clock, "TOKEN", "planted-two").await.unwrap(), 2);
    let listed = house.sigyl.secrets(&rita, &clock).await.unwrap();
    assert_eq!((listed.len(), listed[0].version, listed[0].by.as_deref()), (1, 2, Some("rita")));
    assert!(!json!(listed).to_string().contains("planted"));
    let name = secret_name("TOKEN");
    assert_eq!(house.sigyl.reveal_secret(&rita, &clock, &name).await.unwrap().reveal(), "planted-two");
    house.sigyl.remove_secret(&rita, &clock, &name).await.unwrap();
    let gone = house.sigyl.remove_secret(&rita, &clock, &name).await;
    assert!(matches!(gone, Err(Error::NoSecret { .. })), "{gone:?}");
    let audit = house.sigyl.audit(&Caller::local_owner(), AuditFrom::After(0), 99).await.unwrap().items;
    let did: Vec<_> = audit
        .iter()
        .filter(|entry| entry.fact.on == "clock TOKEN")
        .map(|entry| (entry.fact.what.as_str(), entry.fact.outcome == AuditOutcome::Done))
        .collect();
    let all = [
        ("set_secret", true),
        ("set_secret", true),
        ("reveal_secret", true),
        ("remove_secret", true),
        ("remove_secret", false),
    ];
    assert_eq!(did, all);
    assert!(!json!(audit).to_string().contains("planted"));
}

#[tokio::test]
async fn what_no_server_can_be_given_is_refused_and_not_repeated() {
    let house = House::new().await;
    let (clock, rita) = (house.server("clock", "red").await, house.caller("rita", &["*"]).await);
    let long = "planted".repeat(6000);
    for (name, text) in [("A", ""), ("A", "planted\0x"), ("A", &long), ("LD_PRELOAD", "planted")] {
        let refused = set(&house, &rita, &clock, name, text).await.unwrap_err().failure();
        assert!(!format!("{refused:?}").contains("planted"), "{refused:?}");
    }
    for at in 0..48 {
        set(&house, &rita, &clock, &format!("KEY_{at}"), "planted").await.unwrap();
    }
    assert!(set(&house, &rita, &clock, "ONE_MORE", "planted").await.is_err());
    assert_eq!(set(&house, &rita, &clock, "KEY_7", "planted").await.unwrap(), 2);
}

#[tokio::test]
async fn a_value_that_the_manifest_cannot_mean_is_refused() {
    let house = House::new().await;
    let text = "name: clock\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand: {type: stdio}\n\
        secrets: [{name: PORT, type: number}]\n";
    let files = std::collections::BTreeMap::from([
        ("sigyl.yaml".to_owned(), text.as_bytes().to_vec()),
        ("main.py".to_owned(), Vec::new()),
    ]);
    let manifest = crate::manifest::read(&files).unwrap().manifest;
    let Change::PublishVersion { server, mut version, admission } =
        fixture::publish("clock", "1.0.0", "clock")
    else {
        panic!("a version is published")
    };
    version.manifest = json!(manifest);
    house.store().apply(Change::PublishVersion { server, version, admission }).await.unwrap();
    let (clock, owner) = (fixture::name("clock"), Caller::local_owner());
    let refused = set(&house, &owner, &clock, "PORT", "planted").await.unwrap_err();
    assert!(refused.code() == "E0804" && !refused.to_string().contains("planted"), "{refused}");
    set(&house, &owner, &clock, "PORT", "8080").await.unwrap();
    let other = house.sigyl.set_secret(&owner, &clock, &secret_name("OTHER"), value("planted"), true).await;
    let notices = other.unwrap().notices;
    assert!(
        notices[0].contains("does not ask for OTHER") && notices[1].contains("does not run"),
        "{notices:?}"
    );
}

#[tokio::test]
async fn settings_are_shown_to_those_who_may_set_them() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    let env = std::collections::BTreeMap::from([("ZONE".to_owned(), "planted".to_owned())]);
    let deployment = Deployment { env: env.clone(), ..fixture::deployment("clock", "1.0.0", "clock") };
    let server = house.store().server(&clock).await.unwrap().unwrap();
    let server = Server { env, active: Some(fixture::version("1.0.0")), ..server };
    let activate = Change::Activate {
        server: Box::new(server),
        deployment: Box::new(deployment),
        tools: Vec::new(),
        others: Vec::new(),
        attested: None,
    };
    house.store().apply(activate).await.unwrap();
    let request = json!({"env": {"ZONE": "planted"}});
    let run = house.store().run(&fixture::run_id("run-clock")).await.unwrap().unwrap();
    house.store().apply(Change::PutRun(Box::new(Run { request, ..run }))).await.unwrap();
    for (role, sees) in [(Role::Viewer, false), (Role::Member, true)] {
        house.member("red", "mia", role).await;
        let mia = house.caller("mia", &["*"]).await;
        let views = [
            json!(house.sigyl.show(&mia, &clock).await.unwrap()),
            json!(house.sigyl.list(&mia).await.unwrap()),
            json!(house.sigyl.runs(&mia, None, 9).await.unwrap()),
            json!(house.sigyl.outcome(&mia, &fixture::run_id("run-clock")).await.unwrap()),
        ];
        for view in views.map(|view| view.to_string()) {
            assert!(view.contains("ZONE") && view.contains("planted") == sees, "{role}: {view}");
        }
    }
}

/// A server without runs.
async fn plain(house: &House, name: &str) -> ServerName {
    house.store().apply(fixture::publish(name, "1.0.0", name)).await.unwrap();
    fixture::name(name)
}

/// What a held run keeps until it is decided.
async fn held_with(house: &House, of: &ServerName, sealed: &SealedSecret) {
    let before = [("TOKEN", Some(sealed.clone())), ("OTHER", None)];
    let order = Order {
        sealed: vec![sealed.clone()],
        before: before.into_iter().map(|(name, sealed)| (secret_name(name), sealed)).collect(),
        ..Order::default()
    };
    let updated = house.clock.now();
    let run = Run {
        request: json!(order),
        updated,
        server: Some(of.clone()),
        ..fixture::run("held", RunState::Held)
    };
    house.store().apply(Change::PutRun(Box::new(run))).await.unwrap();
}

#[tokio::test]
async fn another_master_key_takes_over_while_secrets_are_set_and_all_of_them_open() {
    let house = House::new().await;
    let owner = Caller::local_owner();
    let mut servers = Vec::new();
    for at in 0..12 {
        let name = plain(&house, &format!("server-{at}")).await;
        for secret in ["A", "B"] {
            set(&house, &owner, &name, secret, &format!("{name} {secret} 0")).await.unwrap();
        }
        servers.push(name);
    }
    let vault = house.sigyl.inner.platform.vault.clone();
    let kept = vault.seal(&servers[0], &secret_name("TOKEN"), &value("held"), fixture::at(1)).unwrap();
    held_with(&house, &servers[0], &kept).await;
    let key = house.key("rita", &["*"]).await;
    let before = house.sigyl.master_key(&owner).await.unwrap();
    assert!(before.warning.as_ref().unwrap().contains("--master-key-file") && before.change.is_none());
    let setting = async {
        for round in 1..6 {
            for name in &servers {
                set(&house, &owner, name, "A", &format!("{name} A {round}")).await.unwrap();
            }
        }
    };
    let changing = async {
        for _ in 0..3 {
            let view = house.sigyl.rotate_master_key(&owner, None).await.unwrap();
            assert_eq!(view.change.as_ref().map(|change| &change.to), Some(&view.key));
            house.sigyl.key_settled().await;
        }
    };
    futures_util::join!(setting, changing);
    let stale = house.sigyl.rotate_master_key(&owner, Some(before.key.clone())).await.unwrap_err();
    assert_eq!(stale.code(), "E0806", "{stale}");
    let after = house.sigyl.master_key(&owner).await.unwrap();
    assert!(after.key != before.key && after.change.is_none(), "{after:?}");
    let house = house.reopened().await;
    for name in &servers {
        assert_eq!(revealed(&house, name, &secret_name("A")).await, format!("{name} A 5"));
        assert_eq!(revealed(&house, name, &secret_name("B")).await, format!("{name} B 0"));
    }
    house.sigyl.authenticate(&key, None).await.unwrap();
    let run = house.store().run(&fixture::run_id("held")).await.unwrap().unwrap();
    for sealed in [&run.request["sealed"][0], &run.request["before"][0][1]] {
        let sealed: SealedSecret = serde_json::from_value(sealed.clone()).unwrap();
        assert_eq!(house.sigyl.inner.platform.vault.reveal(&sealed).unwrap().reveal(), "held");
    }
    let audit = json!(house.sigyl.audit(&owner, AuditFrom::After(0), 999).await.unwrap()).to_string();
    assert_eq!(audit.matches("end_master_key_rotation").count(), 3, "{audit}");
}

#[tokio::test]
async fn a_process_that_ended_between_two_keys_is_gone_on_from() {
    let house = House::new().await;
    let (owner, clock) = (Caller::local_owner(), plain(&house, "clock").await);
    set(&house, &owner, &clock, "TOKEN", "planted").await.unwrap();
    // As if it was killed right after the keys changed.
    let platform = &house.sigyl.inner.platform;
    let handover = platform.vault.hand_over(&*platform.store, fixture::at(1)).await.unwrap();
    let house = house.reopened().await;
    house.sigyl.key_settled().await;
    let view = house.sigyl.master_key(&owner).await.unwrap();
    assert_eq!((view.key, view.change), (handover.to, None));
    assert_eq!(revealed(&house, &clock, &secret_name("TOKEN")).await, "planted");
    let files = std::fs::read_dir(house.data()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("master.key")).count(), 2, "{names:?}");
}

#[tokio::test]
async fn no_backup_holds_the_master_key_or_a_value() {
    let house = House::new().await;
    let (owner, clock) = (Caller::local_owner(), house.server("clock", "red").await);
    set(&house, &owner, &clock, "TOKEN", "planted-value").await.unwrap();
    let key = std::fs::read(house.data().join("master.key")).unwrap();
    let backup = house.data().join("backup");
    house.sigyl.backup(&owner, &backup).await.unwrap();
    let bytes = std::fs::read(&backup).unwrap();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(holds(b"TOKEN") && !holds(b"planted-value") && !holds(&key));
    // As JSON numbers, too.
    let numbers: Vec<_> = key[..6].iter().map(ToString::to_string).collect();
    assert!(!holds(numbers.join(",").as_bytes()));
}
