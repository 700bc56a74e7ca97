//! What could not be told: counted, and said in the log once a minute at most.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long nothing more is said after something was.
const QUIET: Duration = Duration::from_secs(60);

/// Spans and numbers that no collector took.
#[derive(Debug, Default)]
pub(super) struct Lost {
    spans: AtomicU64,
    points: AtomicU64,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    at: Option<Instant>,
    spans: u64,
    points: u64,
}

impl Lost {
    pub(super) fn add_spans(&self, count: u64) {
        self.spans.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn add_points(&self, count: u64) {
        self.points.fetch_add(count, Ordering::Relaxed);
    }

    /// Returns how many spans and numbers are lost.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.spans.load(Ordering::Relaxed), self.points.load(Ordering::Relaxed))
    }

    /// Says what was lost since that was said last, unless it is too early; `why` is the last cause that is known.
    pub(super) fn say(&self, why: &str) {
        if let Some((spans, points)) = self.due(Instant::now()) {
            tracing::warn!(spans, points, why, "traces or metrics did not reach the collector and are lost");
        }
    }

    fn due(&self, now: Instant) -> Option<(u64, u64)> {
        let (spans, points) = self.counts();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let is_early = said.at.is_some_and(|at| now.duration_since(at) < QUIET);
        let more = (spans - said.spans, points - said.points);
        if is_early || more == (0, 0) {
            return None;
        }
        *said = Said { at: Some(now), spans, points };
        Some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_said_once_a_minute_and_whole() {
        let (lost, start) = (Lost::default(), Instant::now());
        assert_eq!(lost.due(start), None);
        lost.add_spans(3);
        assert_eq!(lost.due(start), Some((3, 0)));
        lost.add_spans(2);
        lost.add_points(1);
        assert_eq!(lost.due(start + QUIET / 2), None);
        assert_eq!(lost.due(start + QUIET), Some((2, 1)));
        assert_eq!(lost.due(start + 3 * QUIET), None);
        assert_eq!(lost.counts(), (5, 1));
    }
}
