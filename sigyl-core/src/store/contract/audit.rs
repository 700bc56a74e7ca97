//! Claims about the audit.

use crate::domain::{AuditHead, Digest};
use crate::store::{Change, Page, Store, StoreError};

use super::fixture::audited;
use super::suite::ok;

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    entries_are_kept_in_their_order(&open().await).await;
    what_does_not_follow_is_refused_whole(&open().await).await;
}

async fn entries_are_kept_in_their_order(store: &impl Store) {
    assert_eq!(ok(store.audit_head().await), AuditHead::NONE);
    let first = audited(&AuditHead::NONE, "clock");
    let second = audited(&first.head(), "notes");
    let third = audited(&second.head(), "clock");
    ok(store.apply(Change::Audit(vec![first.clone(), second.clone()])).await);
    ok(store.apply(Change::Audit(vec![third.clone()])).await);
    ok(store.apply(Change::Audit(Vec::new())).await);
    assert_eq!(ok(store.audit_head().await), third.head());
    assert_eq!(ok(store.audit(Page::first(2)).await), [first, second]);
    assert_eq!(ok(store.audit(Page { after: Some(2), limit: 9 }).await), [third]);
}

async fn what_does_not_follow_is_refused_whole(store: &impl Store) {
    let first = audited(&AuditHead::NONE, "clock");
    ok(store.apply(Change::Audit(vec![first.clone()])).await);
    let good = audited(&first.head(), "notes");
    let mut edited = good.clone();
    edited.fact.on = "other".to_owned();
    let elsewhere = AuditHead { hash: Digest::of(b"another chain"), ..first.head() };
    for wrong in [first.clone(), edited, audited(&elsewhere, "notes"), audited(&good.head(), "notes")] {
        let refused = store.apply(Change::Audit(vec![good.clone(), wrong.clone(), wrong.clone()])).await;
        assert!(matches!(refused, Err(StoreError::AuditFork { .. })), "{refused:?}");
        let refused = store.apply(Change::Audit(vec![wrong])).await;
        assert!(matches!(refused, Err(StoreError::AuditFork { .. })), "{refused:?}");
        assert_eq!(ok(store.audit(Page::first(9)).await), std::slice::from_ref(&first));
        assert_eq!(ok(store.audit_head().await), first.head());
    }
    ok(store.apply(Change::Audit(vec![good])).await);
}
