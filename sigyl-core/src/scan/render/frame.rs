//! The line of a file that a finding stands on, as it may be shown.

use crate::scan::RuleSet;
use crate::scan::decode::{Decoded, decode};
use crate::scan::spell::spell;

/// Bytes of a file that a line is looked for in; a larger one is not read for it.
const FILE: usize = 1 << 20;
/// Bytes around a line that are read too, so that a secret which the line cuts through is masked whole.
const AROUND: usize = 4_500;
/// Bytes of a line before and after the place.
const SIDE: usize = 600;

/// One line, with secrets masked and invisible characters spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What stands before the place.
    pub before: String,
    /// What stands from the place on.
    pub after: String,
}

impl RuleSet {
    /// Finds the line and column (both from 1, the latter in characters) of a file, for a reader to see; nothing when
    /// the file is not text, or so large that the line is not worth it.
    pub fn frame(&self, path: &str, bytes: &[u8], line: u32, column: u32) -> Option<Frame> {
        if bytes.len() > FILE {
            return None;
        }
        let Decoded::Text(text) = decode(path, bytes) else { return None };
        let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
        let start = match line.checked_sub(2) {
            None => 0,
            Some(nth) => text.match_indices('\n').nth(nth)?.0 + 1,
        };
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let row = text[start..end].trim_end_matches('\r');
        let at = start + row.char_indices().nth(column.checked_sub(1)?).map_or(row.len(), |(at, _)| at);
        let from = text.floor_char_boundary(at.saturating_sub(SIDE).max(start));
        let to = text.ceil_char_boundary((at + SIDE).min(start + row.len()));
        let before = self.shown(&text, from, at);
        Some(Frame { before: before.trim_start().to_owned(), after: self.shown(&text, at, to) })
    }

    fn shown(&self, text: &str, from: usize, to: usize) -> String {
        let window = text.floor_char_boundary(from.saturating_sub(AROUND));
        let rest = text.ceil_char_boundary((to + AROUND).min(text.len()));
        let masked = self.masker.middle(&text[window..rest], from - window, to - window);
        spell(&masked.replace('\t', "    "), true).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::proof::builtin;

    fn frame(text: &str, line: u32, column: u32) -> Option<(String, String)> {
        builtin().frame("a.ts", text.as_bytes(), line, column).map(|frame| (frame.before, frame.after))
    }

    #[test]
    fn a_line_is_parted_at_the_place() {
        let text = "one\r\n\tlet é = bad(\u{202e}x);\r\nthree";
        let parts = |before: &str, after: &str| Some((before.to_owned(), after.to_owned()));
        assert_eq!(frame(text, 2, 10), parts("let é = ", "bad(⟦U+202E⟧x);"));
        assert_eq!(frame(text, 1, 1), parts("", "one"));
        assert_eq!(frame(text, 3, 6), parts("three", ""));
        assert_eq!(frame(text, 3, 99), parts("three", ""));
        assert_eq!(frame(text, 4, 1), None);
        assert_eq!(frame(text, 0, 0), None);
        assert_eq!(builtin().frame("a.png", b"\x89PNG\r\n\x1a\n\0\0", 1, 1), None);
        assert_eq!(frame(&"x".repeat(FILE + 1), 1, 1), None);
    }

    #[test]
    fn no_part_of_a_secret_is_shown_wherever_the_line_or_the_place_cuts_it() {
        let key = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
            "MIIEabcdef0123456789".repeat(3)
        );
        for column in [1, 5, 30] {
            let (before, after) = frame(&key, 2, column).unwrap();
            assert!(!before.contains("MII") && !after.contains("abcdef"), "{before} {after}");
        }
        let token = format!("f('ghp_{}')", "a1B2".repeat(9));
        for column in 1..40 {
            let (before, after) = frame(&token, 1, column).unwrap();
            assert!(!before.contains("a1B2") && !after.contains("a1B2"), "{column}: {before} {after}");
        }
    }
}
