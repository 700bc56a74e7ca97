//! Claims about quarantines.

use crate::domain::Digest;
use crate::store::{Change, Store, StoreError};

use super::fixture::{activate, delete, listing, publish, quarantine, tool};
use super::suite::ok;

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    what_is_put_stands_until_it_is_lifted(&open().await).await;
    nothing_that_is_covered_is_recorded_or_activated(&open().await).await;
    a_quarantine_outlives_its_server(&open().await).await;
}

fn put(what: &str) -> Change {
    Change::Quarantine(Box::new(quarantine(what)))
}

fn lift(what: &str) -> Change {
    Change::LiftQuarantine(quarantine(what).what)
}

fn is_refused<T: std::fmt::Debug>(done: &Result<T, StoreError>) -> bool {
    matches!(done, Err(StoreError::Quarantined(_)))
}

async fn what_is_put_stands_until_it_is_lifted(store: &impl Store) {
    assert_eq!(ok(store.quarantines().await), []);
    let digest = Digest::of(b"a").to_string();
    ok(store.apply(put("clock")).await);
    ok(store.apply(put(&digest)).await);
    assert_eq!(ok(store.quarantines().await), [quarantine("clock"), quarantine(&digest)]);
    let again = store.apply(put("clock")).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
    ok(store.apply(lift("clock")).await);
    assert_eq!(ok(store.quarantines().await), [quarantine(&digest)]);
    let again = store.apply(lift("clock")).await;
    assert!(matches!(again, Err(StoreError::Missing { .. })), "{again:?}");
}

async fn nothing_that_is_covered_is_recorded_or_activated(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    let (source, now) = (Digest::of(b"a").to_string(), tool("now", "Tells the time."));
    for what in ["clock", &source, &now.sha256.to_string()] {
        ok(store.apply(put(what)).await);
        let activated = store.apply(activate("clock", "1.0.0", "a", vec![now.clone()])).await;
        assert!(is_refused(&activated), "{what}: {activated:?}");
        ok(store.apply(lift(what)).await);
    }
    for what in ["clock", &source] {
        ok(store.apply(put(what)).await);
        for version in ["1.0.0", "2.0.0"] {
            let published = store.apply(publish("clock", version, "a")).await;
            assert!(is_refused(&published), "{what} {version}: {published:?}");
        }
        ok(store.apply(lift(what)).await);
    }
    ok(store.apply(activate("clock", "1.0.0", "a", vec![now])).await);
    ok(store.apply(put("com.example/clock")).await);
    let document = listing("com.example/clock", "1.0.0", "Tells the time.");
    let published = store.apply(Change::PublishListing(Box::new(document))).await;
    assert!(is_refused(&published), "{published:?}");
}

async fn a_quarantine_outlives_its_server(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(put("clock")).await);
    ok(store.apply(delete("clock", "run-1")).await);
    let published = store.apply(publish("clock", "1.0.0", "a")).await;
    assert!(is_refused(&published), "{published:?}");
}
