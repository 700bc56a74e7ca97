//! Claims about removing servers.

use crate::domain::{Digest, RatingTotal, Run, RunState};
use crate::store::{Change, Page, Store, StoreError};

use super::fixture::{
    activate, call, delete, deployment, event, name, overlay, publish, rating, report, run, run_id, secret,
    version, with_statement,
};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    a_deleted_server_leaves_a_tombstone_alone(&open().await).await;
    a_deleted_version_never_returns_from_other_bytes(&open().await).await;
    a_neighbour_with_a_longer_name_stays(&open().await).await;
    deleting_twice_is_one_deletion(&open().await).await;
    a_report_stays_while_something_names_it(&open().await).await;
    runs_and_events_go_with_their_server(&open().await).await;
}

/// A server with one of everything.
async fn full(store: &impl Store, server: &str) {
    ok(store.apply(Change::PutReport(Box::new(report("a")))).await);
    ok(store.apply(publish(server, "1.0.0", "a")).await);
    ok(store.apply(publish(server, "1.1.0", "b")).await);
    ok(store.apply(with_statement(activate(server, "1.0.0", "a", Vec::new()), "x")).await);
    ok(store.apply(Change::PutSecret(secret(server, "KEY"))).await);
    ok(store.apply(Change::Calls(vec![call(server, "now")])).await);
    ok(store.apply(Change::PutRating { name: name(server), rating: Box::new(rating("a1", 5)) }).await);
    ok(store
        .apply(Change::PutOverlay { name: name(server), overlay: Some(Box::new(overlay("Clock"))) })
        .await);
}

/// Counts what is on record of a server.
async fn counts(store: &impl Store, server: &str) -> [usize; 12] {
    let server = name(server);
    [
        ok(store.servers(Page::first(99)).await).iter().filter(|listed| listed.name == server).count(),
        ok(store.versions(&server, Page::first(99)).await).len(),
        usize::from(ok(store.version(&server, &version("1.0.0")).await).is_some()),
        usize::from(ok(store.version_of(&server, Digest::of(b"a")).await).is_some()),
        usize::from(ok(store.deployment(&server).await).is_some()),
        ok(store.activations(&server, Page::first(99)).await).len(),
        ok(store.secrets(&server).await).len(),
        ok(store.calls(&server, Page::first(99)).await).len(),
        ok(store.ratings(&server).await).len(),
        usize::from(ok(store.rating_total(&server).await) != RatingTotal::default()),
        usize::from(ok(store.overlay(&server).await).is_some()),
        usize::from(ok(store.attested(&server, &deployment("x", "1.0.0", "a").revision).await).is_some()),
    ]
}

async fn a_deleted_server_leaves_a_tombstone_alone(store: &impl Store) {
    full(store, "clock").await;
    assert_eq!(counts(store, "clock").await, [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert!(ok(store.report(report("a").id()).await).is_some());
    ok(store.apply(delete("clock", "run-9")).await);
    assert_eq!(counts(store, "clock").await, [0; 12]);
    assert_eq!(ok(store.report(report("a").id()).await), None);
    let left = found(store.tombstone(&name("clock")).await);
    let buried = [(version("1.0.0"), Digest::of(b"a")), (version("1.1.0"), Digest::of(b"b"))];
    assert_eq!((left.versions.as_slice(), left.run.as_str()), (buried.as_slice(), "run-9"));
}

async fn a_deleted_version_never_returns_from_other_bytes(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(delete("clock", "run-1")).await);
    let taken = store.apply(publish("clock", "1.0.0", "b")).await;
    assert!(matches!(taken, Err(StoreError::VersionTaken { .. })), "{taken:?}");
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(publish("clock", "2.0.0", "b")).await);
    ok(store.apply(delete("clock", "run-2")).await);
    assert_eq!(found(store.tombstone(&name("clock")).await).versions.len(), 2);
    let taken = store.apply(publish("clock", "2.0.0", "a")).await;
    assert!(matches!(taken, Err(StoreError::VersionTaken { .. })), "{taken:?}");
}

async fn a_neighbour_with_a_longer_name_stays(store: &impl Store) {
    full(store, "clock").await;
    full(store, "clock-two").await;
    let before = counts(store, "clock-two").await;
    ok(store.apply(delete("clock", "run-9")).await);
    assert_eq!(counts(store, "clock-two").await, before);
    assert!(ok(store.report(report("a").id()).await).is_some(), "a version of the neighbour names it");
}

async fn deleting_twice_is_one_deletion(store: &impl Store) {
    let never = store.apply(delete("clock", "run-1")).await;
    assert!(matches!(never, Err(StoreError::Missing { .. })), "{never:?}");
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(delete("clock", "run-1")).await);
    let left = found(store.tombstone(&name("clock")).await);
    ok(store.apply(delete("clock", "run-1")).await);
    assert_eq!(found(store.tombstone(&name("clock")).await), left);
    let other_run = store.apply(delete("clock", "run-2")).await;
    assert!(matches!(other_run, Err(StoreError::Missing { .. })), "{other_run:?}");
}

async fn a_report_stays_while_something_names_it(store: &impl Store) {
    full(store, "clock").await;
    let mut named = run("run-5", RunState::Done);
    named.server = Some(name("another"));
    named.report = Some(report("a").id());
    ok(store.apply(Change::PutRun(Box::new(named))).await);
    ok(store.apply(delete("clock", "run-9")).await);
    assert_eq!(ok(store.report(report("a").id()).await), Some(report("a")));
}

/// Runs of a server, of its neighbour and of none, two events for each, and an event of each without a run.
async fn busy(store: &impl Store) {
    for (id, server, state) in [
        ("run-1", Some("clock"), RunState::Done),
        ("run-2", Some("clock"), RunState::Held),
        ("run-3", Some("clock"), RunState::Running),
        ("run-4", Some("clock-two"), RunState::Done),
        ("run-5", None, RunState::Failed),
        ("run-9", Some("clock"), RunState::Running),
    ] {
        let mut run = run(id, state);
        run.server = server.map(name);
        run.report = (id == "run-1").then(|| report("a").id());
        ok(store.apply(Change::PutRun(Box::new(run))).await);
        ok(store.apply(Change::Events(vec![event(Some(id), "a"), event(Some(id), "b")])).await);
    }
    let alone = [Some("clock"), Some("clock-two"), None].map(|server| {
        let mut event = event(None, "without a run");
        event.server = server.map(name);
        event
    });
    ok(store.apply(Change::Events(alone.to_vec())).await);
}

async fn runs_and_events_go_with_their_server(store: &impl Store) {
    full(store, "clock").await;
    busy(store).await;
    ok(store.apply(delete("clock", "run-9")).await);
    let ids = |runs: Vec<Run>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(ok(store.runs(Page::first(99)).await)), ["run-9", "run-5", "run-4", "run-3"].map(run_id));
    assert_eq!(ids(ok(store.open_runs().await)), ["run-3", "run-9"].map(run_id));
    assert!(ok(store.events(Some(&run_id("run-1")), Page::first(99)).await).is_empty());
    let events = ok(store.events(None, Page::first(99)).await);
    let (of_runs, alone): (Vec<_>, Vec<_>) = events.iter().partition(|event| event.run.is_some());
    assert_eq!((of_runs.len(), alone.len()), (8, 2));
    assert!(alone.iter().all(|event| event.server != Some(name("clock"))));
    assert_eq!(ok(store.report(report("a").id()).await), None, "nothing names it any more");
}
