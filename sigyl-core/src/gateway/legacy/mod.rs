//! The legacy era over pipes: a session for each client, with a process of its own.

mod answer;
mod board;
mod session;

pub(super) use session::Session;
