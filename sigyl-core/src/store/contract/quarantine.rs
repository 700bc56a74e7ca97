//! Claims about quarantines.

use crate::domain::{Digest, Quarantine, VersionRecord, WorkspaceName};
use crate::store::{Change, Store, StoreError};

use super::fixture::{activate, delete, listing, name, publish, quarantine, tool, version};
use super::suite::ok;

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    what_is_put_stands_until_it_is_lifted(&open().await).await;
    what_a_workspace_set_yields_to_what_the_installation_sets(&open().await).await;
    nothing_that_is_covered_is_recorded_or_activated(&open().await).await;
    what_a_version_is_seen_to_declare_is_kept(&open().await).await;
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

async fn what_a_workspace_set_yields_to_what_the_installation_sets(store: &impl Store) {
    let ours = Quarantine { workspace: Some(WorkspaceName::default()), ..quarantine("other") };
    let set = |one: &Quarantine| Change::Quarantine(Box::new(one.clone()));
    ok(store.apply(set(&ours)).await);
    ok(store.apply(put("other")).await);
    let weaker = store.apply(set(&ours)).await;
    assert!(matches!(weaker, Err(StoreError::Taken { .. })), "{weaker:?}");
    assert_eq!(ok(store.quarantines().await), [quarantine("other")]);
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

async fn what_a_version_is_seen_to_declare_is_kept(store: &impl Store) {
    let (now, later) = (tool("now", "Tells the time."), tool("later", "Tells it later."));
    let seen =
        |digests: Vec<Digest>| Change::Observe { server: name("clock"), version: version("1.0.0"), digests };
    ok(store.apply(seen(vec![later.sha256])).await);
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(activate("clock", "1.0.0", "a", vec![now.clone()])).await);
    ok(store.apply(seen(vec![now.sha256, later.sha256, later.sha256])).await);
    ok(store.apply(seen(vec![later.sha256])).await);
    let record = ok(store.version(&name("clock"), &version("1.0.0")).await);
    assert_eq!(record.map(|record| record.seen), Some(vec![later.sha256]));
    ok(store.apply(put(&later.sha256.to_string())).await);
    let activated = store.apply(activate("clock", "1.0.0", "a", vec![now])).await;
    assert!(is_refused(&activated), "{activated:?}");
    let many = (0..=VersionRecord::SEEN_MAX).map(|at| Digest::of(at.to_string().as_bytes())).collect();
    ok(store.apply(seen(many)).await);
    let record = ok(store.version(&name("clock"), &version("1.0.0")).await);
    assert_eq!(record.map(|record| record.seen.len()), Some(VersionRecord::SEEN_MAX));
}

async fn a_quarantine_outlives_its_server(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(put("clock")).await);
    ok(store.apply(delete("clock", "run-1")).await);
    let published = store.apply(publish("clock", "1.0.0", "a")).await;
    assert!(is_refused(&published), "{published:?}");
}
