//! Finds names by words: ranked, with words cut short or mistyped.

mod index;
mod words;

pub(in crate::registry) use index::{Index, Texts};
