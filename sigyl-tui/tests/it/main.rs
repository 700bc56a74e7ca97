//! Runs the real `sigyl`: what it prints, where, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test may stop at any failure")]

mod access;
mod console;
mod docs;
mod help;
mod history;
mod init;
mod login;
mod owner;
mod policy;
mod probe;
mod pty;
mod registry;
mod remote;
mod review;
mod rows;
mod rules;
mod scan;
mod secrets;
mod servers;
mod settings;
mod setup;
mod sigyl;
mod usage;
mod verify;
