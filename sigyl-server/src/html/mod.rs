//! HTML as values: what is text stays text, and what leads somewhere was checked first.

mod link;
mod node;

pub(crate) use link::Link;
pub(crate) use node::{El, Node, el};
