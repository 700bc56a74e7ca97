//! A comment or a string, and the way to get all of them.

use memchr::{memchr, memchr3};

use super::braces::{Braces, braces};
use super::unbuilt::without_tests;
use super::{hash, python, yaml};
use crate::scan::language::Language;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A comment with its marks.
    Comment,
    /// A string whose escapes mean something.
    Text,
    /// A string that is taken as it stands.
    Raw,
}

/// A stretch of a file that is not code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// First byte, its opening mark included.
    pub(crate) start: usize,
    /// First byte of the content.
    pub(crate) from: usize,
    /// First byte after the content.
    pub(crate) to: usize,
    /// First byte after it, its closing mark included.
    pub(crate) end: usize,
}

impl Token {
    /// Makes a comment; its marks are taken off later, line by line.
    pub(crate) fn comment(start: usize, end: usize) -> Self {
        Self { kind: TokenKind::Comment, start, from: start, to: end, end }
    }

    /// Makes a string with `open` bytes of opening and `close` bytes of closing marks.
    pub(crate) fn string(kind: TokenKind, start: usize, end: usize, open: usize, close: usize) -> Self {
        let from = (start + open).min(end);
        Self { kind, start, from, to: end.saturating_sub(close).max(from), end }
    }
}

/// Finds the comments and strings of `text`, in order and without overlap.
pub(crate) fn tokens(text: &str, language: Language) -> Vec<Token> {
    let bytes = text.as_bytes();
    match language {
        Language::Script => braces(bytes, &Braces::SCRIPT),
        Language::Rust => without_tests(bytes, braces(bytes, &Braces::RUST)),
        Language::Go => braces(bytes, &Braces::GO),
        Language::Braces => braces(bytes, &Braces::C),
        Language::Json => braces(bytes, &Braces::JSON),
        Language::Python => python::tokens(bytes),
        Language::Shell => hash::tokens(bytes, hash::Quotes::ManyLines),
        Language::Toml | Language::Env => hash::tokens(bytes, hash::Quotes::OneLine),
        Language::Docker => hash::tokens(bytes, hash::Quotes::LineStartOnly),
        Language::Yaml => yaml::comments(bytes),
        Language::Docs | Language::Markup | Language::Other => Vec::new(),
    }
}

/// Returns the end of a string that began at `open`: after the closing `quote`, or at the line's end when it may not
/// span lines, or at the end of the text.
pub(crate) fn string_end(bytes: &[u8], open: usize, quote: u8, escapes: bool, lines: bool) -> (usize, usize) {
    let mut at = open + 1;
    // Where a byte means nothing, the quote stands in for it.
    let (escape, line) = (if escapes { b'\\' } else { quote }, if lines { quote } else { b'\n' });
    while at < bytes.len() {
        let Some(next) = memchr3(quote, escape, line, &bytes[at..]) else { break };
        at += next;
        match bytes[at] {
            b'\\' if escapes => at += 2,
            b'\n' if !lines => return (at, 0),
            _ => return (at + 1, 1),
        }
    }
    (bytes.len(), 0)
}

/// Returns the end of the line that `at` is on, without its line feed.
pub(crate) fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length)
}

/// A table of the bytes that may begin a token; all others are stepped over.
pub(super) const fn table(beginnings: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < beginnings.len() {
        table[beginnings[at] as usize] = true;
        at += 1;
    }
    table
}

/// Returns the next byte from `at` on that may begin a token.
#[inline]
pub(super) fn next(bytes: &[u8], at: usize, table: &[bool; 256]) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|&byte| table[usize::from(byte)]).map_or(bytes.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str, language: Language) -> Vec<(TokenKind, &str)> {
        tokens(text, language).iter().map(|token| (token.kind, &text[token.from..token.to])).collect()
    }

    #[test]
    fn script_tokens_survive_regexes_and_templates() {
        let text = r#"const a = /['"\/]/g; // it's "one"
const b = `x ${f("in") + `n`} y`; let c = 4 / 2 / 1; /* two */ const d = 'it\'s';"#;
        assert_eq!(
            seen(text, Language::Script),
            [
                (TokenKind::Comment, "// it's \"one\""),
                (TokenKind::Text, "x "),
                (TokenKind::Text, "in"),
                (TokenKind::Text, "n"),
                (TokenKind::Text, " y"),
                (TokenKind::Comment, "/* two */"),
                (TokenKind::Text, r"it\'s"),
            ]
        );
    }

    #[test]
    fn an_unclosed_string_heals_at_the_next_line() {
        assert_eq!(
            seen("a = 'oops\nb = 'fine'", Language::Script),
            [(TokenKind::Text, "oops"), (TokenKind::Text, "fine")]
        );
    }

    #[test]
    fn rust_lifetimes_and_raw_strings_are_told_apart() {
        let text = r##"fn f<'a>(x: &'a str) { let c = '"'; let r = r#"raw "quoted" text"#; let s = "two
lines"; } // end"##;
        assert_eq!(
            seen(text, Language::Rust),
            [
                (TokenKind::Raw, "raw \"quoted\" text"),
                (TokenKind::Text, "two\nlines"),
                (TokenKind::Comment, "// end"),
            ]
        );
    }

    #[test]
    fn python_docstrings_prefixes_and_comments_are_found() {
        let text = "def f():\n    \"\"\"It's a\n    doc\"\"\"\n    x = rb'raw\\d' + f\"y\" # note 'x'\n";
        assert_eq!(
            seen(text, Language::Python),
            [
                (TokenKind::Text, "It's a\n    doc"),
                (TokenKind::Raw, "raw\\d"),
                (TokenKind::Text, "y"),
                (TokenKind::Comment, "# note 'x'"),
            ]
        );
    }

    #[test]
    fn yaml_comments_are_not_taken_from_quotes_or_block_texts() {
        let text = "a: \"x # no\" # yes\nb: |\n  # no\n  text\nc: 'it''s # no'\n# yes\nd: it's # yes\n";
        assert_eq!(
            seen(text, Language::Yaml),
            [(TokenKind::Comment, "# yes"), (TokenKind::Comment, "# yes"), (TokenKind::Comment, "# yes"),]
        );
    }

    #[test]
    fn go_and_shell_strings_are_found() {
        assert_eq!(
            seen("x := `a \"b\"` // c", Language::Go),
            [(TokenKind::Raw, "a \"b\""), (TokenKind::Comment, "// c")]
        );
        assert_eq!(
            seen("echo \"a # b\" 'c' $# # d", Language::Shell),
            [(TokenKind::Text, "a # b"), (TokenKind::Raw, "c"), (TokenKind::Comment, "# d")]
        );
    }

    #[test]
    fn any_text_gives_ordered_tokens_inside_it() {
        let text = "'\"`/*${\\\"\"\"r#\"'''#|\n>: é 'é\\";
        for language in [
            Language::Script,
            Language::Rust,
            Language::Go,
            Language::Json,
            Language::Python,
            Language::Shell,
            Language::Yaml,
            Language::Env,
            Language::Docker,
        ] {
            for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
                let mut last = 0;
                for token in tokens(&text[cut..], language) {
                    assert!(last <= token.start && token.start <= token.from, "{language:?} {cut}");
                    assert!(token.from <= token.to && token.to <= token.end, "{language:?} {cut}");
                    assert!(text[cut..].get(token.from..token.to).is_some(), "{language:?} {cut} {token:?}");
                    last = token.end;
                }
                assert!(last <= text.len() - cut);
            }
        }
    }
}
