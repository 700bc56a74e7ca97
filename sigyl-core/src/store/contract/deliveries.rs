//! Claims about deliveries of webhooks.

use crate::domain::{Delivery, DeliveryId, Digest};
use crate::store::{Change, Store, StoreError};

use super::fixture::at;
use super::suite::ok;

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    a_delivery_is_taken_once_by_its_id_and_by_its_content(&open().await).await;
    what_was_taken_is_known_before_it_is_acted_on(&open().await).await;
    old_deliveries_are_forgotten(&open().await).await;
}

fn delivery(id: &str, content: &str, seconds: i64) -> Delivery {
    let id = match DeliveryId::parse(id) {
        Ok(id) => id,
        Err(error) => panic!("{error}"),
    };
    Delivery { id, content: Digest::of(content.as_bytes()), at: at(seconds) }
}

fn take(id: &str, content: &str, seconds: i64, since: i64) -> Change {
    Change::TakeDelivery { delivery: Box::new(delivery(id, content, seconds)), since: at(since) }
}

async fn refused(store: &impl Store, change: Change) {
    let again = store.apply(change).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
}

async fn a_delivery_is_taken_once_by_its_id_and_by_its_content(store: &impl Store) {
    ok(store.apply(take("a", "one", 10, 0)).await);
    refused(store, take("a", "one", 11, 0)).await;
    refused(store, take("a", "two", 11, 10)).await;
    refused(store, take("b", "one", 11, 10)).await;
    ok(store.apply(take("b", "two", 12, 10)).await);
    // Who is too old to count makes room for both.
    ok(store.apply(take("a", "two", 30, 20)).await);
    ok(store.apply(take("b", "one", 30, 20)).await);
}

async fn what_was_taken_is_known_before_it_is_acted_on(store: &impl Store) {
    let known = async |id, content, since| ok(store.has_taken(&delivery(id, content, 11), at(since)).await);
    assert!(!known("a", "one", 0).await);
    ok(store.apply(take("a", "one", 10, 0)).await);
    assert!(known("a", "two", 10).await && known("b", "one", 10).await);
    assert!(!known("b", "two", 0).await && !known("a", "one", 11).await);
}

async fn old_deliveries_are_forgotten(store: &impl Store) {
    for (id, content, seconds) in [("a", "1", 1), ("b", "2", 2), ("c", "3", 30)] {
        ok(store.apply(take(id, content, seconds, 0)).await);
    }
    ok(store.apply(take("d", "4", 40, 20)).await);
    // They would count again for whoever looks further back, if they were still there.
    ok(store.apply(take("a", "1", 41, 0)).await);
    ok(store.apply(take("b", "2", 41, 0)).await);
    refused(store, take("c", "3", 41, 0)).await;
}
