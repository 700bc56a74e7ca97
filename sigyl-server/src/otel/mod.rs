//! What is told to an OpenTelemetry collector, by OTLP over HTTP: a span for each request, run and call, and the numbers
//! of `/metrics`. Nobody waits for the collector, and nothing that it does or says changes an answer.

mod config;
mod ended;
mod exporter;
mod lost;
mod numbers;
mod post;
mod request;
mod sender;
mod span;

pub use config::Telemetry;
pub(crate) use exporter::Exporter;
pub(crate) use request::{Answered, Begun};
pub(crate) use sender::Otel;
