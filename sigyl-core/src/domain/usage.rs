//! What a place measured of a server over a span of time: what was not measured is absent, and never zero.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A span of time that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end: the time of the question.
    pub to: Timestamp,
}

/// A span that nobody measures over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} s is not from {} s to {} s", Window::SHORTEST.as_secs(), Window::LONGEST.as_secs())]
pub struct WindowError {
    /// The seconds that were asked for.
    pub given: u64,
}

impl Window {
    /// The shortest that is asked for: nobody measures more often.
    pub const SHORTEST: Duration = Duration::from_secs(60);
    /// The longest that is asked for.
    pub const LONGEST: Duration = Duration::from_secs(30 * 86_400);
    /// What is asked for where nobody says how long.
    pub const USUAL: Duration = Duration::from_secs(3_600);

    /// The last so many seconds before `now`.
    pub fn before(now: Timestamp, seconds: u64) -> Result<Self, WindowError> {
        if !(Self::SHORTEST.as_secs()..=Self::LONGEST.as_secs()).contains(&seconds) {
            return Err(WindowError { given: seconds });
        }
        let millis = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Ok(Self { from: Timestamp::from_millis(now.millis().saturating_sub(millis)), to: now })
    }

    /// Returns how long it is.
    pub fn length(&self) -> Duration {
        self.to.since(self.from)
    }
}

/// How values are spread: so many of a hundred are not above each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Half of them.
    pub p50: Option<f64>,
    /// 95 of 100.
    pub p95: Option<f64>,
    /// 99 of 100.
    pub p99: Option<f64>,
}

impl Spread {
    /// Takes three values; nothing where there is none of them.
    pub fn of(p50: Option<f64>, p95: Option<f64>, p99: Option<f64>) -> Option<Self> {
        (p50.is_some() || p95.is_some() || p99.is_some()).then_some(Self { p50, p95, p99 })
    }
}

/// Requests that were answered alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The class of their status, such as `2xx`.
    pub class: String,
    /// How many.
    pub count: u64,
}

/// How many instances there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instances {
    /// Those that answered requests, when they were counted last.
    pub active: Option<u64>,
    /// Those that waited for some, when they were counted last.
    pub idle: Option<u64>,
    /// The most that there were at one time.
    pub most: Option<u64>,
}

/// What a place measured of a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// The time to which it reaches: a place may count minutes later.
    pub until: Option<Timestamp>,
    /// Since when what runs now does.
    pub since: Option<Timestamp>,
    /// Requests by how they were answered.
    pub requests: Option<Vec<Answered>>,
    /// Milliseconds until a request was answered.
    pub latency: Option<Spread>,
    /// Instances.
    pub instances: Option<Instances>,
    /// The share of its processors that an instance used: 1 is all.
    pub processor: Option<Spread>,
    /// The share of its memory that an instance used: 1 is all.
    pub memory: Option<Spread>,
    /// Seconds of instances that are paid for.
    pub billed: Option<f64>,
    /// Processes that live.
    pub processes: Option<u64>,
    /// Seconds of processors that these used, with those of theirs that ended.
    pub processor_time: Option<f64>,
    /// Bytes of memory that these hold now.
    pub resident: Option<u64>,
    /// What was cut, or could not be told, in words.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_now_and_is_neither_too_short_nor_too_long() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let hour = Window::before(now, 3_600).unwrap();
        assert_eq!((hour.to, hour.length()), (now, Duration::from_secs(3_600)));
        for seconds in [0, 59, 30 * 86_400 + 1, u64::MAX] {
            assert_eq!(Window::before(now, seconds), Err(WindowError { given: seconds }));
        }
        assert_eq!(WindowError { given: 5 }.to_string(), "5 s is not from 60 s to 2592000 s");
    }

    #[test]
    fn a_spread_of_nothing_is_none() {
        assert_eq!(Spread::of(None, None, None), None);
        assert!(Spread::of(None, Some(1.0), None).is_some());
    }
}
