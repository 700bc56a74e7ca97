//! Keeps facts: one atomic way in ([`Store::apply`]), a dozen queries out.
//!
//! A [`Change`] is a named fact. The store applies it whole or not at all, journals it, and answers only when it is
//! on the disk. Large things (trees, reports) are content-addressed blobs beside the records.

mod backend;
mod change;
#[cfg(feature = "sled")]
mod codec;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod error;
#[cfg(all(feature = "sled", feature = "testing"))]
pub mod fuzz;
#[cfg(feature = "sled")]
mod key;
#[cfg(feature = "sled")]
pub mod sled;

pub use backend::{Page, Store};
pub use change::{
    CallOutcome, CallRecord, Change, Handover, JournalEntry, KeptApp, KeyRecord, SealedSecret, Tombstone,
};
pub use error::StoreError;
