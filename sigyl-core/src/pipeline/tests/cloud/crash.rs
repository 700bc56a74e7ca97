//! The process dies after each request of a run: the next one completes it or takes it back.

use std::sync::mpsc;

use super::super::death::{self, Follower};
use super::calls::{key_of, name_of};
use super::matrix::{Outcome, Pace, again, calls, prepare};
use super::place::{Act, Cloud};
use crate::deploy::cloud_run::tests::fake::Blow;
use crate::domain::{Run, RunState, StepState};

/// Begins an act in a process of its own, as it were, that is gone once a request was made and before it was answered.
async fn die(cloud: &mut Cloud, act: Act, at: usize) -> Run {
    let (dead, died) = mpsc::channel();
    let mut follower = Follower::default();
    cloud.hook(move |asked, _| {
        if follower.follow(key_of(asked)) < at {
            return None;
        }
        dead.send(name_of(asked)).ok();
        Some(Blow::Silence)
    });
    let platform = cloud.house.platform.clone();
    let id = death::die(platform, cloud.order(act), Cloud::secrets(act), died).await;
    cloud.unhook();
    cloud.begin();
    cloud.house.platform.store.run(&id).await.unwrap().unwrap()
}

/// Lets the process die after each request of an act; returns what is wrong.
async fn crashes(act: Act) -> Vec<String> {
    let (calls, mut wrong) = (calls(act).await, Vec::new());
    let mut cloud = Cloud::new(Pace::Patient.patience());
    prepare(&mut cloud, act).await;
    for (at, name) in calls.iter().enumerate() {
        if act == Act::Redeploy {
            cloud.write(at + 3);
        }
        let before = cloud.face();
        let left = die(&mut cloud, act, at).await;
        assert_eq!(left.state, RunState::Running, "{act:?} {at} {name}");
        cloud.house.tracker().recover().await.unwrap();
        let run = cloud.house.platform.store.run(&left.id).await.unwrap().unwrap();
        let code = run.failure.as_ref().map(|failure| failure.code.as_str());
        let is_undone = run.steps.iter().all(|step| step.state != StepState::UndoFailed);
        let face = cloud.face();
        let (outcome, differs) = match (act, run.state, code) {
            (Act::Delete, RunState::Done, None) => (Outcome::Well, None),
            (_, RunState::Done, None) => (Outcome::Well, cloud.world(|world| face.wrong(world))),
            (_, RunState::Failed, Some("E0903")) if is_undone => (Outcome::Back, face.differs(&before)),
            _ => (Outcome::Back, Some(format!("it is {:?}: {:?}", run.state, run.failure))),
        };
        let next = match differs {
            None => again(&mut cloud, act, outcome).await.err(),
            differs => differs,
        };
        println!("{act:?} {at:>3} {name:<60} {outcome:?}");
        if act == Act::Open && outcome == Outcome::Well {
            // Whoever is let in already is not let in once more.
            cloud = Cloud::new(Pace::Patient.patience());
            prepare(&mut cloud, act).await;
        }
        if let Some(why) = next {
            wrong.push(format!("{act:?} {at} {name}: {outcome:?}, and {why}"));
            cloud = Cloud::new(Pace::Patient.patience());
            prepare(&mut cloud, act).await;
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_deploy_that_was_killed_after_any_request_leaves_nothing() {
    assert_eq!(crashes(Act::Deploy).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redeploy_that_was_killed_after_any_request_leaves_what_was_there_or_the_next_version() {
    assert_eq!(crashes(Act::Redeploy).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_left_in_by_a_run_that_was_killed_after_any_request() {
    assert_eq!(crashes(Act::Open).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_that_was_killed_after_any_request_is_done_at_the_next_start() {
    assert_eq!(crashes(Act::Delete).await, Vec::<String>::new());
}
