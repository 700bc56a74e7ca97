//! Times as RFC 3339, by the civil calendar. Pure: never reads the clock.

use std::fmt;

const DAY: i64 = 86_400;

/// Seconds east of UTC, less than a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset(i64);

impl Offset {
    pub const UTC: Self = Self(0);

    /// Reads `Z`, `+02:00` or `-05:30`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "Z" {
            return Some(Self::UTC);
        }
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, minutes) = text.get(1..)?.split_once(':')?;
        Some(Self(sign * (number(hours, 2, 23)? * 3600 + number(minutes, 2, 59)? * 60)))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::UTC {
            return f.write_str("Z");
        }
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Renders a Unix time in an offset.
pub fn render(unix: i64, offset: Offset) -> String {
    let local = unix + offset.0;
    let (year, month, day) = civil(local.div_euclid(DAY));
    let second = local.rem_euclid(DAY);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}{offset}", second % 60)
}

/// Reads a time such as `2026-11-22T21:00:00Z` as Unix seconds; a fraction of a second is dropped.
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4, 9999)?;
    let month = number(parts.next()?, 2, 12)?;
    let day = number(parts.next()?, 2, 31)?;
    let clock = rest.get(..8)?;
    let mut fields = clock.split(':');
    let hour = number(fields.next()?, 2, 23)?;
    let minute = number(fields.next()?, 2, 59)?;
    let second = number(fields.next()?, 2, 59)?;
    if parts.next().is_some() || fields.next().is_some() {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    let offset = Offset::parse(without_fraction(rest.get(8..)?)?)?;
    Some(days * DAY + hour * 3600 + minute * 60 + second - offset.0)
}

fn without_fraction(text: &str) -> Option<&str> {
    match text.strip_prefix('.') {
        None => Some(text),
        Some(rest) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < rest.len()).then_some(zone)
        }
    }
}

fn number(text: &str, digits: usize, most: i64) -> Option<i64> {
    if text.len() != digits || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value| *value <= most)
}

// Both after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days count from 1970-01-01, years start
// in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_render_and_read_back() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_381_200, "2026-11-22T21:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(render(unix, Offset::UTC), text);
            assert_eq!(parse(text), Some(unix));
        }
    }

    #[test]
    fn an_offset_moves_the_clock_and_not_the_instant() {
        let offset = Offset::parse("-05:30").unwrap();
        assert_eq!(render(0, offset), "1969-12-31T18:30:00-05:30");
        assert_eq!(parse("1969-12-31T18:30:00.250-05:30"), Some(0));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "now",
            "2026-02-30T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T21:00:00",
            "2026-11-22T21:00:00.Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(Offset::parse("+2:00"), None);
    }
}
