//! One owner, many callers: the owner of a data directory answers other processes on a socket in it, and every one of
//! them behaves as if it had opened the store itself.

mod client;
mod dispatch;
mod frame;
mod server;
mod socket;
mod token;

pub use client::Client;
pub use dispatch::handle;
pub(crate) use server::listen;

#[cfg(test)]
mod tests;
