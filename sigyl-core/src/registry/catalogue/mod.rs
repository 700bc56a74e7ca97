//! All documents in memory, in the order of their names: what lists and pages are answered from.
//!
//! It holds nothing that the store does not: it is built from there at the start, and follows every write.

mod about;
mod bounds;
mod browse;
#[expect(clippy::module_inception, reason = "the room's own noun is its main part")]
mod catalogue;
mod cursor;
mod endpoint;
mod entry;
mod lines;
mod made;
mod query;

pub use about::About;
pub use browse::{Browse, Order};
pub use catalogue::Catalogue;
pub use endpoint::Endpoint;
pub use entry::{Entry, Released};
pub use made::Made;
pub use query::{Query, QueryError, Which};
