//! Finds names by words: ranked, with words cut short or mistyped.

mod index;
mod words;

pub(crate) use index::{Index, Texts};
