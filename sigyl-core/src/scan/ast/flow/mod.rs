//! What flows where in one form: values are followed from what a caller gives to what acts on them.

mod act;
mod archive;
mod backtrack;
mod call;
mod checks;
mod claim;
mod compiled;
mod covert;
mod effects;
mod effort;
mod eval;
mod frame;
mod go;
mod go_library;
mod guard;
mod indirect;
mod known;
mod marks;
mod module;
mod origin;
mod reflected;
mod registered;
mod results;
mod run;
mod rust;
mod rust_library;
mod sides;
mod sink;
mod sinks;
mod statement;
mod value;
mod web;

pub(super) use guard::is_strict;
pub(super) use run::{Grade, Links, Seen, follow};
pub(super) use value::Weakness;
