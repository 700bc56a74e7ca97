//! When a server that ended is started again.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// First pause.
const FIRST: Duration = Duration::from_millis(500);
/// Longest pause.
const CAP: Duration = Duration::from_secs(30);
/// Ends within [`WINDOW`] after which it rests.
const MOST: usize = 8;
/// How far back ends are counted.
const WINDOW: Duration = Duration::from_secs(600);
/// How long nothing is started after it ended too often.
const REST: Duration = Duration::from_secs(60);
/// After running for so long, the pauses start from the first again.
const STEADY: Duration = Duration::from_secs(60);

/// What to do after an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Start again after the pause.
    Restart {
        /// Which restart in a row.
        attempt: u32,
        /// How long to wait.
        pause: Duration,
    },
    /// It ended too often: start again after a long pause, as if for the first time.
    Rest {
        /// How long to wait.
        pause: Duration,
    },
}

/// Counts the ends of one instance.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    ends: VecDeque<Instant>,
    row: u32,
}

impl Backoff {
    /// Takes note of an end at `now` after running for `ran`; `dice` in 0..=255 spreads the pause by a fifth.
    pub(super) fn ended(&mut self, now: Instant, ran: Duration, dice: u8) -> Next {
        if ran >= STEADY {
            self.row = 0;
            self.ends.clear();
        }
        self.ends.push_back(now);
        self.ends.retain(|end| now.saturating_duration_since(*end) < WINDOW);
        if self.ends.len() > MOST {
            *self = Self::default();
            return Next::Rest { pause: REST };
        }
        self.row += 1;
        let plain = FIRST.saturating_mul(1 << (self.row - 1).min(16)).min(CAP);
        let pause = plain.mul_f64(0.8 + 0.4 * f64::from(dice) / 255.0);
        Next::Restart { attempt: self.row, pause }
    }
}

/// Throws the dice that keeps many servers from restarting in step.
pub(super) fn dice() -> u8 {
    let mut byte = [128];
    // Without randomness the pauses are merely equal.
    getrandom::fill(&mut byte).ok();
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(count: usize) -> Vec<Next> {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        (0..count).map(|_| backoff.ended(now, Duration::ZERO, 128)).collect()
    }

    #[test]
    fn pauses_double_up_to_a_cap_and_then_it_rests_and_begins_anew() {
        let all = pauses(MOST + 2);
        let millis: Vec<u128> = all
            .iter()
            .filter_map(|next| match next {
                Next::Restart { pause, .. } => Some(pause.as_millis() / 100),
                Next::Rest { .. } => None,
            })
            .collect();
        assert_eq!(millis, [5, 10, 20, 40, 80, 160, 300, 300, 5]);
        assert_eq!(all[MOST], Next::Rest { pause: REST });
    }

    #[test]
    fn a_steady_run_forgives() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..MOST {
            backoff.ended(now, Duration::ZERO, 0);
        }
        assert!(matches!(backoff.ended(now, STEADY, 0), Next::Restart { attempt: 1, .. }));
    }

    #[test]
    fn old_ends_do_not_count() {
        let (mut backoff, start) = (Backoff::default(), Instant::now());
        for at in 0..20 {
            let now = start + WINDOW / 4 * at;
            assert!(matches!(backoff.ended(now, Duration::ZERO, 255), Next::Restart { .. }), "{at}");
        }
    }
}
