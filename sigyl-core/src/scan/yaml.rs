//! Which texts are read as YAML in time that follows from their length.

/// Bytes of a text times the brackets that open in it. The reader looks at each open bracket for each word.
const WORK: usize = 2_000_000_000;

/// Tells whether a text holds so many brackets that reading it as YAML could take without end.
pub(super) fn is_endless(text: &str) -> bool {
    let opened = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    opened.saturating_mul(text.len()) > WORK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_brackets_in_brackets_without_end_are_refused() {
        assert!(is_endless(&"{a: ".repeat(100_000)));
        assert!(!is_endless(&"{a: ".repeat(1_000)));
        assert!(!is_endless(&"a: [b, c]\n".repeat(10_000)) && !is_endless(&"a: b\n".repeat(200_000)));
    }
}
