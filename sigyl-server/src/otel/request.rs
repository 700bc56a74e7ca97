//! The span of a request: what the route table says of it, and nothing of what its client wrote.

use std::time::Duration;

use hyper::header::HeaderMap;
use hyper::http::Uri;
use hyper::{Method, StatusCode};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{Timestamp, TraceParent};
use uuid::Uuid;

use super::Otel;
use super::span::{SpanKind, Spot, number, span, text};
use crate::router::Place;

/// Where the place in a trace is written.
const TRACEPARENT: &str = "traceparent";

/// Methods that are told by their names; any other is its client's own text.
const METHODS: [Method; 9] = [
    Method::CONNECT,
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
    Method::TRACE,
];

/// A request that began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// Its place in its trace.
    pub(crate) own: TraceParent,
    parent: Option<[u8; 8]>,
    at: Timestamp,
}

/// How a request was answered.
#[derive(Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a Method,
    pub(crate) place: Option<Place>,
    pub(crate) status: StatusCode,
    pub(crate) took: Duration,
}

impl Otel {
    /// Gives a request its place: below that of the proxy it comes from, whose headers are shown here; else in a trace of
    /// its own, which has the id of the request.
    pub(crate) fn begin(&self, id: Uuid, of_proxy: Option<&HeaderMap>) -> Begun {
        let at = SystemClock.now();
        let [.., a, b, c, d, e, f, g, h] = id.into_bytes();
        let span = [a, b, c, d, e, f, g, h];
        match of_proxy.and_then(said) {
            Some(parent) => Begun { own: TraceParent { span, ..parent }, parent: Some(parent.span), at },
            None => {
                let sampled = self.samples(u32::from_be_bytes([e, f, g, h]));
                Begun { own: TraceParent { trace: id.into_bytes(), span, sampled }, parent: None, at }
            }
        }
    }

    /// Tells whether a trace with such a random number is recorded.
    pub(super) fn samples(&self, random: u32) -> bool {
        f64::from(random) < self.telemetry.sample_ratio * (f64::from(u32::MAX) + 1.0)
    }

    /// Tells of a request that was answered.
    pub(crate) fn answered(&self, begun: Begun, answered: &Answered<'_>) {
        if !begun.own.sampled {
            return;
        }
        let route = answered.place.map(|place| place.route.path);
        let method = METHODS.iter().find(|method| *method == answered.method).map(Method::as_str);
        let status = answered.status.as_u16();
        let mut attributes = vec![
            text("http.request.method", method.unwrap_or("_OTHER")),
            number("http.response.status_code", status.into()),
        ];
        attributes.extend(route.map(|route| text("http.route", route)));
        attributes.extend_from_slice(&self.address);
        let verb = method.unwrap_or("HTTP");
        let name = route.map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}"));
        let error = answered.status.is_server_error().then(|| status.to_string());
        let start = nanos(begun.at);
        let end = start.saturating_add(u64::try_from(answered.took.as_nanos()).unwrap_or(u64::MAX));
        let spot = Spot { own: begun.own, parent: begun.parent, start, end };
        self.tell(span(spot, SpanKind::Server, name, attributes, error));
    }
}

/// Where clients reach the server: as it was set, and not as a client says.
pub(super) fn address(base: &str) -> Vec<KeyValue> {
    let base: Option<Uri> = base.parse().ok();
    let part = |key, value: Option<String>| value.map(|value| text(key, value));
    let scheme = base.as_ref().and_then(Uri::scheme_str).map(str::to_owned);
    let host = base.as_ref().and_then(Uri::host).map(|host| host.trim_matches(['[', ']']).to_owned());
    let port = base.as_ref().and_then(Uri::port_u16).map(|port| number("server.port", port.into()));
    [part("url.scheme", scheme), part("server.address", host), port].into_iter().flatten().collect()
}

/// Reads the place that a request says it has, if it says so once.
fn said(headers: &HeaderMap) -> Option<TraceParent> {
    let mut said = headers.get_all(TRACEPARENT).iter();
    match (said.next(), said.next()) {
        (Some(one), None) => TraceParent::parse(one.to_str().ok()?),
        _ => None,
    }
}

/// Nanoseconds since 1970-01-01 UTC.
pub(super) fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::Telemetry;
    use super::*;
    use tokio_util::sync::CancellationToken;

    fn otel(ratio: f64) -> Otel {
        let mut telemetry = Telemetry::to("http://127.0.0.1:9");
        telemetry.sample_ratio = ratio;
        Otel::new(telemetry, "https://[::1]:8443", CancellationToken::new()).unwrap().0
    }

    #[test]
    fn a_part_of_requests_is_traced() {
        let count = |ratio| {
            let otel = otel(ratio);
            (0..1000).filter(|at| otel.samples(at * (u32::MAX / 1000))).count()
        };
        assert_eq!((count(0.0), count(0.25), count(1.0)), (0, 251, 1000));
        assert!(otel(1.0).samples(u32::MAX) && !otel(0.0).samples(0));
    }

    #[test]
    fn a_place_is_taken_from_a_proxy_alone_and_only_when_it_says_one() {
        const SAID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let (otel, id) = (otel(1.0), Uuid::now_v7());
        let alone = otel.begin(id, None);
        assert_eq!((alone.own.trace, alone.parent), (id.into_bytes(), None));
        let mut headers = HeaderMap::from_iter([(TRACEPARENT.parse().unwrap(), SAID.parse().unwrap())]);
        let below = otel.begin(id, Some(&headers));
        assert!(!below.own.sampled && below.own.trace[0] == 0x0a && below.parent.unwrap()[0] == 0xb7);
        assert_eq!(below.own.span, alone.own.span);
        headers.append(TRACEPARENT, SAID.parse().unwrap());
        assert_eq!(otel.begin(id, Some(&headers)).own, alone.own, "two are none");
    }

    #[test]
    fn the_address_is_the_one_that_was_set() {
        let told = address("https://[::1]:8443");
        assert_eq!(told[1], text("server.address", "::1"));
        assert_eq!(told[2], number("server.port", 8443));
        assert_eq!(address("http://mcp.example.org").len(), 2);
    }
}
