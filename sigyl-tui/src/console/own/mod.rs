//! What the operator wants otherwise: keys and colours, from files in TOML. Every problem is told with its line.

mod chord;
mod file;
mod keys;
mod theme;

pub(super) use file::{Wrong, read};
pub(super) use keys::keymap;
pub(super) use theme::palette;
