//! Requests: what a handler is given, and how it reads what the client sent, bounded and strict.

mod ask;
mod json;
mod percent;
mod query;

pub(crate) use ask::Ask;
pub(crate) use query::Query;

/// Most of anything that is listed at a time.
pub(crate) const LISTED_MOST: usize = 10_000;
