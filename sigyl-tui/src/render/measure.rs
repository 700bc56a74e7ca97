//! Times, durations, sizes and lines of bounded width.

use std::time::Duration;

use sigyl_core::domain::Timestamp;

use super::Look;

/// Says how long ago `at` was: `now`, `40 s ago`, `3 m ago`, `5 h ago`, `12 d ago`, then the date.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..2 => "now".to_owned(),
        2..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} m ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..2_592_000 => format!("{} d ago", seconds / 86_400),
        _ => at.to_string().chars().take(10).collect(),
    }
}

/// Writes a duration with its unit: `12 ms`, `3.4 s`, `2 m 05 s`, `3 h 12 m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..10 => {
            let tenths = duration.as_millis() / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Writes a number of bytes with its unit: `17 B`, `1.2 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Breaks `text` at blanks into lines that fit, each but the first begun with `indent` blanks. A word that is too
/// long stays whole: it may be a path or an address that somebody copies.
pub(crate) fn wrap(text: &str, look: &Look, indent: usize) -> String {
    let width = look.width.map_or(usize::MAX, |width| width.max(indent + 20));
    let mut wrapped = String::new();
    for (number, given) in text.lines().enumerate() {
        if number > 0 {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(indent));
        }
        let mut column = if number > 0 { indent } else { 0 };
        for (at, word) in given.split(' ').enumerate() {
            let columns = console::measure_text_width(word);
            if at > 0 && column + 1 + columns > width && column > indent {
                wrapped.push('\n');
                wrapped.push_str(&" ".repeat(indent));
                column = indent;
            } else if at > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += columns;
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_relative_until_a_month() {
        let at = Timestamp::from_millis(1_795_383_211_042);
        let ages = [0, 5, 59, 60, 3_599, 3_600, 86_399, 86_400, 2_591_999, 2_592_000]
            .map(|seconds| age(at, at.plus(Duration::from_secs(seconds))));
        let wanted = [
            "now",
            "5 s ago",
            "59 s ago",
            "1 m ago",
            "59 m ago",
            "1 h ago",
            "23 h ago",
            "1 d ago",
            "29 d ago",
            "2026-11-22",
        ];
        assert_eq!(ages, wanted);
        assert_eq!(age(at.plus(Duration::from_secs(9)), at), "now");
    }

    #[test]
    fn durations_and_sizes_have_units() {
        let texts = [0, 11, 999, 1_000, 9_940, 59_999, 125_000, 11_520_000]
            .map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(texts, ["0 ms", "11 ms", "999 ms", "1.0 s", "9.9 s", "59 s", "2 m 05 s", "3 h 12 m"]);
        let sizes = [0, 1023, 1024, 1_572_864, u64::MAX].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "16384.0 PiB"]);
    }

    #[test]
    fn lines_are_broken_at_blanks_and_long_words_stay_whole() {
        let look = Look { width: Some(24), ..Look::PLAIN };
        let path = "/a/very/long/path/that/does/not/fit";
        assert_eq!(
            wrap(&format!("one two three four five {path} six"), &look, 2),
            format!("one two three four five\n  {path}\n  six")
        );
        assert_eq!(
            wrap("  label   a value that is long one", &look, 10),
            "  label   a value that is long\n          one"
        );
        assert_eq!(wrap("one\ntwo", &look, 2), "one\n  two");
        assert_eq!(wrap("a b", &Look { width: None, ..look }, 2), "a b");
    }
}
