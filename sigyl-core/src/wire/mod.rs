//! Request and response types that cross a process boundary: the owner's socket now, HTTP later.

pub mod registry;
pub mod v1;
