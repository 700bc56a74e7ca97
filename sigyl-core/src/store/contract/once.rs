//! Claims about requests that are to be done once.

use crate::domain::{KeyHash, Once, OnceAnswer, OnceName};
use crate::store::{Change, Store, StoreError};

use super::fixture::{at, key_id};
use super::suite::ok;

const KEY: &str = "key0000000000000";

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    a_request_is_begun_once_until_its_time_is_over(&open().await).await;
    what_came_of_a_request_is_kept_or_it_is_forgotten(&open().await).await;
    old_requests_are_forgotten(&open().await).await;
    answers_of_one_key_are_kept_up_to_a_total(&open().await).await;
}

fn name(text: &str) -> OnceName {
    match OnceName::parse(text) {
        Ok(name) => name,
        Err(error) => panic!("{error}"),
    }
}

fn once(text: &str, seconds: i64) -> Once {
    Once {
        key: key_id(KEY),
        name: name(text),
        print: KeyHash::new([1; 32]),
        rights: None,
        at: at(seconds),
        answer: None,
    }
}

fn begin(text: &str, seconds: i64, since: i64) -> Change {
    Change::BeginOnce { once: Box::new(once(text, seconds)), since: at(since) }
}

fn end(text: &str, answer: Option<OnceAnswer>) -> Change {
    Change::EndOnce { key: key_id(KEY), name: name(text), answer: answer.map(Box::new) }
}

async fn kept(store: &impl Store, text: &str) -> Option<Once> {
    ok(store.once(&key_id(KEY), &name(text)).await)
}

async fn a_request_is_begun_once_until_its_time_is_over(store: &impl Store) {
    ok(store.apply(begin("a", 10, 0)).await);
    assert_eq!(kept(store, "a").await, Some(once("a", 10)));
    let again = store.apply(begin("a", 11, 10)).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
    ok(store.apply(begin("a", 20, 11)).await);
    assert_eq!(kept(store, "a").await, Some(once("a", 20)));
}

async fn what_came_of_a_request_is_kept_or_it_is_forgotten(store: &impl Store) {
    ok(store.apply(begin("a", 10, 0)).await);
    let answer = OnceAnswer { status: 201, kind: None, body: None };
    ok(store.apply(end("a", Some(answer.clone()))).await);
    assert_eq!(kept(store, "a").await, Some(Once { answer: Some(answer), ..once("a", 10) }));
    ok(store.apply(end("a", None)).await);
    assert_eq!(kept(store, "a").await, None);
    ok(store.apply(begin("a", 11, 0)).await);
    let never = store.apply(end("b", None)).await;
    assert!(matches!(never, Err(StoreError::Missing { .. })), "{never:?}");
}

async fn old_requests_are_forgotten(store: &impl Store) {
    for (text, seconds) in [("a", 1), ("b", 2), ("c", 30)] {
        ok(store.apply(begin(text, seconds, 0)).await);
    }
    ok(store.apply(begin("d", 40, 20)).await);
    let mut left = Vec::new();
    for text in ["a", "b", "c", "d"] {
        left.push(kept(store, text).await.is_some());
    }
    assert_eq!(left, [false, false, true, true]);
}

async fn answers_of_one_key_are_kept_up_to_a_total(store: &impl Store) {
    let half = "x".repeat(Once::BYTES_MAX as usize / 2);
    let answer =
        || Some(OnceAnswer { status: 200, kind: Some("text/plain".to_owned()), body: Some(half.clone()) });
    for text in ["a", "b", "c"] {
        ok(store.apply(begin(text, 10, 0)).await);
        ok(store.apply(end(text, answer())).await);
    }
    let has_body = async |text: &str| kept(store, text).await.and_then(|once| once.answer?.body).is_some();
    assert_eq!([has_body("a").await, has_body("b").await, has_body("c").await], [true, true, false]);
    ok(store.apply(end("a", None)).await);
    ok(store.apply(begin("d", 11, 0)).await);
    ok(store.apply(end("d", answer())).await);
    assert!(has_body("d").await, "what was forgotten makes room");
}
