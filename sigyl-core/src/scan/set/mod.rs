//! Several servers that one agent reaches, looked at together: what one says of another's tools, names that can be
//! taken for each other, and what their tools make possible in a row.

mod flow;
mod label;
mod mention;
mod name;
mod scan;
mod server_set;

pub(super) use flow::flow;
pub use label::{Label, Labelled};
pub(super) use mention::{Mentions, NAME};
pub(super) use name::{Confusion, Kind as ConfusionKind, confusions};
pub use scan::SetReport;
#[cfg(test)]
pub(super) use server_set::OwnedSet;
pub use server_set::{Member, ServerSet};
