//! A server that runs at another place than this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::house::{House, ada, toy};
use super::target::{FakeTarget, Fault};
use crate::deploy::Target;
use crate::domain::{Plan, Run, RunState, Version};
use crate::pipeline::{Order, start};

/// A house with a second place.
fn house() -> (House, Arc<FakeTarget>) {
    let mut house = House::new();
    let there = Arc::new(FakeTarget::default());
    there.tools.lock().unwrap().clone_from(&house.target.tools.lock().unwrap());
    let others = BTreeMap::from([("there".to_owned(), Arc::<FakeTarget>::clone(&there) as Arc<dyn Target>)]);
    house.platform.targets = house.platform.targets.with(others);
    (house, there)
}

async fn deploy_to(house: &House, target: &str) -> Run {
    house.take(Plan::Release, Order { target: Some(target.to_owned()), ..house.order() }).await
}

fn running(target: &FakeTarget) -> usize {
    target.running.lock().unwrap().len()
}

#[tokio::test]
async fn a_server_stays_where_it_was_deployed_until_it_is_told_to_move() {
    let (house, there) = house();
    let run = deploy_to(&house, "there").await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert_eq!((running(&there), house.running()), (1, 0));
    house.code("print('changed')\n");
    let again = house.redeploy().await;
    assert_eq!(again.state, RunState::Done, "{:?}", again.failure);
    assert_eq!((running(&there), house.running()), (1, 0), "it was not told to move");
    assert_eq!(there.shifted.lock().unwrap().len(), 2, "each gets traffic once it was probed");
    let moved = deploy_to(&house, "local").await;
    assert_eq!(moved.failure.as_ref().map(|failure| failure.message.as_str()), None);
    assert_eq!((running(&there), house.running()), (0, 1), "nothing is left of it there");
    assert_eq!(house.platform.store.deployment(&toy()).await.unwrap().unwrap().target, None);
}

#[tokio::test]
async fn what_is_removed_is_removed_everywhere() {
    let (house, there) = house();
    deploy_to(&house, "there").await;
    let gone = house.take(Plan::Delete, Order { name: Some(toy()), ..Order::default() }).await;
    assert_eq!(gone.state, RunState::Done, "{:?}", gone.failure);
    assert_eq!(gone.removed.iter().filter(|line| *line == "logs/toy").count(), 2, "{:?}", gone.removed);
    assert_eq!(running(&there), 0);
}

#[tokio::test]
async fn a_release_that_does_not_answer_is_taken_back_where_it_was_made() {
    let (house, there) = house();
    there.faults.lock().unwrap().insert(Fault::Silence);
    let run = deploy_to(&house, "there").await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!((running(&there), there.shifted.lock().unwrap().len()), (0, 0));
}

#[tokio::test]
async fn what_runs_in_one_place_is_not_looked_for_in_another_of_its_kind() {
    let (house, there) = house();
    let place = |place: &str| *there.place.lock().unwrap() = Some(place.to_owned());
    place("mine/east");
    deploy_to(&house, "there").await;
    let server = house.platform.store.server(&toy()).await.unwrap().unwrap();
    assert_eq!(server.targets.iter().collect::<Vec<_>>(), ["there:mine/east"]);
    place("mine/west");
    let delete = async || house.take(Plan::Delete, Order { name: Some(toy()), ..Order::default() }).await;
    for run in [house.redeploy().await, deploy_to(&house, "there").await, delete().await] {
        let said = run.failure.unwrap().message;
        let why = "what is on record is at `there` in mine/east, and the configuration names mine/west: set it back to that, or \
                   delete the server with it first";
        assert!(said.ends_with(why), "{said}");
    }
    assert_eq!(running(&there), 1, "it still runs, and is known");
    place("mine/east");
    assert_eq!(delete().await.state, RunState::Done);
    assert_eq!(running(&there), 0);
    place("mine/west");
    assert_eq!(deploy_to(&house, "there").await.state, RunState::Done);
}

#[tokio::test]
async fn a_place_is_on_record_before_anything_is_made_there_also_for_a_version_that_was_recorded_before() {
    let (house, there) = house();
    *there.place.lock().unwrap() = Some("mine/east".to_owned());
    assert_eq!(house.deploy().await.state, RunState::Done);
    let ((begun, has_begun), (go_on, goes_on)) = (oneshot::channel(), oneshot::channel());
    *there.gate.lock().unwrap() = Some((begun, goes_on));
    let order = Order { target: Some("there".to_owned()), ..house.order() };
    let mut run = start(house.platform.clone(), Plan::Release, &ada(), order, BTreeMap::new()).await.unwrap();
    has_begun.await.unwrap();
    // The process could end here.
    let places = async || house.platform.store.server(&toy()).await.unwrap().unwrap().targets;
    assert_eq!(places().await, BTreeSet::from(["there:mine/east".to_owned()]));
    run.cancel();
    run.wait().await;
    drop(go_on);
    let abandoned = there.abandoned.lock().unwrap().clone();
    assert_eq!(abandoned.iter().map(|it| it.as_str()).collect::<Vec<_>>(), [run.id.as_str()]);
    assert_eq!(house.redeploy().await.state, RunState::Done);
    assert_eq!((running(&there), house.running()), (0, 1), "what served here stays here");
    assert_eq!(places().await.len(), 1, "and what was left there is not forgotten over it");
    let back = house.take(Plan::Rollback, Order { target: Some("there".to_owned()), ..rollback() }).await;
    assert_eq!((back.state, running(&there)), (RunState::Done, 1), "{:?}", back.failure);
    let gone = house.take(Plan::Delete, Order { name: Some(toy()), ..Order::default() }).await;
    assert_eq!(gone.removed.iter().filter(|line| *line == "logs/toy").count(), 2, "{:?}", gone.removed);
}

fn rollback() -> Order {
    Order { name: Some(toy()), version: Some(Version::parse("1.0.0").unwrap()), ..Order::default() }
}

#[tokio::test]
async fn a_place_that_is_not_configured_is_named_with_those_that_are() {
    let (house, _) = house();
    let run = deploy_to(&house, "moon").await;
    let failure = run.failure.unwrap();
    assert_eq!(failure.code, "E0504");
    assert!(
        failure.message.contains("there is no target `moon`; those that are configured: local, there"),
        "{failure:?}"
    );
}
