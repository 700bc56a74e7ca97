//! A time that a person types, to go to.

use std::time::Duration;

use sigyl_core::domain::Timestamp;

use crate::lasting;
use crate::render::Zone;

/// Reads a time of the day of the newest line, in the zone that lines are shown in, one before now, or a whole one.
pub(super) fn read(text: &str, zone: Zone, newest: Timestamp, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Some(ago) = text.strip_suffix("ago").or_else(|| text.strip_prefix('-')) {
        let ago = lasting::time(ago.trim())?;
        return Ok(before(now, ago));
    }
    if let Some(clock) = clock(text) {
        let clock = clock.parse().map_err(|_| format!("{clock} is no time of day; write 14:05"))?;
        return zone
            .on_day_of(newest, clock)
            .ok_or_else(|| format!("no clock shows {clock} on the day of the newest line"));
    }
    Timestamp::parse(text).map_err(|error| format!("{error}; write 14:05, 5m ago or 2026-11-22T14:05:30Z"))
}

fn before(now: Timestamp, ago: Duration) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)))
}

/// A time of day with its seconds.
fn clock(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let two = |part: &&str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    match &parts[..] {
        [hour, minute] if [hour, minute].into_iter().all(two) => Some(format!("{hour:0>2}:{minute:0>2}:00")),
        [hour, minute, second] if [hour, minute, second].into_iter().all(two) => {
            Some(format!("{hour:0>2}:{minute:0>2}:{second:0>2}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_day_of_the_newest_line_before_now_or_whole() {
        let newest = Timestamp::parse("2026-11-22T14:00:00Z").unwrap();
        let now = Timestamp::parse("2026-11-23T00:01:00Z").unwrap();
        let cases = [
            ("13:05", "2026-11-22T13:05:00"),
            ("9:5:7", "2026-11-22T09:05:07"),
            ("2m ago", "2026-11-22T23:59:00"),
            ("-2m", "2026-11-22T23:59:00"),
            ("2026-11-20T01:02:03Z", "2026-11-20T01:02:03"),
        ];
        for (text, at) in cases {
            assert_eq!(&read(text, Zone::Utc, newest, now).unwrap().to_string()[..19], at, "{text}");
        }
        let there = read("19:02", Zone::Fixed(19_800), newest, now).unwrap();
        assert_eq!(&there.to_string()[..19], "2026-11-22T13:32:00", "as lines are shown");
        for wrong in ["25:00", "soon", "x ago", "1:2:3:4", ""] {
            assert!(read(wrong, Zone::Utc, newest, now).is_err(), "{wrong}");
        }
    }
}
