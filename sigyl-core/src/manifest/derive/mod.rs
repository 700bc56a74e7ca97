//! Derives the fields that no manifest gives from the files of the package.

mod cargo;
mod fill;
mod go;
mod npm;
mod package;
mod python;

pub(super) use fill::fill;
