//! Quarantine from end to end: what it stops, hides and refuses, over a restart, and who may set and lift it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::house::{House, workspace};
use crate::deploy::Target;
use crate::domain::{
    Caller, Digest, Kind, Locator, Policy, Resources, Role, RunState, Seq, ServerName, Suspect, Tool, Version,
};
use crate::error::Error;
use crate::mcp::Upstream;
use crate::pipeline::Front as _;
use crate::pipeline::tests::house::rules;
use crate::pipeline::tests::target::{FakeTarget, Fault, Toy};
use crate::registry::Query;
use crate::sigyl::{Config, Sigyl, restore};
use crate::wire::v1::{AuditFrom, Deploy, Reconfigure, RunEnd, Settings};

pub(super) const CODE: &str = "print('hello')\n";

pub(super) fn toy() -> ServerName {
    ServerName::parse("toy").unwrap()
}

pub(super) fn name() -> Suspect {
    Suspect::Name(toy())
}

/// A handle over a target that runs nothing.
pub(super) async fn open(folder: &Path, target: &Arc<FakeTarget>) -> Sigyl {
    open_with(folder, target, BTreeMap::new()).await
}

/// The same, with other places.
pub(super) async fn open_with(
    folder: &Path,
    target: &Arc<FakeTarget>,
    others: BTreeMap<String, Arc<dyn Target>>,
) -> Sigyl {
    let at = |name: &str| folder.join(name);
    let mut config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    config.rules = Some(rules());
    config.target = Some(target.clone());
    config.targets = others;
    opened(config).await
}

/// A handle over a target that runs nothing, under a policy.
pub(super) async fn open_by(folder: &Path, target: &Arc<FakeTarget>, policy: Policy) -> Sigyl {
    let at = |name: &str| folder.join(name);
    let mut config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    config.rules = Some(rules());
    config.target = Some(target.clone());
    config.policy = policy;
    opened(config).await
}

async fn opened(config: Config) -> Sigyl {
    let opening = async {
        loop {
            match Sigyl::open(config.clone()).await {
                // Tasks of the handle before it end once they see that it is gone.
                Err(error) if error.code() == "E0701" => tokio::task::yield_now().await,
                opened => return opened.unwrap(),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), opening).await.unwrap()
}

pub(super) fn target() -> Arc<FakeTarget> {
    let target = Arc::new(FakeTarget::default());
    *target.tools.lock().unwrap() =
        json!([{"name": "one", "description": "Adds.", "inputSchema": {"type": "object"}}]);
    target
}

pub(super) fn source(folder: &Path, version: &str, code: &str) -> Locator {
    let source = folder.join("source");
    std::fs::create_dir_all(&source).unwrap();
    let manifest = format!(
        "name: toy\nversion: {version}\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n"
    );
    std::fs::write(source.join("sigyl.yaml"), manifest).unwrap();
    std::fs::write(source.join("main.py"), code).unwrap();
    Locator::Path(source)
}

async fn deploy(sigyl: &Sigyl, source: Locator) -> RunEnd {
    let owner = Caller::local_owner();
    let run = sigyl.deploy(&owner, Deploy::of(source)).await.unwrap();
    ended(sigyl, &run).await
}

pub(super) async fn ended(sigyl: &Sigyl, run: &crate::domain::RunId) -> RunEnd {
    let (frames, mut told) = tokio::sync::mpsc::channel(64);
    let drain = tokio::spawn(async move { while told.recv().await.is_some() {} });
    let end = sigyl.watch(&Caller::local_owner(), run, Seq(0), &frames).await.unwrap();
    drop(frames);
    drain.await.unwrap();
    end
}

pub(super) fn running(target: &FakeTarget) -> usize {
    target.running.lock().unwrap().len()
}

/// Starts what should run, as a process does that serves.
pub(super) async fn restore_all(sigyl: &Sigyl) {
    let mut tasks = restore::begin(sigyl).await.unwrap();
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

async fn until(what: impl Fn() -> bool) {
    let look = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), look).await.expect("it never came true");
}

#[tokio::test]
async fn nobody_comes_past_the_endpoint_to_what_is_under_quarantine() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    *target.opens.lock().unwrap() = true;
    let sigyl = open(folder.path(), &target).await;
    let audience = Some(crate::domain::Audience { public: true, ..Default::default() });
    let order = Deploy { audience, ..Deploy::of(source(folder.path(), "1.0.0", CODE)) };
    let run = sigyl.deploy(&owner, order).await.unwrap();
    let end = ended(&sigyl, &run).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    assert!(target.callers.lock().unwrap().public);
    let audit = sigyl.audit(&owner, AuditFrom::End, 9).await.unwrap().items;
    let opened = audit.into_iter().find(|it| it.fact.what == "open_to").unwrap().fact;
    assert_eq!(opened.note.as_deref(), Some("asked for: everybody"));
    sigyl.quarantine(&owner, name(), "it phones home").await.unwrap();
    assert!(target.callers.lock().unwrap().is_empty());
    assert_eq!(running(&target), 0);
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_quarantine_closes_what_no_record_says_is_open() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    *target.opens.lock().unwrap() = true;
    let sigyl = open(folder.path(), &target).await;
    let end = deploy(&sigyl, source(folder.path(), "1.0.0", CODE)).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    target.faults.lock().unwrap().extend([Fault::Open, Fault::Close]);
    let audience = Some(crate::domain::Audience { public: true, ..Default::default() });
    let settings = Settings { audience, ..Settings::default() };
    let run = sigyl.reconfigure(&owner, Reconfigure { name: toy(), settings }).await.unwrap();
    assert_eq!(ended(&sigyl, &run).await.run.state, RunState::Failed);
    assert!(target.callers.lock().unwrap().public, "nobody could close it");
    target.faults.lock().unwrap().clear();
    sigyl.quarantine(&owner, name(), "it phones home").await.unwrap();
    assert!(target.callers.lock().unwrap().is_empty());
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_quarantine_closes_the_place_that_a_server_left() {
    let (folder, here, there, owner) =
        (tempfile::tempdir().unwrap(), target(), target(), Caller::local_owner());
    *there.opens.lock().unwrap() = true;
    *here.opens.lock().unwrap() = true;
    let others = BTreeMap::from([("there".to_owned(), Arc::<FakeTarget>::clone(&there) as Arc<dyn Target>)]);
    let sigyl = open_with(folder.path(), &here, others).await;
    let from = source(folder.path(), "1.0.0", CODE);
    let audience = Some(crate::domain::Audience { public: true, ..Default::default() });
    for place in ["there", "local"] {
        let (target, audience) = (Some(place.to_owned()), audience.clone());
        let run =
            sigyl.deploy(&owner, Deploy { target, audience, ..Deploy::of(from.clone()) }).await.unwrap();
        let end = ended(&sigyl, &run).await;
        assert_eq!(end.run.state, RunState::Done, "{place} {:?}", end.run.failure);
        there.faults.lock().unwrap().insert(Fault::Close);
    }
    assert!(there.callers.lock().unwrap().public, "it could not be closed");
    there.faults.lock().unwrap().clear();
    sigyl.quarantine(&owner, name(), "it phones home").await.unwrap();
    assert!(there.callers.lock().unwrap().is_empty() && here.callers.lock().unwrap().is_empty());
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_server_under_quarantine_stops_is_hidden_and_stays_down_over_a_restart() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    let end = deploy(&sigyl, source(folder.path(), "1.0.0", CODE)).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    assert_eq!((running(&target), sigyl.search(&owner, "toy", 9).unwrap().total), (1, 1));

    let view = sigyl.quarantine(&owner, name(), "it phones home").await.unwrap();
    let [affected] = &view.affected[..] else { panic!("{view:?}") };
    assert_eq!((affected.versions.len(), affected.active, running(&target)), (1, true, 0));
    for error in [
        sigyl.call(&owner, &toy(), "one", json!({})).await.unwrap_err(),
        sigyl.probe(&owner, &toy()).await.unwrap_err(),
    ] {
        assert_eq!((error.code(), error.kind()), ("E0308", Kind::Blocked));
        assert!(error.to_string().contains("it phones home"), "{error}");
    }
    assert_eq!(sigyl.search(&owner, "toy", 9).unwrap().total, 0);
    let all = Query { include_deleted: true, ..Query::default() };
    assert!(sigyl.listings(&owner, all).unwrap().servers.is_empty());
    assert!(sigyl.listing(&owner, "internal.sigyl/toy", "1.0.0", true).is_err());
    let shown = sigyl.show(&owner, &toy()).await.unwrap().quarantine.unwrap();
    assert_eq!(shown.reason, "it phones home");
    let again = sigyl.quarantine(&owner, name(), "twice").await.unwrap_err();
    assert_eq!(again.code(), "E0309");
    sigyl.shutdown().await;
    drop(sigyl);

    let sigyl = open(folder.path(), &target).await;
    restore_all(&sigyl).await;
    assert_eq!(running(&target), 0, "a restart does not bring it back");
    assert_eq!(sigyl.search(&owner, "toy", 9).unwrap().total, 0);
    let end = deploy(&sigyl, source(folder.path(), "2.0.0", "print('other')\n")).await;
    assert_eq!((end.run.state, running(&target)), (RunState::Blocked, 0));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let serving = tokio::spawn(sigyl.serve(listener));
    until(|| sigyl.owner(&owner).unwrap().endpoint.is_some()).await;
    sigyl.lift_quarantine(&owner, name(), "it was a false alarm").await.unwrap();
    until(|| running(&target) == 1).await;
    assert_eq!(sigyl.search(&owner, "toy", 9).unwrap().total, 1);
    let gone = sigyl.lift_quarantine(&owner, name(), "again").await.unwrap_err();
    assert_eq!(gone.code(), "E0309");
    sigyl.stop(&owner).unwrap();
    serving.await.unwrap().unwrap();
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_source_under_quarantine_stops_its_versions_and_no_other() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    let first = deploy(&sigyl, source(folder.path(), "1.0.0", CODE)).await.run.source.unwrap();
    let end = deploy(&sigyl, source(folder.path(), "2.0.0", "print('mended')\n")).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    let view = sigyl.quarantine(&owner, Suspect::Digest(first), "the old one leaks").await.unwrap();
    let [affected] = &view.affected[..] else { panic!("{view:?}") };
    assert_eq!((affected.active, running(&target)), (false, 1), "the mended one goes on");
    sigyl.probe(&owner, &toy()).await.unwrap();
    let shown = sigyl.listing_versions(&owner, "internal.sigyl/toy", true).unwrap();
    assert_eq!(shown.metadata.count, 1);
    let version = Version::parse("1.0.0").unwrap();
    let back = sigyl.rollback(&owner, toy(), Some(version)).await.unwrap();
    assert_eq!(ended(&sigyl, &back).await.run.state, RunState::Blocked);

    let second = end.run.source.unwrap();
    sigyl.quarantine(&owner, Suspect::Digest(second), "that one too").await.unwrap();
    assert_eq!(running(&target), 0);
    assert_eq!(sigyl.probe(&owner, &toy()).await.unwrap_err().code(), "E0308");
    let end = deploy(&sigyl, source(folder.path(), "3.0.0", "print('mended twice')\n")).await;
    assert_eq!((end.run.state, running(&target)), (RunState::Done, 1));
    sigyl.probe(&owner, &toy()).await.unwrap();
    sigyl.shutdown().await;
}

fn tool(description: &str) -> (serde_json::Value, Suspect) {
    let definition = json!({"name": "one", "description": description, "inputSchema": {"type": "object"}});
    let digest = Tool::new(definition.as_object().unwrap().clone()).unwrap().digest().unwrap();
    (definition, Suspect::Digest(digest))
}

/// Lets what serves declare something else from now on.
fn declares(sigyl: &Sigyl, tool: &serde_json::Value) {
    let upstream = Upstream::Stdio(Arc::new(Toy { tools: json!([tool]) }));
    let version = Version::parse("1.0.0").unwrap();
    drop(sigyl.inner.front.route(&toy(), &version, upstream, &Resources::default(), None));
}

#[tokio::test]
async fn a_tool_that_was_seen_since_the_pin_is_found_and_one_that_comes_later_is_refused() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    deploy(&sigyl, source(folder.path(), "1.0.0", CODE)).await;
    let (bad, what) = tool("Adds, and tells others.");
    declares(&sigyl, &bad);
    sigyl.probe(&owner, &toy()).await.unwrap();
    declares(&sigyl, &tool("Adds.").0);
    let view = sigyl.quarantine(&owner, what.clone(), "it tells").await.unwrap();
    let [affected] = &view.affected[..] else { panic!("{view:?}") };
    assert_eq!((affected.active, running(&target)), (true, 0));
    assert_eq!(sigyl.search(&owner, "toy", 9).unwrap().total, 0);
    sigyl.lift_quarantine(&owner, what, "mended").await.unwrap();
    restore_all(&sigyl).await;
    assert_eq!(running(&target), 1);

    let (worse, what) = tool("Adds, and tells everybody.");
    let view = sigyl.quarantine(&owner, what.clone(), "it tells").await.unwrap();
    assert_eq!((view.affected.len(), running(&target)), (0, 1));
    declares(&sigyl, &worse);
    assert_eq!(sigyl.probe(&owner, &toy()).await.unwrap_err().code(), "E0308");
    assert_eq!(running(&target), 0);
    assert_eq!(sigyl.search(&owner, "toy", 9).unwrap().total, 0);
    assert!(sigyl.show(&owner, &toy()).await.unwrap().quarantine.is_some());
    assert_eq!(sigyl.show_quarantine(&owner, &what).await.unwrap().affected.len(), 1);
    *target.tools.lock().unwrap() = json!([tool("Adds.").0]);
    restore_all(&sigyl).await;
    assert_eq!(running(&target), 0, "it is known what it declares");
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_client_that_is_shown_a_tool_under_quarantine_ends_its_server() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    deploy(&sigyl, source(folder.path(), "1.0.0", CODE)).await;
    let (bad, what) = tool("Adds, and tells others.");
    sigyl.quarantine(&owner, what, "it tells").await.unwrap();
    declares(&sigyl, &bad);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp/toy", listener.local_addr().unwrap());
    let serving = tokio::spawn(sigyl.inner.front.gateway().clone().serve(listener, std::future::pending()));
    let told = crate::mcp::probe(&Upstream::Http { url }, &Default::default()).await.unwrap_err().to_string();
    assert!(told.contains("it tells"), "{told}");
    until(|| running(&target) == 0).await;
    serving.abort();
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_tool_that_only_the_manifest_declares_is_found() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    let locator = source(folder.path(), "1.0.0", CODE);
    let (declared, what) = tool("Says so in the manifest.");
    let file = folder.path().join("source/sigyl.yaml");
    let manifest = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{manifest}tools: [{declared}]\n")).unwrap();
    let end = deploy(&sigyl, locator).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
    let view = sigyl.quarantine(&owner, what, "it leaks").await.unwrap();
    assert_eq!((view.affected.len(), running(&target)), (1, 0));
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_name_takes_who_approves_and_a_digest_an_administrator() {
    let house = House::new().await;
    let clock = Suspect::Name(house.server("clock", "red").await);
    let digest = Suspect::Digest(Digest::of(b"x"));
    let denied = |error: Error| assert_eq!(error.kind(), Kind::Denied, "{error}");
    house.member("red", "mia", Role::Member).await;
    let (rita, bert, mia) = (
        house.caller("rita", &["*"]).await,
        house.caller("bert", &["*"]).await,
        house.caller("mia", &["*"]).await,
    );
    denied(house.sigyl.quarantine(&mia, clock.clone(), "no").await.unwrap_err());
    denied(house.sigyl.quarantine(&rita, digest.clone(), "no").await.unwrap_err());
    let hidden = house.sigyl.quarantine(&bert, clock.clone(), "no").await.unwrap_err();
    assert_eq!(hidden.code(), "E0402", "{hidden}");
    for reason in ["", " ", "a\u{1b}[2J", &"x".repeat(501)] {
        let error = house.sigyl.quarantine(&rita, clock.clone(), reason).await.unwrap_err();
        assert_eq!(error.code(), "E0307", "{reason:?}");
    }
    house.sigyl.quarantine(&rita, clock.clone(), "it leaks").await.unwrap();
    assert_eq!(house.sigyl.quarantines(&mia).await.unwrap().len(), 1);
    assert_eq!(house.sigyl.quarantines(&bert).await.unwrap(), []);
    assert_eq!(house.sigyl.show_quarantine(&bert, &clock).await.unwrap_err().code(), "E0309");
    denied(house.sigyl.lift_quarantine(&mia, clock.clone(), "no").await.unwrap_err());
    house.sigyl.lift_quarantine(&rita, clock, "mended").await.unwrap();
    house.sigyl.quarantine(&Caller::local_owner(), digest, "known bad").await.unwrap();
}

#[tokio::test]
async fn what_was_set_from_outside_a_workspace_is_not_lifted_in_it() {
    let house = House::new().await;
    let (owner, clock) = (Caller::local_owner(), Suspect::Name(house.server("clock", "red").await));
    let (rita, bert) = (house.caller("rita", &["*"]).await, house.caller("bert", &["*"]).await);
    let lifts = async |who: &Caller| house.sigyl.lift_quarantine(who, clock.clone(), "mended").await;
    house.sigyl.quarantine(&owner, clock.clone(), "it leaks").await.unwrap();
    assert_eq!(lifts(&rita).await.unwrap_err().kind(), Kind::Denied);
    assert_eq!(house.sigyl.quarantines(&rita).await.unwrap().len(), 1, "it still stands");
    lifts(&owner).await.unwrap();

    // What the workspace set itself, an administrator makes stronger.
    house.sigyl.quarantine(&rita, clock.clone(), "we look at it").await.unwrap();
    house.sigyl.quarantine(&owner, clock.clone(), "so do we").await.unwrap();
    assert_eq!(lifts(&rita).await.unwrap_err().kind(), Kind::Denied);
    let weaker = house.sigyl.quarantine(&rita, clock.clone(), "ours again").await.unwrap_err();
    assert_eq!(weaker.code(), "E0309");
    lifts(&owner).await.unwrap();

    // The workspace that the server comes to did not set it.
    house.sigyl.quarantine(&rita, clock.clone(), "it leaks").await.unwrap();
    let Suspect::Name(name) = &clock else { panic!("a digest") };
    house.sigyl.transfer(&owner, name, &workspace("blue")).await.unwrap();
    assert_eq!(lifts(&bert).await.unwrap_err().kind(), Kind::Denied);
    lifts(&owner).await.unwrap();
    house.sigyl.quarantine(&bert, clock.clone(), "ours").await.unwrap();
    lifts(&bert).await.unwrap();
}

#[tokio::test]
async fn with_four_eyes_somebody_else_lifts_it() {
    let policy = Policy { four_eyes: true, ..Policy::default() };
    let house = House::judging_by(policy).await.with_people().await;
    let clock = Suspect::Name(house.server("clock", "red").await);
    house.member("red", "mia", Role::Admin).await;
    let (rita, mia) = (house.caller("rita", &["*"]).await, house.caller("mia", &["*"]).await);
    house.sigyl.quarantine(&rita, clock.clone(), "it leaks").await.unwrap();
    let own = house.sigyl.lift_quarantine(&rita, clock.clone(), "no, it does not").await.unwrap_err();
    assert_eq!(own.kind(), Kind::Denied, "{own}");
    house.sigyl.lift_quarantine(&mia, clock, "looked at it").await.unwrap();
}

#[tokio::test]
async fn the_name_of_a_document_means_its_server() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    deploy(&sigyl, source(folder.path(), "1.0.0", CODE)).await;
    assert_eq!(running(&target), 1);
    let shown = Suspect::parse("internal.sigyl/toy").unwrap();
    let view = sigyl.quarantine(&owner, shown.clone(), "it phones home").await.unwrap();
    assert_eq!((view.quarantine.what, view.affected.len(), running(&target)), (name(), 1, 0));
    let twice = sigyl.quarantine(&owner, name(), "again").await;
    assert!(matches!(twice, Err(Error::Standing(_))), "{twice:?}");
    assert_eq!(sigyl.show_quarantine(&owner, &shown).await.unwrap().affected.len(), 1);
    sigyl.lift_quarantine(&owner, shown, "mended").await.unwrap();
    assert_eq!(sigyl.quarantines(&owner).await.unwrap(), []);
}
