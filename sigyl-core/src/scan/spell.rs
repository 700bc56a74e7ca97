//! Spells out what a screen would hide or obey: control, invisible and direction characters.

use std::borrow::Cow;

use super::fold::is_invisible;

/// Returns `text` with every character that shows nothing, moves the cursor or turns the direction spelled out, as in
/// `⟦ZWSP⟧` or `⟦U+202E⟧`. Line feeds and tabs are spelled out too when `flat`.
pub(crate) fn spell(text: &str, flat: bool) -> Cow<'_, str> {
    let harmless = |c: char| !is_spelled(c, flat);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmless(c) {
            out.push(c);
        } else if let Some(name) = name(c) {
            out.push('⟦');
            out.push_str(name);
            out.push('⟧');
        } else {
            out.push_str(&format!("⟦U+{:04X}⟧", u32::from(c)));
        }
    }
    Cow::Owned(out)
}

/// Tells whether a character is spelled out.
pub(super) fn is_spelled(c: char, flat: bool) -> bool {
    match c {
        '\n' | '\t' => flat,
        // Marks that combine with the letter before them show well enough.
        '\u{300}'..='\u{36f}' => false,
        _ => {
            c.is_control()
                || is_invisible(c)
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{e000}'..='\u{f8ff}')
        }
    }
}

fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '\n' => "LF",
        '\r' => "CR",
        '\t' => "TAB",
        '\u{1b}' => "ESC",
        '\0' => "NUL",
        '\u{200b}' => "ZWSP",
        '\u{200c}' => "ZWNJ",
        '\u{200d}' => "ZWJ",
        '\u{feff}' => "BOM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_and_no_escape_sequence_gets_through() {
        assert_eq!(
            spell("a\u{200b}b\u{202e}c\u{1b}[31m\u{e0041}", false),
            "a⟦ZWSP⟧b⟦U+202E⟧c⟦ESC⟧[31m⟦U+E0041⟧"
        );
        assert_eq!(spell("a\nb\tc\r", true), "a⟦LF⟧b⟦TAB⟧c⟦CR⟧");
        assert_eq!(spell("a\nb\tc", false), "a\nb\tc");
        assert!(matches!(spell("grüße 世界", true), Cow::Borrowed(_)));
    }
}
