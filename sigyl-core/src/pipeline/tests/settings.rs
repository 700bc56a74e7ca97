//! Other settings and limits for the version that serves, and a start anew.

use std::collections::BTreeMap;

use super::house::{House, toy};
use super::target::Fault;
use crate::domain::{Audience, Deployment, Plan, Resources, Run, RunState, Server};
use crate::pipeline::Order;
use crate::store::Page;

fn named() -> Order {
    Order { name: Some(toy()), ..Order::default() }
}

fn env(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

fn limits(memory: u64) -> Resources {
    Resources { memory: Some(memory), ..Resources::default() }
}

async fn configure(house: &House, order: Order) -> Run {
    house.take(Plan::Reconfigure, order).await
}

async fn well(house: &House, order: Order) -> (Server, Deployment) {
    let run = configure(house, order).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    let store = &house.platform.store;
    (store.server(&toy()).await.unwrap().unwrap(), store.deployment(&toy()).await.unwrap().unwrap())
}

/// A house in which a version serves whose manifest sets a variable and a limit.
async fn house() -> House {
    let house = House::new();
    house.write("1.0.0", "env: {MODE: plain}\nresources: {memory: 256Mi, maxInstances: 2}\n");
    assert_eq!(house.deploy().await.state, RunState::Done);
    house
}

#[tokio::test]
async fn settings_and_limits_change_and_the_version_stays() {
    let house = house().await;
    // Nothing is fetched: the version is what is on record.
    std::fs::remove_dir_all(house.source()).unwrap();
    let order = Order { env: env("ZONE", "UTC"), limits: limits(1 << 30), ..named() };
    let (server, deployment) = well(&house, order).await;
    assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1));
    assert_eq!(house.platform.store.versions(&toy(), Page::first(9)).await.unwrap().len(), 1);
    let in_force = deployment.env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    assert_eq!(in_force, ["MODE=plain", "ZONE=UTC"]);
    assert_eq!((deployment.resources.memory, deployment.resources.max_instances), (Some(1 << 30), Some(2)));
    assert_eq!((server.env.len(), server.limits.memory), (1, Some(1 << 30)));
}

#[tokio::test]
async fn what_was_set_is_kept_by_a_redeploy_and_goes_when_it_is_taken_back() {
    let house = house().await;
    well(&house, Order { env: env("ZONE", "UTC"), limits: limits(1 << 30), ..named() }).await;
    house.write("2.0.0", "env: {MODE: plain}\nresources: {memory: 512Mi, maxInstances: 2}\n");
    assert_eq!(house.redeploy().await.state, RunState::Done);
    let kept = house.platform.store.deployment(&toy()).await.unwrap().unwrap();
    assert_eq!(
        (kept.env.get("ZONE").map(String::as_str), kept.resources.memory),
        (Some("UTC"), Some(1 << 30))
    );
    let order = Order { unset: vec!["ZONE".to_owned()], reset_limits: true, ..named() };
    let (server, deployment) = well(&house, order).await;
    assert!(server.env.is_empty() && server.limits.is_empty());
    assert_eq!((deployment.env.len(), deployment.resources.memory), (1, Some(512 << 20)));
}

#[tokio::test]
async fn a_start_anew_changes_nothing_but_the_instance() {
    let house = house().await;
    let before = house.platform.store.deployment(&toy()).await.unwrap().unwrap();
    let (_, after) = well(&house, named()).await;
    assert_ne!(before.revision, after.revision);
    let same = Deployment {
        revision: before.revision.clone(),
        run: before.run.clone(),
        activated: before.activated,
        // It tells how long its first answer took.
        declared: before.declared.clone(),
        ..after
    };
    assert_eq!(same, before);
}

#[tokio::test]
async fn what_does_not_start_with_its_settings_leaves_what_served() {
    let house = house().await;
    house.target.faults.lock().unwrap().insert(Fault::Silence);
    let run = configure(&house, Order { env: env("ZONE", "moon"), limits: limits(1 << 20), ..named() }).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1));
    let server = house.platform.store.server(&toy()).await.unwrap().unwrap();
    assert!(server.env.is_empty() && server.limits.is_empty(), "nothing of it is kept");
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_started() {
    let house = house().await;
    let most = |count| Resources { min_instances: Some(count), ..Resources::default() };
    let orders = [
        (Order { unset: vec!["ZONE".to_owned()], ..named() }, "nobody set it"),
        (Order { unset: vec!["MODE".to_owned()], ..named() }, "the manifest of its version sets it"),
        (Order { limits: most(3), ..named() }, "minInstances is 3, and maxInstances only 2"),
    ];
    for (order, why) in orders {
        let failure = configure(&house, order).await.failure.unwrap();
        assert_eq!(failure.code, "E0311", "{}", failure.message);
        assert!(failure.message.contains(why), "{}", failure.message);
    }
    let nobody = House::new();
    let published = nobody.take(Plan::Publish, nobody.order()).await;
    assert_eq!(published.state, RunState::Done, "{:?}", published.failure);
    assert_eq!(configure(&nobody, named()).await.failure.unwrap().code, "E0406");
}

#[tokio::test]
async fn a_start_anew_gives_no_right_that_a_rollback_took() {
    let house = house().await;
    house.write("2.0.0", "permissions:\n  network: [\"api.example:443\"]\n");
    let order = Order { grant: vec!["network=api.example:443".to_owned()], ..house.order() };
    let second = house.take(Plan::Redeploy, Order { name: Some(toy()), ..order }).await;
    assert_eq!(second.state, RunState::Done, "{:?}", second.failure);
    assert!(!house.granted().await.is_empty());
    assert_eq!(house.take(Plan::Rollback, named()).await.state, RunState::Done);
    let (server, deployment) = well(&house, named()).await;
    assert_eq!(deployment.version.as_str(), "1.0.0");
    assert!(deployment.granted.is_empty(), "{}", deployment.granted);
    assert!(!server.granted.is_empty(), "the later version still has it");
}

#[tokio::test]
async fn a_manifest_that_does_not_go_with_set_limits_is_refused_and_a_rollback_to_one_goes_on() {
    let house = house().await;
    house.write("2.0.0", "");
    assert_eq!(house.redeploy().await.state, RunState::Done);
    let least = Resources { min_instances: Some(3), max_instances: Some(4), ..Resources::default() };
    well(&house, Order { limits: least, ..named() }).await;
    let only = Resources { min_instances: Some(3), ..Resources::default() };
    well(&house, Order { limits: only, reset_limits: true, ..named() }).await;
    house.write("3.0.0", "resources: {maxInstances: 2}\n");
    let failure = house.redeploy().await.failure.unwrap();
    assert_eq!(failure.code, "E0311", "{}", failure.message);
    let back = house.take(Plan::Rollback, named()).await;
    assert_eq!(back.state, RunState::Done, "{:?}", back.failure);
    assert!(
        back.notices.iter().any(|line| line.contains("of its manifest are in force")),
        "{:?}",
        back.notices
    );
    let deployment = house.platform.store.deployment(&toy()).await.unwrap().unwrap();
    assert_eq!((deployment.resources.min_instances, deployment.resources.max_instances), (None, Some(2)));
}

#[tokio::test]
async fn a_place_that_lets_nobody_else_in_refuses_an_audience_before_anything_is_started() {
    let house = house().await;
    let before = house.platform.store.deployment(&toy()).await.unwrap();
    let audience = Some(Audience { public: true, ..Audience::default() });
    let run = configure(&house, Order { audience: audience.clone(), ..named() }).await;
    let failure = run.failure.unwrap();
    assert_eq!((run.state, failure.kind), (RunState::Failed, crate::domain::Kind::Invalid));
    assert!(
        failure.message.contains("the target `local` lets nobody but Sigyl call a server"),
        "{failure:?}"
    );
    assert!(failure.message.contains("--private"), "{failure:?}");
    assert_eq!(house.platform.store.deployment(&toy()).await.unwrap(), before);
    // One that does is told whom, and told again what is kept.
    *house.target.opens.lock().unwrap() = true;
    let (_, deployment) = well(&house, Order { audience: audience.clone(), ..named() }).await;
    assert!(deployment.audience.public && house.target.callers.lock().unwrap().public);
    *house.target.callers.lock().unwrap() = Audience::default();
    let (_, deployment) = well(&house, named()).await;
    assert!(deployment.audience.public && house.target.callers.lock().unwrap().public, "it is kept");
    let (_, deployment) = well(&house, Order { audience: Some(Audience::default()), ..named() }).await;
    assert!(deployment.audience.is_empty() && house.target.callers.lock().unwrap().is_empty());
}
