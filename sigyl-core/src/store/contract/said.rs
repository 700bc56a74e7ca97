//! Claims about what people say of servers.

use crate::domain::{Download, KeyHash, RatingTotal};
use crate::store::{Change, Store, StoreError};

use super::fixture::{account_id, name, overlay, publish, rating};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    an_overlay_stands_until_it_is_replaced_or_taken(&open().await).await;
    an_account_rates_a_server_once(&open().await).await;
    nothing_is_said_of_what_is_not_there(&open().await).await;
    a_caller_is_counted_once_a_day(&open().await).await;
}

fn rate(server: &str, account: &str, stars: u8) -> Change {
    Change::PutRating { name: name(server), rating: Box::new(rating(account, stars)) }
}

fn dress(server: &str, title: Option<&str>) -> Change {
    let overlay = title.map(|title| Box::new(overlay(title)));
    Change::PutOverlay { name: name(server), overlay }
}

async fn an_overlay_stands_until_it_is_replaced_or_taken(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(publish("clock-two", "1.0.0", "a")).await);
    for title in ["Clock", "Watch"] {
        ok(store.apply(dress("clock", Some(title))).await);
        assert_eq!(found(store.overlay(&name("clock")).await), overlay(title));
    }
    assert_eq!(ok(store.overlay(&name("clock-two")).await), None);
    ok(store.apply(dress("clock", None)).await);
    assert_eq!(ok(store.overlay(&name("clock")).await), None);
}

async fn an_account_rates_a_server_once(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    for (account, stars) in [("a1", 5), ("a2", 2), ("a1", 3)] {
        ok(store.apply(rate("clock", account, stars)).await);
    }
    assert_eq!(ok(store.ratings(&name("clock")).await), [rating("a1", 3), rating("a2", 2)]);
    let total = async || ok(store.rating_total(&name("clock")).await);
    assert_eq!(total().await, RatingTotal { count: 2, stars: 5 });
    let take = || Change::DeleteRating { name: name("clock"), account: Some(account_id("a1")) };
    ok(store.apply(take()).await);
    assert_eq!(total().await, RatingTotal { count: 1, stars: 2 });
    let again = store.apply(take()).await;
    assert!(matches!(again, Err(StoreError::Missing { .. })), "{again:?}");
}

async fn nothing_is_said_of_what_is_not_there(store: &impl Store) {
    for change in [rate("clock", "a1", 5), dress("clock", Some("Clock"))] {
        let missing = store.apply(change).await;
        assert!(matches!(missing, Err(StoreError::Missing { .. })), "{missing:?}");
    }
}

async fn a_caller_is_counted_once_a_day(store: &impl Store) {
    let asked = |who: u8, day| Download { server: name("clock"), day, who: KeyHash::new([who; 32]) };
    let count = async || ok(store.downloads(&name("clock")).await);
    ok(store.apply(Change::Downloads(vec![asked(1, 7), asked(1, 7), asked(2, 7)])).await);
    assert_eq!(count().await, 2);
    ok(store.apply(Change::Downloads(vec![asked(1, 7)])).await);
    ok(store.apply(Change::Downloads(vec![asked(1, 8)])).await);
    assert_eq!(count().await, 3);
    ok(store.apply(Change::Downloads(vec![asked(1, 20)])).await);
    assert_eq!((count().await, ok(store.downloads(&name("clock-two")).await)), (4, 0));
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(super::fixture::delete("clock", "run-1")).await);
    assert_eq!(count().await, 0);
}
