//! The zone that times are shown in.

#[cfg(test)]
use chrono::FixedOffset;
use chrono::{DateTime, Local, NaiveDate, NaiveTime, Offset as _, TimeZone as _};
use sigyl_core::domain::Timestamp;

/// Whose time of day is shown. What is written for programs, and what is kept, is UTC whatever is chosen here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    /// The same for everybody.
    #[default]
    Utc,
    /// That of this machine, with its offset at each time.
    Local,
    /// One with an offset in seconds that never changes.
    #[cfg(test)]
    Fixed(i32),
}

impl Zone {
    /// Writes when something was, to the second: lines are sorted and compared by it.
    pub(crate) fn second(self, at: Timestamp) -> String {
        let (text, offset) = self.shifted(at);
        format!("{}{}", text.get(..19).unwrap_or(&text), offset.unwrap_or_default())
    }

    /// Writes the time of day. The zone is said: nobody has to guess whose it is.
    pub(crate) fn minute(self, at: Timestamp) -> String {
        let (text, offset) = self.shifted(at);
        format!("{} {}", text.get(11..16).unwrap_or_default(), offset.as_deref().unwrap_or("UTC"))
    }

    /// When a clock there shows a time of the day on which it shows another time; nothing where it never does.
    pub(crate) fn on_day_of(self, day: Timestamp, clock: NaiveTime) -> Option<Timestamp> {
        let day = self.second(day).get(..10)?.parse::<NaiveDate>().ok()?;
        let there = day.and_time(clock);
        let utc = match self {
            Self::Utc => there.and_utc(),
            // An hour that is there twice begins with the first one.
            Self::Local => Local.from_local_datetime(&there).earliest()?.to_utc(),
            #[cfg(test)]
            Self::Fixed(seconds) => {
                FixedOffset::east_opt(seconds)?.from_local_datetime(&there).single()?.to_utc()
            }
        };
        Some(Timestamp::from_millis(utc.timestamp_millis()))
    }

    /// The time as a clock there shows it, and how that differs from UTC where another zone was chosen.
    fn shifted(self, at: Timestamp) -> (String, Option<String>) {
        let seconds = match self {
            Self::Utc => return (at.to_string(), None),
            // What is out of every calendar is shown as it is; where the zone is not known, it is UTC and says so.
            Self::Local => DateTime::from_timestamp_millis(at.millis())
                .map_or(0, |utc| Local.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()),
            #[cfg(test)]
            Self::Fixed(seconds) => seconds,
        };
        let there = Timestamp::from_millis(at.millis().saturating_add(i64::from(seconds) * 1_000));
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
        (there.to_string(), Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_time_is_shown_in_its_zone_and_says_which() {
        let at = fixtures::now();
        assert_eq!(
            (Zone::Utc.second(at).as_str(), Zone::Utc.minute(at).as_str()),
            ("2026-11-22T14:02:00", "14:02 UTC")
        );
        let india = Zone::Fixed(19_800);
        assert_eq!(
            (india.second(at).as_str(), india.minute(at).as_str()),
            ("2026-11-22T19:32:00+05:30", "19:32 +05:30")
        );
        let west = Zone::Fixed(-12_600);
        assert_eq!(west.minute(at), "10:32 -03:30");
        assert_eq!(Zone::Fixed(36_000).second(at), "2026-11-23T00:02:00+10:00", "the day is another there");
    }

    #[test]
    fn a_time_of_day_is_of_the_zone_that_is_shown() {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
        let late = Timestamp::parse("2026-11-22T20:00:00Z").unwrap();
        let at = |zone: Zone| zone.on_day_of(late, noon).unwrap().to_string()[..19].to_owned();
        assert_eq!(at(Zone::Utc), "2026-11-22T12:00:00");
        assert_eq!(at(Zone::Fixed(19_800)), "2026-11-23T06:30:00", "the day is another there");
        assert_eq!(at(Zone::Fixed(-12_600)), "2026-11-22T15:30:00");
        let local = Zone::Local.on_day_of(late, noon).unwrap();
        assert_eq!(&Zone::Local.second(local)[11..19], "12:00:00");
    }

    /// Whatever the zone of this machine is, it is the same instant.
    #[test]
    fn the_zone_of_this_machine_tells_the_same_instant() {
        let at = fixtures::now();
        let read = DateTime::parse_from_rfc3339(&Zone::Local.second(at)).unwrap();
        assert_eq!(read.timestamp_millis(), at.millis());
    }
}
