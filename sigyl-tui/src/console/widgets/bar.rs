//! Numbers as bars.

/// Draws how much is done, over this many columns.
pub(in crate::console) fn fraction(done: u64, total: u64, width: usize, ascii: bool) -> String {
    let (full, rest) = if ascii { ('=', '.') } else { ('━', '─') };
    let part = usize::try_from(u128::from(done.min(total)) * width as u128 / u128::from(total.max(1)));
    let part = part.unwrap_or(width).min(width);
    std::iter::repeat_n(full, part).chain(std::iter::repeat_n(rest, width - part)).collect()
}

/// Draws numbers as a curve, one column each, against the greatest of them. What is not nothing is never drawn as nothing.
pub(in crate::console) fn spark(values: &[u64], ascii: bool) -> String {
    let signs: [char; 8] = if ascii {
        ['_', '.', ':', '-', '=', '+', '*', '#']
    } else {
        ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    };
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let height = |value: u64| u128::from(value) * 7 / u128::from(most);
    let sign = |value: u64| match (value, usize::try_from(height(value)).unwrap_or(7)) {
        (0, _) => signs[0],
        (_, height) => signs[height.clamp(1, 7)],
    };
    values.iter().map(|value| sign(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_never_overflows() {
        assert_eq!(fraction(6, 11, 11, false), "━━━━━━─────");
        assert_eq!(fraction(99, 11, 4, true), "====");
        assert_eq!(fraction(0, 0, 4, true), "....");
    }

    #[test]
    fn a_curve_is_as_high_as_its_highest_and_shows_what_is_little() {
        assert_eq!(spark(&[0, 1, 50, 100], false), "▁▂▄█");
        assert_eq!(spark(&[0, 0], true), "__");
        assert_eq!(spark(&[u64::MAX, 1], true), "#.");
    }
}
