//! Rules written as code: one file each, with its metadata beside it.

mod table;

pub(super) use table::all;
