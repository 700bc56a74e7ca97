//! Text that a strict reader refuses and a lax one takes: bytes that are no UTF-8, and halves of pairs of UTF-16.
//!
//! Whoever writes a tool must not keep it from being judged by a character that clients put up with.

use std::borrow::Cow;

/// Puts the replacement character in the place of what is no character; nothing when all of it is text.
pub(super) fn mended(text: &[u8]) -> Option<Vec<u8>> {
    let valid = match String::from_utf8_lossy(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(mended) => Some(mended.into_bytes()),
    };
    match whole_pairs(valid.as_deref().unwrap_or(text)) {
        Some(mended) => Some(mended),
        None => valid,
    }
}

/// Replaces the escapes of lone surrogates.
fn whole_pairs(text: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|&byte| byte == b'\\') {
        let escape = at + found;
        at = match (unit(text, escape), unit(text, escape + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => escape + 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.get_or_insert_with(|| text.to_vec())[escape..escape + 6].copy_from_slice(b"\\ufffd");
                escape + 6
            }
            (Some(_), _) => escape + 6,
            (None, _) => escape + 2,
        };
        if at >= text.len() {
            break;
        }
    }
    mended
}

/// Reads the escape `\uXXXX` that begins at a byte.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_character_is_replaced_and_everything_else_stays() {
        let mend = |text: &[u8]| mended(text).map(|text| String::from_utf8(text).unwrap());
        for (text, wanted) in [
            (&br#"a\ud83d\ude00b"#[..], None),
            (br"a\\ud83d", None),
            (br"\u00e9 \", None),
            (br"\ud8", None),
            (br"\ud83d\u0041", Some(r"\ufffd\u0041")),
            (br"\ude00\ud83d", Some(r"\ufffd\ufffd")),
            (br"\\\ud83d", Some(r"\\\ufffd")),
            (b"a\xffb", Some("a\u{fffd}b")),
            (b"a\xff\\ud83d", Some("a\u{fffd}\\ufffd")),
        ] {
            assert_eq!(mend(text).as_deref(), wanted, "{}", String::from_utf8_lossy(text));
        }
    }
}
