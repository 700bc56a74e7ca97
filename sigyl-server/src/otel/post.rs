//! One message to the collector, and what it makes of it.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use serde_json::Value;
use sigyl_core::domain::SecretValue;
use sigyl_core::web::{Heard, Line, Method, Question, Web, WebError};

use super::Telemetry;

/// How messages are written.
const PROTOBUF: &str = "application/x-protobuf";

/// Bytes of an answer that are read.
const ANSWER: usize = 64 << 10;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Spans,
    Points,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It was taken, but for so many.
    Taken { refused: u64 },
    /// It may be taken later, after this time if the collector names one.
    Later { after: Option<Duration>, why: String },
    /// It will not be taken.
    Never { why: String },
}

/// The collector.
#[derive(Debug)]
pub(super) struct Post {
    line: Line,
    headers: Vec<(String, SecretValue)>,
    patience: Duration,
}

impl Post {
    /// Makes ready to tell a collector; nothing is sent yet.
    pub(super) fn new(telemetry: &Telemetry) -> Result<Self, WebError> {
        let line = Web::new(telemetry.offline).line(&telemetry.endpoint)?;
        Ok(Self { line, headers: telemetry.headers.clone(), patience: telemetry.patience })
    }

    /// Sends a message, and says what became of it.
    pub(super) async fn send(&self, signal: Signal, message: Vec<u8>) -> Sent {
        let path = match signal {
            Signal::Spans => "/v1/traces",
            Signal::Points => "/v1/metrics",
        };
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
        let mut question = Question::new(Method::Post, path);
        question.headers = &headers;
        question.accepts = PROTOBUF;
        question.body = Some((PROTOBUF, message));
        (question.patience, question.most) = (self.patience, ANSWER);
        match self.line.ask(question).await {
            Ok(heard) => became(signal, &heard),
            // An answer that is too long is one of somebody else, who took nothing.
            Err(error @ WebError::Answer { .. }) => Sent::Never { why: error.to_string() },
            Err(error) => Sent::Later { after: None, why: error.to_string() },
        }
    }
}

/// Reads what an answer says. Its own words may be anybody's and are not repeated.
fn became(signal: Signal, heard: &Heard) -> Sent {
    let why = format!("it answered with the status {}", heard.status);
    match heard.status {
        200..=299 => match refused(signal, &heard.body) {
            Some(refused) => Sent::Taken { refused },
            None => Sent::Never { why: "it answered what no collector says".to_owned() },
        },
        429 | 502 | 503 | 504 => Sent::Later { after: heard.retry_after, why },
        _ => Sent::Never { why },
    }
}

/// Reads how many of what was sent are refused; nothing for an answer that is none.
fn refused(signal: Signal, body: &[u8]) -> Option<u64> {
    let binary = match signal {
        Signal::Spans => ExportTraceServiceResponse::decode(body)
            .map(|answer| answer.partial_success.map_or(0, |partial| partial.rejected_spans)),
        Signal::Points => ExportMetricsServiceResponse::decode(body)
            .map(|answer| answer.partial_success.map_or(0, |partial| partial.rejected_data_points)),
    };
    // Some answer in JSON whatever they are asked in.
    let count = binary.ok().or_else(|| {
        let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return None };
        let partial = answer.get("partialSuccess");
        let counts = ["rejectedSpans", "rejectedDataPoints"].into_iter().filter_map(|key| partial?.get(key));
        let read = |count: &Value| count.as_i64().or_else(|| count.as_str()?.parse().ok());
        Some(counts.filter_map(read).sum())
    })?;
    Some(u64::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    #[test]
    fn what_a_collector_refuses_is_read_in_either_form() {
        let partial_success =
            Some(ExportTracePartialSuccess { rejected_spans: 3, error_message: "full".to_owned() });
        let binary = ExportTraceServiceResponse { partial_success }.encode_to_vec();
        assert_eq!(refused(Signal::Spans, &binary), Some(3));
        assert_eq!(refused(Signal::Spans, b""), Some(0));
        assert_eq!(refused(Signal::Points, b"{}"), Some(0));
        assert_eq!(refused(Signal::Spans, br#"{"partialSuccess":{"rejectedSpans":"2"}}"#), Some(2));
    }

    #[test]
    fn what_no_collector_says_is_no_answer() {
        for garbage in [&b"<html>hello</html>"[..], b"ok\n", b"[1]", &[0xff; 64]] {
            assert_eq!(refused(Signal::Spans, garbage), None, "{garbage:?}");
            assert_eq!(refused(Signal::Points, garbage), None, "{garbage:?}");
        }
    }
}
