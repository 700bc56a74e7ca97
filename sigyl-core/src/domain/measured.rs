//! What calls of one instance came to: how many, how many failed, how long they took.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Ranges for each doubling of a microsecond.
const FINE: usize = 8;
/// All ranges, up to more than an hour.
const BUCKETS: usize = 36 * FINE;
/// Thousandths of the beginning of a doubling that its ranges end at.
const ENDS: [u64; FINE] = [1_000, 1_091, 1_189, 1_297, 1_414, 1_542, 1_682, 1_834];

/// Calls that ended, by how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// How many.
    pub calls: u64,
    /// Those among them that failed: with an error of the tool or the protocol, or without an answer.
    pub failed: u64,
    took: Box<[u64]>,
}

/// What calls came to on both sides of a trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// By the version that serves.
    pub serving: Measured,
    /// By the one that is tried.
    pub tried: Measured,
}

/// What calls came to, to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// How many ended.
    pub calls: u64,
    /// Those among them that failed.
    pub failed: u64,
    /// Microseconds that half of them took at most; nothing without calls. As all such times, it is the end of a range whose
    /// beginning is a tenth below.
    pub p50: Option<u64>,
    /// The same of 95 of 100.
    pub p95: Option<u64>,
}

/// Times of calls, of which only ranges that hold one take room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times(BTreeMap<u16, u64>);

impl Times {
    /// Counts a call that took as long.
    pub fn add(&mut self, micros: u64) {
        // There are fewer ranges than such a number holds.
        *self.0.entry(u16::try_from(bucket(micros)).unwrap_or(u16::MAX)).or_default() += 1;
    }

    /// Returns the microseconds within which this share of 100 calls ended, as the end of a range.
    pub fn within(&self, share: u64) -> Option<u64> {
        let calls: u64 = self.0.values().sum();
        within(self.0.iter().map(|(at, count)| (usize::from(*at), *count)), calls, share)
    }
}

/// The end of the range within which this share of 100 calls ended.
fn within(counts: impl Iterator<Item = (usize, u64)>, calls: u64, share: u64) -> Option<u64> {
    let wanted = calls.saturating_mul(share).div_ceil(100).max(1);
    let mut seen = 0_u64;
    let mut counts = counts;
    let (at, _) = counts.find(|(_, count)| {
        seen = seen.saturating_add(*count);
        seen >= wanted
    })?;
    Some(upper(at))
}

impl Default for Measured {
    fn default() -> Self {
        Self { calls: 0, failed: 0, took: vec![0; BUCKETS].into_boxed_slice() }
    }
}

impl Measured {
    /// Counts calls that all took as long.
    pub fn add(&mut self, calls: u64, failed: u64, micros: u64) {
        self.took[bucket(micros)] += calls;
        self.calls += calls;
        self.failed += failed;
    }

    /// Returns what came since an earlier count.
    pub fn since(&self, earlier: &Self) -> Self {
        let took: Box<[u64]> =
            self.took.iter().zip(&earlier.took).map(|(now, then)| now.saturating_sub(*then)).collect();
        let since = |now: u64, then: u64| now.saturating_sub(then);
        Self { calls: since(self.calls, earlier.calls), failed: since(self.failed, earlier.failed), took }
    }

    /// Tells what it comes to.
    pub fn came(&self) -> Came {
        let within = |share| within(self.took.iter().copied().enumerate(), self.calls, share);
        Came { calls: self.calls, failed: self.failed, p50: within(50), p95: within(95) }
    }

    /// Returns how many of 100 calls failed, where there were any.
    pub fn failing(&self) -> Option<f64> {
        // Counts of calls are far below what a float holds exactly.
        (self.calls > 0).then(|| self.failed as f64 * 100.0 / self.calls as f64)
    }

    /// Returns the range that the share of failed calls lies in, in percent, as sure as `z` standard deviations make it
    /// (by Wilson's score): all of it is possible as long as there is no call.
    pub fn failing_between(&self, z: f64) -> (f64, f64) {
        if self.calls == 0 {
            return (0.0, 100.0);
        }
        // Counts of calls are far below what a float holds exactly.
        let (calls, share) = (self.calls as f64, self.failed as f64 / self.calls as f64);
        let square = z * z / calls;
        let middle = share + square / 2.0;
        let reach = z * (share * (1.0 - share) / calls + square / (4.0 * calls)).sqrt();
        let percent = |value: f64| (value / (1.0 + square) * 100.0).clamp(0.0, 100.0);
        (percent(middle - reach), percent(middle + reach))
    }

    /// Returns the microseconds that what is left of 100 calls besides `share` took longer than: surely, for times are counted
    /// in ranges whose upper end is a tenth above their lower end.
    pub fn exceeded(&self, share: u64) -> Option<u64> {
        let wanted = (self.calls * share).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.took.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(found.checked_sub(1).map_or(0, upper))
    }
}

/// Finds the range that a time is in.
fn bucket(micros: u64) -> usize {
    let (mut low, mut high) = (0, BUCKETS - 1);
    while low < high {
        let middle = usize::midpoint(low, high);
        if micros <= upper(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Returns the longest time of a range.
fn upper(at: usize) -> u64 {
    (1_u64 << (at / FINE)) * ENDS[at % FINE] / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_is_counted_by_its_end_and_its_time() {
        let mut first = Measured::default();
        assert_eq!((first.failing(), first.exceeded(95)), (None, None));
        first.add(95, 0, 900);
        first.add(5, 5, 90_000);
        assert_eq!((first.calls, first.failed, first.failing()), (100, 5, Some(5.0)));
        assert_eq!(first.exceeded(95), Some(861));
        assert_eq!(first.exceeded(96), Some(85_000));
        let mut second = first.clone();
        second.add(1, 1, u64::MAX);
        let since = second.since(&first);
        assert_eq!((since.calls, since.failed), (1, 1));
        assert_eq!(since.exceeded(50), Some(upper(BUCKETS - 2)), "as long as can be told");
    }

    #[test]
    fn times_are_told_as_the_end_of_their_range() {
        let mut times = Times::default();
        assert_eq!(times.within(50), None);
        let mut measured = Measured::default();
        for micros in [900, 900, 900, 90_000] {
            times.add(micros);
            measured.add(1, 0, micros);
        }
        let (short, long) = (times.within(50).unwrap(), times.within(99).unwrap());
        assert!((900..=990).contains(&short) && (90_000..=99_000).contains(&long), "{short} {long}");
        assert_eq!(times.within(75), Some(short));
        let came = measured.came();
        assert_eq!((came.calls, came.p50, came.p95), (4, Some(short), Some(long)));
        assert_eq!(Measured::default().came(), Came::default());
    }

    #[test]
    fn few_calls_leave_much_possible_and_many_do_not() {
        let of = |calls, failed| {
            let mut measured = Measured::default();
            measured.add(calls, failed, 1);
            let (least, most) = measured.failing_between(3.0);
            (least.round(), most.round())
        };
        assert_eq!(Measured::default().failing_between(3.0), (0.0, 100.0));
        assert_eq!(of(3, 3), (25.0, 100.0));
        assert_eq!(of(20, 0), (0.0, 31.0));
        assert_eq!(of(10_000, 1_000), (9.0, 11.0));
    }

    #[test]
    fn ranges_grow_and_hold_each_time() {
        assert!((1..BUCKETS).all(|at| upper(at) >= upper(at - 1)));
        for micros in [0, 1, 3, 1_000, 1_024, 1_025, 5_000_000, 3_600_000_000] {
            let at = bucket(micros);
            assert!(micros <= upper(at) && (at == 0 || micros > upper(at - 1)), "{micros} in {at}");
        }
    }
}
