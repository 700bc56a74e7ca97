//! Instants in UTC with millisecond precision.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01 UTC, written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// Text that is not an instant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date (YYYY-MM-DD) or an RFC 3339 time")]
pub struct TimestampError(String);

impl Timestamp {
    /// The earliest instant used.
    pub const EPOCH: Self = Self(0);

    /// Makes an instant from milliseconds since 1970-01-01 UTC; what RFC 3339 cannot write is clamped.
    pub fn from_millis(millis: i64) -> Self {
        // 9999-12-31T23:59:59.999Z, the last instant with a four-digit year.
        Self(millis.clamp(0, 253_402_300_799_999))
    }

    /// Returns milliseconds since 1970-01-01 UTC.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since 1970-01-01 UTC.
    pub fn seconds(self) -> i64 {
        self.0 / 1000
    }

    /// Returns this instant moved forward.
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Returns the time from `earlier` to this instant, zero when it lies later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 time, or a date, which means its last millisecond in UTC.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
            return Ok(Self::from_millis(midnight + 86_399_999));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self::from_millis(at.timestamp_millis()))
            .map_err(|_| TimestampError(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH);
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_round_trip_and_a_date_lasts_to_its_end() {
        let at = Timestamp::from_millis(1_795_383_211_042);
        assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
        assert_eq!(Timestamp::parse("2026-11-22").unwrap().to_string(), "2026-11-22T23:59:59.999Z");
        assert!(Timestamp::parse("tomorrow").is_err());
    }
}
