//! A report as people and as programs read it. Pure: a report, the rules and what the reader can show become text.

mod excerpt;
mod frame;
mod github;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod origin;
mod plain;
mod runner;
mod sarif;
mod sarif_rules;
mod schema;
mod specimen;

pub use excerpt::{Excerpt, ExcerptError};
pub use frame::Frame;
pub use github::{annotations, github};
pub use json::json;
pub use jsonl::{jsonl, row};
pub use junit::junit;
pub use markdown::markdown;
pub use origin::Origin;
pub use plain::{Plain, Style, plain};
pub use sarif::sarif;
