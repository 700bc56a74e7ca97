//! All numbers of one name, whoever they are told to.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use sigyl_core::wire::v1::CallCount;

use super::Metrics;
use super::count::Counter;
use crate::router::{ROUTES, Route};

/// Upper ends of the buckets of times, in microseconds.
pub(crate) const BUCKETS: [u64; 10] =
    [1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// Numbers of one name.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// What kind of number it is, as Prometheus calls it.
    pub(crate) kind: &'static str,
    pub(crate) points: Vec<Point<'a>>,
}

/// One number, with what it is a number of.
#[derive(Debug)]
pub(crate) struct Point<'a> {
    pub(crate) labels: Vec<(&'static str, Cow<'a, str>)>,
    pub(crate) value: Value,
}

/// A number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// How often.
    Count(u64),
    /// How many there are now.
    Now(i64),
    /// How long in all, in microseconds.
    Micros(u64),
    /// How long in all, in microseconds, and how often in each of the buckets; the last is for what none holds.
    Times(u64, Vec<u64>),
}

impl<'a> Family<'a> {
    /// Numbers that only grow.
    pub(crate) fn counter(name: &'static str, help: &'static str, points: Vec<Point<'a>>) -> Self {
        Self { name, help, kind: "counter", points }
    }

    fn gauge(name: &'static str, help: &'static str, points: Vec<Point<'a>>) -> Self {
        Self { name, help, kind: "gauge", points }
    }
}

impl<'a> Point<'a> {
    /// How often something was, by one label.
    pub(crate) fn by(label: &'static str, value: &'static str, count: u64) -> Self {
        Point { labels: vec![(label, value.into())], value: Value::Count(count) }
    }

    fn alone(value: Value) -> Self {
        Point { labels: Vec::new(), value }
    }
}

impl Metrics {
    /// Returns all that the server counts of itself.
    pub(crate) fn families(&self) -> Vec<Family<'static>> {
        let requests = "Requests by route and class of status.";
        let times = "Time until the answer was ready to be sent.";
        let connections = Point::alone(Value::Now(self.connections.now()));
        let working = Point::alone(Value::Now(self.requests.now()));
        let refused = [
            ("connections", &self.refused_full),
            ("connections_of_address", &self.refused_address),
            ("in_the_clear", &self.refused_clear),
            ("requests", &self.refused_busy),
        ];
        let refused = refused.map(|(reason, counter)| Point::by("reason", reason, counter.get()));
        let slow = Point::alone(Value::Count(self.let_go.get()));
        let version = vec![("version", env!("CARGO_PKG_VERSION").into())];
        let build = Point { labels: version, value: Value::Now(1) };
        vec![
            Family::counter("sigyl_http_requests_total", requests, self.answers()),
            Family {
                name: "sigyl_http_request_seconds",
                help: times,
                kind: "histogram",
                points: self.times(),
            },
            Family::gauge("sigyl_connections", "Connections that are open.", vec![connections]),
            Family::gauge("sigyl_requests_in_flight", "Requests that are worked on.", vec![working]),
            Family::counter(
                "sigyl_refused_total",
                "Connections and requests refused for want of room.",
                refused.into(),
            ),
            Family::counter(
                "sigyl_slow_clients_total",
                "Connections closed because their client did not read its answer.",
                vec![slow],
            ),
            Family::gauge("sigyl_build_info", "The version that runs.", vec![build]),
        ]
    }

    fn answers(&self) -> Vec<Point<'static>> {
        const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        let mut points = Vec::new();
        for (counts, (method, path)) in self.routes.iter().zip(labelled()) {
            for (class, counter) in CLASSES.into_iter().zip(&counts.by_class) {
                let count = counter.get();
                if count > 0 {
                    let labels =
                        vec![("method", method.into()), ("route", path.into()), ("status", class.into())];
                    points.push(Point { labels, value: Value::Count(count) });
                }
            }
        }
        points
    }

    fn times(&self) -> Vec<Point<'static>> {
        let mut points = Vec::new();
        for (counts, (method, path)) in self.routes.iter().zip(labelled()) {
            let seen: Vec<u64> = counts.by_time.iter().map(Counter::get).collect();
            if seen.iter().any(|count| *count > 0) {
                let value = Value::Times(counts.micros.load(Ordering::Relaxed), seen);
                points.push(Point { labels: vec![("method", method.into()), ("route", path.into())], value });
            }
        }
        points
    }
}

/// Methods and paths of the table, and of what no route has.
fn labelled() -> impl Iterator<Item = (&'static str, &'static str)> {
    let table = ROUTES.iter().flat_map(|part| part.iter());
    let labels = |route: &'static Route| (route.method.name(), route.path);
    table.map(labels).chain(std::iter::once(("", "")))
}

/// Returns how many calls there were of tools.
pub(crate) fn calls(counts: &[CallCount]) -> [Family<'_>; 2] {
    let mut calls = Vec::new();
    for count in counts {
        let outcomes = [
            ("ok", count.ok),
            ("tool_error", count.tool_error),
            ("protocol_error", count.protocol_error),
            ("failed", count.failed),
        ];
        for (outcome, number) in outcomes.into_iter().filter(|(_, number)| *number > 0) {
            let mut labels = labels_of(count);
            labels.push(("outcome", outcome.into()));
            calls.push(Point { labels, value: Value::Count(number) });
        }
    }
    let seconds = counts
        .iter()
        .map(|count| Point { labels: labels_of(count), value: Value::Micros(count.micros) })
        .collect();
    [
        Family::counter(
            "sigyl_mcp_calls_total",
            "Calls of tools by caller, server, tool and how they ended.",
            calls,
        ),
        Family::counter("sigyl_mcp_call_seconds_total", "Time that calls of tools took.", seconds),
    ]
}

fn labels_of(count: &CallCount) -> Vec<(&'static str, Cow<'_, str>)> {
    vec![
        ("caller", count.caller.as_str().into()),
        ("server", count.server.as_str().into()),
        ("tool", count.tool.as_str().into()),
    ]
}
