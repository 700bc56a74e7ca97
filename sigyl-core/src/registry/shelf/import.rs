//! Takes in what other registries published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::ListingError;
use super::shelf::Shelf;
use crate::domain::{
    Check, DocumentName, Issue, IssueSeverity, Listing, ListingStatus, Origin, Proof, Standing, Timestamp,
    WorkspaceName,
};
use crate::registry::document::Document;
use crate::registry::{OFFICIAL_KEY, is_reserved};
use crate::store::Change;
use crate::wire::registry::{ImportReport, ImportRow, RowProblem};

/// Documents, and bytes of them, that become durable together.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 2 << 20;
/// Longest row, in bytes.
pub(super) const ROW_MAX: usize = 1 << 20;
/// Most bytes of what another registry says beside a document.
const META_MAX: usize = 16 << 10;

/// A row as it is read.
struct Read {
    line: u64,
    document: Document,
    issues: Vec<Issue>,
    official: Option<Value>,
    others: Map<String, Value>,
}

impl Shelf {
    /// Takes documents in from `source`. What cannot be taken is told and left out; the others are durable when this
    /// returns. New names belong to `workspace`.
    pub async fn import(
        self: &Arc<Self>,
        source: &str,
        rows: Vec<ImportRow>,
        workspace: WorkspaceName,
        at: Timestamp,
    ) -> Result<ImportReport, ListingError> {
        let read = tokio::task::spawn_blocking(move || read_all(rows));
        let (mut report, read) = read.await.map_err(|error| ListingError::CutOff(error.to_string()))?;
        let source = source.to_owned();
        let taken =
            self.to_the_end(move |shelf| async move { shelf.take(&source, read, &workspace, at).await });
        report.join(taken.await?);
        report.problems.sort_by_key(|problem| problem.line);
        Ok(report)
    }

    async fn take(
        &self,
        source: &str,
        rows: Vec<Read>,
        workspace: &WorkspaceName,
        at: Timestamp,
    ) -> Result<ImportReport, ListingError> {
        let mut report = ImportReport::default();
        // What the catalogue shows, with what this import adds.
        let mut known: BTreeMap<_, Listing> = BTreeMap::new();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for row in rows {
            let key = (row.document.name().clone(), row.document.version().clone());
            let is_complete = key.0.is_complete() && key.1.is_complete();
            let before = known.get(&key).cloned().or_else(|| self.recorded(&row.document));
            match decide(&row, before, source, at) {
                Decision::Keep => report.unchanged += 1,
                Decision::Refuse(issue) => {
                    report.refused += 1;
                    report.tell(problem(&row, false, vec![issue]));
                    continue;
                }
                Decision::Put(mut listing, is_new) => {
                    if is_new {
                        report.added += 1;
                        listing.workspace =
                            self.workspace(&listing.name).unwrap_or_else(|| workspace.clone());
                    } else {
                        report.updated += 1;
                    }
                    bytes += listing.document.as_str().len();
                    known.insert(key, (*listing).clone());
                    batch.push(*listing);
                }
            }
            report.incomplete += u64::from(!is_complete);
            if !row.issues.is_empty() {
                report.tell(problem(&row, true, row.issues.clone()));
            }
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                self.write(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        self.write(batch).await?;
        Ok(report)
    }

    fn recorded(&self, document: &Document) -> Option<Listing> {
        let catalogue = self.read();
        let mut entries = catalogue.entries(document.name());
        entries.find(|entry| entry.version() == document.version())?.listing().cloned()
    }

    async fn write(&self, batch: Vec<Listing>) -> Result<(), ListingError> {
        if batch.is_empty() {
            return Ok(());
        }
        let names: BTreeSet<DocumentName> = batch.iter().map(|listing| listing.name.clone()).collect();
        self.store.apply(Change::PutListings(batch)).await?;
        for name in &names {
            self.refresh(name).await?;
        }
        Ok(())
    }
}

/// What is to be done with a row.
enum Decision {
    /// It is on record as it is.
    Keep,
    /// It cannot be taken.
    Refuse(Issue),
    /// It is recorded; the flag says whether it was not on record.
    Put(Box<Listing>, bool),
}

fn decide(row: &Read, before: Option<Listing>, source: &str, at: Timestamp) -> Decision {
    let refuse = |message: &str, rule: &str| Decision::Refuse(error(message, rule));
    let document = &row.document;
    if document.name().namespace().is_some_and(is_reserved) {
        return refuse("its namespace is for what is released here", "reserved-namespace");
    }
    let standing = standing(row.official.as_ref(), at);
    let origin = Origin::Imported {
        source: source.to_owned(),
        at,
        problems: u32::try_from(row.issues.len()).unwrap_or(u32::MAX),
        official: row.official.clone(),
    };
    let Some(before) = before else {
        let published = time(row.official.as_ref(), "publishedAt").unwrap_or(at);
        return Decision::Put(
            Box::new(Listing {
                name: document.name().clone(),
                version: document.version().clone(),
                workspace: WorkspaceName::default(),
                document: document.raw().clone(),
                digest: document.digest(),
                standing,
                published,
                updated: at,
                origin,
                proof: Proof::Unproven,
                others: row.others.clone(),
            }),
            true,
        );
    };
    if before.digest != document.digest() {
        return refuse(
            "this version is on record with another content, and a version never changes",
            "immutable",
        );
    }
    // What is published here is ours to deprecate.
    let ours = !matches!(before.origin, Origin::Imported { .. });
    if ours || (before.standing.says_the_same(&standing) && before.others == row.others) {
        return Decision::Keep;
    }
    Decision::Put(
        Box::new(Listing { standing, updated: at, origin, others: row.others.clone(), ..before }),
        false,
    )
}

fn read_all(rows: Vec<ImportRow>) -> (ImportReport, Vec<Read>) {
    let mut report = ImportReport::default();
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        report.rows += 1;
        match read_row(&row) {
            Ok(row) => read.push(row),
            Err(issues) => {
                report.refused += 1;
                report.tell(RowProblem { line: row.line, of: String::new(), taken: false, issues });
            }
        }
    }
    (report, read)
}

/// What a registry answers with.
#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    server: Option<&'a RawValue>,
    #[serde(rename = "_meta", borrow)]
    meta: Option<&'a RawValue>,
}

fn read_row(row: &ImportRow) -> Result<Read, Vec<Issue>> {
    if row.text.len() > ROW_MAX {
        return Err(vec![error(&format!("the row has more than {ROW_MAX} bytes"), "row-size")]);
    }
    let text = row.text.trim_start_matches('\u{feff}').trim();
    let response: Response<'_> = serde_json::from_str(text)
        .map_err(|wrong| vec![error(&format!("the row is not a JSON object: {wrong}"), "json")])?;
    let (document, meta) = match response.server {
        // A document of its own has no member of this name.
        Some(server) => (server.get(), response.meta),
        None => (text, None),
    };
    let (document, mut issues) = Document::import(document.as_bytes())?;
    issues.retain(|issue| issue.severity != IssueSeverity::Info);
    let mut others = Map::new();
    if let Some(meta) = meta {
        match serde_json::from_str::<Map<String, Value>>(meta.get()) {
            Ok(said) if meta.get().len() <= META_MAX => others = said,
            _ => issues.push(Issue {
                check: Check::Semantic,
                path: "/_meta".to_owned(),
                message: format!(
                    "what stands beside the document is no object of {META_MAX} bytes: left out"
                ),
                severity: IssueSeverity::Warning,
                reference: "response-metadata".to_owned(),
            }),
        }
    }
    let status = others.get(OFFICIAL_KEY).and_then(|official| official.get("status"));
    if status.is_some_and(|status| !["active", "deprecated", "deleted"].iter().any(|known| status == known)) {
        issues.push(Issue {
            check: Check::Semantic,
            path: "/_meta".to_owned(),
            message: "how it stands is none of active, deprecated and deleted: taken as active".to_owned(),
            severity: IssueSeverity::Warning,
            reference: "status".to_owned(),
        });
    }
    let official = others.remove(OFFICIAL_KEY).filter(Value::is_object);
    others.remove(crate::registry::SIGYL_KEY);
    Ok(Read { line: row.line, document, issues, official, others })
}

/// How a document stood where it came from.
fn standing(official: Option<&Value>, at: Timestamp) -> Standing {
    let text = |name: &str| official.and_then(|official| official.get(name)).and_then(Value::as_str);
    let status = match text("status") {
        Some("deprecated") => ListingStatus::Deprecated,
        Some("deleted") => ListingStatus::Deleted,
        _ => ListingStatus::Active,
    };
    let since = time(official, "statusChangedAt").unwrap_or(at);
    let message = text("statusMessage").map(str::to_owned).filter(|_| status != ListingStatus::Active);
    Standing::new(status, message, since).unwrap_or(Standing { status, message: None, since })
}

fn time(official: Option<&Value>, name: &str) -> Option<Timestamp> {
    Timestamp::parse(official?.get(name)?.as_str()?).ok()
}

fn problem(row: &Read, taken: bool, issues: Vec<Issue>) -> RowProblem {
    let of = format!("{} {}", row.document.name(), row.document.version());
    RowProblem { line: row.line, of, taken, issues }
}

fn error(message: &str, rule: &str) -> Issue {
    Issue {
        check: Check::Semantic,
        path: String::new(),
        message: message.to_owned(),
        severity: IssueSeverity::Error,
        reference: rule.to_owned(),
    }
}

#[cfg(test)]
mod tests;
