//! A Python file without its comments and texts, as far as it is sure what these are.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr3};

/// The code of a file; every byte keeps its place.
#[derive(Debug)]
pub(super) struct Plain {
    /// Comments are blanks here, and texts are quotes; what an f-string computes is code.
    pub(super) code: Vec<u8>,
    /// What stands between the quotes of each text.
    pub(super) texts: Vec<Range<usize>>,
}

/// What stands for a text.
pub(super) const TEXT: u8 = b'"';

impl Plain {
    /// Takes a file apart; returns nothing where another reading is possible: versions of Python differ.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        // Whether a line ends there is up to the reader.
        if memchr_iter(b'\r', text).any(|at| text.get(at + 1) != Some(&b'\n')) {
            return None;
        }
        let mut plain = Self { code: text.to_vec(), texts: Vec::new() };
        let mut at = 0;
        while let Some(found) = memchr3(b'#', b'"', b'\'', text.get(at..)?) {
            let here = at + found;
            at = match text[here] {
                b'#' => plain.comment(here),
                _ => plain.string(here, text, None)?,
            };
        }
        Some(plain)
    }

    fn comment(&mut self, start: usize) -> usize {
        let end = memchr(b'\n', &self.code[start..]).map_or(self.code.len(), |length| start + length);
        self.code[start..end].fill(b' ');
        end
    }

    /// Steps over the text that a quote opens; `outer` is the quote of the f-string that it stands in.
    fn string(&mut self, start: usize, text: &[u8], outer: Option<u8>) -> Option<usize> {
        let quote = text[start];
        let triple = text[start..].starts_with(&[quote; 3]);
        let (raw, formatted) = prefix(&text[..start]);
        let open = start + if triple { 3 } else { 1 };
        let mut at = open;
        self.code[start..open].fill(TEXT);
        loop {
            match *text.get(at)? {
                // Not every parser joins the lines of a raw text.
                b'\\' if raw && text.get(at + 1) == Some(&b'\n') => return None,
                b'\\' => {
                    self.code.get_mut(at..at + 2)?.fill(TEXT);
                    at += 2;
                    continue;
                }
                b'\n' if !triple => return None,
                byte if byte == quote && (!triple || text[at..].starts_with(&[quote; 3])) => break,
                // Older versions end the f-string here.
                byte if outer == Some(byte) => return None,
                b'{' if formatted && text.get(at + 1) != Some(&b'{') => {
                    if outer.is_some() {
                        return None;
                    }
                    at = self.computed(at + 1, text, quote)?;
                    continue;
                }
                b'{' if formatted => {
                    self.code[at..at + 2].fill(TEXT);
                    at += 2;
                    continue;
                }
                _ => self.code[at] = TEXT,
            }
            at += 1;
        }
        self.texts.push(open..at);
        let end = at + (open - start);
        self.code[at..end].fill(TEXT);
        Some(end)
    }

    /// Steps over what an f-string computes, behind its brace.
    fn computed(&mut self, start: usize, text: &[u8], quote: u8) -> Option<usize> {
        self.code[start - 1] = TEXT;
        let (mut at, mut depth) = (start, 1_usize);
        loop {
            match *text.get(at)? {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b'#' | b'\n' | b'\\' => return None,
                byte if byte == quote => return None,
                b'"' | b'\'' => {
                    at = self.string(at, text, Some(quote))?;
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                self.code[at] = TEXT;
                return Some(at + 1);
            }
            at += 1;
        }
    }
}

/// Tells whether the letters before a quote make a raw text of it, and one with code in it.
fn prefix(before: &[u8]) -> (bool, bool) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let start = before.iter().rposition(|byte| !is_word(byte)).map_or(0, |at| at + 1);
    let letters = &before[start..];
    let has =
        |letter: u8| letters.len() <= 3 && letters.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
    (has(b'r'), has(b'f') || has(b't'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<String> {
        let plain = Plain::of(text)?;
        assert_eq!(plain.code.len(), text.len());
        Some(String::from_utf8(plain.code).unwrap())
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        assert_eq!(code("a = 'b' # c'\nd").as_deref(), Some("a = \"\"\"     \nd"));
        assert_eq!(code("a(r'\\', b)").as_deref(), None);
        assert_eq!(code("a(r'\\'', b)").as_deref(), Some("a(r\"\"\"\", b)"));
        assert_eq!(code("'''a\n'b'# '''; c").as_deref(), Some("\"\"\"\"\"\"\"\"\"\"\"\"\"; c"));
        let plain = Plain::of("{'ab': \"\", r'''c''': 1}").unwrap();
        assert_eq!(plain.texts, [2..4, 8..8, 15..16]);
    }

    #[test]
    fn what_an_f_string_computes_is_code() {
        assert_eq!(code("f'a{b.c(d)}{{e}}'").as_deref(), Some("f\"\"\"b.c(d)\"\"\"\"\"\"\""));
        assert_eq!(code("f'{a[\"b\"]:>3}'; c").as_deref(), Some("f\"\"a[\"\"\"]:>3\"\"; c"));
    }

    #[test]
    fn what_versions_of_python_read_differently_is_not_sure() {
        for text in [
            "f'{a['b']}'",
            "f\"{'\"'}\"",
            "f\"{'}\"'}\"",
            "f'{a # b\n}'",
            "'a\nb",
            "'''a",
            "f'{a",
            "'a\\",
            "a # b\rc",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
