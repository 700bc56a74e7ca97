//! What an instance may touch, and what is said about it: one room, so that words and rules cannot part.
//!
//! `rules` puts a sandbox together, from what every program needs, from `programs` (what may be started) and from
//! `grants` (what the operator opened). `words` says what of it holds on this kernel.

mod grants;
mod programs;
mod rules;
mod words;

pub(super) use grants::{Closed, settle};
pub(super) use programs::search_path;
pub(super) use rules::{FILES, PROCESSES, THREADS, Wanted, Workshop, build_rules, hold};
pub(super) use words::in_general;
