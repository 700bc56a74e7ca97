//! The server around the library: it owns a data directory, starts every server that should run in it, and answers
//! over HTTP.
#![warn(missing_docs)]

mod app;
mod bounds;
mod dispatch;
mod listen;
mod metrics;
mod openapi;
mod respond;
mod router;
mod routes;
mod serve;

pub use bounds::Bounds;
pub use serve::{ServeError, serve};
