//! How many calls come, from counts that only grow: what was counted between two looks.

use std::collections::{HashMap, VecDeque};

use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::CallCount;

/// Looks that are kept: five minutes of them, where one is every five seconds.
const LOOKS: usize = 61;
/// Looks that a rate of one kind of call is from: a minute of them.
const MINUTE: usize = 13;

/// What was counted at one look.
#[derive(Debug)]
struct Look {
    at: Timestamp,
    calls: u64,
    errors: u64,
    /// Calls by kind, for the newest looks.
    kinds: HashMap<u64, u64>,
}

/// Looks, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    looks: VecDeque<Look>,
}

/// All calls of a kind.
pub(super) fn calls(count: &CallCount) -> u64 {
    [count.ok, count.tool_error, count.protocol_error, count.failed].into_iter().fold(0, u64::saturating_add)
}

/// Those of them that failed, as a canary counts them: with an error of the tool or the protocol, or without an answer.
pub(super) fn errors(count: &CallCount) -> u64 {
    [count.tool_error, count.protocol_error, count.failed].into_iter().fold(0, u64::saturating_add)
}

fn kind(count: &CallCount) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (&count.server, &count.tool, &count.caller).hash(&mut hasher);
    hasher.finish()
}

impl Pulse {
    /// Takes what is counted now.
    pub(super) fn take(&mut self, at: Timestamp, counts: &[CallCount]) {
        let sum = |each: fn(&CallCount) -> u64| counts.iter().map(each).fold(0, u64::saturating_add);
        let (calls, errors) = (sum(calls), sum(errors));
        // Counts that fell are those of another process, or a server went: nothing is known of the time between.
        // Nor of one in which the clock was set back.
        let anew = |last: &Look| calls < last.calls || errors < last.errors || at < last.at;
        if self.looks.back().is_some_and(anew) {
            self.looks.clear();
        }
        let kinds = counts.iter().map(|count| (kind(count), self::calls(count))).collect();
        self.looks.push_back(Look { at, calls, errors, kinds });
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
        // Of what is older than a minute the sums are enough.
        if let Some(old) = self.looks.len().checked_sub(MINUTE + 1) {
            self.looks[old].kinds = HashMap::new();
        }
    }

    /// All calls that were counted, and those that failed.
    pub(super) fn total(&self) -> Option<(u64, u64)> {
        self.looks.back().map(|last| (last.calls, last.errors)).filter(|(calls, _)| *calls > 0)
    }

    /// Calls and errors between each two looks, the newest last; nothing before the second look.
    pub(super) fn series(&self) -> (Vec<u64>, Vec<u64>) {
        let pairs = self.looks.iter().zip(self.looks.iter().skip(1));
        pairs.map(|(old, new)| (new.calls - old.calls, new.errors - old.errors)).unzip()
    }

    /// Calls and errors a minute, over the last minute or what is known of it.
    pub(super) fn rate(&self) -> Option<(f64, f64)> {
        let (first, last) = self.minute()?;
        let minutes = minutes(first, last)?;
        Some(((last.calls - first.calls) as f64 / minutes, (last.errors - first.errors) as f64 / minutes))
    }

    /// Calls of one kind a minute, likewise.
    pub(super) fn rate_of(&self, count: &CallCount) -> Option<f64> {
        let (first, last) = self.minute()?;
        let (kind, minutes) = (kind(count), minutes(first, last)?);
        let now = last.kinds.get(&kind)?;
        // What was not there yet had no calls.
        let then = first.kinds.get(&kind).copied().unwrap_or(0);
        Some(now.saturating_sub(then) as f64 / minutes)
    }

    /// From when on is told.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.looks.front().map(|first| first.at)
    }

    fn minute(&self) -> Option<(&Look, &Look)> {
        let first = self.looks.get(self.looks.len().saturating_sub(MINUTE))?;
        Some((first, self.looks.back()?))
    }
}

fn minutes(first: &Look, last: &Look) -> Option<f64> {
    let passed = last.at.since(first.at).as_secs_f64() / 60.0;
    (passed > 0.0).then_some(passed)
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::ServerName;

    use super::*;

    fn counts(ok: u64, failed: u64) -> Vec<CallCount> {
        let none = |tool: &str| {
            CallCount::none(ServerName::parse("clock").unwrap(), "ada".to_owned(), tool.to_owned())
        };
        vec![CallCount { ok, ..none("now") }, CallCount { failed, ..none("wait") }]
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn rates_are_what_was_counted_between_looks() {
        let mut pulse = Pulse::default();
        assert_eq!((pulse.total(), pulse.rate()), (None, None));
        pulse.take(at(0), &counts(10, 1));
        assert_eq!((pulse.total(), pulse.rate()), (Some((11, 1)), None), "one look tells no rate");
        pulse.take(at(30), &counts(20, 1));
        pulse.take(at(60), &counts(20, 3));
        assert_eq!(pulse.rate(), Some((12.0, 2.0)));
        assert_eq!(pulse.series(), (vec![10, 2], vec![0, 2]));
        let now = counts(20, 3);
        assert_eq!((pulse.rate_of(&now[0]), pulse.rate_of(&now[1])), (Some(10.0), Some(2.0)));
    }

    #[test]
    fn counts_that_fell_begin_anew_and_no_more_is_kept_than_is_shown() {
        let mut pulse = Pulse::default();
        (0..200).for_each(|look| pulse.take(at(look * 5), &counts(look.unsigned_abs(), 0)));
        assert_eq!((pulse.looks.len(), pulse.series().0.len()), (LOOKS, LOOKS - 1));
        assert_eq!(pulse.rate().map(|(calls, _)| calls.round()), Some(12.0));
        assert!(pulse.looks[0].kinds.is_empty() && !pulse.looks[LOOKS - 1].kinds.is_empty());
        pulse.take(at(2_000), &counts(1, 0));
        assert_eq!((pulse.rate(), pulse.total()), (None, Some((1, 0))));
        pulse.take(at(1_000), &counts(2, 0));
        assert_eq!((pulse.rate(), pulse.series().0.len()), (None, 0), "the clock was set back");
    }
}
