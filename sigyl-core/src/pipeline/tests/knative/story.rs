//! A server is deployed, deployed again, rolled back and deleted.

use super::super::house::ada;
use super::place::{Act, Place, clock, leaks};
use crate::deploy::Target as _;
use crate::deploy::knative::tests::short;
use crate::domain::{RunState, StepId, StepState};
use crate::pipeline::start;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_deployed_redeployed_rolled_back_and_deleted() {
    let place = Place::new(short());
    place.well(Act::Deploy).await;
    let first = place.face();
    assert_eq!(place.machine.fake.world(|world| first.wrong(world)), None);
    let store = &place.house.platform.store;
    let server = store.server(&clock()).await.unwrap().unwrap();
    assert_eq!(server.active.unwrap().to_string(), "1.0.0");
    place.write(2);
    place.well(Act::Redeploy).await;
    let second = place.face();
    assert_eq!(place.machine.fake.world(|world| second.wrong(world)), None);
    assert_ne!(first.shares, second.shares);
    place.well(Act::Rollback).await;
    let third = place.face();
    assert_eq!(place.machine.fake.world(|world| third.wrong(world)), None);
    let server = store.server(&clock()).await.unwrap().unwrap();
    assert_eq!(server.active.unwrap().to_string(), "1.0.0");
    place.well(Act::Delete).await;
    assert!(place.face().things.is_empty(), "{:?}", place.face());
    assert_eq!(leaks(&place.machine.fake.asked()), Vec::<String>::new());
    assert!(!place.machine.noted("saw").contains("hush"), "the tool that builds sees a secret");
    assert_eq!(place.machine.fake.world(|world| world.refused.clone()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_does_not_start_leaves_the_one_before_as_it_was() {
    let place = Place::new(short());
    place.well(Act::Deploy).await;
    let before = place.face();
    place.write(2);
    for fails in [true, false] {
        place.machine.fake.world(|world| (world.fails, world.never) = (fails, !fails));
        let run = place.take(Act::Redeploy).await;
        assert_eq!(run.state, RunState::Failed);
        let said = run.failure.unwrap().message;
        assert!(said.contains(if fails { "ExitCode1" } else { "Deploying" }), "{said}");
        assert_eq!(place.face(), before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cancelled_while_it_builds_leaves_nothing() {
    let place = Place::new(short());
    let pid = place.machine.path("pid");
    place.machine.write_tool(&format!("#!/bin/sh\necho $$ > '{}'\nread -r _ < /dev/zero\n", pid.display()));
    let (plan, order) = place.order(Act::Deploy);
    let platform = place.house.platform.clone();
    let mut started = start(platform, plan, &ada(), order, Place::secrets(Act::Deploy)).await.unwrap();
    while std::fs::read_to_string(&pid).map_or(true, |text| !text.ends_with('\n')) {
        tokio::task::yield_now().await;
    }
    started.cancel();
    started.wait().await;
    let run = place.house.platform.store.run(&started.id).await.unwrap().unwrap();
    assert_ne!(run.state, RunState::Done);
    let build = run.steps.iter().find(|step| step.step == StepId::BuildImage).unwrap();
    assert_ne!(build.state, StepState::Done);
    assert!(place.face().things.is_empty(), "{:?}", place.face());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_record_is_at_the_cluster_and_namespace_that_it_was_released_in() {
    let place = Place::new(short());
    place.well(Act::Deploy).await;
    assert_eq!(place.machine.target(short()).place().as_deref(), Some("test/mcp"));
    let deployments = place.house.platform.store.deployments().await.unwrap();
    let targets: Vec<_> = deployments.iter().map(|one| one.target.as_deref()).collect();
    assert_eq!(targets, [Some("knative:test/mcp")]);
}
