//! The process dies after each request of a run: the next one completes it or takes it back.

use std::sync::mpsc;

use super::super::death::{self, Follower};
use super::matrix::{Outcome, again, calls, patient};
use super::place::{Act, Place, key_of, name_of};
use crate::deploy::knative::tests::fake::Blow;
use crate::domain::{Run, RunState, StepState};

/// Begins an act in a process of its own, as it were, that is gone once a request was made and before it was answered.
async fn die(place: &mut Place, act: Act, at: usize) -> Run {
    let (dead, died) = mpsc::channel();
    let mut follower = Follower::default();
    place.machine.fake.hook(move |asked, _| {
        if follower.follow(key_of(asked)) < at {
            return None;
        }
        dead.send(name_of(asked)).ok();
        Some(Blow::Silence)
    });
    let platform = place.house.platform.clone();
    let id = death::die(platform, place.order(act), Place::secrets(act), died).await;
    place.machine.fake.unhook();
    place.begin();
    place.house.platform.store.run(&id).await.unwrap().unwrap()
}

/// Lets the process die after each request of an act; returns what is wrong.
async fn crashes(act: Act) -> Vec<String> {
    let (calls, mut wrong) = (calls(act).await, Vec::new());
    let mut place = Place::new(patient());
    place.prepare(act).await;
    for (at, name) in calls.iter().enumerate() {
        if act == Act::Redeploy {
            place.write(at + 3);
        }
        let before = place.face();
        let left = die(&mut place, act, at).await;
        assert_eq!(left.state, RunState::Running, "{act:?} {at} {name}");
        place.house.tracker().recover().await.unwrap();
        let run = place.house.platform.store.run(&left.id).await.unwrap().unwrap();
        let is_undone = run.steps.iter().all(|step| step.state != StepState::UndoFailed);
        let face = place.face();
        let (outcome, differs) = match (act, run.state) {
            (Act::Delete, RunState::Done) => (Outcome::Well, None),
            (_, RunState::Done) => (Outcome::Well, place.machine.fake.world(|world| face.wrong(world))),
            (_, RunState::Failed) if is_undone => {
                (Outcome::Back, (face != before).then(|| format!("{face:?}, was {before:?}")))
            }
            _ => (Outcome::Back, Some(format!("it is {:?}: {:?}", run.state, run.failure))),
        };
        let next = match differs {
            None => again(&mut place, act, outcome).await.err(),
            differs => differs,
        };
        println!("{act:?} {at:>3} {name:<44} {outcome:?}");
        if let Some(why) = next {
            wrong.push(format!("{act:?} {at} {name}: {outcome:?}, and {why}"));
            place = Place::new(patient());
            place.prepare(act).await;
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
async fn a_delete_that_was_killed_after_any_request_is_done_at_the_next_start() {
    assert_eq!(crashes(Act::Delete).await, Vec::<String>::new());
}
