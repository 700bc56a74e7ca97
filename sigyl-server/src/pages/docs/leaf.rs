//! A page that was drawn.

use std::sync::Arc;

use crate::html::El;

/// A heading on a page, which can be led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: u8,
    pub(super) id: String,
    pub(super) text: String,
    /// What stands under it, up to the next one, for the search.
    pub(super) below: String,
}

/// A page, drawn.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) title: String,
    pub(super) body: Arc<El>,
    /// Every heading but the title, in order.
    pub(super) headings: Vec<Heading>,
    /// Other pages that it leads to, and places in them.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test follows every link"))]
    pub(super) leads: Vec<(&'static str, String)>,
}

/// Makes the name of a place out of its heading, as forges do.
pub(super) fn slug(text: &str) -> String {
    let kept = text.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}
