//! Packages that a source depends on: read from manifests and locks, and compared with names that are imitated.

mod cargo;
mod dependency;
mod go;
mod lookalike;
mod names;
mod npm;
mod python;
mod read;

pub(super) use dependency::{Dependency, Ecosystem};
pub(super) use lookalike::{How, imitated};
pub(super) use read::{read, whole_names};
