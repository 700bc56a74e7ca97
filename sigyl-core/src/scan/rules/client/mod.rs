//! Rules over the configurations by which clients start servers: one file for each group, metadata beside them.

mod launch;
mod reach;
mod scope;
mod visit;

pub(super) use launch::{ClientShell, ClientUnpinned};
pub(super) use reach::{ClientBroad, ClientPlaintext, ClientSecret};
pub(super) use scope::{ClientChanged, ClientProject, ClientShadow};
