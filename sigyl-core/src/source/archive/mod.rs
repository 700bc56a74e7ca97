//! Unpacks archives: bounded, and never outside the folder that was given.

mod meter;
mod open;
mod pack;
mod tar;
#[cfg(test)]
mod tests;
mod unpack;
mod zip;

#[cfg(feature = "runtime")]
pub(super) use open::{unpack_file, unpack_repository};
pub(super) use unpack::Unpack;
