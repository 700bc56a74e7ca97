//! How long something lasts, as people write it.

use std::time::Duration;

/// Reads a time with its unit.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(at);
    let count: u64 = count.parse().map_err(|_| "write a number and its unit: 30s, 5m, 1h".to_owned())?;
    let of = |seconds: u64| count.checked_mul(seconds).map(Duration::from_secs);
    let time = match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => of(1),
        "m" | "min" => of(60),
        "h" => of(3_600),
        "d" => of(86_400),
        "" => return Err("a unit is missing: 30s, 5m, 1h".to_owned()),
        _ => return Err(format!("`{unit}` is no unit of time: write ms, s, m, h or d")),
    };
    time.ok_or_else(|| "that is longer than can be counted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("5min", 300), ("1h", 3_600), ("2d", 172_800)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(time("800ms"), Ok(Duration::from_millis(800)));
        for text in
            ["", "5", "m", "-5s", "5 m", "5x", "1.5h", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
