//! The server over real sockets.
#![expect(clippy::unwrap_used, reason = "a test may stop at any failure")]

mod api;
mod app;
mod auth;
mod bounds;
mod client;
#[cfg(feature = "otel")]
mod collector;
mod endpoint;
mod leaks;
mod life;
mod login;
mod matrix;
mod oidc;
#[cfg(feature = "otel")]
mod otel;
mod pages;
mod program;
mod registry;
mod routes;
mod running;
mod session;
mod shapes;
mod tls;
mod views;
mod webhooks;
