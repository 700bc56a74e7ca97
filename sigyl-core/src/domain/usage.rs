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
    /// Steps that one has at most.
    const STEPS: u64 = 60;
    /// Seconds of the shortest step.
    const STEP: u64 = Self::SHORTEST.as_secs();

    /// The last so many seconds before `now`, and what fills its first step: what is counted by steps is counted for whole
    /// ones.
    pub fn before(now: Timestamp, seconds: u64) -> Result<Self, WindowError> {
        if !(Self::SHORTEST.as_secs()..=Self::LONGEST.as_secs()).contains(&seconds) {
            return Err(WindowError { given: seconds });
        }
        let step = Self::step_of(seconds);
        let seconds = seconds.div_ceil(step).saturating_mul(step);
        let millis = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Ok(Self { from: Timestamp::from_millis(now.millis().saturating_sub(millis)), to: now })
    }

    /// Returns how long it is.
    pub fn length(&self) -> Duration {
        self.to.since(self.from)
    }

    /// Returns how long a step of it is: whole minutes, so that there are few.
    pub fn step(&self) -> Duration {
        Duration::from_secs(Self::step_of(self.length().as_secs()))
    }

    /// Tells whether its steps are as short as any: whatever ends one was counted about then.
    pub fn is_fine(&self) -> bool {
        self.step() <= Self::SHORTEST
    }

    fn step_of(seconds: u64) -> u64 {
        seconds.div_ceil(Self::STEPS).div_ceil(Self::STEP).max(1) * Self::STEP
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
    /// The most that answered requests in the last step.
    pub active: Option<u64>,
    /// The most that waited for some in the last step.
    pub idle: Option<u64>,
    /// Seconds of that step.
    #[serde(default)]
    pub step: Option<u64>,
    /// The most that there were at one time.
    pub most: Option<u64>,
}

/// What a place measured of a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// The time to which it reaches: a place may count minutes later. Not known where steps are long: the last ends with the
    /// span, whatever was counted by then.
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
        for (asked, step, filled) in
            [(60, 60, 60), (90, 60, 120), (3_661, 120, 3_720), (7_300, 180, 7_380), (86_400, 1_440, 86_400)]
        {
            let window = Window::before(now, asked).unwrap();
            assert_eq!((window.step().as_secs(), window.length().as_secs()), (step, filled), "{asked}");
            assert_eq!(window.is_fine(), step == 60);
        }
        let longest = Window::before(now, Window::LONGEST.as_secs()).unwrap();
        assert_eq!((longest.length(), longest.step().as_secs()), (Window::LONGEST, 43_200));
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
