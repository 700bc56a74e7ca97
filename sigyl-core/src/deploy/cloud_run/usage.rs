//! What Monitoring measured of a service, over all its revisions.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use crate::deploy::image::Names;
use crate::domain::{Answered, Instances, Spread, Timestamp, Usage, Window};

/// Points that one page has.
const PAGE: usize = 1_000;
/// Pages of one question that are read.
const PAGES: usize = 5;
/// Characters of a label that are kept.
const LABEL: usize = 16;

/// What is asked of one metric of Cloud Run.
#[derive(Clone, Copy, Debug)]
struct Asks {
    metric: &'static str,
    aligner: &'static str,
    reducer: &'static str,
    /// The label that is kept apart.
    by: Option<&'static str>,
    /// Whether the window is one step.
    whole: bool,
}

const REQUESTS: Asks = Asks {
    metric: "request_count",
    aligner: "ALIGN_SUM",
    reducer: "REDUCE_SUM",
    by: Some("response_code_class"),
    whole: false,
};
const INSTANCES: Asks = Asks {
    metric: "container/instance_count",
    aligner: "ALIGN_MAX",
    reducer: "REDUCE_SUM",
    by: Some("state"),
    whole: false,
};
const BILLED: Asks = Asks {
    metric: "container/billable_instance_time",
    aligner: "ALIGN_SUM",
    reducer: "REDUCE_SUM",
    by: None,
    whole: false,
};
const LATENCY: &str = "request_latencies";
const PROCESSOR: &str = "container/cpu/utilizations";
const MEMORY: &str = "container/memory/utilizations";
/// Of all requests or instances together: a share of each alone says nothing of the whole.
const PERCENTILES: [&str; 3] = ["REDUCE_PERCENTILE_50", "REDUCE_PERCENTILE_95", "REDUCE_PERCENTILE_99"];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    time_series: Vec<Series>,
    next_page_token: Option<String>,
    #[serde(default)]
    execution_errors: Vec<IgnoredAny>,
    #[serde(default)]
    unreachable: Vec<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
struct Series {
    #[serde(default)]
    metric: Metric,
    #[serde(default)]
    points: Vec<Point>,
}

#[derive(Debug, Default, Deserialize)]
struct Metric {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Point {
    interval: Interval,
    #[serde(default)]
    value: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interval {
    end_time: Timestamp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    /// A number of 64 bits is written as text.
    int64_value: Option<String>,
    double_value: Option<f64>,
}

/// A value of a series.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    /// The label that it was asked by.
    label: String,
    at: Timestamp,
    value: f64,
}

/// What was measured of one metric, and whether that is all.
#[derive(Debug, Default)]
struct Told {
    seen: Vec<Seen>,
    is_part: bool,
}

impl Google {
    /// Asks Monitoring for a service. What it has nothing of is absent.
    pub(super) async fn usage(&self, names: &Names, window: &Window) -> Result<Usage, GoogleError> {
        let mut asks = vec![REQUESTS, INSTANCES, BILLED];
        for metric in [LATENCY, PROCESSOR, MEMORY] {
            asks.extend(PERCENTILES.map(|reducer| Asks {
                metric,
                aligner: "ALIGN_SUM",
                reducer,
                by: None,
                whole: true,
            }));
        }
        let told = try_join_all(asks.iter().map(|one| self.told(names, window, one))).await?;
        Ok(usage_of(window, &asks, &told))
    }

    async fn told(&self, names: &Names, window: &Window, asks: &Asks) -> Result<Told, GoogleError> {
        let (mut told, mut token) = (Told::default(), None::<String>);
        for _ in 0..PAGES {
            let mut call = self.listing(names, window, asks);
            if let Some(token) = token.take() {
                call = call.with("pageToken", token);
            }
            let page: Listed = self.call(call).await?;
            told.is_part |= !page.execution_errors.is_empty() || !page.unreachable.is_empty();
            for series in page.time_series {
                told.seen.extend(seen(series, asks));
            }
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(told),
            }
        }
        told.is_part = true;
        Ok(told)
    }

    fn listing(&self, names: &Names, window: &Window, asks: &Asks) -> Call {
        let filter = format!(
            "metric.type=\"run.googleapis.com/{}\" AND resource.type=\"cloud_run_revision\" AND \
             resource.labels.service_name=\"{}\" AND resource.labels.location=\"{}\"",
            asks.metric,
            names.service(),
            self.region()
        );
        let path = format!("v3/projects/{}/timeSeries", self.project());
        let mut call = Call::get("monitoring.projects.timeSeries.list", Api::Monitoring, path)
            .with("filter", filter)
            .with("interval.startTime", window.from.to_string())
            .with("interval.endTime", window.to.to_string())
            .with("aggregation.alignmentPeriod", format!("{}s", step(window, asks.whole).as_secs()))
            .with("aggregation.perSeriesAligner", asks.aligner)
            .with("aggregation.crossSeriesReducer", asks.reducer);
        if let Some(label) = asks.by {
            call = call.with("aggregation.groupByFields", format!("metric.label.{label}"));
        }
        call.with("pageSize", PAGE.to_string())
    }
}

/// Returns the step that values are asked for: one of the window, or all of it.
fn step(window: &Window, whole: bool) -> Duration {
    if whole { window.length() } else { window.step() }
}

/// Reads the values of a series. What is no number is not there.
fn seen(series: Series, asks: &Asks) -> Vec<Seen> {
    let label = asks.by.and_then(|by| series.metric.labels.get(by)).map_or("", String::as_str);
    let label: String = label.chars().filter(char::is_ascii_alphanumeric).take(LABEL).collect();
    let value = |value: &Value| {
        let whole = value.int64_value.as_ref().and_then(|text| text.parse::<f64>().ok());
        whole.or(value.double_value).filter(|value| value.is_finite() && *value >= 0.0)
    };
    let of = |point: &Point| {
        Some(Seen { label: label.clone(), at: point.interval.end_time, value: value(&point.value)? })
    };
    series.points.iter().filter_map(of).collect()
}

fn usage_of(window: &Window, asks: &[Asks], told: &[Told]) -> Usage {
    let of = |metric: &'static str| {
        let both = asks.iter().zip(told);
        both.filter(move |(asks, _)| asks.metric == metric).map(|(_, told)| told.seen.as_slice())
    };
    let first = |metric: &'static str| of(metric).next().unwrap_or_default();
    let spread = |metric: &'static str| {
        let mut values = of(metric).map(|seen| newest(seen).map(|seen| seen.value));
        Spread::of(values.next().flatten(), values.next().flatten(), values.next().flatten())
    };
    // What is asked for the window as one ends with it, whatever was counted by then.
    let stepped = asks.iter().zip(told).filter(|(asks, _)| !asks.whole).flat_map(|(_, told)| &told.seen);
    let part = asks.iter().zip(told).filter(|(_, told)| told.is_part).map(|(asks, _)| asks.metric);
    let mut part: Vec<&str> = part.collect();
    part.dedup();
    let mut notes: Vec<String> =
        part.iter().map(|metric| format!("only a part of `{metric}` could be read")).collect();
    let last = stepped.map(|seen| seen.at).max();
    // The last step of a long span ends now, however late its values are.
    let until = last.filter(|_| window.is_fine());
    if last.is_some() && until.is_none() {
        notes.push("the time to which this reaches is not known for so long a span".to_owned());
    }
    let billed = first(BILLED.metric);
    Usage {
        until,
        requests: answered(first(REQUESTS.metric)),
        latency: spread(LATENCY),
        instances: instances(window, first(INSTANCES.metric)),
        processor: spread(PROCESSOR),
        memory: spread(MEMORY),
        billed: (!billed.is_empty()).then(|| billed.iter().map(|seen| seen.value).sum()),
        notes,
        ..Usage::default()
    }
}

fn newest(seen: &[Seen]) -> Option<&Seen> {
    seen.iter().max_by_key(|seen| seen.at)
}

fn answered(seen: &[Seen]) -> Option<Vec<Answered>> {
    let mut classes = BTreeMap::<&str, f64>::new();
    for one in seen {
        *classes.entry(one.label.as_str()).or_default() += one.value;
    }
    let of = |(class, count)| Answered { class: named(class), count: whole(count) };
    (!classes.is_empty()).then(|| classes.into_iter().map(of).collect())
}

fn named(class: &str) -> String {
    if class.is_empty() { "unknown".to_owned() } else { class.to_owned() }
}

fn instances(window: &Window, seen: &[Seen]) -> Option<Instances> {
    let last = newest(seen)?.at;
    let mut at = BTreeMap::<Timestamp, f64>::new();
    for one in seen {
        *at.entry(one.at).or_default() += one.value;
    }
    let now = |state: &str| {
        let mut of = seen.iter().filter(|one| one.at == last && one.label == state).peekable();
        of.peek().is_some().then(|| whole(of.map(|one| one.value).sum()))
    };
    let most =
        at.into_values().fold(None, |most: Option<f64>, one| Some(most.map_or(one, |most| most.max(one))));
    let step = Some(window.step().as_secs());
    Some(Instances { active: now("active"), idle: now("idle"), step, most: most.map(whole) })
}

/// Returns a count as a whole number.
fn whole(count: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast stays within what fits"
    )]
    let whole = count.round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64, label: &str, value: f64) -> Seen {
        Seen { label: label.to_owned(), at: Timestamp::from_millis(minute * 60_000), value }
    }

    fn last(seconds: u64) -> Window {
        Window::before(Timestamp::from_millis(86_400_000), seconds).unwrap()
    }

    #[test]
    fn steps_fill_a_window() {
        let of = |seconds, whole| step(&last(seconds), whole).as_secs();
        assert_eq!([of(60, false), of(3_661, false), of(86_400, false)], [60, 120, 1_440]);
        assert_eq!([of(60, true), of(3_661, true), of(86_400, true)], [60, 3_720, 86_400]);
    }

    #[test]
    fn where_the_last_step_is_long_nobody_knows_how_late_its_values_are() {
        let told = || [Told { seen: vec![at(1_440, "", 1.0)], is_part: false }];
        let hour = usage_of(&last(3_600), &[BILLED], &told());
        assert_eq!((hour.until.map(|at| at.millis()), hour.notes.len()), (Some(86_400_000), 0));
        let week = usage_of(&last(3_601), &[BILLED], &told());
        assert_eq!((week.until, week.billed), (None, Some(1.0)));
        assert!(week.notes[0].contains("not known for so long a span"), "{:?}", week.notes);
    }

    #[test]
    fn what_was_not_measured_is_absent_and_no_zero() {
        assert_eq!(usage_of(&last(3_600), &[], &[]), Usage::default());
        assert_eq!(answered(&[]), None);
        assert_eq!(instances(&last(3_600), &[]), None);
        let one = Told { seen: vec![at(1, "", 2.5)], is_part: true };
        let usage = usage_of(&last(3_600), &[BILLED], &[one]);
        assert_eq!((usage.billed, usage.requests, usage.latency), (Some(2.5), None, None));
        assert_eq!(usage.until, Some(Timestamp::from_millis(60_000)));
        assert_eq!(usage.notes, ["only a part of `container/billable_instance_time` could be read"]);
    }

    #[test]
    fn requests_are_summed_by_class_and_instances_counted_when_they_were_counted_last() {
        let requests = [at(1, "2xx", 3.0), at(2, "2xx", 4.0), at(2, "5xx", 1.0), at(2, "", 1.0)];
        let counts: Vec<_> =
            answered(&requests).unwrap().into_iter().map(|one| (one.class, one.count)).collect();
        let wanted = [("unknown", 1), ("2xx", 7), ("5xx", 1)].map(|(class, count)| (class.to_owned(), count));
        assert_eq!(counts, wanted);
        let counted = [at(1, "active", 3.0), at(1, "idle", 1.0), at(2, "idle", 2.0)];
        let wanted = Instances { active: None, idle: Some(2), step: Some(120), most: Some(4) };
        assert_eq!(instances(&last(3_601), &counted), Some(wanted));
    }

    #[test]
    fn a_value_that_is_no_count_is_not_there() {
        let series = |value: serde_json::Value| {
            let point = serde_json::json!({"interval": {"endTime": "2026-11-28T05:00:00Z"}, "value": value});
            let series: Series = serde_json::from_value(serde_json::json!({ "points": [point] })).unwrap();
            seen(series, &BILLED).first().map(|seen| seen.value)
        };
        assert_eq!(series(serde_json::json!({"int64Value": "12"})), Some(12.0));
        assert_eq!(series(serde_json::json!({"doubleValue": 0.5})), Some(0.5));
        for value in [
            serde_json::json!({"doubleValue": -1.0}),
            serde_json::json!({"int64Value": "x"}),
            serde_json::json!({"distributionValue": {"count": "3"}}),
            serde_json::json!({}),
        ] {
            assert_eq!(series(value.clone()), None, "{value}");
        }
    }
}
