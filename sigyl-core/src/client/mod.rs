//! The client of `sigyl-server`: one method for each of its operations, over the same values that the server reads and
//! writes.
//!
//! Invariants: a key never leaves this machine in the clear, unless the caller insists; nothing that was answered is
//! taken on trust: it is bounded, and it is read or refused whole.

mod address;
mod audit;
mod call;
mod client;
mod error;
mod events;
mod exchange;
mod follows;
mod github;
mod health;
mod keys;
mod listings;
mod login;
mod me;
mod operation;
mod patience;
mod policy;
mod problem;
mod quarantines;
mod runs;
mod said;
mod secrets;
mod servers;
mod statements;
mod told;
mod workspaces;

pub use client::{Client, ClientSettings};
pub use error::ClientError;
pub use events::FeedNews;
pub use operation::{OPERATIONS, Operation};
pub use patience::Patience;
pub use problem::Refused;
pub use runs::RunNews;
pub use told::Told;

#[cfg(test)]
mod tests;
