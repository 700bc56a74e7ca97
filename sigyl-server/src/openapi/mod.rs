//! The OpenAPI document, derived from the route table.

mod document;

pub(crate) use document::document;
