//! Who may call a server past the endpoint when something does not go as it should.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::house::{House, toy};
use super::target::{FakeTarget, Fault};
use crate::deploy::Target;
use crate::domain::{Audience, Member, Plan, Run, RunState, StepId, Suspect};
use crate::pipeline::Order;

fn public() -> Audience {
    Audience { public: true, ..Audience::default() }
}

fn ada() -> Audience {
    Audience { members: [Member::parse("user:ada@example.org").unwrap()].into(), ..Audience::default() }
}

async fn house() -> (House, Run) {
    let house = House::new();
    *house.target.opens.lock().unwrap() = true;
    let first = house.deploy().await;
    assert_eq!(first.state, RunState::Done, "{:?}", first.failure);
    (house, first)
}

async fn configure(house: &House, audience: Option<Audience>) -> Run {
    house.take(Plan::Reconfigure, Order { name: Some(toy()), audience, ..Order::default() }).await
}

async fn redeploy(house: &House, audience: Audience) -> Run {
    let order = Order { name: Some(toy()), audience: Some(audience), ..house.order() };
    house.take(Plan::Redeploy, order).await
}

fn callers(target: &FakeTarget) -> Audience {
    target.callers.lock().unwrap().clone()
}

#[tokio::test]
async fn a_run_that_is_taken_back_opens_nothing_that_a_quarantine_closed() {
    for is_covered in [false, true] {
        let (house, first) = house().await;
        assert_eq!(configure(&house, Some(public())).await.state, RunState::Done);
        if is_covered {
            house.quarantine(Suspect::Digest(first.source.unwrap())).await;
        }
        *house.target.callers.lock().unwrap() = Audience::default();
        house.write("2.0.0", "");
        house.code("print('mended')\n");
        house.target.faults.lock().unwrap().insert(Fault::Open);
        let run = redeploy(&house, public()).await;
        assert_eq!(run.state, RunState::Failed, "{:?}", run.failure);
        assert_eq!(callers(&house.target).public, !is_covered);
    }
}

#[tokio::test]
async fn a_door_that_could_not_be_closed_is_closed_by_the_next_order_that_says_who_may() {
    let (house, _) = house().await;
    house.target.faults.lock().unwrap().extend([Fault::Open, Fault::Close]);
    let run = configure(&house, Some(public())).await;
    assert_eq!(run.state, RunState::Failed);
    assert!(callers(&house.target).public, "it is open, and not on record");
    house.target.faults.lock().unwrap().clear();
    let run = configure(&house, Some(Audience::default())).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert!(callers(&house.target).is_empty());
}

#[tokio::test]
async fn what_an_order_does_not_name_does_not_fail_it() {
    let (house, _) = house().await;
    assert_eq!(configure(&house, Some(ada())).await.state, RunState::Done);
    house.target.faults.lock().unwrap().insert(Fault::Open);
    let run = configure(&house, None).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    let says = "who else may call it (user:ada@example.org) could not be seen to, and is as it was";
    assert!(run.notices.iter().any(|notice| notice.starts_with(says)), "{:?}", run.notices);
    assert_eq!(configure(&house, Some(ada())).await.state, RunState::Failed, "what is asked for is done");
}

#[tokio::test]
async fn who_was_let_in_where_it_ran_before_is_let_in_there_no_more() {
    for fails in [false, true] {
        let (mut house, _) = house().await;
        let there = Arc::new(FakeTarget::default());
        there.tools.lock().unwrap().clone_from(&house.target.tools.lock().unwrap());
        *there.opens.lock().unwrap() = true;
        let others =
            BTreeMap::from([("there".to_owned(), Arc::<FakeTarget>::clone(&there) as Arc<dyn Target>)]);
        house.platform.targets = house.platform.targets.with(others);
        let to = |target: &str| Order { target: Some(target.to_owned()), ..house.order() };
        let run = house.take(Plan::Release, Order { audience: Some(public()), ..to("there") }).await;
        assert_eq!((run.state, callers(&there).public), (RunState::Done, true), "{:?}", run.failure);
        if fails {
            there.faults.lock().unwrap().insert(Fault::Close);
        }
        let run = house.take(Plan::Release, to("local")).await;
        assert_eq!((run.state, callers(&house.target).public), (RunState::Done, true), "{:?}", run.failure);
        assert_eq!(callers(&there).public, fails);
        let said =
            run.notices.iter().any(|notice| notice.starts_with("at `there`, where it ran before, everybody"));
        assert_eq!(said, fails, "{:?}", run.notices);
    }
}

#[tokio::test]
async fn what_a_held_run_asks_for_is_said_and_does_not_outlive_what_was_said_since() {
    for since in [None, Some(ada())] {
        let (house, _) = house().await;
        house.write("2.0.0", "permissions:\n  exec: [git]\n");
        let held = redeploy(&house, public()).await;
        assert_eq!(held.state, RunState::Held, "{:?}", held.failure);
        let admit = held.steps.iter().find(|step| step.step == StepId::Admit).unwrap();
        let note = admit.note.as_deref().unwrap();
        assert!(note.contains("lets others in too: public: anybody on the internet"), "{note}");
        if let Some(since) = &since {
            let run = configure(&house, Some(since.clone())).await;
            assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
        }
        let done = house.approve(held).await;
        assert_eq!(done.state, RunState::Done, "{:?}", done.failure);
        let late =
            done.notices.iter().any(|notice| notice.contains("was changed since this run was asked for"));
        assert_eq!(late, since.is_some(), "{:?}", done.notices);
        let kept = since.unwrap_or_else(public);
        assert_eq!(callers(&house.target), kept);
        assert_eq!(house.platform.store.deployment(&toy()).await.unwrap().unwrap().audience, kept);
    }
}
