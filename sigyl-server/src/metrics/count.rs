//! Counters and gauges.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use hyper::StatusCode;

use super::family::BUCKETS;
use crate::router::ROUTES;

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

    pub(super) fn get(&self) -> u64 {
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
    pub(super) fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

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
pub(super) struct Counts {
    pub(super) by_class: [Counter; CLASSES],
    pub(super) micros: AtomicU64,
    /// Requests by the first bucket that holds them; the last is for those that none holds.
    pub(super) by_time: [Counter; BUCKETS.len() + 1],
}

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// In the order of the table, and one more for requests without a route.
    pub(super) routes: Vec<Counts>,
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
}
