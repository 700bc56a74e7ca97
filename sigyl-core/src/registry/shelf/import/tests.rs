use super::*;
use crate::domain::Shows;
use crate::registry::Query;
use crate::store::contract::fixture::at;
use crate::store::sled::SledStore;

const ROWS: &str = include_str!("../../../../tests/data/registry/servers.jsonl");

async fn shelf(dir: &std::path::Path) -> Arc<Shelf> {
    Arc::new(Shelf::load(Arc::new(SledStore::open(dir).unwrap())).await.unwrap())
}

fn rows(text: &str) -> Vec<ImportRow> {
    let row = |(at, text): (usize, &str)| ImportRow { line: at as u64 + 1, text: text.to_owned() };
    text.lines().enumerate().map(row).collect()
}

async fn import(shelf: &Arc<Shelf>, text: &str, seconds: i64) -> ImportReport {
    shelf.import("servers.jsonl", rows(text), WorkspaceName::default(), at(seconds)).await.unwrap()
}

fn counts(report: &ImportReport) -> [u64; 5] {
    [report.rows, report.added, report.updated, report.unchanged, report.refused]
}

#[tokio::test]
async fn real_documents_come_back_equal_in_meaning_with_their_problems_told() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let report = import(&shelf, ROWS, 100).await;
    let total = ROWS.lines().count() as u64;
    assert_eq!(counts(&report), [total, total, 0, 0, 0]);
    for line in ROWS.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row["server"][name].as_str().unwrap_or_default().to_owned();
        let versions = shelf.versions(&Shows::default(), &text("name"), true, None).unwrap();
        let members = versions.servers.iter().map(|it| Value::Object(it.server.members().unwrap()));
        assert!(members.into_iter().any(|members| members == row["server"]), "{line}");
    }
    let incomplete = |line: &&str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row["server"][name].as_str().unwrap_or_default().to_owned();
        !text("name").contains('/') || text("version").is_empty()
    };
    let incomplete = ROWS.lines().filter(incomplete).count();
    assert!(
        incomplete > 1 && report.incomplete == incomplete as u64,
        "{} of {incomplete}",
        report.incomplete
    );
    let listed = |complete_only| {
        let query = Query { complete_only, include_deleted: true, limit: Some(100), ..Query::default() };
        shelf.list(&Shows::default(), query, None).unwrap().servers.len()
    };
    assert_eq!((listed(false), listed(true)), (total as usize, total as usize - incomplete));
    let odd: Vec<_> = report.problems.iter().map(|problem| problem.of.as_str()).collect();
    for of in ["Gmail 0.3.1", "io.github.noversion/mcp-server-rest-client "] {
        assert!(odd.contains(&of), "{of} in {odd:?}");
    }
    assert!(report.problems.iter().all(|problem| problem.taken && !problem.issues.is_empty()));
    assert_eq!(counts(&import(&shelf, ROWS, 200).await), [total, 0, 0, total, 0], "again is nothing new");
}

#[tokio::test]
async fn what_another_registry_said_is_kept_beside_the_document() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let row = r#"{"server": {"name": "a/b", "version": "1.0.0"}, "_meta": {"x.y/z": {"stars": 3},
        "io.modelcontextprotocol.registry/official": {"status": "deprecated", "statusMessage": "old",
        "publishedAt": "2025-01-02T03:04:05.678901Z", "updatedAt": "2025-01-02T03:04:05Z", "isLatest": true}}}"#;
    import(&shelf, &row.replace('\n', " "), 100).await;
    let shown = shelf.version(&Shows::default(), "a/b", "1.0.0", false, None).unwrap();
    let official = &shown.meta.official;
    assert_eq!(official.status, ListingStatus::Deprecated);
    assert_eq!(official.published_at.to_string(), "2025-01-02T03:04:05.678Z");
    assert_eq!(official.updated_at, at(100), "who follows this registry must see it come");
    assert_eq!(shown.meta.others["x.y/z"]["stars"], 3);
    assert_eq!(shown.meta.sigyl.imported.as_ref().unwrap()["publishedAt"], "2025-01-02T03:04:05.678901Z");
    let later = row.replace("deprecated", "deleted").replace('\n', " ");
    let report = import(&shelf, &later, 200).await;
    assert_eq!((report.added, report.updated), (0, 1));
    assert!(shelf.version(&Shows::default(), "a/b", "1.0.0", false, None).is_err());
    let since = Query { updated_since: Some(at(150)), ..Query::default() };
    assert_eq!(shelf.list(&Shows::default(), since, None).unwrap().servers.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_and_the_rest_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let text = [
        r#"{"name": "a/b", "version": "1.0.0", "description": "one"}"#,
        "not json",
        r#"{"server": {"version": "1"}}"#,
        r#"{"name": "a/b", "version": "1.0.0", "description": "two"}"#,
        r#"{"name": "internal.sigyl/clock", "version": "1.0.0"}"#,
        r#"{"server": 7}"#,
        r#"{"name": "a/b", "version": "2.0.0", "description": "three"}"#,
    ];
    let report = import(&shelf, &text.join("\n"), 100).await;
    assert_eq!(counts(&report), [7, 2, 0, 0, 5]);
    let refused: Vec<_> = report.problems.iter().filter(|problem| !problem.taken).map(|it| it.line).collect();
    assert_eq!(refused, [2, 3, 4, 5, 6]);
    assert!(report.problems[3].issues[0].message.contains("another content"));
}

#[tokio::test]
async fn an_import_never_changes_what_was_published_here() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path()).await;
    let text = include_str!("../../../../tests/data/registry/clock.json");
    shelf
        .publish(super::super::Publication {
            document: Document::publish(text.as_bytes()).unwrap(),
            workspace: WorkspaceName::default(),
            by: "ada".to_owned(),
            proof: Proof::Granted,
            at: at(10),
        })
        .await
        .unwrap();
    let before = shelf.version(&Shows::default(), "com.example/clock", "latest", false, None).unwrap();
    let server: Value = serde_json::from_str(text).unwrap();
    let row = serde_json::json!({"server": server, "_meta": {OFFICIAL_KEY: {"status": "deleted"}}});
    assert_eq!(counts(&import(&shelf, &row.to_string(), 100).await), [1, 0, 0, 1, 0]);
    assert_eq!(shelf.version(&Shows::default(), "com.example/clock", "latest", false, None).unwrap(), before);
}

#[test]
fn reports_of_parts_join_and_stay_bounded() {
    let problem = |line| RowProblem { line, of: String::new(), taken: true, issues: Vec::new() };
    let part = |from: u64| ImportReport {
        rows: 600,
        problems: (from..from + 600).map(problem).collect(),
        ..ImportReport::default()
    };
    let mut whole = part(1);
    whole.join(part(601));
    assert_eq!((whole.rows, whole.problems.len(), whole.untold), (1_200, 1_000, 200));
}
