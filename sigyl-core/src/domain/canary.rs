//! How a new version gets its clients: some of the new ones first, more while it does well.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Shares that a trial goes through at most.
const STEPS_MOST: usize = 10;
/// Seconds that one of them lasts at most: a week.
const SOAK_MOST: u64 = 7 * 24 * 60 * 60;

/// A trial of a new version beside the one that serves, and what ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Percent of new clients that get the new version, one after the other; it has all of them at the end.
    pub steps: Vec<u8>,
    /// Seconds that each of them lasts.
    pub soak: u64,
    /// Percentage points by which more of its calls may fail than of the version that serves.
    #[serde(default = "five")]
    pub max_failures: u8,
    /// Milliseconds within which 95 of 100 of its calls are to be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_latency: Option<u64>,
    /// Seconds that the last share waits for somebody to promote the version, in the place of its own; who is not promoted by then
    /// is taken back. Without it, it takes over by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<u64>,
}

const fn five() -> u8 {
    5
}

impl Canary {
    /// How long a share lasts where nobody says.
    pub const SOAK: Duration = Duration::from_secs(5 * 60);

    /// A trial by these shares, each as long.
    pub fn new(steps: Vec<u8>, soak: Duration) -> Self {
        Self { steps, soak: soak.as_secs(), max_failures: five(), max_latency: None, hold: None }
    }

    /// Returns the share that follows one, which may be none of its own; all clients follow the last.
    pub fn after(&self, percent: u8) -> Option<u8> {
        self.steps.iter().copied().find(|step| *step > percent)
    }

    /// Returns how long a share waits to be promoted, if it does.
    pub fn holds(&self, percent: u8) -> Option<Duration> {
        self.hold.filter(|_| self.after(percent).is_none()).map(Duration::from_secs)
    }

    /// Checks what somebody wrote.
    pub fn check(&self) -> Result<(), CanaryError> {
        if self.steps.is_empty() || self.steps.len() > STEPS_MOST {
            return Err(CanaryError::Count(self.steps.len()));
        }
        if let Some(step) = self.steps.iter().find(|step| !(1..100).contains(*step)) {
            return Err(CanaryError::Share(*step));
        }
        if !self.steps.is_sorted_by(|one, next| one < next) {
            return Err(CanaryError::Order);
        }
        if !(1..=SOAK_MOST).contains(&self.soak) {
            return Err(CanaryError::Soak(self.soak));
        }
        if let Some(hold) = self.hold.filter(|hold| !(1..=SOAK_MOST).contains(hold)) {
            return Err(CanaryError::Hold(hold));
        }
        if self.max_failures > 100 {
            return Err(CanaryError::Failures(self.max_failures));
        }
        if self.max_latency == Some(0) {
            return Err(CanaryError::Latency);
        }
        Ok(())
    }
}

/// A trial that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanaryError {
    /// There is no share, or there are too many.
    #[error("a canary has one to {STEPS_MOST} shares, and this one {0}")]
    Count(usize),
    /// A share is none.
    #[error("a share of a canary is 1 to 99 percent, and this one {0}; all of it follows by itself")]
    Share(u8),
    /// The shares do not grow.
    #[error("each share of a canary is larger than the one before it")]
    Order,
    /// It takes no time, or too much.
    #[error("a share of a canary lasts a second to seven days, and this one {0} seconds")]
    Soak(u64),
    /// It waits for nobody, or too long.
    #[error("a canary waits a second to seven days to be promoted, and this one {0} seconds")]
    Hold(u64),
    /// More than all.
    #[error("at most 100 percent of calls fail, and not {0}")]
    Failures(u8),
    /// Nothing is answered in no time.
    #[error("no call is answered within 0 milliseconds")]
    Latency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_grow_and_none_is_all_or_nothing() {
        let of = |steps: &[u8]| Canary::new(steps.to_vec(), Duration::from_secs(60)).check();
        assert_eq!(of(&[10, 50]), Ok(()));
        assert_eq!(of(&[]), Err(CanaryError::Count(0)));
        assert_eq!(of(&[1; 11]), Err(CanaryError::Count(11)));
        assert_eq!(of(&[0, 5]), Err(CanaryError::Share(0)));
        assert_eq!(of(&[5, 100]), Err(CanaryError::Share(100)));
        assert_eq!(of(&[50, 10]), Err(CanaryError::Order));
        assert_eq!(of(&[10, 10]), Err(CanaryError::Order));
    }

    #[test]
    fn times_and_limits_are_within_bounds() {
        let canary = Canary::new(vec![10], Duration::from_secs(60));
        assert_eq!(Canary { soak: 0, ..canary.clone() }.check(), Err(CanaryError::Soak(0)));
        assert!(matches!(Canary { soak: u64::MAX, ..canary.clone() }.check(), Err(CanaryError::Soak(_))));
        assert_eq!(Canary { hold: Some(0), ..canary.clone() }.check(), Err(CanaryError::Hold(0)));
        assert!(matches!(
            Canary { hold: Some(u64::MAX), ..canary.clone() }.check(),
            Err(CanaryError::Hold(_))
        ));
        assert_eq!(Canary { max_failures: 101, ..canary.clone() }.check(), Err(CanaryError::Failures(101)));
        assert_eq!(Canary { max_latency: Some(0), ..canary }.check(), Err(CanaryError::Latency));
    }
}
