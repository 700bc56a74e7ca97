//! Requests: what a handler is given, and how it reads what the client sent, bounded and strict.

mod ask;
mod json;
mod part;
pub(crate) mod percent;
mod query;

pub(crate) use ask::Ask;
pub(crate) use part::newest_first;
pub(crate) use query::{LISTED_MOST, Query};
