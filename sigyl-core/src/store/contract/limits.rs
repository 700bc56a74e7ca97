//! Claims about size and concurrency.

use serde_json::{Value, json};

use crate::domain::RunState;
use crate::store::{Change, Page, Store, StoreError};

use super::fixture::{event, name, publish, report, run, run_id};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    large_records_come_back_whole(&open().await).await;
    what_could_not_be_read_back_is_refused(&open().await).await;
    changes_at_once_all_count(&open().await).await;
}

async fn large_records_come_back_whole(store: &impl Store) {
    let mut large = report("a");
    large.score.formula = "x".repeat(300_000);
    ok(store.apply(Change::PutReport(Box::new(large.clone()))).await);
    assert_eq!(found(store.report(large.id()).await), large);
    let mut wide = run("r1", RunState::Running);
    for size in [100_000, 3_000, 200_000, 10] {
        wide.request = json!({ "note": "y".repeat(size) });
        ok(store.apply(Change::PutRun(Box::new(wide.clone()))).await);
        assert_eq!(found(store.run(&wide.id).await), wide, "{size} bytes");
    }
    let lines = (0..2_000).map(|at| event(Some("r1"), &at.to_string())).collect();
    ok(store.apply(Change::Events(lines)).await);
    assert_eq!(ok(store.events(Some(&wide.id), Page::first(5_000)).await).len(), 2_000);
}

async fn what_could_not_be_read_back_is_refused(store: &impl Store) {
    let mut deep = run("r1", RunState::Running);
    deep.request = (0..125).fold(Value::Null, |inner, _| json!([inner]));
    let refused = store.apply(Change::PutRun(Box::new(deep))).await;
    assert!(matches!(refused, Err(StoreError::TooDeep { .. })), "{refused:?}");
    assert_eq!(ok(store.runs(Page::first(9)).await), []);
}

async fn changes_at_once_all_count(store: &impl Store) {
    let one = async |at: usize| {
        let server = format!("s{at:02}");
        ok(store.apply(publish(&server, "1.0.0", "a")).await);
        ok(store.apply(publish("shared", &format!("{at}.0.0"), "a")).await);
        ok(store.apply(Change::Events(vec![event(Some("r1"), &server)])).await)
    };
    let mut seqs = futures_util::future::join_all((0..40).map(one)).await;
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), 40);
    assert_eq!(ok(store.servers(Page::first(99)).await).len(), 41);
    assert_eq!(ok(store.versions(&name("shared"), Page::first(99)).await).len(), 40);
    let events = ok(store.events(Some(&run_id("r1")), Page::first(99)).await);
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), seqs);
    let journal = ok(store.journal(Page::first(999)).await);
    assert_eq!(journal.len(), 120);
    assert!(journal.windows(2).all(|pair| pair[0].seq < pair[1].seq));
}
