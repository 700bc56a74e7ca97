//! Parts that screens and layers are made of.

mod bar;
mod entry;
mod frame;
mod grid;
mod line;

pub(super) use bar::{fraction, spark};
pub(super) use entry::Entry;
pub(super) use frame::{popup, put, within};
pub(super) use grid::{Cell, Column, Grid, cell};
pub(super) use line::{Fill, Line};
