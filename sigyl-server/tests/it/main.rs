//! The server over real sockets.
#![expect(clippy::unwrap_used, reason = "a test may stop at any failure")]

mod app;
mod bounds;
mod program;
mod routes;
mod shapes;
mod tls;
