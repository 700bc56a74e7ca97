//! Python.

use memchr::memchr2;

use super::token::{Token, TokenKind, line_end, next, string_end, table};

/// Bytes that begin a token.
const MARKS: [bool; 256] = table(b"#\"'");

/// Finds the comments and strings of one file.
pub(super) fn tokens(bytes: &[u8]) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = next(bytes, at, &MARKS);
        match bytes.get(at) {
            None => return found,
            Some(b'#') => {
                found.push(Token::comment(at, line_end(bytes, at)));
                at = line_end(bytes, at);
            }
            Some(&quote) => {
                let token = string(bytes, at, quote);
                at = token.end;
                found.push(token);
            }
        }
    }
}

fn string(bytes: &[u8], open: usize, quote: u8) -> Token {
    let kind = if is_raw(&bytes[..open]) { TokenKind::Raw } else { TokenKind::Text };
    if bytes[open..].starts_with(&[quote; 3]) {
        let (end, close) = triple_end(bytes, open + 3, quote);
        return Token::string(kind, open, end, 3, close);
    }
    // In a raw string, too, a backslash keeps a quote from closing it.
    let (end, close) = string_end(bytes, open, quote, true, false);
    Token::string(kind, open, end, 1, close)
}

fn is_raw(before: &[u8]) -> bool {
    let start = before.iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    let prefix = &before[start..];
    prefix.len() <= 2 && prefix.iter().any(|byte| byte.eq_ignore_ascii_case(&b'r'))
}

fn triple_end(bytes: &[u8], from: usize, quote: u8) -> (usize, usize) {
    let mut at = from;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr2(b'\\', quote, rest)) {
        at += next;
        match bytes[at] {
            b'\\' => at += 1,
            _ if bytes[at..].starts_with(&[quote; 3]) => return (at + 3, 3),
            _ => {}
        }
        at += 1;
    }
    (bytes.len(), 0)
}
