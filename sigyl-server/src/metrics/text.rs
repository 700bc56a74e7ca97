//! Numbers in the text format of Prometheus.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::family::{BUCKETS, Family, Point, Value};

/// Writes families for Prometheus.
pub(crate) fn text(families: &[Family<'_>]) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for Family { name, help, kind, points } in families {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
        points.iter().try_for_each(|point| write_point(&mut text, name, point))?;
    }
    Ok(text)
}

fn write_point(text: &mut String, name: &str, Point { labels, value }: &Point<'_>) -> fmt::Result {
    let labels = Labels(labels, None);
    match value {
        Value::Count(count) => writeln!(text, "{name}{labels} {count}"),
        Value::Now(now) => writeln!(text, "{name}{labels} {now}"),
        Value::Micros(micros) => writeln!(text, "{name}{labels} {}", Seconds(*micros)),
        Value::Times(micros, by_time) => {
            let mut count = 0;
            for (end, more) in BUCKETS.iter().zip(by_time) {
                count += more;
                let end = Seconds(*end).to_string();
                writeln!(text, "{name}_bucket{} {count}", Labels(labels.0, Some(&end)))?;
            }
            count += by_time.last().unwrap_or(&0);
            writeln!(text, "{name}_bucket{} {count}", Labels(labels.0, Some("+Inf")))?;
            writeln!(text, "{name}_sum{labels} {}\n{name}_count{labels} {count}", Seconds(*micros))
        }
    }
}

/// Labels in their braces, and the upper end of a bucket behind them.
struct Labels<'a>(&'a [(&'static str, Cow<'a, str>)], Option<&'a str>);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.iter().map(|(name, value)| (*name, value.as_ref()));
        let mut all = all.chain(self.1.map(|end| ("le", end))).peekable();
        if all.peek().is_none() {
            return Ok(());
        }
        let mut before = '{';
        for (name, value) in all {
            write!(f, "{before}{name}=\"{}\"", Quoted(value))?;
            before = ',';
        }
        f.write_str("}")
    }
}

/// The value of a label: tools have names that their servers chose.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;
    use sigyl_core::wire::v1::CallCount;

    use super::super::{Metrics, calls};
    use super::*;
    use crate::router::ROUTES;

    #[test]
    fn what_was_answered_is_counted_by_route_status_and_time() {
        let metrics = Metrics::new();
        metrics.answered(Some(0), StatusCode::OK, Duration::from_micros(1_000));
        metrics.answered(Some(0), StatusCode::BAD_REQUEST, Duration::from_secs(3600));
        metrics.answered(None, StatusCode::NOT_FOUND, Duration::ZERO);
        let text = text(&metrics.families()).unwrap();
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
        let text = text(&calls(&[count])).unwrap();
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
        assert!(text(&metrics.families()).unwrap().contains("\nsigyl_connections 1\n"));
        drop(held);
        assert!(text(&metrics.families()).unwrap().contains("\nsigyl_connections 0\n"));
    }
}
