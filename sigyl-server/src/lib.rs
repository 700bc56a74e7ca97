//! The server around the library: it owns a data directory, starts every server that should run in it, and answers
//! over HTTP.
#![warn(missing_docs)]

mod app;
mod auth;
mod bounds;
mod dispatch;
mod door;
mod html;
mod listen;
mod metrics;
mod once;
mod open;
mod openapi;
#[cfg(feature = "otel")]
mod otel;
mod pages;
mod refusals;
mod request;
mod respond;
mod router;
mod routes;
mod serve;
mod session;
pub mod settings;
mod sse;
mod start;

pub use bounds::Bounds;
pub use listen::{Tls, TlsError};
#[cfg(feature = "otel")]
pub use otel::Telemetry;
pub use router::page_routes;
pub use serve::{Config, ServeError, serve};
pub use start::{StartError, start};
