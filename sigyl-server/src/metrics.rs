//! What the server counts, and its text for Prometheus. Labels come from the route table: their number is bounded.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use sigyl_core::wire::v1::CallCount;

use crate::router::{ROUTES, Route};

/// Upper ends of the buckets of times, in microseconds.
const BUCKETS: [u64; 10] =
    [1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// Classes of statuses: 1xx to 5xx.
const CLASSES: usize = 5;

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicI64);

/// One that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Holding<'a>(&'a Gauge);

impl Gauge {
    /// Counts one until the answer is dropped.
    pub(crate) fn hold(&self) -> Holding<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Holding(self)
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is counted of one route.
#[derive(Debug, Default)]
struct Counts {
    by_class: [Counter; CLASSES],
    micros: AtomicU64,
    /// Requests by the first bucket that holds them; the last is for those that none holds.
    by_time: [Counter; BUCKETS.len() + 1],
}

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// In the order of the table, and one more for requests without a route.
    routes: Vec<Counts>,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// Requests that are worked on.
    pub(crate) requests: Gauge,
    /// Connections refused because there were too many.
    pub(crate) refused_full: Counter,
    /// Connections refused because their address had too many.
    pub(crate) refused_address: Counter,
    /// Connections refused because keys would pass over them in the clear.
    pub(crate) refused_clear: Counter,
    /// Requests refused because too many were under way.
    pub(crate) refused_busy: Counter,
    /// Connections closed because their client did not read.
    pub(crate) let_go: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            routes: (0..=ROUTES.iter().map(|part| part.len()).sum()).map(|_| Counts::default()).collect(),
            connections: Gauge::default(),
            requests: Gauge::default(),
            refused_full: Counter::default(),
            refused_address: Counter::default(),
            refused_clear: Counter::default(),
            refused_busy: Counter::default(),
            let_go: Counter::default(),
        }
    }

    /// Counts a request that was answered; `route` is its place in the table.
    pub(crate) fn answered(&self, route: Option<usize>, status: StatusCode, took: Duration) {
        let last = self.routes.len() - 1;
        let Some(counts) = self.routes.get(route.unwrap_or(last)) else { return };
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = counts.by_class.get(class) {
            counter.add();
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counts.micros.fetch_add(micros, Ordering::Relaxed);
        counts.by_time[BUCKETS.partition_point(|end| *end < micros)].add();
    }

    /// Writes everything for Prometheus.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        self.requests_text(&mut text)?;
        self.times_text(&mut text)?;
        let gauges = [
            ("sigyl_connections", "Connections that are open.", &self.connections),
            ("sigyl_requests_in_flight", "Requests that are worked on.", &self.requests),
        ];
        for (name, help, gauge) in gauges {
            let now = gauge.0.load(Ordering::Relaxed);
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {now}")?;
        }
        let refused = "sigyl_refused_total";
        writeln!(text, "# HELP {refused} Connections and requests refused for want of room.")?;
        writeln!(text, "# TYPE {refused} counter")?;
        for (reason, counter) in [
            ("connections", &self.refused_full),
            ("connections_of_address", &self.refused_address),
            ("in_the_clear", &self.refused_clear),
            ("requests", &self.refused_busy),
        ] {
            writeln!(text, "{refused}{{reason=\"{reason}\"}} {}", counter.get())?;
        }
        let slow = "sigyl_slow_clients_total";
        writeln!(text, "# HELP {slow} Connections closed because their client did not read its answer.")?;
        writeln!(text, "# TYPE {slow} counter\n{slow} {}", self.let_go.get())?;
        let build = "sigyl_build_info";
        writeln!(text, "# HELP {build} The version that runs.\n# TYPE {build} gauge")?;
        writeln!(text, "{build}{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        Ok(text)
    }

    /// Writes how many calls there were of tools.
    pub(crate) fn calls_text(counts: &[CallCount]) -> Result<String, std::fmt::Error> {
        let (calls, seconds) = ("sigyl_mcp_calls_total", "sigyl_mcp_call_seconds_total");
        let mut text = String::new();
        writeln!(text, "# HELP {calls} Calls of tools by caller, server, tool and how they ended.")?;
        writeln!(text, "# TYPE {calls} counter")?;
        for count in counts {
            let outcomes = [
                ("ok", count.ok),
                ("tool_error", count.tool_error),
                ("protocol_error", count.protocol_error),
                ("failed", count.failed),
            ];
            for (outcome, number) in outcomes.into_iter().filter(|(_, number)| *number > 0) {
                writeln!(text, "{calls}{{{},outcome=\"{outcome}\"}} {number}", Labels(count))?;
            }
        }
        writeln!(text, "# HELP {seconds} Time that calls of tools took.\n# TYPE {seconds} counter")?;
        for count in counts {
            writeln!(text, "{seconds}{{{}}} {}", Labels(count), Seconds(count.micros))?;
        }
        Ok(text)
    }

    fn requests_text(&self, text: &mut String) -> std::fmt::Result {
        let name = "sigyl_http_requests_total";
        writeln!(text, "# HELP {name} Requests by route and class of status.\n# TYPE {name} counter")?;
        for (counts, labels) in self.labelled() {
            for (at, counter) in counts.by_class.iter().enumerate() {
                let (class, count) = (at + 1, counter.get());
                if count > 0 {
                    writeln!(text, "{name}{{{labels},status=\"{class}xx\"}} {count}")?;
                }
            }
        }
        Ok(())
    }

    fn times_text(&self, text: &mut String) -> std::fmt::Result {
        let name = "sigyl_http_request_seconds";
        writeln!(text, "# HELP {name} Time until the answer was ready to be sent.")?;
        writeln!(text, "# TYPE {name} histogram")?;
        for (counts, labels) in self.labelled() {
            let mut count = 0;
            let seen: Vec<u64> = counts.by_time.iter().map(Counter::get).collect();
            if seen.iter().sum::<u64>() == 0 {
                continue;
            }
            for (end, more) in BUCKETS.iter().zip(&seen) {
                count += more;
                writeln!(text, "{name}_bucket{{{labels},le=\"{}\"}} {count}", Seconds(*end))?;
            }
            count += seen.last().unwrap_or(&0);
            let sum = Seconds(counts.micros.load(Ordering::Relaxed));
            writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
            writeln!(text, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}")?;
        }
        Ok(())
    }

    fn labelled(&self) -> impl Iterator<Item = (&Counts, String)> {
        let table = ROUTES.iter().flat_map(|part| part.iter());
        let labels = |route: &Route| format!("method=\"{}\",route=\"{}\"", route.method, route.path);
        let none = std::iter::once("method=\"\",route=\"\"".to_owned());
        self.routes.iter().zip(table.map(labels).chain(none))
    }
}

/// What calls are counted by.
struct Labels<'a>(&'a CallCount);

impl std::fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CallCount { caller, server, tool, .. } = self.0;
        let (caller, tool) = (Quoted(caller), Quoted(tool));
        write!(f, "caller=\"{caller}\",server=\"{server}\",tool=\"{tool}\"")
    }
}

/// The value of a label: tools have names that their servers chose.
struct Quoted<'a>(&'a str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            c => f.write_char(c),
        })
    }
}

/// Microseconds, written as seconds.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_is_counted_by_route_status_and_time() {
        let metrics = Metrics::new();
        metrics.answered(Some(0), StatusCode::OK, Duration::from_micros(1_000));
        metrics.answered(Some(0), StatusCode::BAD_REQUEST, Duration::from_secs(3600));
        metrics.answered(None, StatusCode::NOT_FOUND, Duration::ZERO);
        let text = metrics.text().unwrap();
        let route = &ROUTES[0][0];
        let labels = format!("method=\"{}\",route=\"{}\"", route.method, route.path);
        for line in [
            format!("sigyl_http_requests_total{{{labels},status=\"2xx\"}} 1"),
            format!("sigyl_http_requests_total{{{labels},status=\"4xx\"}} 1"),
            "sigyl_http_requests_total{method=\"\",route=\"\",status=\"4xx\"} 1".to_owned(),
            format!("sigyl_http_request_seconds_bucket{{{labels},le=\"0.001000\"}} 1"),
            format!("sigyl_http_request_seconds_bucket{{{labels},le=\"30.000000\"}} 1"),
            format!("sigyl_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
            format!("sigyl_http_request_seconds_sum{{{labels}}} 3600.001000"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn calls_are_told_with_names_that_cannot_break_out() {
        let server = sigyl_core::domain::ServerName::parse("clock").unwrap();
        let mut count = CallCount::none(server, "ada".to_owned(), "a\"} 1\n\\b".to_owned());
        (count.ok, count.failed, count.micros) = (2, 1, 1_500_000);
        let text = Metrics::calls_text(&[count]).unwrap();
        let labels = r#"caller="ada",server="clock",tool="a\"} 1\n\\b""#;
        for line in [
            format!("sigyl_mcp_calls_total{{{labels},outcome=\"ok\"}} 2"),
            format!("sigyl_mcp_calls_total{{{labels},outcome=\"failed\"}} 1"),
            format!("sigyl_mcp_call_seconds_total{{{labels}}} 1.500000"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_held_counts_until_it_is_let_go() {
        let metrics = Metrics::new();
        let held = metrics.connections.hold();
        assert!(metrics.text().unwrap().contains("\nsigyl_connections 1\n"));
        drop(held);
        assert!(metrics.text().unwrap().contains("\nsigyl_connections 0\n"));
    }
}
