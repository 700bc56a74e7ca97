//! Servers and runs of one workspace, as those of another meet them.

use tokio::sync::mpsc;

use super::house::{House, login, workspace};
use crate::clock::Clock as _;
use crate::domain::{
    Account, Action, Audience, Caller, Kind, Locator, Policy, Reach, Role, Run, SecretValue, Seq, ServerName,
};
use crate::error::Error;
use crate::sigyl::{Frames, Sigyl};
use crate::store::Change;
use crate::store::contract::fixture::{self, run_id, secret_name};
use crate::wire::v1::{Deploy, Reconfigure, Redeploy, Settings};

fn frames() -> (Frames, mpsc::Receiver<crate::wire::v1::Frame>) {
    mpsc::channel(64)
}

pub(super) fn redeploy(name: &ServerName) -> Redeploy {
    Redeploy {
        name: name.clone(),
        source: None,
        env: Default::default(),
        secrets: Default::default(),
        grant: Vec::new(),
        revoke: Vec::new(),
        waive: Vec::new(),
        allow_scripts: Vec::new(),
        deep: false,
        review: false,
        canary: None,
        audience: None,
    }
}

#[tokio::test]
async fn whose_a_taken_name_is_is_told_to_nobody_else() {
    let house = House::new().await;
    let (rita, bert) = (house.caller("rita", &["publish"]).await, house.caller("bert", &["publish"]).await);
    let clock = include_str!("../../../tests/data/registry/clock.json");
    house.sigyl.publish_listing(&rita, clock.into()).await.unwrap();
    let next = clock.replace("1.2.0", "1.3.0");
    let refused = house.sigyl.publish_listing(&bert, next.clone().into()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    assert_eq!(refused.to_string(), "bert may not publish com.example/clock: the name is taken");
    let gone = house.sigyl.delete_listing(&bert, "com.example/clock", "1.2.0").await.unwrap_err();
    assert!(!gone.to_string().contains("red"), "{gone}");
    // Who is of the workspace is told what is missing there.
    let other = house.caller("rita", &["publish:com.other/*"]).await;
    let refused = house.sigyl.publish_listing(&other, next.clone().into()).await.unwrap_err();
    assert!(refused.to_string().contains("in workspace red"), "{refused}");
    house.sigyl.publish_listing(&rita, next.into()).await.unwrap();
}

#[tokio::test]
async fn only_who_operates_says_who_else_may_call_a_server() {
    let house = House::new().await;
    house.server("clock", "red").await;
    let rita = house.caller("rita", &["*"]).await;
    let clock = fixture::name("clock");
    for audience in [Audience { public: true, ..Audience::default() }, Audience::default()] {
        let settings = Settings { audience: Some(audience.clone()), ..Settings::default() };
        let order =
            Deploy { audience: Some(audience.clone()), ..Deploy::of(Locator::parse("npm:a@1").unwrap()) };
        let again = Redeploy { audience: Some(audience), ..redeploy(&clock) };
        let refused = [
            house.sigyl.reconfigure(&rita, Reconfigure { name: clock.clone(), settings }).await.unwrap_err(),
            house.sigyl.deploy(&rita, order).await.unwrap_err(),
            house.sigyl.redeploy(&rita, again).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!((error.kind(), error.code()), (Kind::Denied, "E0901"), "{error}");
            assert!(error.to_string().contains("who else may call"), "{error}");
        }
    }
}

#[tokio::test]
async fn only_who_operates_lets_a_run_go_on_that_lets_others_in() {
    let house = House::new().await;
    house.server("clock", "red").await;
    let rita = house.caller("rita", &["*"]).await;
    let run = run_id("run-clock");
    for audience in [Audience { public: true, ..Audience::default() }, Audience::default()] {
        let held = house.store().run(&run).await.unwrap().unwrap();
        let order = crate::pipeline::Order { audience: Some(audience.clone()), ..Default::default() };
        let request = serde_json::to_value(order).unwrap();
        let held = Run { request, updated: house.clock.now(), ..held };
        house.store().apply(Change::PutRun(Box::new(held))).await.unwrap();
        let refused = [
            house.sigyl.approve(&rita, &run, "seen").await.unwrap_err(),
            house.sigyl.promote(&rita, &run, None).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind() == Kind::Denied, audience.public, "{error}");
            assert_eq!(error.to_string().contains("lets others call"), audience.public, "{error}");
        }
        // It was never judged; but it is not for want of a right.
        let other = house.sigyl.approve(&Caller::local_owner(), &run, "seen").await.unwrap_err();
        assert_ne!(other.kind(), Kind::Denied, "{other}");
    }
}

/// Every operation on a server or its run, with the action that it takes. None of them does anything to a server that
/// does not run: it fails, and not for want of a right.
async fn attempts(sigyl: &Sigyl, caller: &Caller, name: &ServerName) -> Vec<(Action, Option<Error>)> {
    let mut all = looks(sigyl, caller, name).await;
    all.extend(changes(sigyl, caller, name).await);
    all
}

async fn looks(sigyl: &Sigyl, caller: &Caller, name: &ServerName) -> Vec<(Action, Option<Error>)> {
    let (told, _heard) = frames();
    let run = run_id(&format!("run-{name}"));
    vec![
        (Action::Read, sigyl.show(caller, name).await.err()),
        (Action::Read, sigyl.versions(caller, name).await.err()),
        (Action::Read, sigyl.secrets(caller, name).await.err()),
        (Action::Reveal, sigyl.reveal_secret(caller, name, &secret_name("NONE")).await.err()),
        (Action::Read, sigyl.run(caller, &run).await.err()),
        (Action::Read, sigyl.watch(caller, &run, Seq(0), &told).await.err()),
        (Action::Read, sigyl.events(caller, Some(name), 9, false, &told).await.err()),
        (Action::ReadLogs, sigyl.logs(caller, name, 9, false, &told).await.err()),
        (Action::ReadLogs, sigyl.calls(caller, name, 9, false, &told).await.err()),
        (Action::Probe, sigyl.probe(caller, name).await.err()),
        (Action::Read, sigyl.attested(caller, name).await.err()),
        (Action::Probe, sigyl.verify(caller, name).await.err()),
        (Action::Call, sigyl.call(caller, name, "now", serde_json::json!({})).await.err()),
    ]
}

async fn changes(sigyl: &Sigyl, caller: &Caller, name: &ServerName) -> Vec<(Action, Option<Error>)> {
    let run = run_id(&format!("run-{name}"));
    let empty = SecretValue::new("");
    let deploy = Deploy { name: Some(name.clone()), ..Deploy::of(Locator::Path("/nowhere".into())) };
    vec![
        (Action::Deploy, sigyl.redeploy(caller, redeploy(name)).await.err()),
        (Action::Deploy, sigyl.deploy(caller, deploy).await.err()),
        (Action::Deploy, sigyl.rollback(caller, name.clone(), None).await.err()),
        (Action::Approve, sigyl.approve(caller, &run, " ").await.err()),
        (Action::Approve, sigyl.reject(caller, &run, " ").await.err()),
        (Action::Deploy, sigyl.cancel(caller, &run).await.err()),
        (Action::Deploy, sigyl.promote(caller, &run, None).await.err()),
        (Action::Secrets, sigyl.set_secret(caller, name, &secret_name("NONE"), empty, false).await.err()),
        (Action::Secrets, sigyl.remove_secret(caller, name, &secret_name("NONE")).await.err()),
        (Action::Delete, sigyl.delete(caller, name.clone(), "not its name").await.err()),
        (Action::Manage, sigyl.transfer(caller, name, &workspace("nowhere")).await.err()),
        (Action::Operate, sigyl.rescan(caller, std::slice::from_ref(name), false).await.err()),
        (Action::Operate, sigyl.backup(caller, "/nowhere/file".as_ref()).await.err()),
    ]
}

#[tokio::test]
async fn each_role_may_do_in_its_workspace_what_the_table_says() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    for role in Role::ALL {
        house.member("red", "mia", role).await;
        let mia = house.caller("mia", &["*"]).await;
        for (action, error) in attempts(&house.sigyl, &mia, &clock).await {
            let may = matches!(action.reach(), Reach::Workspace(least) if role >= least);
            let refused = error.as_ref().is_some_and(|error| error.kind() == Kind::Denied);
            assert_eq!(refused, !may, "{role} {action}: {error:?}");
        }
    }
}

#[tokio::test]
async fn each_operation_takes_the_scope_for_it_on_this_very_server() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    for action in Action::ALL.into_iter().filter(|action| action.is_on_servers()) {
        for (names, reaches) in [("clock", true), ("*", true), ("clock-two", false), ("com.example/*", false)]
        {
            let key = house.caller("rita", &[&format!("{}:{names}", action.word())]).await;
            for (needed, error) in attempts(&house.sigyl, &key, &clock).await {
                let kind = error.as_ref().map(Error::kind);
                let refused = matches!(kind, Some(Kind::Denied))
                    || matches!(&error, Some(Error::NoServer(_) | Error::NoRun(_)));
                // What may be done to a server does not hide behind not seeing it.
                assert_eq!(
                    refused,
                    !(reaches && needed == action),
                    "{action} on {names} for {needed}: {error:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_not_there() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    let bert = house.caller("bert", &["*"]).await;
    for (action, error) in attempts(&house.sigyl, &bert, &clock).await {
        let error = error.unwrap();
        let hidden = matches!(&error, Error::NoServer(_) | Error::NoRun(_) | Error::NotOurs(_));
        assert!(hidden || action == Action::Operate && error.kind() == Kind::Denied, "{action}: {error}");
    }
    let names = async |caller: &Caller| {
        let servers = house.sigyl.list(caller).await.unwrap();
        let runs = house.sigyl.runs(caller, None, 99).await.unwrap().items;
        let servers: Vec<_> = servers.into_iter().map(|view| view.server.name.to_string()).collect();
        (servers, runs.len())
    };
    house.server("notes", "blue").await;
    assert_eq!(names(&bert).await, (vec!["notes".to_owned()], 1));
    assert_eq!(names(&house.caller("rita", &["*"]).await).await, (vec!["clock".to_owned()], 1));
    assert_eq!(names(&house.caller("rita", &["read:other"]).await).await, (Vec::new(), 0));
    assert_eq!(names(&house.caller("owner", &["*"]).await).await.0.len(), 2);
    assert_eq!(names(&Caller::local_owner()).await.0.len(), 2);
}

#[tokio::test]
async fn events_are_shown_as_their_servers() {
    let house = House::new().await;
    let (clock, notes) = (house.server("clock", "red").await, house.server("notes", "blue").await);
    let emitter = &house.sigyl.inner.platform.emitter;
    for name in [&clock, &notes] {
        let kind = crate::event::EventKind::Health { healthy: true, note: name.to_string() };
        emitter.emit(None, Some(name), kind);
    }
    emitter.flush().await;
    let told = async |caller: &Caller| {
        let (frames, mut heard) = frames();
        house.sigyl.events(caller, None, 99, false, &frames).await.unwrap();
        drop(frames);
        let mut count = 0;
        while heard.recv().await.is_some() {
            count += 1;
        }
        count
    };
    assert_eq!(told(&house.caller("rita", &["*"]).await).await, 1);
    assert_eq!(told(&house.caller("rita", &["read:other"]).await).await, 0);
    assert_eq!(told(&Caller::local_owner()).await, 2);
}

#[tokio::test]
async fn runs_are_read_in_parts_by_who_sees_few_of_them() {
    let house = House::new().await;
    for at in 0..7 {
        house.server(&format!("server-{at}"), if at % 3 == 0 { "red" } else { "blue" }).await;
    }
    let rita = house.caller("rita", &["*"]).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let part = house.sigyl.runs(&rita, after, 2).await.unwrap();
        assert!(part.items.len() <= 2);
        seen.extend(part.items.into_iter().map(|run| run.id));
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["run-server-6", "run-server-3", "run-server-0"].map(run_id));
}

#[tokio::test]
async fn accepting_findings_and_setting_secrets_take_their_own_scopes() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    let waiver = serde_json::json!({"rule": "debug-mode", "path": null, "fingerprint": null, "reason": "known",
        "owner": null, "expires": "2026-12-01"});
    let waive = Redeploy { waive: vec![serde_json::from_value(waiver).unwrap()], ..redeploy(&clock) };
    let secret = (secret_name("KEY"), SecretValue::new("x"));
    let secrets = Redeploy { secrets: [secret].into(), ..redeploy(&clock) };
    for (order, action) in [(waive, "approve"), (secrets, "secrets")] {
        let ci = house.caller("rita", &["read", "deploy"]).await;
        let refused = house.sigyl.redeploy(&ci, order.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "E0901", "{action}: {refused}");
        let able = house.caller("rita", &["read", "deploy", action]).await;
        house.sigyl.redeploy(&able, order).await.unwrap();
    }
}

#[tokio::test]
async fn with_four_eyes_nobody_lets_their_own_release_pass() {
    let careful = Policy { four_eyes: true, ..Policy::default() };
    let house = House::judging_by(careful).await.with_people().await;
    let clock = house.server("clock", "red").await;
    let held = house.store().run(&run_id("run-clock")).await.unwrap().unwrap();
    let request = serde_json::to_value(crate::pipeline::Order::default()).unwrap();
    let ours = Run { caller: "rita".to_owned(), request, updated: house.clock.now(), ..held };
    house.store().apply(Change::PutRun(Box::new(ours))).await.unwrap();
    let rita = house.caller("rita", &["*"]).await;
    let refused = house.sigyl.approve(&rita, &run_id("run-clock"), "seen").await.unwrap_err();
    assert!(refused.to_string().contains("four eyes"), "{refused}");
    let waive = vec![crate::domain::Waiver {
        rule: crate::domain::RuleId::parse("debug-mode").unwrap(),
        path: None,
        fingerprint: None,
        reason: "known".to_owned(),
        owner: None,
        expires: house.clock.now(),
    }];
    let refused = house.sigyl.redeploy(&rita, Redeploy { waive, ..redeploy(&clock) }).await.unwrap_err();
    assert!(refused.to_string().contains("four eyes"), "{refused}");
    // Another key and another name of the account are the same person.
    let account = house.account("rita").await;
    let rename = Change::PutAccount(Box::new(Account { login: login("rose"), ..account.clone() }));
    let asked =
        Run { account: Some(account.id), ..house.store().run(&run_id("run-clock")).await.unwrap().unwrap() };
    house.store().apply(Change::PutRun(Box::new(asked))).await.unwrap();
    house.store().apply(rename).await.unwrap();
    let rose = house.caller("rose", &["approve", "read"]).await;
    let refused = house.sigyl.approve(&rose, &run_id("run-clock"), "seen").await.unwrap_err();
    assert!(refused.to_string().contains("four eyes"), "{refused}");
    // What was never judged cannot be approved by anybody; but it is not for want of a right.
    let other = house.sigyl.approve(&Caller::local_owner(), &run_id("run-clock"), "seen").await.unwrap_err();
    assert_ne!(other.kind(), Kind::Denied, "{other}");
    house.sigyl.reject(&rita, &run_id("run-clock"), "not today").await.unwrap();
}

#[tokio::test]
async fn a_server_moves_between_workspaces_that_somebody_manages_both_of() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    let (rita, blue) = (house.caller("rita", &["*"]).await, workspace("blue"));
    assert_eq!(house.sigyl.transfer(&rita, &clock, &blue).await.unwrap_err().code(), "E1003");
    house.member("blue", "rita", Role::Member).await;
    let rita = house.caller("rita", &["*"]).await;
    assert_eq!(house.sigyl.transfer(&rita, &clock, &blue).await.unwrap_err().code(), "E0901");
    house.member("blue", "rita", Role::Admin).await;
    let rita = house.caller("rita", &["*"]).await;
    house.sigyl.transfer(&rita, &clock, &blue).await.unwrap();
    let bert = house.caller("bert", &["*"]).await;
    house.sigyl.show(&bert, &clock).await.unwrap();
    assert_eq!(house.sigyl.run(&bert, &run_id("run-clock")).await.unwrap().workspace, blue);
    house.sigyl.remove_member(&Caller::local_owner(), &blue, &login("rita")).await.unwrap();
    let rita = house.caller("rita", &["*"]).await;
    assert_eq!(house.sigyl.show(&rita, &clock).await.unwrap_err().code(), "E0402");
}

#[tokio::test]
async fn a_deploy_goes_to_the_workspace_that_is_named_or_the_only_one() {
    let house = House::new().await;
    let rita = house.caller("rita", &["*"]).await;
    let deploy = |name: Option<&str>| Deploy {
        workspace: name.map(workspace),
        ..Deploy::of(Locator::Path("/nowhere".into()))
    };
    let placed = async |caller: &Caller, name: Option<&str>| {
        let run = house.sigyl.deploy(caller, deploy(name)).await?;
        Ok::<_, Error>(house.sigyl.run(&Caller::local_owner(), &run).await.unwrap().workspace)
    };
    assert_eq!(placed(&rita, None).await.unwrap(), workspace("red"));
    assert_eq!(placed(&rita, Some("blue")).await.unwrap_err().code(), "E1003");
    assert_eq!(placed(&rita, Some("default")).await.unwrap_err().code(), "E0901");
    house.member("blue", "rita", Role::Member).await;
    let rita = house.caller("rita", &["*"]).await;
    assert!(matches!(placed(&rita, None).await, Err(Error::WhichWorkspace)));
    assert_eq!(placed(&rita, Some("blue")).await.unwrap(), workspace("blue"));
    assert_eq!(placed(&Caller::local_owner(), None).await.unwrap(), workspace("default"));
    house.sigyl.shutdown().await;
}

#[tokio::test]
async fn the_name_of_a_deleted_server_is_followed_on_by_its_workspace_or_an_administrator() {
    const CLOCK: &str = include_str!("../../../tests/data/registry/clock.json");
    let house = House::new().await;
    let name = || fixture::name("com.example/clock");
    for change in [
        fixture::publish("com.example/clock", "1.0.0", "a"),
        Change::MoveServer { name: name(), to: workspace("red") },
        fixture::delete("com.example/clock", "run-9"),
    ] {
        house.store().apply(change).await.unwrap();
    }
    let (rita, bert) = (house.caller("rita", &["*"]).await, house.caller("bert", &["*"]).await);
    let refused = house.sigyl.publish_listing(&bert, CLOCK.into()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Conflict, "E1009"), "{refused}");
    house.sigyl.publish_listing(&rita, CLOCK.into()).await.unwrap();
    let next = CLOCK.replace("1.2.0", "1.3.0");
    house.sigyl.publish_listing(&Caller::local_owner(), next.into()).await.unwrap();
}

#[tokio::test]
async fn who_deploys_to_another_place_is_who_operates_the_installation() {
    let house = House::new().await;
    let deploy = |target: &str| {
        let deploy = Deploy::of(Locator::parse("npm:clock").unwrap());
        Deploy { workspace: Some(workspace("red")), target: Some(target.to_owned()), ..deploy }
    };
    let rita = house.caller("rita", &["*"]).await;
    let denied = house.sigyl.deploy(&rita, deploy("cloud-run")).await.unwrap_err();
    assert_eq!((denied.code(), denied.kind()), ("E0901", Kind::Denied), "{denied}");
    assert!(denied.to_string().contains("deploy to `cloud-run`"), "{denied}");
    let unknown = house.sigyl.deploy(&Caller::local_owner(), deploy("cloud-run")).await.unwrap_err();
    let said = unknown.failure().message;
    assert!(said.contains("there is no target `cloud-run`"), "{said}");
    house.sigyl.deploy(&rita, deploy("local")).await.unwrap();
}
