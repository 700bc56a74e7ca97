//! Runs every claim, each on a fresh store.

use crate::store::{Store, StoreError};

use super::{
    access, activate, audit, delete, deliveries, documents, follows, limits, listing, once, publish,
    quarantine, said,
};

/// Runs the whole suite; `open` makes a new, empty store each time.
pub async fn run<S: Store>(open: impl AsyncFn() -> S) {
    publish::claims(&open).await;
    activate::claims(&open).await;
    delete::claims(&open).await;
    listing::claims(&open).await;
    limits::claims(&open).await;
    access::claims(&open).await;
    audit::claims(&open).await;
    documents::claims(&open).await;
    quarantine::claims(&open).await;
    said::claims(&open).await;
    once::claims(&open).await;
    deliveries::claims(&open).await;
    follows::claims(&open).await;
}

/// Takes what a store must be able to do.
pub(super) fn ok<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// Takes what a store must find.
pub(super) fn found<T>(result: Result<Option<T>, StoreError>) -> T {
    match ok(result) {
        Some(value) => value,
        None => panic!("not on record"),
    }
}
