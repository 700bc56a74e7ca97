//! Policy files: `sigyl.policy.yaml` and files of waivers, as an operator writes them.
//!
//! Bytes become values with places, as those of a manifest do; then every key and value is checked against the rules
//! that there are. All problems are told at once, each with its file, line and column.

mod baseline;
mod clauses;
mod error;
mod read;
mod values;
mod waivers;

pub use baseline::{BaselineError, read_baseline};
pub use error::PolicyError;
pub use read::{PolicyRead, read, read_waivers};
