//! When a look is tried again, and after how long.

use std::time::Duration;

use super::{Operation, Refused};

/// How often and how long a request is tried that changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often it is tried again.
    pub retries: u32,
    /// The first pause; each that follows is twice as long.
    pub pause: Duration,
    /// The longest pause. When the server asks for a longer one, its refusal is told at once.
    pub most: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retries: 4, pause: Duration::from_millis(250), most: Duration::from_secs(20) }
    }
}

impl Patience {
    /// Returns how long to wait before `operation` is tried again after `tries` failures, the last of them `refused`;
    /// nothing when it is not.
    pub(super) fn after(self, operation: &Operation, refused: &Refused, tries: u32) -> Option<Duration> {
        let may_pass = matches!(refused.status, 429 | 503);
        if !operation.only_looks() || !may_pass || tries >= self.retries {
            return None;
        }
        match refused.retry_after {
            Some(asked) => (asked <= self.most).then_some(asked.max(self.pause)),
            None => Some(self.pause(tries)),
        }
    }

    /// Returns the pause after `tries` failures.
    pub(super) fn pause(self, tries: u32) -> Duration {
        self.pause.saturating_mul(2_u32.saturating_pow(tries)).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::super::operation::{LIST_SERVERS, RELEASE};
    use super::*;

    fn refused(status: u16, seconds: Option<u64>) -> Refused {
        Refused { status, retry_after: seconds.map(Duration::from_secs), ..Refused::default() }
    }

    #[test]
    fn a_look_waits_as_long_as_the_server_asks_or_twice_as_long_each_time() {
        let patience = Patience::default();
        let after = |status, seconds, tries| patience.after(LIST_SERVERS, &refused(status, seconds), tries);
        assert_eq!(after(503, Some(3), 0), Some(Duration::from_secs(3)));
        assert_eq!(after(429, None, 0), Some(Duration::from_millis(250)));
        assert_eq!(after(429, None, 2), Some(Duration::from_secs(1)));
        assert_eq!(after(503, Some(0), 0), Some(Duration::from_millis(250)), "never at once");
    }

    #[test]
    fn what_does_not_pass_is_not_tried_again() {
        let patience = Patience::default();
        let after = |status, seconds, tries| patience.after(LIST_SERVERS, &refused(status, seconds), tries);
        assert_eq!(after(503, Some(3_600), 0), None, "too long to wait for");
        assert_eq!(after(503, Some(1), 4), None, "often enough");
        for status in [400, 401, 403, 404, 500, 502] {
            assert_eq!(after(status, Some(1), 0), None, "{status}");
        }
        assert_eq!(patience.after(RELEASE, &refused(503, Some(1)), 0), None, "it may have been done");
    }
}
