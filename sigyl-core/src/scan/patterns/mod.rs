//! Pattern rules: one data file each, with its own proof.

mod files;

pub(super) use files::FILES;
