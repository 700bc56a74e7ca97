//! What the server counts: one set of numbers, told as text for Prometheus and to an OpenTelemetry collector. Labels come
//! from the route table, or from calls whose kinds are bounded: their number is bounded too.

mod count;
mod family;
mod text;

pub(crate) use count::Metrics;
#[cfg(feature = "otel")]
pub(crate) use family::{BUCKETS, Point, Value};
pub(crate) use family::{Family, calls};
pub(crate) use text::text;
