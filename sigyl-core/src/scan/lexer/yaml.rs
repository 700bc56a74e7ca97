//! Comments of YAML; its values are read as one text.

use super::token::{Token, line_end};

/// Finds the comments of one file, not those that quotes or block texts hold.
pub(super) fn comments(bytes: &[u8]) -> Vec<Token> {
    let mut found = Vec::new();
    let mut line = 0;
    let mut block: Option<usize> = None;
    let mut quote: Option<u8> = None;
    while line < bytes.len() {
        let end = line_end(bytes, line);
        let text = &bytes[line..end];
        let indent = text.iter().take_while(|&&byte| byte == b' ').count();
        let blank = text.trim_ascii().is_empty();
        if block.is_some_and(|parent| !blank && indent <= parent) {
            block = None;
        }
        if block.is_none() && !blank {
            let comment = comment_start(text, &mut quote);
            if let Some(at) = comment {
                found.push(Token::comment(line + at, end));
            }
            let content = text[..comment.unwrap_or(text.len())].trim_ascii_end();
            if quote.is_none() && opens_block(content) {
                block = Some(indent);
            }
        }
        line = end + 1;
    }
    found
}

/// Returns where the comment of a line begins; `quote` is the quote that is open across lines.
fn comment_start(text: &[u8], quote: &mut Option<u8>) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        match *quote {
            Some(b'"') if byte == b'\\' => at += 1,
            // Two single quotes stand for one.
            Some(b'\'') if text[at..].starts_with(b"''") => at += 1,
            Some(open) if byte == open => *quote = None,
            Some(_) => {}
            None if byte == b'#' && (at == 0 || text[at - 1].is_ascii_whitespace()) => return Some(at),
            None if matches!(byte, b'"' | b'\'') && opens_value(&text[..at]) => *quote = Some(byte),
            None => {}
        }
        at += 1;
    }
    None
}

/// Tells whether a quote that follows `before` opens a value rather than standing in one.
fn opens_value(before: &[u8]) -> bool {
    before.trim_ascii_end().last().is_none_or(|last| matches!(last, b':' | b'-' | b'[' | b'{' | b',' | b'?'))
}

fn opens_block(content: &[u8]) -> bool {
    let last = content.rsplit(|byte| byte.is_ascii_whitespace() || *byte == b':').next().unwrap_or_default();
    matches!(last, [b'|' | b'>', rest @ ..] if rest.iter().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-')))
}
