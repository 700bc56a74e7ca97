//! Runs the real `sigyl`: what it prints, where, and how it ends.

mod docs;
mod help;
mod scan;
mod secrets;
mod settings;
mod sigyl;
mod usage;
