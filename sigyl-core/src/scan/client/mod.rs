//! The configurations by which clients start MCP servers: where they stand, what they say, and what that opens.
//!
//! Nothing is started here. The places to look in come in as values, and what cannot be read is told.

mod commands;
mod config;
mod discover;
#[cfg(feature = "testing")]
pub(super) mod fuzz;
mod jsonc;
mod known;
mod launch;
mod locate;
mod scan;
mod secret;
mod toml_tree;
mod tree;
mod yaml_tree;

pub(super) use commands::commands;
pub use config::{ClientConfig, Defect, Entry, EntryPin};
pub use discover::{Discovery, Found, discover, user_file};
pub(super) use known::is_client_config;
pub use known::{Platform, Roots, Scope};
pub(super) use launch::{Package, PinKind, downloads, fetched, script};
pub use scan::Clients;
pub(super) use secret::literals;
