//! A span, as it is sent.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use sigyl_core::domain::TraceParent;

pub(super) use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

/// The place of a span in its trace, and when it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) own: TraceParent,
    pub(super) parent: Option<[u8; 8]>,
    /// Nanoseconds since 1970-01-01 UTC.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Makes a span. What failed says so by `error`, a word of a bounded number; nothing that anybody wrote.
pub(super) fn span(
    spot: Spot,
    kind: SpanKind,
    name: String,
    mut attributes: Vec<KeyValue>,
    error: Option<String>,
) -> Span {
    let status = error.is_some().then(|| Status { message: String::new(), code: StatusCode::Error.into() });
    attributes.extend(error.map(|error| text("error.type", error)));
    Span {
        trace_id: spot.own.trace.to_vec(),
        span_id: spot.own.span.to_vec(),
        parent_span_id: spot.parent.map(|parent| parent.to_vec()).unwrap_or_default(),
        flags: u32::from(spot.own.sampled),
        name,
        kind: kind.into(),
        start_time_unix_nano: spot.start,
        end_time_unix_nano: spot.end.max(spot.start),
        attributes,
        status,
        ..Span::default()
    }
}

/// An attribute that is a text.
pub(super) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// An attribute that is a number.
pub(super) fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
