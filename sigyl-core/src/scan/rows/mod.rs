//! Tools, prompts and resources, or pieces of code, one by one out of a text that may hold a hundred thousand of them:
//! a list as a server answers it, a JSON array, or JSON Lines.
//!
//! What is read is judged in small batches and forgotten, so memory does not grow with the text. An entry that cannot
//! be read is told by its number, and the others are judged all the same.

mod batch;
mod input;
mod judge;
mod mend;
mod part;
mod read;
mod row;
mod tally;
mod value;

pub use judge::JudgedRow;
pub use row::{BadRow, Place, RowKind, RowsOf};
pub use tally::Tally;
