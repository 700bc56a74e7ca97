//! Measures what the scanner finds and what it finds wrongly, on labelled tools and code.

mod judge;
mod row;
mod table;
mod tally;

pub use judge::Judge;
pub use row::{Half, Kind, Label, Row, RowError, rows};
pub use table::print;
pub use tally::{Outcome, Tally};
