//! Servers that run at another place than this machine, as they are shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::house::House;
use super::quarantine::{CODE, ended, name, open, open_with, restore_all, running, source, target, toy};
use crate::deploy::Target;
use crate::domain::{Caller, Deployment, Kind, Locator, RunState};
use crate::pipeline::tests::target::{FakeTarget, Fault};
use crate::sigyl::{Sigyl, schedule};
use crate::store::Change;
use crate::store::contract::fixture;
use crate::wire::v1::{AuditFrom, Deploy};

#[tokio::test]
async fn a_server_at_a_place_that_cannot_be_asked_is_shown_with_why() {
    let house = House::new().await;
    let name = house.server("clock", "red").await;
    let place = Some("there:mine/east".to_owned());
    let Change::Activate { server, deployment, tools, others, attested } =
        fixture::activate("clock", "1.0.0", "clock", Vec::new())
    else {
        unreachable!("it activates")
    };
    let deployment = Box::new(Deployment { target: place.clone(), ..*deployment });
    house.store().apply(Change::Activate { server, deployment, tools, others, attested }).await.unwrap();
    let owner = Caller::local_owner();
    for shown in
        [house.sigyl.show(&owner, &name).await.unwrap(), house.sigyl.list(&owner).await.unwrap().remove(0)]
    {
        assert_eq!(shown.deployment.unwrap().target, place);
        let status = shown.status.unwrap();
        let why = status.unknown.unwrap();
        assert!(why.contains("there is no target `there`"), "{why}");
        assert!(!status.running);
    }
}

async fn deploy_to(sigyl: &Sigyl, place: &str, source: Locator) {
    let order = Deploy { target: Some(place.to_owned()), ..Deploy::of(source) };
    let run = sigyl.deploy(&Caller::local_owner(), order).await.unwrap();
    let end = ended(sigyl, &run).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
}

#[tokio::test]
async fn a_place_that_is_not_configured_keeps_nothing_else_from_being_stopped_and_is_told_and_tried_again() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let there = self::target();
    let others =
        || BTreeMap::from([("there".to_owned(), Arc::<FakeTarget>::clone(&there) as Arc<dyn Target>)]);
    *there.place.lock().unwrap() = Some("mine/east".to_owned());
    // What was there once did not end when the server came here.
    there.faults.lock().unwrap().insert(Fault::Retire);
    let sigyl = open_with(folder.path(), &target, others()).await;
    deploy_to(&sigyl, "there", source(folder.path(), "1.0.0", CODE)).await;
    deploy_to(&sigyl, "local", source(folder.path(), "1.1.0", "print('here')\n")).await;
    assert_eq!((running(&there), running(&target)), (1, 1));
    // What runs at another place goes on when this process ends.
    let goes_on = there.running.lock().unwrap().clone();
    sigyl.shutdown().await;
    drop(sigyl);
    *there.running.lock().unwrap() = goes_on;
    there.faults.lock().unwrap().clear();

    let sigyl = open(folder.path(), &target).await;
    restore_all(&sigyl).await;
    let view = sigyl.quarantine(&owner, name(), "it phones home").await.unwrap();
    let [affected] = &view.affected[..] else { panic!("{view:?}") };
    let [left] = &affected.unreached[..] else { panic!("{affected:?}") };
    assert_eq!((left.version.as_str(), left.place.as_str()), ("1.0.0", "there:mine/east"));
    assert!(left.why.contains("`there`"), "{left:?}");
    assert_eq!((running(&there), running(&target)), (1, 0), "what can be reached is stopped");
    assert_eq!(sigyl.probe(&owner, &toy()).await.unwrap_err().code(), "E0308");
    let health = async |sigyl: &Sigyl| sigyl.show(&owner, &toy()).await.unwrap().health;
    assert_eq!(health(&sigyl).await, Some(left.what()));
    let shown = sigyl.audit(&owner, AuditFrom::End, 9).await;
    assert!(format!("{shown:?}").contains("toy 1.0.0 may still run at there:mine/east"), "{shown:?}");
    sigyl.shutdown().await;
    drop(sigyl);

    let sigyl = open(folder.path(), &target).await;
    restore_all(&sigyl).await;
    assert_eq!(health(&sigyl).await, Some(left.what()), "it is told again");
    sigyl.shutdown().await;
    drop(sigyl);

    there.faults.lock().unwrap().insert(Fault::Retire);
    let sigyl = open_with(folder.path(), &target, others()).await;
    restore_all(&sigyl).await;
    assert_eq!(health(&sigyl).await, Some(left.what()), "the place is there, and does not do it");
    there.faults.lock().unwrap().clear();
    schedule::stop_elsewhere(sigyl.clone()).await;
    assert_eq!((running(&there), health(&sigyl).await), (0, None));
    sigyl.shutdown().await;
}

#[tokio::test]
async fn a_place_that_somebody_types_is_said_not_to_be_there_and_not_to_be_on_record() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let there = self::target();
    *there.place.lock().unwrap() = Some("mine/east".to_owned());
    let others = BTreeMap::from([("there".to_owned(), Arc::<FakeTarget>::clone(&there) as Arc<dyn Target>)]);
    let sigyl = open_with(folder.path(), &target, others).await;
    for (typed, said) in [
        (
            "there:mine/west",
            "there is no place `mine/west` of the target `there`: the configuration names mine/east; say `there` for that, or \
             change the configuration",
        ),
        ("there:", "there is no place `` of the target `there`: the configuration names mine/east"),
        ("moon:x", "there is no target `moon`; those that are configured: local, there"),
        ("local:x", "the target `local` has no places to choose from; say `local`"),
    ] {
        let order =
            Deploy { target: Some(typed.to_owned()), ..Deploy::of(source(folder.path(), "1.0.0", CODE)) };
        let error = sigyl.deploy(&owner, order).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        let message = error.failure().message;
        assert!(message.contains(said) && !message.contains("on record"), "{typed}: {message}");
    }
    deploy_to(&sigyl, "there:mine/east", source(folder.path(), "1.0.0", CODE)).await;
    assert_eq!((running(&there), running(&target)), (1, 0));
    sigyl.shutdown().await;
}

#[tokio::test]
async fn what_does_not_end_on_this_machine_fails_a_quarantine_also_where_the_record_names_this_machine() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    deploy_to(&sigyl, "local", source(folder.path(), "1.0.0", CODE)).await;
    let store = &sigyl.inner.platform.store;
    let deployment = store.deployment(&toy()).await.unwrap().unwrap();
    assert_eq!(deployment.target, None);
    // An earlier Sigyl wrote what was typed.
    let deployment = Box::new(Deployment { target: Some("local".to_owned()), ..deployment });
    let server = Box::new(store.server(&toy()).await.unwrap().unwrap());
    let change =
        Change::Activate { server, deployment, tools: Vec::new(), others: Vec::new(), attested: None };
    store.apply(change).await.unwrap();
    target.faults.lock().unwrap().insert(Fault::Retire);
    let failed = sigyl.quarantine(&owner, name(), "it phones home").await.unwrap_err();
    assert_eq!(failed.to_string(), "the target failed");
    sigyl.shutdown().await;
}

#[tokio::test]
async fn what_stays_at_another_place_under_quarantine_is_named_and_not_called_stopped() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let there = self::target();
    *there.stays.lock().unwrap() = true;
    let others = BTreeMap::from([("there".to_owned(), Arc::<FakeTarget>::clone(&there) as Arc<dyn Target>)]);
    let sigyl = open_with(folder.path(), &target, others).await;
    deploy_to(&sigyl, "there", source(folder.path(), "1.0.0", CODE)).await;
    let view = sigyl.quarantine(&owner, name(), "it phones home").await.unwrap();
    let [left] = &view.affected[0].unreached[..] else { panic!("{view:?}") };
    assert!(left.stays && running(&there) == 1, "{left:?}");
    let note = "1.0.0 stays at `there`, and Sigyl does not call it";
    assert_eq!(left.what(), note);
    sigyl.stop_elsewhere().await.unwrap();
    assert_eq!(sigyl.show(&owner, &toy()).await.unwrap().health.as_deref(), Some(note));
    let shown = format!("{:?}", sigyl.audit(&owner, AuditFrom::End, 9).await);
    assert!(shown.contains("toy 1.0.0 stays at there and is not called"), "{shown}");
    sigyl.shutdown().await;
}
