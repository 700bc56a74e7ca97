//! Reads server code as trees and follows what a caller gives to what acts on it.
//!
//! Each language is lowered to one small form; one analysis runs over that form. A file is parsed only where it
//! registers tools. Work is bounded by the size of the file; what a bound leaves out is told.

mod across;
mod analysis;
mod comments;
mod dispatch;
mod files;
mod flow;
mod form;
#[cfg(feature = "testing")]
pub(super) mod fuzz;
mod gate;
mod handlers;
mod joined;
mod kept;
mod lower;
mod named;
mod near;
mod parse;
mod pieces;
mod rule;
mod session;
mod signatures;
mod syntax;
mod tests;
mod tree_file;

pub(super) use across::{across, names_own};
pub(super) use analysis::{Analysis, analyse, is_followed};
pub(super) use rule::FlowRule;
pub(super) use tree_file::Parsed;
