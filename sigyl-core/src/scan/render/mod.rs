//! A report as people and as programs read it.

mod json;
mod plain;

pub use json::json;
pub use plain::{Plain, Style, plain};
