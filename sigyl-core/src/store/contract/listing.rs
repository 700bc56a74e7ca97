//! Claims about order and pages.

use crate::domain::{Run, RunState, Seq, StepId, StepRecord, StepState, Timestamp};
use crate::store::{Change, Page, Store, StoreError};

use super::fixture::{call, event, name, publish, run, run_id, secret, secret_name, version};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    servers_come_by_name(&open().await).await;
    versions_come_newest_first(&open().await).await;
    runs_come_newest_first_and_open_ones_oldest_first(&open().await).await;
    a_run_that_left_something_is_open(&open().await).await;
    events_are_numbered_in_order(&open().await).await;
    calls_come_newest_first(&open().await).await;
    secrets_come_by_name_and_go(&open().await).await;
    every_change_is_journalled(&open().await).await;
}

async fn servers_come_by_name(store: &impl Store) {
    for server in ["clock-two", "clock", "io.github.ada/x", "a"] {
        ok(store.apply(publish(server, "1.0.0", server)).await);
    }
    let names = async |page| {
        let servers = ok(store.servers(page).await);
        servers.into_iter().map(|server| server.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(Page::first(9)).await, ["a", "clock", "clock-two", "io.github.ada/x"]);
    assert_eq!(names(Page { after: Some(name("a")), limit: 2 }).await, ["clock", "clock-two"]);
    assert_eq!(names(Page { after: Some(name("b")), limit: 1 }).await, ["clock"]);
    assert!(names(Page::first(0)).await.is_empty());
}

async fn versions_come_newest_first(store: &impl Store) {
    let clock = name("clock");
    for number in ["1.0.0", "0.9.0", "2.0.0", "1.0.0-rc.1"] {
        ok(store.apply(publish("clock", number, number)).await);
    }
    ok(store.apply(publish("clock-two", "9.0.0", "x")).await);
    let numbers = async |page| {
        let versions = ok(store.versions(&clock, page).await);
        versions.into_iter().map(|record| record.version.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(Page::first(9)).await, ["1.0.0-rc.1", "2.0.0", "0.9.0", "1.0.0"]);
    let after = |text| Some(version(text));
    assert_eq!(numbers(Page { after: after("2.0.0"), limit: 1 }).await, ["0.9.0"]);
    assert!(numbers(Page { after: after("1.0.0"), limit: 9 }).await.is_empty());
    let lost = store.versions(&clock, Page { after: after("7.0.0"), limit: 9 }).await;
    assert!(matches!(lost, Err(StoreError::Missing { .. })), "{lost:?}");
}

async fn runs_come_newest_first_and_open_ones_oldest_first(store: &impl Store) {
    let put = async |id, state| ok(store.apply(Change::PutRun(Box::new(run(id, state)))).await);
    for (id, state) in [("r1", RunState::Running), ("r2", RunState::Done), ("r10", RunState::Held)] {
        put(id, state).await;
    }
    let ids = |runs: Vec<Run>| runs.iter().map(|run| run.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(ok(store.runs(Page::first(9)).await)), ["r2", "r10", "r1"]);
    let page = Page { after: Some(run_id("r2")), limit: 1 };
    assert_eq!(ids(ok(store.runs(page).await)), ["r10"]);
    assert_eq!(ids(ok(store.open_runs().await)), ["r1", "r10"]);
    put("r1", RunState::Failed).await;
    put("r2", RunState::Running).await;
    assert_eq!(ids(ok(store.open_runs().await)), ["r10", "r2"]);
    assert_eq!(found(store.run(&run_id("r1")).await).state, RunState::Failed);
    assert_eq!(ok(store.run(&run_id("r3")).await), None);
}

async fn a_run_that_left_something_is_open(store: &impl Store) {
    let step = |state| StepRecord {
        step: StepId::Release,
        state,
        started: Timestamp::EPOCH,
        ended: None,
        note: None,
    };
    for (state, open) in [(StepState::UndoFailed, 1), (StepState::Undone, 0)] {
        let left = Run { steps: vec![step(state)], ..run("r3", RunState::Failed) };
        ok(store.apply(Change::PutRun(Box::new(left))).await);
        assert_eq!(ok(store.open_runs().await).len(), open, "{state:?}");
    }
}

async fn events_are_numbered_in_order(store: &impl Store) {
    let some = vec![event(Some("r1"), "a"), event(Some("r2"), "b"), event(Some("r1"), "c")];
    let last = ok(store.apply(Change::Events(some)).await);
    let then = ok(store.apply(Change::Events(vec![event(None, "d"), event(Some("r1"), "e")])).await);
    let of = async |run: Option<&str>, page| {
        let run = run.map(run_id);
        let events = ok(store.events(run.as_ref(), page).await);
        events.into_iter().map(|event| event.seq.0).collect::<Vec<_>>()
    };
    assert_eq!(ok(store.last_seq().await), then);
    let (last, then) = (last.0, then.0);
    let all = [last - 2, last - 1, last, then - 1, then];
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
    assert_eq!(of(None, Page::first(9)).await, all);
    assert_eq!(of(Some("r1"), Page::first(9)).await, [last - 2, last, then]);
    assert_eq!(of(Some("r1"), Page { after: Some(Seq(last - 2)), limit: 1 }).await, [last]);
    assert_eq!(of(None, Page { after: Some(Seq(last)), limit: 9 }).await, [then - 1, then]);
    assert!(of(Some("r"), Page::first(9)).await.is_empty());
}

async fn calls_come_newest_first(store: &impl Store) {
    let last = ok(store.apply(Change::Calls(vec![call("clock", "a"), call("clock", "b")])).await);
    ok(store.apply(Change::Calls(vec![call("clock-two", "x")])).await);
    let calls = ok(store.calls(&name("clock"), Page::first(9)).await);
    assert_eq!(calls, [(last, call("clock", "b")), (Seq(last.0 - 1), call("clock", "a"))]);
    let rest = ok(store.calls(&name("clock"), Page { after: Some(last), limit: 9 }).await);
    assert_eq!(rest, calls[1..]);
}

async fn secrets_come_by_name_and_go(store: &impl Store) {
    for (owner, key) in [("clock", "TOKEN"), ("clock", "KEY"), ("clock-two", "KEY")] {
        ok(store.apply(Change::PutSecret(secret(owner, key))).await);
    }
    let clock = name("clock");
    assert_eq!(ok(store.secrets(&clock).await), [secret("clock", "KEY"), secret("clock", "TOKEN")]);
    assert_eq!(found(store.secret(&clock, &secret_name("KEY")).await), secret("clock", "KEY"));
    let gone = || Change::DeleteSecret { owner: name("clock"), name: secret_name("KEY") };
    ok(store.apply(gone()).await);
    assert_eq!(ok(store.secret(&clock, &secret_name("KEY")).await), None);
    assert_eq!(ok(store.secrets(&name("clock-two")).await).len(), 1);
    let again = store.apply(gone()).await;
    assert!(matches!(again, Err(StoreError::Missing { .. })), "{again:?}");
}

async fn every_change_is_journalled(store: &impl Store) {
    let mut seqs = vec![ok(store.apply(publish("clock", "1.0.0", "a")).await)];
    seqs.push(ok(store.apply(Change::Events(vec![event(Some("r1"), "a"), event(None, "b")])).await));
    seqs.push(ok(store.apply(Change::PutRun(Box::new(run("r1", RunState::Done)))).await));
    let entries = ok(store.journal(Page::first(9)).await);
    let shown: Vec<_> = entries.iter().map(|e| (e.seq, e.change.as_str(), e.subject.as_str())).collect();
    assert_eq!(
        shown,
        [(seqs[0], "publish_version", "clock 1.0.0"), (seqs[1], "events", "r1"), (seqs[2], "put_run", "r1")]
    );
    let page = Page { after: Some(seqs[0]), limit: 1 };
    assert_eq!(ok(store.journal(page).await), entries[1..2]);
}
