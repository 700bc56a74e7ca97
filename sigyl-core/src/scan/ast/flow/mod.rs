//! What flows where in one form: values are followed from what a caller gives to what acts on them.

mod act;
mod archive;
mod backtrack;
mod call;
mod checks;
mod claim;
mod effects;
mod effort;
mod eval;
mod frame;
mod guard;
mod known;
mod marks;
mod origin;
mod run;
mod sink;
mod sinks;
mod statement;
mod value;
mod web;

pub(super) use guard::is_strict;
pub(super) use run::{Grade, Links, Seen, follow};
pub(super) use value::Weakness;
