//! How often the marks of some disguises occur, so that most texts need no look at what they would be without.

use super::codes::{is_octal, spells_part};

/// How often the marks of some disguises occur.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) percent: usize,
    /// Blanks that are written as `%20` or `=20`.
    pub(super) blanks: usize,
    pub(super) entities: usize,
    pub(super) slashes: usize,
    /// Letters of words of which the rest is written plainly, as `\u0049` in `\u0049gnore`.
    pub(super) mixed: usize,
    /// The longest run of single letters.
    pub(super) singles: usize,
    /// Hyphens, dots and the like inside words.
    pub(super) joints: usize,
    pub(super) dots: usize,
    /// The longest run of numbers or of pairs of digits.
    pub(super) numbers: usize,
    /// Bytes of the longest stretch without a blank.
    pub(super) longest: usize,
}

impl Marks {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut marks = Self::default();
        let mut runs = Runs::default();
        let (mut word, mut stretch) = (0, 0);
        for (at, &byte) in bytes.iter().enumerate() {
            if !MARKS[usize::from(byte)] {
                continue;
            }
            marks.take(bytes, at, byte);
            if is_gap(byte) {
                marks.word(&bytes[word..at], &mut runs);
                word = at + 1;
            }
            if byte.is_ascii_whitespace() {
                marks.longest = marks.longest.max(at - stretch);
                stretch = at + 1;
            }
        }
        marks.word(&bytes[word..], &mut runs);
        marks.longest = marks.longest.max(bytes.len() - stretch);
        marks
    }

    fn take(&mut self, bytes: &[u8], at: usize, byte: u8) {
        let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
        match byte {
            b'%' | b'=' => {
                self.percent += usize::from(codes_letter(bytes, at + 1));
                self.blanks += usize::from(bytes[at + 1..].starts_with(b"20"));
            }
            b'&' => self.entities += 1,
            b'\\' => {
                self.mixed += usize::from(spells_part(bytes, at));
                let rest = &bytes[at + 1..];
                self.slashes += usize::from(matches!(rest, [b'u' | b'x', ..]) || is_octal(rest));
            }
            b'-' | b'.' | b'_' | b'|' | b'>' | b'/' => {
                self.dots += usize::from(matches!(byte, b'-' | b'.'));
                self.joints += usize::from(at > 0 && letter(at - 1) && letter(at + 1));
            }
            _ => {}
        }
    }

    fn word(&mut self, word: &[u8], runs: &mut Runs) {
        if word.is_empty() {
            return;
        }
        let is_single = word.len() == 1 && word[0].is_ascii_alphanumeric();
        runs.singles = if is_single { runs.singles + 1 } else { 0 };
        runs.numbers = if is_number(word) { runs.numbers + 1 } else { 0 };
        self.singles = self.singles.max(runs.singles);
        self.numbers = self.numbers.max(runs.numbers);
    }
}

/// The runs that reach up to the last word.
#[derive(Default)]
struct Runs {
    singles: usize,
    numbers: usize,
}

/// The bytes that are a mark, or may stand between words.
const MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        marks[byte as usize] =
            byte.is_ascii_whitespace() || is_gap(byte) || matches!(byte, b'%' | b'=' | b'&' | b'\\' | b'>');
        byte += 1;
    }
    marks
};

/// Tells whether a byte may stand between letters that are set apart.
const fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'_' | b'*' | b'|' | b',' | b'/' | b'\n' | b'+')
}

/// Tells whether a word may be the number of a letter.
fn is_number(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"0x").or_else(|| word.strip_prefix(b"\\x")).unwrap_or(word);
    matches!(digits.len(), 2 | 3 | 8) && digits.iter().all(u8::is_ascii_hexdigit)
}

/// Tells whether two hexadecimal digits stand for a letter of ASCII.
fn codes_letter(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b'4'..=b'7')) && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted() {
        let none = Marks::default();
        for (text, marks) in [
            ("%41 =5a %zz 100%", Marks { percent: 2, longest: 4, ..none }),
            ("a%20b=20c%2", Marks { blanks: 2, longest: 11, ..none }),
            ("\\101\\9", Marks { slashes: 1, longest: 6, ..none }),
            ("&lt;&#65;", Marks { entities: 2, longest: 9, ..none }),
            ("\\u0041\\x41\\n", Marks { slashes: 2, longest: 12, ..none }),
            ("s-e-n-d it a b", Marks { singles: 4, joints: 3, dots: 3, longest: 7, ..none }),
            ("a.b, .c -\n- d", Marks { singles: 4, joints: 1, dots: 4, longest: 4, ..none }),
            ("41,0x42 \\x43 it 61", Marks { numbers: 3, slashes: 1, longest: 7, ..none }),
        ] {
            assert_eq!(Marks::of(text), marks, "{text}");
        }
    }
}
