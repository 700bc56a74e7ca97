//! Claims about recording versions.

use crate::domain::Digest;
use crate::store::{Change, Page, Store, StoreError};

use super::fixture::{admission, name, publish, report, server, version, version_record};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    a_version_is_a_fact(&open().await).await;
    publishing_again_changes_the_server_alone(&open().await).await;
    without_its_admission_nothing_is_recorded(&open().await).await;
    a_refused_change_leaves_nothing(&open().await).await;
    the_newest_version_of_a_source_is_found(&open().await).await;
    a_place_is_added_to_those_of_a_server(&open().await).await;
}

async fn a_version_is_a_fact(store: &impl Store) {
    let (clock, one) = (name("clock"), version("1.0.0"));
    assert_eq!(ok(store.server(&clock).await), None);
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    assert_eq!(found(store.server(&clock).await), server("clock", "1.0.0"));
    assert_eq!(found(store.version(&clock, &one).await), version_record("clock", "1.0.0", "a"));
    match store.apply(publish("clock", "1.0.0", "b")).await {
        Err(StoreError::VersionTaken { recorded, offered, .. }) => {
            assert_eq!((recorded, offered), (Digest::of(b"a"), Digest::of(b"b")));
        }
        other => panic!("{other:?}"),
    }
}

async fn publishing_again_changes_the_server_alone(store: &impl Store) {
    let (clock, one) = (name("clock"), version("1.0.0"));
    let first = ok(store.apply(publish("clock", "1.0.0", "a")).await);
    let mut again = version_record("clock", "1.0.0", "a");
    again.recorded = crate::domain::Timestamp::from_millis(99_000);
    let mut renamed = server("clock", "1.0.0");
    renamed.title = Some("Clock".to_owned());
    let change = Change::PublishVersion {
        server: Box::new(renamed.clone()),
        version: Box::new(again),
        admission: Box::new(admission(&report("a"))),
    };
    assert!(ok(store.apply(change).await) > first);
    assert_eq!(found(store.version(&clock, &one).await), version_record("clock", "1.0.0", "a"));
    assert_eq!(found(store.server(&clock).await), renamed);
    assert_eq!(ok(store.versions(&clock, Page::first(9)).await).len(), 1);
}

async fn without_its_admission_nothing_is_recorded(store: &impl Store) {
    let good = version_record("clock", "1.0.0", "a");
    let mut wrong = vec![version_record("clock", "1.0.0", "b"), good.clone(), good.clone(), good];
    wrong[1].report = report("b").id();
    wrong[2].policy = Digest::of(b"another policy");
    wrong[3].server = name("other");
    for version in wrong {
        let change = Change::PublishVersion {
            server: Box::new(server("clock", "1.0.0")),
            version: Box::new(version),
            admission: Box::new(admission(&report("a"))),
        };
        let refused = store.apply(change).await;
        assert!(matches!(refused, Err(StoreError::NotAdmitted { .. })), "{refused:?}");
    }
    assert_eq!(ok(store.servers(Page::first(9)).await), []);
}

async fn a_refused_change_leaves_nothing(store: &impl Store) {
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    let journal = ok(store.journal(Page::first(99)).await);
    assert!(store.apply(publish("clock", "1.0.0", "b")).await.is_err());
    assert_eq!(ok(store.journal(Page::first(99)).await), journal);
    assert_eq!(ok(store.version_of(&name("clock"), Digest::of(b"b")).await), None);
    let next = ok(store.apply(publish("clock", "1.0.1", "b")).await);
    assert_eq!(journal.last().map(|entry| entry.seq.0 + 1), Some(next.0));
}

async fn the_newest_version_of_a_source_is_found(store: &impl Store) {
    let clock = name("clock");
    for number in ["1.0.0", "1.0.1"] {
        ok(store.apply(publish("clock", number, "a")).await);
    }
    let version_of = |source: &'static [u8]| store.version_of(&clock, Digest::of(source));
    assert_eq!(found(version_of(b"a").await).version, version("1.0.1"));
    assert_eq!(ok(version_of(b"b").await), None);
    assert_eq!(ok(store.version_of(&name("clock-two"), Digest::of(b"a")).await), None);
}

async fn a_place_is_added_to_those_of_a_server(store: &impl Store) {
    let clock = name("clock");
    let note = |place: &str| Change::NotePlace { name: clock.clone(), place: place.to_owned() };
    let unknown = store.apply(note("there:mine/east")).await;
    assert!(matches!(unknown, Err(StoreError::Missing { .. })), "{unknown:?}");
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    for place in ["there:mine/west", "there:mine/east", "there:mine/west"] {
        ok(store.apply(note(place)).await);
    }
    let mut expected = server("clock", "1.0.0");
    expected.targets = ["there:mine/east", "there:mine/west"].map(str::to_owned).into();
    assert_eq!(found(store.server(&clock).await), expected, "nothing else of it changes");
}
