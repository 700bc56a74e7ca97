//! Letters written as codes: shifted, as numbers, as escapes.

use super::wording::readable;

pub(super) fn rot13(c: char) -> char {
    let turn = |first: u8| char::from((c as u8 - first + 13) % 26 + first);
    match c {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        _ => c,
    }
}

pub(super) fn atbash(c: char) -> char {
    match c {
        'a'..='z' => char::from(b'z' - (c as u8 - b'a')),
        'A'..='Z' => char::from(b'Z' - (c as u8 - b'A')),
        _ => c,
    }
}

fn hex(text: &str, at: usize, digits: usize) -> Option<u32> {
    text.get(at..at + digits).and_then(|code| u32::from_str_radix(code, 16).ok())
}

/// Undoes `%69` and `=69`.
pub(super) fn percent(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        let code = matches!(byte, b'%' | b'=').then(|| hex(text, at + 1, 2)).flatten();
        match code.and_then(|code| u8::try_from(code).ok()) {
            Some(code) => {
                out.push(code);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Undoes `&#105;`, `&#x69;` and the few names that matter.
pub(super) fn entities(text: &str) -> String {
    const NAMES: [(&str, char); 6] =
        [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\''), ("nbsp", ' ')];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(end) = rest.bytes().take(10).position(|byte| byte == b';') else {
            out.push('&');
            continue;
        };
        let name = &rest[..end];
        let code = name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")).map_or_else(
            || name.strip_prefix('#').and_then(|code| code.parse().ok()),
            |code| u32::from_str_radix(code, 16).ok(),
        );
        let named = NAMES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
        match code.and_then(char::from_u32).or(named) {
            Some(c) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out + rest
}

/// Undoes `\u0069`, `\u{69}`, `\x69` and `\151`.
pub(super) fn escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (code, length) = match rest.as_bytes() {
            [b'u', b'{', ..] => {
                let end = rest.bytes().take(10).position(|byte| byte == b'}').unwrap_or(2);
                (rest.get(2..end).and_then(|code| u32::from_str_radix(code, 16).ok()), end + 1)
            }
            [b'u', ..] => (hex(rest, 1, 4), 5),
            [b'x', ..] => (hex(rest, 1, 2), 3),
            digits if is_octal(digits) => (u32::from_str_radix(&rest[..3], 8).ok(), 3),
            _ => (None, 0),
        };
        match code.and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => out.push('\\'),
        }
    }
    out + rest
}

/// Tells whether bytes begin with the number of a byte in three octal digits.
pub(super) fn is_octal(bytes: &[u8]) -> bool {
    matches!(bytes, [b'0'..=b'3', b'0'..=b'7', b'0'..=b'7', ..])
}

/// Tells whether an escape spells a letter in a word that has plain ones too: nobody needs to write one so.
pub(super) fn spells_part(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    let (high, low) = match rest {
        [_, b'u', b'0', b'0', high, low, ..] | [_, b'u', b'{', high, low, b'}', ..] => (*high, *low),
        _ => return false,
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let letter = digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low);
    let letter = letter.and_then(char::from_u32).is_some_and(|c| c.is_ascii_alphabetic());
    let before = at.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    letter && (before || rest.get(6).is_some_and(u8::is_ascii_alphabetic))
}

/// Tells whether some word of a text is spelled so in part.
pub(super) fn is_partly_spelled(text: &str) -> bool {
    memchr::memchr_iter(b'\\', text.as_bytes()).any(|at| spells_part(text.as_bytes(), at))
}

/// Reads numbers as letters: two hexadecimal digits, two or three decimal ones, or eight bits.
pub(super) fn numbers(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split([' ', ',', '\n', ';'])
        .map(|word| word.trim_start_matches("0x").trim_start_matches("\\x"))
        .filter(|word| matches!(word.len(), 2 | 3 | 8) && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .collect();
    let read = |radix: u32| {
        let letters: Option<String> = words
            .iter()
            .filter(|word| radix != 2 || word.len() == 8)
            .map(|word| {
                u8::from_str_radix(word, radix)
                    .ok()
                    .filter(|byte| (0x20..0x7f).contains(byte) || *byte == b'\n')
                    .map(char::from)
            })
            .collect();
        letters.filter(|letters| letters.len() >= 8)
    };
    [2, 10, 16].into_iter().filter_map(read).max_by_key(|plain| readable(plain))
}

pub(super) fn base32(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || ('2'..='7').contains(&c) || c == '=';
    let run = text.split(|c: char| !is_part(c)).find(|run| run.len() >= 24)?;
    let (mut held, mut bits, mut out) = (0u32, 0u32, Vec::with_capacity(run.len()));
    for byte in run.trim_end_matches('=').bytes() {
        let five = if byte.is_ascii_uppercase() { byte - b'A' } else { byte.checked_sub(b'2')? + 26 };
        held = (held << 5 | u32::from(five)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    String::from_utf8(out).ok()
}
