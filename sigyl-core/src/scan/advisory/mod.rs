//! Advisories on packages, in the format of OSV, from files that the operator gives; nothing is downloaded.
//!
//! [`Advisories::read`] takes a file or a folder: one advisory, an array, JSON Lines, or the zip archives in which
//! osv.dev publishes each ecosystem. What cannot be read is an error and never an empty set.

mod advisories;
#[cfg(feature = "testing")]
pub(super) mod fuzz;
mod load;
mod osv;
mod range;
mod severity;
mod version;

pub(super) use advisories::Advised;
pub use advisories::Advisories;
pub use load::AdvisoryError;
pub(super) use severity::Degree;
