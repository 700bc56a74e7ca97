use super::*;
use crate::domain::{Issue, Known, Shows};
use crate::registry::{Endpoint, Query, SIGYL_KEY};
use crate::store::contract::fixture::{self, at};
use crate::store::sled::SledStore;
use crate::store::{Page, Store};
use crate::wire::registry::ScanStatus;

const CLOCK: &str = include_str!("../../../../tests/data/registry/clock.json");

async fn shelf(dir: &std::path::Path) -> Arc<Shelf> {
    let store: Arc<dyn Store> = Arc::new(SledStore::open(dir).unwrap());
    Arc::new(Shelf::load(store).await.unwrap())
}

fn publication(text: &str, seconds: i64) -> Publication {
    Publication {
        document: Document::publish(text.as_bytes()).unwrap(),
        workspace: WorkspaceName::default(),
        by: "ada".to_owned(),
        proof: Proof::Granted,
        at: at(seconds),
    }
}

/// The clock under another version.
fn numbered(version: &str) -> String {
    CLOCK.replace(r#""version": "1.2.0","#, &format!(r#""version": "{version}","#))
}

fn standing(status: ListingStatus) -> StatusUpdate {
    let status_message = (status == ListingStatus::Deprecated).then(|| "use another".to_owned());
    StatusUpdate { status, status_message }
}

fn listed(shelf: &Shelf) -> Vec<String> {
    let list = shelf.list(&Shows::default(), Query::default(), None).unwrap();
    let shown = |it: &ServerResponse| {
        let members = it.server.members().unwrap();
        let mark = if it.meta.official.is_latest { "*" } else { "" };
        format!("{}{mark}", members["version"].as_str().unwrap())
    };
    list.servers.iter().map(shown).collect()
}

#[tokio::test]
async fn a_published_document_is_shown_as_it_was_written_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let shown = {
        let shelf = shelf(dir.path()).await;
        let answer = shelf.publish(publication(CLOCK, 10)).await.unwrap();
        assert_eq!(answer.server.as_str(), CLOCK.trim());
        assert!(answer.meta.official.is_latest);
        assert_eq!(
            (answer.meta.sigyl.namespace, &answer.meta.sigyl.scan),
            (Proof::Granted, &ScanStatus::Unscanned { why: None })
        );
        assert!(serde_json::to_value(&answer).unwrap()["_meta"][SIGYL_KEY].is_object());
        answer
    };
    let again = shelf(dir.path()).await;
    assert_eq!(again.version(&Shows::default(), "com.example/clock", "latest", false, None).unwrap(), shown);
    assert_eq!(again.counts(), (1, 1));
}

#[tokio::test]
async fn a_version_is_published_once() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    shelf.publish(publication(CLOCK, 10)).await.unwrap();
    let other = CLOCK.replace("every zone", "one zone");
    for text in [CLOCK, &other] {
        let refused = shelf.publish(publication(text, 11)).await.unwrap_err();
        assert!(matches!(refused, ListingError::Taken { .. }), "{refused}");
    }
    let [first, second] =
        ["1.3.0", "1.3.0"].map(|version| shelf.publish(publication(&numbered(version), 12)));
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() != second.is_ok(), "one of two at once");
    assert_eq!(listed(&shelf), ["1.2.0", "1.3.0*"]);
}

#[tokio::test]
async fn an_address_belongs_to_one_name() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    shelf.publish(publication(CLOCK, 10)).await.unwrap();
    shelf.publish(publication(&numbered("1.3.0"), 11)).await.unwrap();
    let thief = CLOCK.replace("com.example/clock", "com.example/alarm");
    let refused = shelf.publish(publication(&thief, 12)).await.unwrap_err();
    assert!(refused.to_string().contains("already belongs to com.example/clock"), "{refused}");
    shelf.set_all("com.example/clock", standing(ListingStatus::Deleted), at(13)).await.unwrap();
    shelf.publish(publication(&thief, 14)).await.unwrap();
}

#[tokio::test]
async fn a_name_stays_with_the_workspace_that_had_it_first() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    shelf.publish(publication(CLOCK, 10)).await.unwrap();
    let workspace = WorkspaceName::parse("other").unwrap();
    let theirs = Publication { workspace, ..publication(&numbered("2.0.0"), 11) };
    let refused = shelf.publish(theirs).await.unwrap_err();
    assert_eq!(refused.to_string(), "com.example/clock belongs to another workspace");
    assert_eq!(shelf.workspace(&fixture::document_name("com.example/clock")), Some(WorkspaceName::default()));
}

#[tokio::test]
async fn the_latest_is_healed_when_it_is_deleted_and_restored() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    for (at, version) in ["1.2.0", "1.10.0", "1.9.0"].into_iter().enumerate() {
        shelf.publish(publication(&numbered(version), 10 + at as i64)).await.unwrap();
    }
    assert_eq!(listed(&shelf), ["1.10.0*", "1.2.0", "1.9.0"]);
    let name = "com.example/clock";
    let gone = shelf.delete(name, "1.10.0", at(20)).await.unwrap();
    assert_eq!((gone.meta.official.status, gone.meta.official.is_latest), (ListingStatus::Deleted, false));
    assert_eq!(listed(&shelf), ["1.2.0", "1.9.0*"]);
    assert!(matches!(
        shelf.version(&Shows::default(), name, "1.10.0", false, None),
        Err(ListingError::NoVersion { .. })
    ));
    let again = shelf.delete(name, "1.10.0", at(21)).await.unwrap_err();
    assert_eq!(again.to_string(), "there is nothing to change: com.example/clock is already deleted");
    shelf.set_status(name, "1.10.0", standing(ListingStatus::Active), at(22)).await.unwrap();
    assert_eq!(listed(&shelf), ["1.10.0*", "1.2.0", "1.9.0"]);
}

#[tokio::test]
async fn all_versions_stand_otherwise_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        shelf.publish(publication(&numbered(version), 10)).await.unwrap();
    }
    let name = "com.example/clock";
    shelf.set_status(name, "2.0.0", standing(ListingStatus::Deprecated), at(20)).await.unwrap();
    let changed = shelf.set_all(name, standing(ListingStatus::Deprecated), at(30)).await.unwrap();
    assert_eq!(changed.updated_count, 2);
    for server in &changed.servers {
        assert_eq!(server.meta.official.status_message.as_deref(), Some("use another"));
        assert_eq!((server.meta.official.updated_at, server.meta.official.published_at), (at(30), at(10)));
    }
    let none = shelf.set_all("com.example/none", standing(ListingStatus::Deleted), at(40)).await;
    assert!(matches!(none, Err(ListingError::NoName(_))), "{none:?}");
    let worded = StatusUpdate { status: ListingStatus::Active, status_message: Some("x".to_owned()) };
    assert!(matches!(shelf.set_all(name, worded, at(40)).await, Err(ListingError::Standing(_))));
}

#[tokio::test]
async fn what_is_put_must_be_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    shelf.publish(publication(CLOCK, 10)).await.unwrap();
    let document = |text: &str| Document::publish(text.as_bytes()).unwrap();
    let put = async |version: &str, text: &str, status| {
        shelf.put("com.example/clock", version, document(text), status, at(20)).await
    };
    let compact: serde_json::Value = serde_json::from_str(CLOCK).unwrap();
    put("1.2.0", &compact.to_string(), None).await.unwrap();
    let deprecated = put("1.2.0", CLOCK, Some(standing(ListingStatus::Deprecated))).await.unwrap();
    assert_eq!(deprecated.meta.official.status, ListingStatus::Deprecated);
    put("1.2.0", CLOCK, Some(standing(ListingStatus::Deprecated))).await.unwrap();
    let other = CLOCK.replace("every zone", "one zone");
    assert!(matches!(put("1.2.0", &other, None).await, Err(ListingError::Taken { .. })));
    assert!(matches!(put("9.0.0", CLOCK, None).await, Err(ListingError::ElseWhere { .. })));
    assert!(matches!(put("9.0.0", &numbered("9.0.0"), None).await, Err(ListingError::NoVersion { .. })));
}

#[tokio::test]
async fn a_write_ends_when_nobody_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let turn = shelf.turn.lock().await;
    let mut publishing = Box::pin(shelf.publish(publication(CLOCK, 10)));
    assert!(futures_util::poll!(&mut publishing).is_pending());
    drop(publishing);
    drop(turn);
    // The next write waits for its turn behind the one that was left.
    shelf.publish(publication(&numbered("2.0.0"), 11)).await.unwrap();
    assert_eq!(listed(&shelf), ["1.2.0", "2.0.0*"]);
}

/// What is answered is made anew of the pins, so that its ETag follows them.
#[tokio::test]
async fn pins_are_shown_once_there_are_some_and_follow_each_activation_in_every_view() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let clock = fixture::name("clock");
    let scanned = Shows { known: Known::Scanned, names: Vec::new() };
    let pins = || {
        let of = |shows: &Shows| {
            shelf.version(shows, "internal.sigyl/clock", "latest", false, None).unwrap().meta.sigyl.pins
        };
        assert_eq!(of(&scanned), of(&Shows::default()));
        of(&scanned)
    };
    shelf.store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
    shelf.follow(&clock).await;
    assert_eq!(pins(), None, "it was never activated");
    let mut seen = Vec::new();
    for tools in
        [vec![fixture::tool("now", "x")], vec![fixture::tool("now", "y"), fixture::tool("then", "x")]]
    {
        let one = tools[0].clone();
        shelf.store.apply(fixture::activate("clock", "1.0.0", "a", tools)).await.unwrap();
        shelf.follow(&clock).await;
        let pins = pins().unwrap();
        assert_eq!((&pins.tools[0].md5, pins.tools[0].sha256), (&one.md5, one.sha256));
        seen.push(pins);
    }
    assert_ne!(seen[0], seen[1]);
    assert_eq!((seen[1].tools.len(), seen[1].omitted), (2, 0));
}

#[tokio::test]
async fn what_is_released_here_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let (clock, name) = (fixture::name("clock"), "internal.sigyl/clock");
    let endpoint = Endpoint { base: "http://127.0.0.1:1".to_owned(), keyed: false };
    shelf.store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
    shelf.follow(&clock).await;
    let shown = shelf.version(&Shows::default(), name, "latest", false, Some(&endpoint)).unwrap();
    assert!(matches!(shown.meta.sigyl.scan, ScanStatus::Scanned { .. }));
    assert!(!shown.server.as_str().contains("remotes"));
    shelf
        .store
        .apply(fixture::activate("clock", "1.0.0", "a", vec![fixture::tool("now", "x")]))
        .await
        .unwrap();
    shelf.follow(&clock).await;
    let shown = shelf.version(&Shows::default(), name, "1.0.0", false, Some(&endpoint)).unwrap();
    assert!(shown.server.as_str().contains("http://127.0.0.1:1/mcp/clock"));
    assert_eq!(shown.meta.sigyl.pins.unwrap().tools[0].name, "now");
    let refused = shelf.delete(name, "1.0.0", at(9)).await;
    assert!(matches!(refused, Err(ListingError::Released(_))), "{refused:?}");
    shelf.store.apply(fixture::delete("clock", "run-9")).await.unwrap();
    shelf.follow(&clock).await;
    assert!(matches!(shelf.versions(&Shows::default(), name, true, None), Err(ListingError::NoName(_))));
}

#[tokio::test]
async fn everything_is_read_back_whatever_page_it_stood_on() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..2_101)
        .map(|at| fixture::listing(&format!("a/{}", at / 700), &format!("{at}.0.0"), "x"))
        .collect();
    let store = SledStore::open(dir.path()).unwrap();
    store.apply(Change::PutListings(all.clone())).await.unwrap();
    store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
    assert_eq!(store.listings(Page::first(9_999)).await.unwrap().len(), all.len());
    let shelf = Arc::new(Shelf::load(Arc::new(store)).await.unwrap());
    assert_eq!(shelf.counts(), (5, 2_102));
    for name in ["a/0", "a/1", "a/2"] {
        assert_eq!(
            shelf.versions(&Shows::default(), name, false, None).unwrap().servers.len(),
            700,
            "{name}"
        );
    }
}

#[test]
fn a_refusal_names_the_first_error_and_counts_the_others() {
    let issues: Vec<Issue> = Document::publish(br#"{"name": "x", "version": "latest"}"#).unwrap_err();
    let said = ListingError::Invalid(issues).to_string();
    assert!(said.starts_with("the document cannot be published: /version: `latest` cannot"), "{said}");
    assert!(said.ends_with("more)"), "{said}");
}
