//! What a list is asked for.

use crate::domain::{DocumentVersion, Kind, Timestamp};

use super::cursor::CursorError;

/// Which documents of a list are wanted, and how many at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Text that the name, title or description holds, in any case.
    pub search: Option<String>,
    /// Only what changed then or later. It shows deleted versions too, so that who follows sees them go.
    pub updated_since: Option<Timestamp>,
    /// Only one version of each name.
    pub version: Option<Which>,
    /// Whether deleted versions are shown.
    pub include_deleted: bool,
    /// Whether documents are left out that were imported without a version, or under a name without a namespace.
    pub complete_only: bool,
    /// How many at most; 30 when absent.
    pub limit: Option<usize>,
    /// Where the page begins, from the page before. It holds what that page was asked for, so all else may be left out;
    /// what is not left out must be the same.
    pub cursor: Option<String>,
}

/// One version of each name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// That which ranks highest.
    Latest,
    /// This one.
    Exact(DocumentVersion),
}

/// A list cannot be asked for so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Too many or too few.
    #[error("`limit` is {0}, and 1 to {MOST} are given at a time", MOST = Query::MOST)]
    Limit(usize),
    /// The text is too long.
    #[error("the text to search for has {0} characters, and {MOST} are taken", MOST = Query::SEARCH_MAX)]
    LongSearch(usize),
    /// The cursor is not one that a page gave.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The cursor is from another list.
    #[error("the cursor belongs to a list with another `{0}`: begin again without it")]
    OtherList(&'static str),
}

impl QueryError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Query {
    /// Documents on a page, when nobody says how many.
    pub const USUAL: usize = 30;
    /// Most documents on a page.
    pub const MOST: usize = 100;
    /// Longest text to search for, in characters.
    pub const SEARCH_MAX: usize = 200;

    /// Checks the bounds.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        if let Some(limit) = self.limit.filter(|limit| !(1..=Self::MOST).contains(limit)) {
            return Err(QueryError::Limit(limit));
        }
        let length = self.search.as_ref().map_or(0, |text| text.chars().count());
        if length > Self::SEARCH_MAX { Err(QueryError::LongSearch(length)) } else { Ok(()) }
    }
}
