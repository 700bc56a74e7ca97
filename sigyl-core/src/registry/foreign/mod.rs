//! Catalogues of other products, read as documents: each entry becomes what its publisher would have written.
//!
//! Their versions say nothing of what is in them, so an entry goes by the digest of its document: the same entry is the
//! same version, and a changed one is another.

mod catalogue;
mod docker;
mod document;
mod toolhive;

pub(super) use catalogue::{document, documents};
