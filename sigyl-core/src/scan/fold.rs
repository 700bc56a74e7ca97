//! Undoes disguises of letters: invisible characters, wide and mathematical forms, look-alikes from other scripts.

use std::sync::LazyLock;

/// What one character stands for in the folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folded {
    /// Itself.
    Same,
    /// Nothing: it is invisible.
    Gone,
    /// A Unicode tag that spells this ASCII character.
    Tag(char),
    /// Another character.
    Is(char),
    /// A look-alike of this letter: to be taken so inside a word that has ASCII letters too.
    Looks(char),
}

/// Folds one character beyond ASCII.
pub(super) fn fold(c: char) -> Folded {
    match c {
        '\u{e0020}'..='\u{e007e}' => char::from_u32(u32::from(c) - 0xe0000).map_or(Folded::Gone, Folded::Tag),
        _ if is_invisible(c) => Folded::Gone,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Folded::Is(' ')
        }
        '\u{2028}' | '\u{2029}' | '\u{85}' => Folded::Is('\n'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).map_or(Folded::Same, Folded::Is),
        '\u{1d400}'..='\u{1d6a3}' => nth_letter((u32::from(c) - 0x1d400) % 52),
        '\u{1d7ce}'..='\u{1d7ff}' => {
            char::from_digit((u32::from(c) - 0x1d7ce) % 10, 10).map_or(Folded::Same, Folded::Is)
        }
        '\u{24b6}'..='\u{24e9}' => nth_letter(u32::from(c) - 0x24b6),
        '\u{2018}' | '\u{2019}' | '\u{02bc}' => Folded::Is('\''),
        '\u{201c}' | '\u{201d}' => Folded::Is('"'),
        '\u{2010}'..='\u{2015}' => Folded::Is('-'),
        // The Kelvin sign and the long s, which case folding takes for letters.
        '\u{212a}' => Folded::Is('k'),
        '\u{17f}' => Folded::Is('s'),
        _ => look_alike(c).map_or(Folded::Same, Folded::Looks),
    }
}

fn nth_letter(at: u32) -> Folded {
    let letter = if at < 26 { u32::from('A') + at } else { u32::from('a') + at - 26 };
    char::from_u32(letter).map_or(Folded::Same, Folded::Is)
}

/// Tells whether a character shows nothing by itself.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Returns the ASCII letter that a Cyrillic or Greek letter looks like.
fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' => 'a',
        'в' | 'В' | 'Β' => 'B',
        'с' | 'ϲ' => 'c',
        'С' | 'Ϲ' => 'C',
        'ԁ' => 'd',
        'е' | 'ε' | 'ё' => 'e',
        'Е' | 'Ε' => 'E',
        'ғ' => 'f',
        'ɡ' => 'g',
        'һ' => 'h',
        'Н' | 'Η' => 'H',
        'і' | 'ι' | 'ı' => 'i',
        'І' | 'Ι' => 'I',
        'ј' => 'j',
        'Ј' => 'J',
        'к' | 'κ' => 'k',
        'К' | 'Κ' => 'K',
        'ӏ' => 'l',
        'М' | 'Μ' => 'M',
        'ո' | 'п' | 'η' => 'n',
        'Ν' => 'N',
        'о' | 'ο' | 'σ' | 'օ' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'Ѕ' => 'S',
        'т' | 'τ' => 't',
        'Т' | 'Τ' => 'T',
        'υ' | 'ս' => 'u',
        'ѵ' | 'ν' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'у' | 'γ' => 'y',
        'У' | 'Υ' => 'Y',
        'А' | 'Α' => 'A',
        'Ζ' => 'Z',
        _ => return None,
    })
}

/// Tells whether the word around `at` in `text` also holds an ASCII letter; looks at most 40 characters each way.
pub(super) fn in_mixed_word(text: &str, at: usize) -> bool {
    let before = text[..at].chars().rev().take(40).take_while(|c| is_word(*c));
    let after = text[at..].chars().take(40).take_while(|c| is_word(*c));
    before.chain(after).any(|c| c.is_ascii_alphabetic())
}

fn is_word(c: char) -> bool {
    static WORDS: LazyLock<Plane> = LazyLock::new(|| Plane::of(|c| c.is_alphabetic() || is_invisible(c)));
    WORDS.has(c).unwrap_or_else(|| c.is_alphabetic() || is_invisible(c))
}

/// Tells whether a character folds to itself and nothing is to be said of it; most do, whatever their script.
pub(super) fn is_plain(c: char) -> bool {
    static PLAIN: LazyLock<Plane> = LazyLock::new(|| Plane::of(|c| fold(c) == Folded::Same));
    c.is_ascii() || PLAIN.has(c).unwrap_or_else(|| fold(c) == Folded::Same)
}

/// Yields the characters beyond ASCII, each with where it begins; what stands between them is stepped over.
pub(super) fn beyond_ascii(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + first_odd(&text.as_bytes()[at..])?;
        let c = text.get(start..)?.chars().next()?;
        at = start + c.len_utf8();
        Some((start, c))
    })
}

/// Returns where the first byte beyond ASCII is.
pub(super) fn first_odd(bytes: &[u8]) -> Option<usize> {
    const STRIDE: usize = 32;
    if bytes.first().is_some_and(|byte| !byte.is_ascii()) {
        return Some(0);
    }
    let ascii = bytes.chunks(STRIDE).take_while(|chunk| chunk.is_ascii()).count() * STRIDE;
    let rest = bytes.get(ascii..)?;
    rest.iter().position(|byte| !byte.is_ascii()).map(|at| ascii + at)
}

/// A bit for each character of the basic plane, which nearly all text is written with.
struct Plane(Vec<u64>);

impl Plane {
    fn of(is: impl Fn(char) -> bool) -> Self {
        let bit = |at: u32| u64::from(char::from_u32(at).is_some_and(&is));
        let word = |word: u32| (0..64).fold(0, |bits, at| bits | bit(word * 64 + at) << at);
        Self((0..1 << 10).map(word).collect())
    }

    /// Tells whether a character has its bit, unless it is of another plane.
    fn has(&self, c: char) -> Option<bool> {
        let at = u32::from(c);
        self.0.get(at as usize / 64).map(|word| word >> (at % 64) & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let one = |(at, c): (usize, char)| match fold(c) {
            _ if c.is_ascii() => Some(c),
            Folded::Same => Some(c),
            Folded::Gone => None,
            Folded::Tag(to) | Folded::Is(to) => Some(to),
            Folded::Looks(to) => Some(if in_mixed_word(text, at) { to } else { c }),
        };
        text.char_indices().filter_map(one).collect()
    }

    #[test]
    fn what_is_plain_folds_to_itself_in_every_plane() {
        let odd = (0x80..=u32::from(char::MAX)).filter_map(char::from_u32);
        assert!(odd.clone().all(|c| is_plain(c) == (fold(c) == Folded::Same)));
        assert!(odd.clone().all(|c| is_word(c) == (c.is_alphabetic() || is_invisible(c))));
        assert!(odd.filter(|&c| !is_plain(c)).count() > 1_000);
    }

    #[test]
    fn characters_beyond_ascii_are_found_among_others() {
        for text in
            ["", "a", "é", "aé", &"a".repeat(100), &format!("{}é{}世🦀b", "a".repeat(64), "b".repeat(31))]
        {
            let odd = text.char_indices().filter(|(_, c)| !c.is_ascii());
            assert!(beyond_ascii(text).eq(odd), "{text}");
        }
    }

    #[test]
    fn disguised_words_are_read_as_what_they_look_like() {
        for text in [
            "i\u{200b}g\u{200b}n\u{200b}o\u{200b}r\u{200b}e",
            "іgnоrе",
            "ｉｇｎｏｒｅ",
            "𝐢𝐠𝐧𝐨𝐫𝐞",
            "𝗂𝗀𝗇𝗈𝗋𝖾",
            "ⓘⓖⓝⓞⓡⓔ",
            "i\u{fe0f}g\u{fe0f}n\u{fe0f}ore",
        ] {
            assert_eq!(folded(text), "ignore", "{text:?}");
        }
    }

    #[test]
    fn honest_words_of_other_scripts_stay() {
        for text in ["игнорируй предыдущие", "σοφία", "说明", "café"] {
            assert_eq!(folded(text), text);
        }
    }
}
