//! Numbers as bars.

/// Draws how much is done, over this many columns.
pub(in crate::console) fn fraction(done: u64, total: u64, width: usize, ascii: bool) -> String {
    let (full, rest) = if ascii { ('=', '.') } else { ('━', '─') };
    let part = usize::try_from(u128::from(done.min(total)) * width as u128 / u128::from(total.max(1)));
    let part = part.unwrap_or(width).min(width);
    std::iter::repeat_n(full, part).chain(std::iter::repeat_n(rest, width - part)).collect()
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
}
