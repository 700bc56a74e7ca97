//! Where a page begins: the last document before it, and what the list was asked for.
//!
//! Some clients send nothing but the cursor with the second page, so it holds the filters. It gives no right: who makes
//! one up gets what the same filters would give. The check sum tells what was cut or mistyped on the way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::query::{Query, QueryError, Which};
use crate::domain::{Digest, DocumentName, DocumentVersion, Timestamp};

/// Longest cursor that is read: none that a page gives is longer.
const MOST: usize = 8 << 10;
/// Bytes of the check sum.
const SUM: usize = 6;

/// Text that no page gave as a cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that a page gave: begin again without it")]
pub struct CursorError;

/// What a cursor holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    #[serde(rename = "n")]
    name: DocumentName,
    #[serde(rename = "v")]
    version: DocumentVersion,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    updated_since: Option<Timestamp>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    which: Option<OneOf>,
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    include_deleted: bool,
    #[serde(rename = "i", default, skip_serializing_if = "std::ops::Not::not")]
    complete_only: bool,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum OneOf {
    #[serde(rename = "l")]
    Latest,
    #[serde(rename = "e")]
    Exact(DocumentVersion),
}

/// Writes the cursor of the page that comes after a document.
pub(super) fn write(query: &Query, name: &DocumentName, version: &DocumentVersion) -> Option<String> {
    let cursor = Cursor {
        name: name.clone(),
        version: version.clone(),
        search: query.search.clone(),
        updated_since: query.updated_since,
        which: query.version.as_ref().map(|which| match which {
            Which::Latest => OneOf::Latest,
            Which::Exact(version) => OneOf::Exact(version.clone()),
        }),
        include_deleted: query.include_deleted,
        complete_only: query.complete_only,
        limit: query.limit,
    };
    let mut bytes = serde_json::to_vec(&cursor).ok()?;
    let sum = Digest::of(&bytes);
    bytes.extend_from_slice(&sum.as_bytes()[..SUM]);
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Puts what a query's cursor holds into the query, and returns where the page begins.
pub(super) fn read(query: &mut Query) -> Result<Option<(DocumentName, DocumentVersion)>, QueryError> {
    let Some(text) = query.cursor.take().filter(|text| !text.is_empty()) else { return Ok(None) };
    let cursor = decode(&text).ok_or(CursorError)?;
    let which = cursor.which.map(|which| match which {
        OneOf::Latest => Which::Latest,
        OneOf::Exact(version) => Which::Exact(version),
    });
    let differs = [
        ("search", query.search.is_some() && query.search != cursor.search),
        ("updated_since", query.updated_since.is_some() && query.updated_since != cursor.updated_since),
        ("version", query.version.is_some() && query.version != which),
        ("include_deleted", query.include_deleted && !cursor.include_deleted),
        ("complete_only", query.complete_only && !cursor.complete_only),
    ];
    if let Some((name, _)) = differs.into_iter().find(|(_, differs)| *differs) {
        return Err(QueryError::OtherList(name));
    }
    query.search = cursor.search;
    query.updated_since = cursor.updated_since;
    query.version = which;
    query.include_deleted = cursor.include_deleted;
    query.complete_only = cursor.complete_only;
    query.limit = query.limit.or(cursor.limit);
    query.check()?;
    Ok(Some((cursor.name, cursor.version)))
}

fn decode(text: &str) -> Option<Cursor> {
    if text.len() > MOST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (json, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
    if Digest::of(json).as_bytes()[..SUM] != *sum {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> (DocumentName, DocumentVersion) {
        (DocumentName::parse("com.example/clock").unwrap(), DocumentVersion::parse("1.0.0+a").unwrap())
    }

    fn begun(cursor: &str) -> Query {
        Query { cursor: Some(cursor.to_owned()), ..Query::default() }
    }

    #[test]
    fn a_cursor_brings_back_what_the_list_was_asked_for() {
        let query = Query {
            search: Some("uhr & \u{e9}".to_owned()),
            updated_since: Some(Timestamp::from_millis(5)),
            version: Some(Which::Latest),
            include_deleted: true,
            complete_only: true,
            limit: Some(50),
            cursor: None,
        };
        let (name, version) = place();
        let text = write(&query, &name, &version).unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        let mut next = begun(&text);
        assert_eq!(read(&mut next), Ok(Some((name, version))));
        assert_eq!(next, query);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let (name, version) = place();
        let text = write(&Query::default(), &name, &version).unwrap();
        let with = |query: Query| read(&mut Query { cursor: Some(text.clone()), ..query });
        assert!(with(Query { limit: Some(7), ..Query::default() }).is_ok());
        let other = Query { search: Some("x".to_owned()), ..Query::default() };
        assert_eq!(with(other), Err(QueryError::OtherList("search")));
        let other = Query { version: Some(Which::Latest), ..Query::default() };
        assert_eq!(with(other), Err(QueryError::OtherList("version")));
    }

    #[test]
    fn what_no_page_gave_is_refused() {
        let (name, version) = place();
        let good = write(&Query::default(), &name, &version).unwrap();
        let cut = &good[..good.len() - 1];
        let long = "A".repeat(MOST + 1);
        for text in ["x", "%%%", "\0", "com.example/clock:1.0.0", cut, &long] {
            assert_eq!(read(&mut begun(text)), Err(QueryError::Cursor(CursorError)), "{text:?}");
        }
        assert_eq!(read(&mut begun("")), Ok(None), "an empty cursor is the first page");
        let forged = Query { limit: Some(5_000), search: Some("x".repeat(900)), ..Query::default() };
        let text = write(&forged, &name, &version).unwrap();
        assert_eq!(read(&mut begun(&text)), Err(QueryError::Limit(5_000)));
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in "[A-Za-z0-9_-]{0,80}|\\PC{0,40}") {
            prop_assert!(read(&mut begun(&text)).is_err() || text.is_empty());
        }

        #[test]
        fn a_changed_letter_is_noticed(at in 0_usize..60, letter in "[A-Za-z0-9_-]") {
            let (name, version) = place();
            let good = write(&Query::default(), &name, &version).unwrap();
            let at = at % good.len();
            let changed = format!("{}{letter}{}", &good[..at], &good[at + 1..]);
            prop_assert_eq!(read(&mut begun(&changed)).is_ok(), changed == good);
        }
    }
}
