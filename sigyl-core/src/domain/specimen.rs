//! Text from strangers: what it holds is shown, never obeyed.

use std::fmt::Write as _;

/// Spells out every character that a terminal would obey or that a reader cannot see, so that the text stays on one
/// line and says what it says.
pub fn specimen(text: &str) -> String {
    spell(text, false)
}

/// The same, but line breaks and tabs stay, for text that is shown as a block.
pub fn specimen_lines(text: &str) -> String {
    spell(text, true)
}

fn spell(text: &str, lines: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if lines => shown.push(c),
            c if is_hidden(c) => spell_char(&mut shown, c),
            c => shown.push(c),
        }
    }
    shown
}

fn spell_char(shown: &mut String, c: char) {
    let name = match c {
        '\n' => "LF",
        '\r' => "CR",
        '\t' => "TAB",
        '\u{1b}' => "ESC",
        '\u{7f}' => "DEL",
        '\u{00ad}' => "SHY",
        '\u{200b}' => "ZWSP",
        '\u{200c}' => "ZWNJ",
        '\u{200d}' => "ZWJ",
        '\u{200e}' => "LRM",
        '\u{200f}' => "RLM",
        '\u{202a}' => "LRE",
        '\u{202b}' => "RLE",
        '\u{202c}' => "PDF",
        '\u{202d}' => "LRO",
        '\u{202e}' => "RLO",
        '\u{2060}' => "WJ",
        '\u{2066}' => "LRI",
        '\u{2067}' => "RLI",
        '\u{2068}' => "FSI",
        '\u{2069}' => "PDI",
        '\u{feff}' => "BOM",
        _ => "",
    };
    // Writing to a String cannot fail.
    if name.is_empty() {
        write!(shown, "⟦U+{:04X}⟧", u32::from(c)).ok();
    } else {
        write!(shown, "⟦{name}⟧").ok();
    }
}

/// Tells whether a character moves the cursor, changes the direction, or takes no room.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00ad | 0x034f | 0x061c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0e
            | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_obey() {
        let hostile = "a\u{1b}[2J\r\nb\u{202e}c\u{200b}\u{e0041}\u{9b}d";
        assert_eq!(specimen(hostile), "a⟦ESC⟧[2J⟦CR⟧⟦LF⟧b⟦RLO⟧c⟦ZWSP⟧⟦U+E0041⟧⟦U+009B⟧d");
        assert_eq!(specimen_lines("a\n\tb\u{7}"), "a\n\tb⟦U+0007⟧");
    }

    #[test]
    fn text_in_any_script_stays() {
        for text in ["Grüße, 世界", "مرحبا", "naïve 👍"] {
            assert_eq!(specimen(text), text);
        }
    }
}
