//! The documents of this registry: on record in the store, in memory in the catalogue, and the same in both.
//!
//! Every write goes through here: it is checked, applied to the store, and then the name is read back into the catalogue.
//! A write that was begun ends, even when nobody waits for it any more.

mod error;
mod import;
mod released;
mod rows;
#[expect(clippy::module_inception, reason = "the room's own noun is its main part")]
mod shelf;
mod write;

pub use error::ListingError;
pub use rows::{Rows, RowsError};
pub use shelf::Shelf;
pub use write::Publication;
