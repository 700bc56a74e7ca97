//! What lists are of: one file for each kind of thing, or for kinds that belong together.

mod audit;
mod counts;
mod deployments;
mod keys;
mod people;
mod quarantines;
mod runs;
mod secrets;
mod tools;
mod versions;

pub(super) use audit::Entries;
pub(super) use counts::Counts;
pub(super) use deployments::Deployments;
pub(super) use keys::Keys;
pub(super) use people::{Accounts, Workspaces};
pub(super) use quarantines::Quarantines;
pub(super) use runs::Runs;
pub(super) use secrets::Secrets;
pub(super) use tools::Tools;
pub(super) use versions::Versions;
