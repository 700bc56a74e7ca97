//! Letters written in other alphabets: small capitals, raised, boxed and upside-down ones, flags, Braille, Morse.

use std::sync::OnceLock;

/// Letters that stand for `a` to `z`, one string for each alphabet.
const STYLES: [&str; 5] = [
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ",
    "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ𐞥ʳˢᵗᵘᵛʷˣʸᶻ",
    "ₐbcdₑfgₕᵢⱼₖₗₘₙₒₚqᵣₛₜᵤᵥwₓyz",
    "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz",
    "ɑƅϲԁҽƒɡһıϳκⅼⅿոօρԛгꜱτυνѡⅹуᴢ",
];
/// First characters of alphabets in order.
const FIRSTS: [u32; 6] = [0x1f1e6, 0x1f130, 0x1f150, 0x1f170, 0x249c, 0x1f110];
/// The same in Braille, for `a` to `z`.
const BRAILLE: &str = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵";
/// The same in Morse code.
const MORSE: [&str; 26] = [
    ".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--", "-.", "---",
    ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--", "--..",
];
/// Letters that make it more than chance.
const LEAST: usize = 8;
/// Signs of Morse code that make it more than chance: some are only a dot or a dash.
const ENOUGH: usize = LEAST + 4;

/// Returns a text with its odd letters as plain ones, when there are enough of them.
pub(super) fn styled(text: &str) -> Option<String> {
    let styles: Vec<usize> = text.chars().filter_map(|c| styled_letter(c).map(|(_, style)| style)).collect();
    let (count, upside_down) = (styles.len(), styles.iter().filter(|style| **style == 3).count());
    if count < LEAST {
        return None;
    }
    let plain: String = text.chars().map(|c| styled_letter(c).map_or(c, |(plain, _)| plain)).collect();
    // Upside-down text runs backwards, and some of its letters are letters as well.
    Some(if upside_down * 2 > count { plain.chars().rev().map(turned).collect() } else { plain })
}

fn turned(c: char) -> char {
    match c {
        'b' => 'q',
        'q' => 'b',
        'd' => 'p',
        'p' => 'd',
        'n' => 'u',
        'u' => 'n',
        _ => c,
    }
}

fn styled_letter(c: char) -> Option<(char, usize)> {
    if c.is_ascii() {
        return None;
    }
    let code = u32::from(c);
    let nth = |at: usize| u8::try_from(at).ok().map(|at| char::from(b'a' + at));
    for first in FIRSTS {
        if let Some(at) = code.checked_sub(first).filter(|at| *at < 26) {
            return nth(at as usize).map(|letter| (letter, STYLES.len()));
        }
    }
    let letters = letters();
    letters.binary_search_by_key(&c, |(odd, ..)| *odd).ok().map(|at| (letters[at].1, letters[at].2))
}

/// Returns every odd letter with the plain one and the number of its alphabet, the first that has it, in order.
fn letters() -> &'static [(char, char, usize)] {
    static LETTERS: OnceLock<Vec<(char, char, usize)>> = OnceLock::new();
    LETTERS.get_or_init(|| {
        let of = |(style, letters): (usize, &'static str)| {
            letters.chars().zip('a'..='z').map(move |(odd, plain)| (odd, plain, style))
        };
        let mut all: Vec<_> = STYLES.into_iter().enumerate().flat_map(of).collect();
        all.sort_by_key(|(odd, ..)| *odd);
        all.dedup_by_key(|(odd, ..)| *odd);
        all
    })
}

/// Reads Braille.
pub(super) fn braille(text: &str) -> Option<String> {
    let count = text.chars().filter(|c| ('\u{2801}'..='\u{283f}').contains(c)).count();
    let letter = |c: char| match c {
        '\u{2800}' => ' ',
        _ => BRAILLE
            .chars()
            .position(|known| known == c)
            .and_then(|at| u8::try_from(at).ok())
            .map_or(c, |at| char::from(b'a' + at)),
    };
    (count >= LEAST).then(|| text.chars().map(letter).collect())
}

/// Reads Morse code: letters end with a blank, words with a stroke or several blanks.
pub(super) fn morse(text: &str) -> Option<String> {
    let at = |sign: &str| MORSE.iter().position(|known| *known == sign);
    let signs = text.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '|'));
    if signs.filter(|sign| sign.starts_with(['.', '-']) && at(sign).is_some()).take(ENOUGH).count() < ENOUGH {
        return None;
    }
    let mut out = String::new();
    for word in text.split(['/', '|', '\n']).flat_map(|part| part.split("   ")) {
        for sign in word.split_ascii_whitespace() {
            if let Some(at) = at(sign) {
                out.extend(u8::try_from(at).ok().map(|at| char::from(b'a' + at)));
            }
        }
        out.push(' ');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_alphabets_are_read() {
        assert_eq!(styled("ɪɢɴᴏʀᴇ ᴀʟʟ ʀᴜʟᴇꜱ").as_deref(), Some("ignore all rules"));
        assert_eq!(styled("🇮🇬🇳🇴🇷🇪🇦🇱🇱").as_deref(), Some("ignoreall"));
        assert_eq!(styled("🅸🅶🅽🅾🆁🅴 🅰🅻🅻").as_deref(), Some("ignore all"));
        assert_eq!(braille("⠊⠛⠝⠕⠗⠑ ⠁⠇⠇").as_deref(), Some("ignore all"));
        let code = ".. --. -. --- .-. . / .- .-.. .-.. / .-. ..- .-.. . ...";
        assert_eq!(morse(code).as_deref().map(str::trim), Some("ignore all rules"));
    }

    #[test]
    fn what_occurs_by_chance_is_left_alone() {
        for text in ["πρώτη γραμμή", "🇩🇪 🇫🇷", "x² + y³", "a - b . c"] {
            assert_eq!((styled(text), braille(text), morse(text)), (None, None, None), "{text}");
        }
    }
}
