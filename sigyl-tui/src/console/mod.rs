//! The full-screen console: what `sigyl` is without a verb, on a terminal.
//!
//! Everything that happens arrives as an [`Input`](input::Input) on one channel; [`App::update`](app::App::update) turns it
//! into a new state and [`Effect`](effect::Effect)s, without waiting and without touching anything outside; the runner alone
//! performs these, over the same link as the verbs. Drawing changes nothing.

mod actions;
mod app;
mod bands;
#[cfg(feature = "bench")]
pub mod bench;
mod command;
mod effect;
mod input;
mod keymap;
mod layers;
mod loaded;
mod mouse;
mod outside;
mod own;
mod paint;
mod pulse;
mod recorder;
mod report;
mod route;
mod runner;
mod screens;
mod start;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod turn;
mod undo;
mod view;
mod wants;
mod way;
mod widgets;

pub(crate) use start::{fits, run};
