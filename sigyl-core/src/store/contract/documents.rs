//! Claims about documents.

use crate::domain::{Bookmark, ListingStatus, Standing};
use crate::store::{Change, Page, Store, StoreError};

use super::fixture::{at, document_name, document_version, listing};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    documents_come_back_as_they_were(&open().await).await;
    documents_come_by_name_and_version(&open().await).await;
    a_published_version_is_never_published_again(&open().await).await;
    a_version_never_gets_another_content(&open().await).await;
    versions_stand_otherwise_together_or_not_at_all(&open().await).await;
    a_bookmark_is_kept_for_each_source(&open().await).await;
}

async fn documents_come_back_as_they_were(store: &impl Store) {
    let one = listing("com.example/clock", "1.0.0", "tells the time");
    ok(store.apply(Change::PublishListing(Box::new(one.clone()))).await);
    let read = found(store.listing(&one.name, &one.version).await);
    assert_eq!(read, one);
    assert_eq!(read.document.as_str(), one.document.as_str());
    assert_eq!(ok(store.listing(&one.name, &document_version("2.0.0")).await), None);
    let long = listing("com.example/long", "1.0.0", &"x".repeat(100_000));
    ok(store.apply(Change::PutListings(vec![long.clone()])).await);
    assert_eq!(found(store.listing(&long.name, &long.version).await), long);
}

async fn documents_come_by_name_and_version(store: &impl Store) {
    let all = [("b/x", "1.0.0"), ("a/x-y", "1.0.0"), ("a/x", "1.10.0"), ("a/x", "1.9.0"), ("Gmail", "")];
    let listings = all.map(|(name, version)| listing(name, version, "same"));
    ok(store.apply(Change::PutListings(listings.to_vec())).await);
    let shown = |found: Vec<crate::domain::Listing>| {
        found.iter().map(|listing| format!("{} {}", listing.name, listing.version)).collect::<Vec<_>>()
    };
    let sorted = ["Gmail ", "a/x 1.10.0", "a/x 1.9.0", "a/x-y 1.0.0", "b/x 1.0.0"];
    assert_eq!(shown(ok(store.listings(Page::first(9)).await)), sorted);
    let after = Some((document_name("a/x"), document_version("1.10.0")));
    assert_eq!(shown(ok(store.listings(Page { after, limit: 2 }).await)), sorted[2..4]);
    assert_eq!(shown(ok(store.listings_of(&document_name("a/x")).await)), sorted[1..3]);
    assert!(ok(store.listings_of(&document_name("a/")).await).is_empty());
}

async fn a_published_version_is_never_published_again(store: &impl Store) {
    let one = listing("com.example/clock", "1.0.0", "a");
    let publish = async |listing| store.apply(Change::PublishListing(Box::new(listing))).await;
    ok(publish(one.clone()).await);
    for again in [one.clone(), listing("com.example/clock", "1.0.0", "b")] {
        let refused = publish(again).await;
        assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    }
    assert_eq!(found(store.listing(&one.name, &one.version).await), one);
}

async fn a_version_never_gets_another_content(store: &impl Store) {
    let one = listing("com.example/clock", "1.0.0", "a");
    ok(store.apply(Change::PutListings(vec![one.clone()])).await);
    let newer = crate::domain::Listing { updated: at(99), ..one.clone() };
    ok(store.apply(Change::PutListings(vec![newer.clone()])).await);
    let batch = vec![listing("com.example/alarm", "1.0.0", "a"), listing("com.example/clock", "1.0.0", "b")];
    let refused = store.apply(Change::PutListings(batch)).await;
    assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    assert_eq!(ok(store.listings(Page::first(9)).await), [newer]);
    let twice = vec![listing("x/y", "1", "a"), listing("x/y", "1", "b")];
    assert!(matches!(store.apply(Change::PutListings(twice)).await, Err(StoreError::Taken { .. })));
}

async fn a_bookmark_is_kept_for_each_source(store: &impl Store) {
    let bookmark = |source: &str, seconds| Bookmark { source: source.to_owned(), until: at(seconds) };
    let (one, other) = ("https://one.example/v0.1/servers", "https://other.example/v0.1/servers");
    assert_eq!(ok(store.bookmark(one).await), None);
    for kept in [bookmark(one, 9), bookmark(other, 3), bookmark(one, 7)] {
        ok(store.apply(Change::PutBookmark(kept.clone())).await);
        assert_eq!(found(store.bookmark(&kept.source).await), kept);
    }
    assert_eq!(found(store.bookmark(other).await), bookmark(other, 3));
}

async fn versions_stand_otherwise_together_or_not_at_all(store: &impl Store) {
    let name = document_name("com.example/clock");
    let listings = ["1.0.0", "2.0.0"].map(|version| listing(name.as_str(), version, "a"));
    ok(store.apply(Change::PutListings(listings.to_vec())).await);
    let standing = ok_standing(ListingStatus::Deprecated, "use com.example/alarm");
    let set = |versions: &[&str]| Change::SetStanding {
        name: name.clone(),
        versions: versions.iter().map(|version| document_version(version)).collect(),
        standing: standing.clone(),
    };
    let refused = store.apply(set(&["1.0.0", "3.0.0"])).await;
    assert!(matches!(refused, Err(StoreError::Missing { .. })), "{refused:?}");
    assert_eq!(ok(store.listings_of(&name).await), listings);
    ok(store.apply(set(&["1.0.0", "2.0.0"])).await);
    for listing in ok(store.listings_of(&name).await) {
        assert_eq!((&listing.standing, listing.updated), (&standing, standing.since));
    }
}

fn ok_standing(status: ListingStatus, message: &str) -> Standing {
    match Standing::new(status, Some(message.to_owned()), at(50)) {
        Ok(standing) => standing,
        Err(error) => panic!("{error}"),
    }
}
