//! What the console looks at beside whoever answers: sources of this machine, before they are deployed, and names of folders.
//! Only the runner does it; what was seen comes back as an input.

mod edit;
mod look;
mod looked;
mod names;
mod seen;

pub(super) use edit::edit;
pub(super) use look::look;
pub(super) use looked::{Fault, Looked};
pub(super) use names::names;
pub(super) use seen::{Outside, Seen};
