//! A `server.json` document: read, held against its schema and against rules that no schema can say.
//!
//! What is published must pass every check. What is imported is kept as it is, with what is wrong with it.

mod document;
mod issues;
mod parts;
mod place;
mod rules;

pub use document::Document;
pub(crate) use issues::Issues;
pub use parts::{Argument, Input, KeyValue, Package, Remote, Repository, Transport};
