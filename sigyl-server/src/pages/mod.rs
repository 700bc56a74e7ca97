//! The pages for people: the registry to look through, each server, the documentation, and signing in.
//!
//! They only show. There is no script in them, nothing from elsewhere is loaded, and all text is written by [`crate::html`].

mod api;
mod assets;
mod browse;
mod docs;
mod frame;
mod login;
mod parts;
mod problem;
mod server;
mod sign_in;
mod table;

pub(crate) use problem::problem;
pub(crate) use table::ROUTES;
