use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::{Digest, Known, Listing, ListingStatus, RawDocument, Shows, Standing, Verdict};
use crate::registry::catalogue::{Browse, Endpoint, Made, Order, Released};
use crate::store::contract::fixture::{at, document_name, document_version, listing};
use crate::wire::registry::{ScanStatus, Unscanned};

/// A catalogue of listings.
fn catalogue(listings: impl IntoIterator<Item = Listing>) -> Catalogue {
    let mut names: BTreeMap<DocumentName, Vec<Entry>> = BTreeMap::new();
    for listing in listings {
        let (name, version) = (listing.name.clone(), listing.version.clone());
        let entry = Entry::of(name.clone(), version, Some(listing), None).unwrap();
        names.entry(name).or_default().push(entry);
    }
    let mut catalogue = Catalogue::default();
    for (name, entries) in names {
        catalogue.replace(&name, entries);
    }
    catalogue
}

fn deleted(listing: Listing) -> Listing {
    let standing = Standing::new(ListingStatus::Deleted, None, at(60)).unwrap();
    Listing { standing, updated: at(60), ..listing }
}

fn some() -> Catalogue {
    catalogue([
        listing("a/clock", "1.9.0", "Tells the time"),
        listing("a/clock", "1.10.0", "Tells the time"),
        deleted(listing("a/clock", "2.0.0", "Tells the time")),
        listing("b/alarm", "1.0.0", "Rings like a CLOCK"),
        deleted(listing("b/gone", "1.0.0", "Was a clock")),
        listing("c/x", "b", "One"),
        listing("c/x", "a", "Two"),
    ])
}

fn shown(list: &ServerList) -> Vec<String> {
    let show = |response: &ServerResponse| {
        let members = response.server.members().unwrap();
        let latest = if response.meta.official.is_latest { "*" } else { "" };
        format!("{} {}{latest}", members["name"].as_str().unwrap(), members["version"].as_str().unwrap())
    };
    assert_eq!(list.metadata.count, list.servers.len());
    list.servers.iter().map(show).collect()
}

fn list(catalogue: &Catalogue, query: Query) -> Vec<String> {
    shown(&catalogue.list(query, None).unwrap())
}

fn searched(text: &str) -> Query {
    Query { search: Some(text.to_owned()), ..Query::default() }
}

#[test]
fn a_view_has_its_own_latest_and_shows_nothing_else() {
    let released = |version: &str, verdict, approved| {
        let released = Released {
            members: json!({"name": "a/clock", "version": version}).as_object().unwrap().clone(),
            recorded: at(5),
            workspace: Default::default(),
            verdict,
            approved,
            source: Digest::of(b"x"),
            made: Made::Other,
            path: None,
            words: Vec::new(),
            pins: None,
            quarantined: false,
        };
        Entry::of(document_name("a/clock"), document_version(version), None, Some(released)).unwrap()
    };
    let mut whole = catalogue([listing("b/alarm", "1.0.0", "Rings")]);
    let unscanned = Entry::of(
        document_name("a/clock"),
        document_version("3.0.0"),
        Some(listing("a/clock", "3.0.0", "x")),
        None,
    );
    let entries =
        [released("1.0.0", Verdict::Pass, false), released("2.0.0", Verdict::Hold, true), unscanned.unwrap()];
    whole.replace(&document_name("a/clock"), entries.into());
    let view = |known, names: &[&str]| {
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        list(&whole.showing(&Shows { known, names }), Query::default())
    };
    assert_eq!(view(Known::Anything, &["a/*"]), ["a/clock 1.0.0", "a/clock 2.0.0", "a/clock 3.0.0*"]);
    assert_eq!(view(Known::Scanned, &[]), ["a/clock 1.0.0", "a/clock 2.0.0*"]);
    assert_eq!(view(Known::Passed, &[]), ["a/clock 1.0.0*"]);
    assert_eq!(view(Known::Approved, &[]), ["a/clock 2.0.0*"]);
    assert!(view(Known::Passed, &["b/*"]).is_empty());
}

#[test]
fn what_strict_readers_refuse_is_left_out_of_lists_when_asked_to() {
    let all = [
        listing("Gmail", "1.0.0", "x"),
        listing("a/clock", "", "x"),
        listing("a/clock", "one", "x"),
        listing("b/only", "", "x"),
        listing("/c", "1.0.0", "x"),
    ];
    let whole = catalogue(all);
    let complete = |version| Query { complete_only: true, version, ..Query::default() };
    assert_eq!(list(&whole, complete(None)), ["a/clock one*"]);
    assert_eq!(list(&whole, complete(Some(Which::Latest))), ["a/clock one*"]);
    let mut found = Vec::new();
    let mut next = Query { limit: Some(2), ..Query::default() };
    loop {
        let page = whole.list(next, None).unwrap();
        found.extend(shown(&page));
        let Some(cursor) = page.metadata.next_cursor else { break };
        next = Query { cursor: Some(cursor), ..Query::default() };
    }
    assert_eq!(found, ["/c 1.0.0*", "Gmail 1.0.0*", "a/clock ", "a/clock one*", "b/only *"]);
    let versions = |name| shown(&whole.versions(&document_name(name), false, None).unwrap());
    assert_eq!(
        (versions("a/clock"), versions("b/only")),
        (vec!["a/clock one*".to_owned(), "a/clock ".to_owned()], vec!["b/only *".to_owned()])
    );
    assert!(whole.version(&document_name("Gmail"), None, false, None).unwrap().meta.official.is_latest);
    let left = catalogue([listing("a/x", "", "x"), deleted(listing("a/x", "1.0.0", "x"))]);
    assert_eq!(list(&left, Query::default()), ["a/x *"], "it is the only one that is not deleted");
    assert!(left.version(&document_name("a/x"), None, false, None).is_some());
}

#[test]
fn a_list_goes_on_after_what_was_removed_meanwhile() {
    for search in [None, Some("rings".to_owned())] {
        for version in [None, Some(Which::Latest)] {
            let rings = |name, version| listing(name, version, "Rings");
            let mut whole = catalogue([
                rings("a/x", "1.0.0"),
                rings("b/x", "1.0.0"),
                rings("b/x", "2.0.0"),
                rings("c/x", "1.0.0"),
            ]);
            let query = Query {
                search: search.clone(),
                version: version.clone(),
                limit: Some(2),
                ..Query::default()
            };
            let first = whole.list(query, None).unwrap();
            assert_eq!(first.servers.len(), 2);
            whole.replace(&document_name("b/x"), Vec::new());
            let rest = Query { cursor: first.metadata.next_cursor, ..Query::default() };
            assert_eq!(list(&whole, rest), ["c/x 1.0.0*"], "{search:?} {version:?}");
        }
    }
}

#[test]
fn people_are_shown_one_line_for_each_name() {
    let browse = |order, words: &str, page| {
        let found = some().browse(&Browse { words: words.to_owned(), order, page }, None).unwrap();
        let metadata = Metadata { next_cursor: None, count: found.servers.len(), omitted: 0 };
        (shown(&ServerList { servers: found.servers, metadata }), found.total)
    };
    let by_name = ["a/clock 1.10.0*", "b/alarm 1.0.0*", "c/x b*"];
    assert_eq!(browse(Order::Natural, " ", 0), (by_name.map(str::to_owned).into(), 3));
    // The deletion of a version is the last thing that happened to the clock.
    assert_eq!(browse(Order::Newest, "", 0).0, by_name);
    assert_eq!(browse(Order::Natural, "", 1), (Vec::new(), 3));
    assert_eq!(browse(Order::Natural, "", usize::MAX).0, Vec::<String>::new());
    assert_eq!(browse(Order::Natural, "alarm", 0), (vec!["b/alarm 1.0.0*".to_owned()], 1));
    assert_eq!(browse(Order::Natural, "alarm", 9).0, Vec::<String>::new());
}

#[test]
fn documents_come_by_name_and_version_without_the_deleted() {
    let all = ["a/clock 1.10.0*", "a/clock 1.9.0", "b/alarm 1.0.0*", "c/x a", "c/x b*"];
    assert_eq!(list(&some(), Query::default()), all);
    let with = Query { include_deleted: true, ..Query::default() };
    assert_eq!(list(&some(), with).len(), 7);
}

#[test]
fn filters_narrow_a_list() {
    let catalogue = some();
    let latest = Query { version: Some(Which::Latest), ..Query::default() };
    assert_eq!(list(&catalogue, latest), ["a/clock 1.10.0*", "b/alarm 1.0.0*", "c/x b*"]);
    let exact = Query { version: Some(Which::Exact(document_version("1.0.0"))), ..Query::default() };
    assert_eq!(list(&catalogue, exact), ["b/alarm 1.0.0*"]);
    assert_eq!(list(&catalogue, searched("Clock")).len(), 3);
    assert_eq!(list(&catalogue, searched("tells THE")).len(), 2);
    assert_eq!(list(&catalogue, searched("nothing like it")), [""; 0]);
    let since = Query { updated_since: Some(at(60)), ..Query::default() };
    assert_eq!(list(&catalogue, since), ["a/clock 2.0.0", "b/gone 1.0.0*"], "who follows sees them go");
}

#[test]
fn pages_join_to_the_whole_list() {
    let catalogue = some();
    for query in [
        Query::default(),
        Query { include_deleted: true, ..Query::default() },
        Query { version: Some(Which::Latest), ..Query::default() },
        searched("clock"),
    ] {
        let whole = list(&catalogue, query.clone());
        for limit in 1..8 {
            let mut next = Query { limit: Some(limit), ..query.clone() };
            let (mut joined, mut pages) = (Vec::new(), 0);
            loop {
                let page = catalogue.list(next, None).unwrap();
                assert!(page.servers.len() <= limit);
                joined.extend(shown(&page));
                pages += 1;
                let Some(cursor) = page.metadata.next_cursor else { break };
                // Nothing but the cursor, as some clients have it.
                next = Query { cursor: Some(cursor), ..Query::default() };
            }
            assert_eq!(joined, whole, "{query:?}");
            assert_eq!(pages, whole.len().div_ceil(limit).max(1), "{query:?} by {limit}");
        }
    }
}

#[test]
fn bounds_are_kept() {
    let catalogue = some();
    for limit in [0, 101, usize::MAX] {
        let query = Query { limit: Some(limit), ..Query::default() };
        assert_eq!(catalogue.list(query, None).unwrap_err(), QueryError::Limit(limit));
    }
    let long = searched(&"x".repeat(201));
    assert_eq!(catalogue.list(long, None).unwrap_err(), QueryError::LongSearch(201));
    let large = (0..60).map(|at| listing("a/large", &format!("{at}.0.0"), &"x".repeat(100_000)));
    let catalogue = self::catalogue(large);
    let first = catalogue.list(Query { limit: Some(100), ..Query::default() }, None).unwrap();
    assert_eq!(first.servers.len(), 20, "two MiB at a time");
    assert!(first.metadata.next_cursor.is_some());
    let versions = catalogue.versions(&document_name("a/large"), false, None).unwrap();
    assert_eq!((versions.servers.len(), versions.metadata.omitted), (60, 0));
}

#[test]
fn versions_come_newest_first_and_the_latest_is_found() {
    let mut catalogue = some();
    let clock = document_name("a/clock");
    let newer = Listing { published: at(9), ..listing("a/clock", "1.9.1", "Tells the time") };
    let mut entries: Vec<_> = catalogue.entries(&clock).cloned().collect();
    entries.extend(Entry::of(clock.clone(), newer.version.clone(), Some(newer), None));
    catalogue.replace(&clock, entries);
    let versions = catalogue.versions(&clock, false, None).unwrap();
    assert_eq!(shown(&versions), ["a/clock 1.9.1", "a/clock 1.10.0*", "a/clock 1.9.0"]);
    assert_eq!(catalogue.versions(&clock, true, None).unwrap().servers.len(), 4);
    let version = |version: Option<&str>, with| {
        let version = version.map(document_version);
        let found = catalogue.version(&clock, version.as_ref(), with, None)?;
        Some(found.server.members().unwrap()["version"].as_str().unwrap().to_owned())
    };
    assert_eq!(version(None, false).as_deref(), Some("1.10.0"));
    assert_eq!(version(Some("1.9.0"), false).as_deref(), Some("1.9.0"));
    assert_eq!(version(Some("2.0.0"), false), None);
    assert_eq!(version(Some("2.0.0"), true).as_deref(), Some("2.0.0"));
    assert_eq!(version(Some("7"), true), None);
    assert!(catalogue.versions(&document_name("b/gone"), false, None).is_none());
    assert!(catalogue.versions(&document_name("no/such"), true, None).is_none());
}

#[test]
fn a_search_finds_each_name_by_its_latest_version() {
    let mut catalogue = some();
    let finds = catalogue.search("clokc", 10, None).unwrap();
    assert_eq!(finds.total, 2);
    let names: Vec<_> =
        finds.servers.iter().map(|found| found.server.members().unwrap()["name"].clone()).collect();
    assert_eq!(names, ["a/clock", "b/alarm"]);
    catalogue.replace(&document_name("a/clock"), Vec::new());
    assert_eq!(catalogue.search("clock", 10, None).unwrap().total, 1);
    assert_eq!(catalogue.counts(), (3, 4));
}

#[test]
fn what_was_released_here_is_a_document_with_its_verdict_and_address() {
    let members =
        json!({"name": "internal.sigyl/clock", "version": "1.0.0", "description": "Tells the time"});
    let released = Released {
        pins: None,
        quarantined: false,
        members: members.as_object().unwrap().clone(),
        recorded: at(3),
        workspace: Default::default(),
        verdict: Verdict::Warn,
        approved: false,
        source: Digest::of(b"a"),
        made: Made::Repository { url: "https://git.example/ada/clock".to_owned(), subfolder: None },
        path: Some("/mcp/clock".to_owned()),
        words: vec!["get_time".to_owned()],
    };
    let (name, version) = (document_name("internal.sigyl/clock"), document_version("1.0.0"));
    let entry = Entry::of(name.clone(), version.clone(), None, Some(released.clone())).unwrap();
    let mut catalogue = Catalogue::default();
    catalogue.replace(&name, vec![entry]);
    let alone = catalogue.version(&name, None, false, None).unwrap();
    assert!(!alone.server.members().unwrap().contains_key("remotes"), "nobody serves");
    let endpoint = Endpoint { base: "http://127.0.0.1:7447".to_owned(), keyed: false };
    let served = catalogue.version(&name, None, false, Some(&endpoint)).unwrap();
    let remote = &served.server.members().unwrap()["remotes"][0];
    assert_eq!(remote["url"], "http://127.0.0.1:7447/mcp/clock");
    assert!(matches!(served.meta.sigyl.scan, ScanStatus::Scanned { verdict: Verdict::Warn, .. }));
    assert_eq!(catalogue.search("get time", 5, None).unwrap().total, 1);
    let mut published = |repository: Option<&str>| {
        let mut listing = listing(name.as_str(), "1.0.0", "As published");
        let mut members = listing.document.members().unwrap();
        if let Some(url) = repository {
            members.insert("repository".to_owned(), json!({"url": url, "source": "github"}));
        }
        listing.document = RawDocument::of(&members).unwrap();
        let entry = Entry::of(name.clone(), version.clone(), Some(listing), Some(released.clone()));
        catalogue.replace(&name, entry.into_iter().collect());
        let shown = catalogue.version(&name, None, false, None).unwrap();
        assert_eq!(shown.server.members().unwrap()["description"], "As published");
        let passing = Shows { known: Known::Scanned, names: Vec::new() };
        assert_eq!(catalogue.showing(&passing).counts().1 == 1, repository.is_some());
        shown.meta.sigyl.scan
    };
    assert!(matches!(published(Some("https://git.example/ada/clock.git")), ScanStatus::Scanned { .. }));
    assert_eq!(published(None), ScanStatus::Unscanned { why: Some(Unscanned::OtherSource) });
}

proptest! {
    /// Whatever is written in whatever order, a list is what a plain filter over all listings gives.
    #[test]
    fn a_list_is_what_a_plain_filter_gives(
        writes in prop::collection::vec((0_usize..4, 0_usize..5, 0_i64..9, any::<bool>(), "[ab]{1,2}"), 0..40),
        since in prop::option::of(0_i64..9),
        wanted in prop::option::of("[ab]{1,2}"),
        limit in 1_usize..6,
    ) {
        let mut model: BTreeMap<(String, String), Listing> = BTreeMap::new();
        let mut catalogue = Catalogue::default();
        for (name, version, updated, gone, words) in writes {
            let (name, version) = (format!("n/{name}"), format!("{version}.0.0"));
            let fresh = Listing { updated: at(updated), ..listing(&name, &version, &words) };
            let status = if gone { ListingStatus::Deleted } else { ListingStatus::Active };
            let standing = Standing::new(status, None, at(updated)).unwrap();
            model.insert((name.clone(), version), Listing { standing, ..fresh });
            let same = model.values().filter(|listing| listing.name.as_str() == name).cloned();
            let entries = same.filter_map(|it| Entry::of(it.name.clone(), it.version.clone(), Some(it), None));
            catalogue.replace(&document_name(&name), entries.collect());
        }
        let fits = |listing: &&Listing| {
            let shown = since.is_some() || listing.standing.status != ListingStatus::Deleted;
            let recent = since.is_none_or(|since| listing.updated >= at(since));
            let said = format!("{}\n\n{}", listing.name, listing.document.members().unwrap()["description"].as_str().unwrap());
            shown && recent && wanted.as_ref().is_none_or(|wanted| said.contains(wanted))
        };
        let plain: Vec<_> = model.values().filter(fits).map(|it| format!("{} {}", it.name, it.version)).collect();
        let mut query = Query {
            search: wanted.clone(), updated_since: since.map(at), limit: Some(limit), ..Query::default()
        };
        let mut found = Vec::new();
        loop {
            let page = catalogue.list(query.clone(), None).unwrap();
            found.extend(shown(&page).into_iter().map(|line| line.trim_end_matches('*').to_owned()));
            match page.metadata.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        prop_assert_eq!(found, plain);
        let mut sorted: Vec<_> = catalogue.by_name().collect();
        sorted.sort_by_key(|entry| (Reverse(catalogue.rows[&entry.name].updated), entry.name.clone()));
        let names = |entries: Vec<&Entry>| entries.into_iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        prop_assert_eq!(catalogue.shown(), sorted.len());
        prop_assert_eq!(names(catalogue.by_change().collect()), names(sorted));
        let latest = list(&catalogue, Query { version: Some(Which::Latest), limit: Some(100), ..Query::default() });
        let names: BTreeSet<_> = model
            .values()
            .filter(|listing| listing.standing.status != ListingStatus::Deleted)
            .map(|listing| listing.name.to_string())
            .collect();
        let listed: Vec<_> = latest.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        prop_assert_eq!(listed, names.into_iter().collect::<Vec<_>>());
        prop_assert!(latest.iter().all(|line| line.ends_with('*')));
    }
}
