//! The console as a whole: inputs in, frames out, answers from values.

mod actions;
mod answers;
mod desk;
mod floods;
mod keys;
mod lines;
mod lost;
mod mouse;
#[path = "../../../tests/it/pty.rs"]
#[expect(dead_code, reason = "the tests of the whole program use the rest of it")]
mod pty;
mod replay;
mod screens;
mod several;
mod sight;
mod terminal;
mod wizard;

pub(super) use answers::report;
pub(super) use desk::{Desk, key_of};
