//! The way from a source to a server: what it is, what it needs, where it goes, and what will happen, a page for each. Going back
//! keeps everything; nothing is sent before the last page.

mod choose;
mod command_line;
mod draw;
mod github;
mod more;
mod order;
mod page;
mod preview;
mod record;
mod settings;
mod summary;
mod wizard;

pub(crate) use wizard::Wizard;
