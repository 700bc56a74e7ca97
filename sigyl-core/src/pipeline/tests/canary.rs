//! A new version is tried with some of the clients, and taken back where it does worse.

use std::time::Duration;

use super::house::{House, ada, toy};
use crate::domain::{Canary, Compared, Measured, Plan, Run, RunState, StepId, StepState};
use crate::event::EventKind;
use crate::pipeline::{Order, start};
use crate::store::Page;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

pub(super) fn calls(calls: u64, failed: u64) -> Measured {
    let mut measured = Measured::default();
    measured.add(calls, failed, 1_000);
    measured
}

pub(super) fn order(house: &House) -> Order {
    let canary = Some(Canary::new(vec![10, 50], HOUR));
    Order { name: Some(toy()), canary, ..house.order() }
}

async fn tried(house: &House) -> Run {
    house.deploy().await;
    house.write("2.0.0", "");
    house.take(Plan::Redeploy, order(house)).await
}

fn step(run: &Run) -> (StepState, String) {
    let record = run.steps.iter().find(|record| record.step == StepId::Canary).unwrap();
    (record.state, record.note.clone().unwrap_or_default())
}

#[tokio::test]
async fn a_version_that_does_well_gets_more_clients_and_then_all() {
    let house = House::new();
    let well = Compared { serving: calls(500, 5), tried: calls(50, 1) };
    house.routes.3.lock().unwrap().seen.insert(50, well);
    let run = tried(&house).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert_eq!(house.routes.3.lock().unwrap().shares, [10, 50]);
    assert_eq!(step(&run), (StepState::Done, "50 calls, 1 failed".to_owned()));
    assert_eq!((house.routed().as_deref(), house.running()), (Some("2.0.0"), 1));
    assert!(run.notices.is_empty(), "{:?}", run.notices);
    // Who follows the run sees what calls came to, on both sides and since the trial began.
    let events = house.platform.store.events(Some(&run.id), Page::first(9_999)).await.unwrap();
    let told = events.into_iter().filter_map(|event| match event.kind {
        EventKind::Tried { version, percent, serving, tried, .. } => Some((version, percent, serving, tried)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told.iter().map(|(_, percent, ..)| *percent).collect::<Vec<_>>(), [10, 50]);
    let (version, _, serving, tried) = told.last().unwrap();
    assert_eq!((version.as_str(), tried.calls, tried.failed), ("2.0.0", 50, 1));
    assert!(serving.calls <= 500 && tried.p95.is_some_and(|micros| (1_000..=1_100).contains(&micros)));
}

#[tokio::test]
async fn a_version_that_nobody_called_is_let_in_and_that_is_said() {
    let house = House::new();
    let run = tried(&house).await;
    assert_eq!(run.state, RunState::Done);
    assert!(run.notices.iter().any(|line| line.contains("tried by 0 calls: too few")), "{:?}", run.notices);
}

#[tokio::test]
async fn a_version_that_fails_more_is_taken_back_at_once() {
    let house = House::new();
    let worse = Compared { serving: calls(500, 5), tried: calls(50, 20) };
    house.routes.3.lock().unwrap().seen.insert(10, worse);
    let run = tried(&house).await;
    let failure = run.failure.clone().unwrap_or_else(|| panic!("{run:?}"));
    assert_eq!((run.state, failure.code.as_str()), (RunState::Failed, "E0604"), "{failure:?}");
    assert!(failure.message.contains("2.0.0 was tried with 10 percent"), "{}", failure.message);
    assert!(failure.message.contains("20 of its 50 calls failed: 40.0 %, and 1.0 %"), "{}", failure.message);
    assert_eq!(house.routes.3.lock().unwrap().shares, [10], "it does not come to half of them");
    assert_eq!(house.routes.3.lock().unwrap().now, None);
    assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1));
    assert_eq!(house.active().await.as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn what_is_taken_away_while_it_is_tried_does_not_take_over() {
    let house = House::new();
    house.routes.3.lock().unwrap().gone = true;
    let run = tried(&house).await;
    assert_eq!(run.state, RunState::Failed);
    assert!(run.failure.unwrap().message.contains("quarantined"));
    assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1));
}

#[tokio::test]
async fn a_first_version_is_not_tried() {
    let house = House::new();
    let run = house.take(Plan::Release, Order { name: None, ..order(&house) }).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert_eq!(step(&run), (StepState::Skipped, "nothing serves yet".to_owned()));
    assert_eq!(house.routed().as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn a_trial_that_is_cancelled_leaves_what_served() {
    let house = House::new();
    house.deploy().await;
    house.write("2.0.0", "");
    let mut run = start(house.platform.clone(), Plan::Redeploy, &ada(), order(&house), Default::default())
        .await
        .unwrap();
    while house.routes.3.lock().unwrap().now.is_none() {
        tokio::task::yield_now().await;
    }
    run.cancel();
    run.wait().await;
    let run = house.platform.store.run(&run.id).await.unwrap().unwrap();
    assert_eq!((run.state, step(&run).0), (RunState::Failed, StepState::Failed));
    assert_eq!(house.routes.3.lock().unwrap().now, None);
    assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1));
}
