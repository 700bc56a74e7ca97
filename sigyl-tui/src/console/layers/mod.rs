//! What stands in front of a screen and has the keys until it is closed.

mod confirm;
mod filter;
mod form;
mod goto;
mod help;
mod layer;
mod messages;
mod palette;
mod prompt;

pub(super) use confirm::Confirm;
pub(super) use filter::FilterLine;
pub(super) use form::Form;
pub(super) use goto::GoTo;
pub(super) use help::Help;
pub(super) use layer::{Layer, Taken};
pub(super) use messages::Messages;
pub(super) use palette::Palette;
pub(super) use prompt::Prompt;
