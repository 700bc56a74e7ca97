//! The documentation: the project's own Markdown, built in.

mod clients;
mod find;
mod leaf;
mod markdown;
mod shelf;
mod show;

pub(super) use show::{first, search, show};
