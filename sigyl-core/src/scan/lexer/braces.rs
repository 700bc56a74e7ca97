//! Languages with `//` and `/* */` comments.

use std::ops::Range;

use memchr::{memchr3, memmem};

use super::token::{Token, TokenKind, line_end, next, string_end, table};

/// How one language of the family differs.
pub(super) struct Braces {
    /// Whether `'` opens a string; else it opens a character or a lifetime.
    single: bool,
    /// Whether a `"` string may span lines.
    lines: bool,
    backtick: Backtick,
    /// Whether `/` may open a regular expression.
    regex: bool,
    /// Whether `r#"` opens a raw string.
    raw: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Backtick {
    None,
    Raw,
    Template,
}

impl Braces {
    pub(super) const SCRIPT: Self =
        Self { single: true, lines: false, backtick: Backtick::Template, regex: true, raw: false };
    pub(super) const RUST: Self =
        Self { single: false, lines: true, backtick: Backtick::None, regex: false, raw: true };
    pub(super) const GO: Self =
        Self { single: true, lines: false, backtick: Backtick::Raw, regex: false, raw: false };
    pub(super) const C: Self =
        Self { single: true, lines: false, backtick: Backtick::None, regex: false, raw: false };
    pub(super) const JSON: Self =
        Self { single: false, lines: false, backtick: Backtick::None, regex: false, raw: false };
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    found: Vec<Token>,
    /// Braces open in the code of each template that is open.
    templates: Vec<usize>,
    /// Bytes that were read for regular expressions that did not end.
    wasted: usize,
    /// Regular expressions that did.
    regexes: Vec<Range<usize>>,
}

/// Bytes that mean something between tokens; braces do while a template is open, and quotes alone in what has no more.
const MARKS: [bool; 256] = table(b"/\"'`");
const MARKS_IN_TEMPLATE: [bool; 256] = table(b"/\"'`{}");
const MARKS_OF_RUST: [bool; 256] = table(b"/\"'r");

/// Times the length of a file that may be read in search of ends of regular expressions.
const WASTE: usize = 16;
/// Bytes that a regular expression has at most once that is spent.
const REGEX: usize = 200;

/// Finds the comments and strings of one file.
pub(super) fn braces(bytes: &[u8], of: &Braces) -> Vec<Token> {
    walk(bytes, of).found
}

/// Finds what is no code in a script, in order: comments, strings and regular expressions.
pub(crate) fn no_code(script: &str) -> Vec<Range<usize>> {
    let cursor = walk(script.as_bytes(), &Braces::SCRIPT);
    let tokens = cursor.found.iter().map(|token| token.start..token.end);
    let mut all: Vec<Range<usize>> = tokens.chain(cursor.regexes).collect();
    all.sort_unstable_by_key(|one| one.start);
    all
}

fn walk<'a>(bytes: &'a [u8], of: &Braces) -> Cursor<'a> {
    let mut cursor =
        Cursor { bytes, at: 0, found: Vec::new(), templates: Vec::new(), wasted: 0, regexes: Vec::new() };
    loop {
        let marks = match (of.raw, cursor.templates.is_empty()) {
            (true, _) => &MARKS_OF_RUST,
            (false, true) => &MARKS,
            (false, false) => &MARKS_IN_TEMPLATE,
        };
        cursor.at = next(bytes, cursor.at, marks);
        if cursor.at >= bytes.len() {
            return cursor;
        }
        cursor.step(of);
    }
}

impl Cursor<'_> {
    fn step(&mut self, of: &Braces) {
        match self.bytes[self.at] {
            b'/' => self.slash(of),
            b'"' => self.quoted(b'"', of.lines),
            b'\'' if of.single => self.quoted(b'\'', false),
            b'\'' => self.character(),
            b'`' if of.backtick == Backtick::Template => self.template(),
            b'`' if of.backtick == Backtick::Raw => {
                let (end, close) = string_end(self.bytes, self.at, b'`', false, true);
                self.push(Token::string(TokenKind::Raw, self.at, end, 1, close));
            }
            b'r' if of.raw => self.raw_string(),
            b'{' => {
                if let Some(open) = self.templates.last_mut() {
                    *open += 1;
                }
                self.at += 1;
            }
            b'}' => self.close_brace(),
            _ => self.at += 1,
        }
    }

    fn push(&mut self, token: Token) {
        self.at = token.end;
        self.found.push(token);
    }

    fn quoted(&mut self, quote: u8, lines: bool) {
        let (end, close) = string_end(self.bytes, self.at, quote, true, lines);
        self.push(Token::string(TokenKind::Text, self.at, end, 1, close));
    }

    /// Steps over a character such as `'"'` or `'\''`, or over the quote of a lifetime.
    fn character(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        self.at += match rest {
            [b'\\', _, b'\'', ..] => 4,
            [b'\\', ..] => 2,
            [_, b'\'', ..] => 3,
            _ => 1,
        };
    }

    fn slash(&mut self, of: &Braces) {
        match self.bytes.get(self.at + 1) {
            Some(b'/') => self.push(Token::comment(self.at, line_end(self.bytes, self.at))),
            Some(b'*') => {
                let body = self.at + 2;
                let close = memmem::find(&self.bytes[body..], b"*/");
                self.push(Token::comment(self.at, close.map_or(self.bytes.len(), |to| body + to + 2)));
            }
            _ if of.regex && self.regex_may_begin() => {
                let (start, end) = (self.at, self.regex_end());
                self.regexes.extend(end.map(|end| start..end));
                self.at = end.unwrap_or(start + 1);
            }
            _ => self.at += 1,
        }
    }

    /// Tells by what stands before a `/` whether it can open a regular expression.
    fn regex_may_begin(&self) -> bool {
        let before = self.bytes[..self.at].trim_ascii_end();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        match before.last() {
            None => true,
            Some(last) if word(last) => {
                let start = before.iter().rposition(|byte| !word(byte)).map_or(0, |at| at + 1);
                matches!(
                    &before[start..],
                    b"return" | b"typeof" | b"case" | b"in" | b"of" | b"do" | b"else" | b"void" | b"await"
                )
            }
            Some(last) => !matches!(last, b')' | b']' | b'}' | b'"' | b'\'' | b'`'),
        }
    }

    /// Returns the end of the regular expression that opens here, if one does on this line.
    fn regex_end(&mut self) -> Option<usize> {
        let spent = self.wasted > self.bytes.len() * WASTE;
        let longest = if spent { REGEX } else { self.bytes.len() };
        let last = self.bytes.len().min(self.at.saturating_add(longest));
        let mut class = false;
        let mut at = self.at + 1;
        while at < last {
            match self.bytes[at] {
                b'\n' => break,
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return Some(at + 1),
                _ => {}
            }
            at += 1;
        }
        self.wasted += at - self.at;
        None
    }

    /// Takes the text of a template up to its end or to the code inside it.
    fn template(&mut self) {
        let start = self.at;
        let mut at = start + 1;
        while let Some(next) = self.bytes.get(at..).and_then(|rest| memchr3(b'\\', b'`', b'$', rest)) {
            at += next;
            match self.bytes[at] {
                b'\\' => at += 1,
                b'`' => return self.push(Token::string(TokenKind::Text, start, at + 1, 1, 1)),
                b'$' if self.bytes.get(at + 1) == Some(&b'{') => {
                    self.templates.push(0);
                    return self.push(Token::string(TokenKind::Text, start, at + 2, 1, 2));
                }
                _ => {}
            }
            at += 1;
        }
        self.push(Token::string(TokenKind::Text, start, self.bytes.len(), 1, 0));
    }

    fn close_brace(&mut self) {
        match self.templates.last_mut() {
            Some(0) => {
                self.templates.pop();
                self.template();
            }
            Some(open) => {
                *open -= 1;
                self.at += 1;
            }
            None => self.at += 1,
        }
    }

    fn raw_string(&mut self) {
        if !matches!(self.bytes.get(self.at + 1), Some(b'"' | b'#')) {
            self.at += 1;
            return;
        }
        let inside_word = self.at > 0
            && (self.bytes[self.at - 1].is_ascii_alphanumeric() || self.bytes[self.at - 1] == b'_')
            && self.bytes[self.at - 1] != b'b';
        let hashes = self.bytes[self.at + 1..].iter().take_while(|&&byte| byte == b'#').count();
        if inside_word || self.bytes.get(self.at + 1 + hashes) != Some(&b'"') {
            self.at += 1;
            return;
        }
        let open = hashes + 2;
        let body = self.at + open;
        let close = |at: usize| {
            self.bytes[at] == b'"'
                && self.bytes.get(at + 1..at + 1 + hashes).is_some_and(|end| end.iter().all(|&b| b == b'#'))
        };
        let token = match (body..self.bytes.len()).find(|&at| close(at)) {
            Some(at) => Token::string(TokenKind::Raw, self.at, at + 1 + hashes, open, 1 + hashes),
            None => Token::string(TokenKind::Raw, self.at, self.bytes.len(), open, 0),
        };
        self.push(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_no_code_of_a_script_is_found() {
        let text = "a(/[{]/, '}'); // {\n`${b}{`";
        let found = no_code(text).into_iter().map(|one| &text[one]).collect::<Vec<_>>();
        assert_eq!(found, ["/[{]/", "'}'", "// {", "`${", "}{`"]);
    }

    #[test]
    fn no_beginnings_of_regular_expressions_make_a_line_slow() {
        let wasted = |times: usize| walk("=/[".repeat(times).as_bytes(), &Braces::SCRIPT).wasted;
        let (once, twice) = (wasted(20_000), wasted(40_000));
        assert!(once > 0 && twice < once * 3, "{once}, {twice}");
    }
}
