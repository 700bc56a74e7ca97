//! Scripts in JavaScript, read by a parser that is far faster than the one of the other languages.

mod functions;
mod level;
mod modules;
mod nesting;
mod nodes;
mod patterns;
mod statements;
mod tree;
mod values;
mod words;

pub(super) use tree::script;
