//! The dated schemas of `server.json`, and the reader of the few words that they are written in.
//!
//! The schemas are those of the registry project, unchanged, built in: nothing is looked up while a document is checked.
//! They use fifteen words of JSON Schema, which `check` knows; a test fails when one uses another.

mod check;
mod dated;
mod pointer;

pub use dated::Schema;
pub(crate) use pointer::Pointer;
