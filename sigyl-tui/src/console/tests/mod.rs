//! The console as a whole: inputs in, frames out, answers from values.

mod actions;
mod answers;
mod desk;
mod keys;
mod screens;

pub(super) use desk::Desk;
