//! Every step that can fail leaves what served before as it was.

use super::house::{House, ada, toy};
use super::target::Fault;
use crate::clock::Clock as _;
use crate::domain::{Plan, RunState, SecretName, SecretValue, StepId, StepRecord, StepState};
use crate::pipeline::Order;
use crate::store::Change;

async fn redeploy_with(fault: Fault) -> (House, crate::domain::Run) {
    let house = House::new();
    house.deploy().await;
    house.write("2.0.0", "");
    house.target.faults.lock().unwrap().insert(fault);
    let name = SecretName::parse("API_KEY").unwrap();
    let order = Order { name: Some(toy()), ..house.order() };
    let run = house.take_with(Plan::Redeploy, order, [(name, SecretValue::new("new"))].into()).await;
    (house, run)
}

fn state_of(run: &crate::domain::Run, step: StepId) -> Option<StepState> {
    run.steps.iter().find(|record| record.step == step).map(|record| record.state)
}

#[tokio::test]
async fn a_failed_build_a_failed_start_and_a_silent_server_keep_the_old_one() {
    for (fault, step, code) in [
        (Fault::Build, StepId::BuildImage, "E0501"),
        (Fault::Release, StepId::Release, "E0502"),
        (Fault::Silence, StepId::Probe, "E0601"),
    ] {
        let (house, run) = redeploy_with(fault).await;
        assert_eq!(run.state, RunState::Failed, "{fault:?}");
        assert_eq!(run.failure.as_ref().unwrap().code, code, "{fault:?} {:?}", run.failure);
        assert_eq!(state_of(&run, step), Some(StepState::Failed), "{fault:?}");
        assert_eq!(state_of(&run, StepId::FetchSource), Some(StepState::Undone), "{fault:?}");
        assert_eq!(
            state_of(&run, StepId::RecordVersion),
            Some(StepState::Done),
            "{fault:?}: a version stays"
        );
        assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1), "{fault:?}");
        assert_eq!(house.active().await.as_deref(), Some("1.0.0"), "{fault:?}");
        let abandoned = house.target.abandoned.lock().unwrap().len();
        assert_eq!(abandoned, 1, "{fault:?}: what was begun elsewhere is over");
        assert!(house.platform.store.secrets(&toy()).await.unwrap().is_empty(), "{fault:?} left its secret");
    }
}

#[tokio::test]
async fn an_undo_that_fails_is_told_and_tried_again_at_the_next_start() {
    let house = House::new();
    house.deploy().await;
    house.write("2.0.0", "");
    house.target.faults.lock().unwrap().extend([Fault::Silence, Fault::Retire]);
    let run = house.redeploy().await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(state_of(&run, StepId::Release), Some(StepState::UndoFailed));
    assert_eq!(house.routed().as_deref(), Some("1.0.0"));
    assert_eq!(house.running(), 2);
    let again = async || {
        house.tracker().recover().await.unwrap();
        house.platform.store.run(&run.id).await.unwrap().unwrap()
    };
    let told = again().await;
    assert_eq!(state_of(&told, StepId::Release), Some(StepState::UndoFailed), "it fails again");
    house.target.faults.lock().unwrap().clear();
    let told = again().await;
    assert_eq!((told.state, &told.failure), (run.state, &run.failure), "it ended as it did");
    assert_eq!(state_of(&told, StepId::Release), Some(StepState::Undone));
    assert_eq!((house.routed().as_deref(), house.running()), (Some("1.0.0"), 1));
    assert_eq!(house.tracker().recover().await.unwrap(), 0, "nothing is left of it");
}

#[tokio::test]
async fn a_cancelled_run_is_taken_back() {
    let house = House::new();
    let ada = ada();
    let started = crate::pipeline::start(
        house.platform.clone(),
        Plan::Release,
        &ada,
        house.order(),
        Default::default(),
    );
    let mut started = started.await.unwrap();
    started.cancel();
    started.wait().await;
    let run = house.platform.store.run(&started.id).await.unwrap().unwrap();
    assert_eq!((run.state, run.failure.unwrap().code.as_str()), (RunState::Failed, "E0902"));
    assert_eq!(house.running(), 0);
}

#[tokio::test]
async fn a_run_that_is_stopped_while_its_version_takes_over_has_succeeded() {
    let house = House::new();
    house.deploy().await;
    house.write("2.0.0", "");
    let order = Order { name: Some(toy()), ..house.order() };
    let ada = ada();
    let started =
        crate::pipeline::start(house.platform.clone(), Plan::Redeploy, &ada, order, Default::default());
    let mut started = started.await.unwrap();
    *house.routes.2.lock().unwrap() = Some(started.clone());
    started.wait().await;
    let run = house.platform.store.run(&started.id).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    assert_eq!((house.routed().as_deref(), house.running()), (Some("2.0.0"), 1));
    assert_eq!(house.active().await.as_deref(), Some("2.0.0"));
}

#[tokio::test]
async fn secrets_are_what_they_were_though_taking_them_back_was_cut_short() {
    let house = House::new();
    let mut run = house.deploy().await;
    let [first, second] = ["A", "B"].map(|name| SecretName::parse(name).unwrap());
    let seal = |value: &str| {
        house.platform.vault.seal(&toy(), &second, &SecretValue::new(value), house.clock.now()).unwrap()
    };
    let (old, new) = (seal("old"), seal("new"));
    // The first was new with the run and is gone again; the second was not put back yet.
    let store = &house.platform.store;
    store.apply(Change::PutSecret(new.clone())).await.unwrap();
    let order = Order {
        sealed: vec![new],
        before: vec![(first, None), (second.clone(), Some(old.clone()))],
        ..house.order()
    };
    run.id = crate::domain::RunId::parse("killed").unwrap();
    run.request = serde_json::to_value(&order).unwrap();
    run.state = RunState::Running;
    run.steps.retain(|record| record.step == StepId::BindSecrets);
    run.steps[0].state = StepState::Started;
    store.apply(Change::PutRun(Box::new(run.clone()))).await.unwrap();
    house.tracker().recover().await.unwrap();
    assert_eq!(store.secret(&toy(), &second).await.unwrap(), Some(old));
    let settled = store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(state_of(&settled, StepId::BindSecrets), Some(StepState::Undone));
}

#[tokio::test]
async fn a_run_that_was_killed_at_any_step_is_unwound_at_the_next_start() {
    for killed_at in
        [StepId::FetchSource, StepId::RecordVersion, StepId::BindSecrets, StepId::Release, StepId::Probe]
    {
        let house = House::new();
        let mut run = house.deploy().await;
        // As if the process had died in the middle of `killed_at`, before the version took over.
        let store = &house.platform.store;
        let tombstone = crate::store::Tombstone {
            server: toy(),
            deleted: house.clock.now(),
            run: run.id.clone(),
            versions: Vec::new(),
            workspace: Default::default(),
        };
        let keep_going = run.steps.iter().position(|record| record.step == killed_at).unwrap();
        run.steps.truncate(keep_going);
        run.steps.push(StepRecord {
            step: killed_at,
            state: StepState::Started,
            started: house.clock.now(),
            ended: None,
            note: None,
        });
        run.state = RunState::Running;
        store.apply(Change::DeleteServer { name: toy(), tombstone }).await.unwrap();
        store.apply(Change::PutRun(Box::new(run.clone()))).await.unwrap();
        assert_eq!(house.tracker().recover().await.unwrap(), 1);
        let settled = store.run(&run.id).await.unwrap().unwrap();
        assert_eq!(settled.state, RunState::Failed, "{killed_at}");
        assert_eq!(settled.failure.unwrap().code, "E0903", "{killed_at}");
        assert!(store.open_runs().await.unwrap().is_empty());
        let abandoned = house.target.abandoned.lock().unwrap().len();
        let has_built = run.steps.iter().any(|record| record.step == StepId::BuildImage);
        assert_eq!(abandoned, usize::from(has_built), "{killed_at}: what was built is known to be left");
    }
}

#[tokio::test]
async fn a_run_that_was_killed_after_it_took_over_is_completed() {
    let house = House::new();
    let mut run = house.deploy().await;
    run.state = RunState::Running;
    house.platform.store.apply(Change::PutRun(Box::new(run.clone()))).await.unwrap();
    house.tracker().recover().await.unwrap();
    let settled = house.platform.store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(settled.state, RunState::Done);
    assert_eq!(house.active().await.as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn a_delete_that_was_killed_goes_on() {
    let house = House::new();
    house.deploy().await;
    let order = Order { name: Some(toy()), ..Order::default() };
    let mut run = house.take(Plan::Delete, order).await;
    run.state = RunState::Running;
    run.steps.clear();
    house.platform.store.apply(Change::PutRun(Box::new(run.clone()))).await.unwrap();
    house.tracker().recover().await.unwrap();
    let settled = house.platform.store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(settled.state, RunState::Done, "{:?}", settled.failure);
}

#[tokio::test]
async fn a_delete_that_was_killed_between_records_and_files_removes_the_files() {
    let house = House::new();
    house.deploy().await;
    let (trees, kept) = (house.folder().join("trees"), house.folder().join("kept"));
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let done = std::process::Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
        assert!(done.success());
    };
    copy(&trees, &kept);
    let order = Order { name: Some(toy()), ..Order::default() };
    let mut run = house.take(Plan::Delete, order).await;
    std::fs::remove_dir(&trees).unwrap();
    copy(&kept, &trees);
    run.state = RunState::Running;
    run.steps.clear();
    house.platform.store.apply(Change::PutRun(Box::new(run.clone()))).await.unwrap();
    house.tracker().recover().await.unwrap();
    assert_eq!(std::fs::read_dir(&trees).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_build_prints_is_kept_up_to_a_bound_and_that_is_said() {
    let house = House::new();
    house.target.faults.lock().unwrap().insert(Fault::Chatter);
    let run = house.deploy().await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    let events = house.platform.store.events(Some(&run.id), crate::store::Page::first(9999)).await.unwrap();
    let lines = events.iter().filter_map(|event| match &event.kind {
        crate::event::EventKind::Log { step: StepId::BuildImage, line } => Some(line.as_str()),
        _ => None,
    });
    let lines: Vec<&str> = lines.collect();
    assert_eq!((lines.len(), lines.last()), (2001, Some(&"… it prints more, which is not shown")));
}
