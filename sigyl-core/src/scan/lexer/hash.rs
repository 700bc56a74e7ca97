//! Languages in which `#` begins a comment.

use super::token::{Token, TokenKind, line_end, next, string_end, table};

/// Bytes that mean something between tokens.
const MARKS: [bool; 256] = table(b"#\"'\\");

/// How quotes behave.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// A string may span lines.
    ManyLines,
    /// A string ends with its line.
    OneLine,
    /// Quotes mean nothing, and a comment stands at the start of a line.
    LineStartOnly,
}

/// Finds the comments and strings of one file.
pub(super) fn tokens(bytes: &[u8], quotes: Quotes) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = next(bytes, at, &MARKS);
        if at >= bytes.len() {
            return found;
        }
        match bytes[at] {
            b'#' if may_comment(&bytes[..at], quotes) => {
                found.push(Token::comment(at, line_end(bytes, at)));
                at = line_end(bytes, at);
            }
            quote @ (b'"' | b'\'') if quotes != Quotes::LineStartOnly => {
                let escapes = quote == b'"';
                let (end, close) = string_end(bytes, at, quote, escapes, quotes == Quotes::ManyLines);
                let kind = if escapes { TokenKind::Text } else { TokenKind::Raw };
                found.push(Token::string(kind, at, end, 1, close));
                at = end;
            }
            b'\\' if quotes == Quotes::ManyLines => at += 2,
            _ => at += 1,
        }
    }
}

fn may_comment(before: &[u8], quotes: Quotes) -> bool {
    if quotes == Quotes::LineStartOnly {
        let mut line = before.iter().rev().take_while(|&&byte| byte != b'\n');
        return line.all(u8::is_ascii_whitespace);
    }
    before.last().is_none_or(|last| last.is_ascii_whitespace() || matches!(last, b';' | b'(' | b'"' | b'\''))
}
