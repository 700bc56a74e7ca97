//! The numbers of `/metrics`, as they are sent: the same names, labels and units.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use prost::Message as _;
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::Caller;
use tokio::time::MissedTickBehavior;

use super::Otel;
use super::post::Signal;
use super::request::nanos;
use super::span::text;
use crate::app::App;
use crate::metrics::{BUCKETS, Family, Point, Value};

/// Bounds of the time that numbers were counted in, in nanoseconds since 1970-01-01 UTC.
#[derive(Clone, Copy)]
struct Span {
    began: u64,
    now: u64,
}

/// Tells the numbers again and again, and once more after [`Otel::finishing`].
pub(super) async fn tell_numbers(app: Arc<App>, otel: Arc<Otel>) {
    let mut ticks = tokio::time::interval(otel.telemetry.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_last = tokio::select! {
            _ = ticks.tick() => false,
            () = otel.finishing.cancelled() => true,
        };
        tell(&app, &otel).await;
        if is_last {
            return;
        }
    }
}

/// Tells how the numbers stand. What is lost is in the next message too, unless there is none.
async fn tell(app: &App, otel: &Otel) {
    let counts = app.core.call_counts(&Caller::local_owner()).await.unwrap_or_else(|error| {
        tracing::warn!(
            cause = &error as &dyn std::error::Error,
            "calls of tools are not told to the collector"
        );
        Vec::new()
    });
    let families = app.families(&counts);
    let count = families.iter().map(|family| family.points.len() as u64).sum();
    let span = Span { began: otel.began, now: nanos(SystemClock.now()) };
    let (resource, scope) = otel.origin();
    let metrics = families.iter().map(|family| metric(family, span)).collect();
    let scope_metrics = vec![ScopeMetrics { scope, metrics, ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() }];
    let message = ExportMetricsServiceRequest { resource_metrics }.encode_to_vec();
    if let Err(loss) = otel.deliver(Signal::Points, message, count, 1).await {
        otel.lost.add_points(loss.count);
        otel.lost.say(&loss.why);
    }
}

fn metric(family: &Family<'_>, span: Span) -> Metric {
    let temporality = AggregationTemporality::Cumulative.into();
    let data = match family.kind {
        "histogram" => Data::Histogram(Histogram {
            data_points: family.points.iter().filter_map(|point| times(point, span)).collect(),
            aggregation_temporality: temporality,
        }),
        "counter" => Data::Sum(Sum {
            data_points: family.points.iter().filter_map(|point| number(point, span)).collect(),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        _ => Data::Gauge(Gauge {
            data_points: family.points.iter().filter_map(|point| number(point, span)).collect(),
        }),
    };
    let unit = if family.name.contains("_seconds") { "s" } else { "1" };
    Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn number(point: &Point<'_>, Span { began, now }: Span) -> Option<NumberDataPoint> {
    let value = match point.value {
        Value::Count(count) => Number::AsInt(i64::try_from(count).unwrap_or(i64::MAX)),
        Value::Now(now) => Number::AsInt(now),
        Value::Micros(micros) => Number::AsDouble(seconds(micros)),
        Value::Times(..) => return None,
    };
    Some(NumberDataPoint {
        attributes: labels(point),
        start_time_unix_nano: began,
        time_unix_nano: now,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

fn times(point: &Point<'_>, Span { began, now }: Span) -> Option<HistogramDataPoint> {
    let Value::Times(micros, by_time) = &point.value else { return None };
    Some(HistogramDataPoint {
        attributes: labels(point),
        start_time_unix_nano: began,
        time_unix_nano: now,
        count: by_time.iter().sum(),
        sum: Some(seconds(*micros)),
        bucket_counts: by_time.clone(),
        explicit_bounds: BUCKETS.into_iter().map(seconds).collect(),
        ..HistogramDataPoint::default()
    })
}

fn labels(point: &Point<'_>) -> Vec<KeyValue> {
    point.labels.iter().map(|(name, value)| text(name, value.as_ref())).collect()
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
