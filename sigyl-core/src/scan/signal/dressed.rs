//! Words in letters that only look like letters: a reader reads them, and no search or filter does.

use std::ops::Range;

/// Letters that make it more than a formula, a mark or a name.
const LETTERS: usize = 12;
/// Plain letters in a row that all carry marks; no spelling has that.
const MARKED: usize = 5;

/// Returns where words in such letters begin and end, and how many letters they have.
pub(in crate::scan) fn dressed(text: &str) -> Option<(Range<usize>, usize)> {
    if text.is_ascii() {
        return None;
    }
    let of_asia = text.chars().any(|c| matches!(c, '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
    let odd = |c: char| is_dressed(c) || !of_asia && matches!(c, 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    let (mut found, mut count, mut before) = (None::<Range<usize>>, 0, None);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, next)| *next);
        // Two letters of flags side by side are a flag.
        let is_alone = is_flag(Some(c)) && !is_flag(before) && !is_flag(after);
        if is_alone || odd(c) {
            found = Some(found.map_or(at, |range| range.start)..at);
            count += 1;
        }
        before = Some(c);
    }
    found.filter(|_| count >= LETTERS).map(|range| (range, count))
}

/// Returns where plain letters begin and end that all carry marks, and how many there are.
pub(in crate::scan) fn marked(text: &str) -> Option<(Range<usize>, usize)> {
    let is_mark = |c: char| matches!(c, '\u{300}'..='\u{36f}');
    if text.is_ascii() {
        return None;
    }
    let (mut start, mut count, mut letter) = (0, 0, false);
    for (at, c) in text.char_indices() {
        match (c.is_ascii_alphabetic(), is_mark(c)) {
            // The letter before has none.
            (true, _) if letter => (start, count) = (at, 0),
            (true, _) if count == 0 => start = at,
            (false, true) if letter => {
                count += 1;
                if count >= MARKED {
                    return Some((start..at, count));
                }
            }
            (false, true) | (true, _) => {}
            _ => count = 0,
        }
        letter = c.is_ascii_alphabetic();
    }
    None
}

fn is_dressed(c: char) -> bool {
    matches!(c,
        // Mathematical letters; digits and operators stand in honest formulas.
        '\u{1d400}'..='\u{1d6a5}'
        // Letters in circles, brackets and boxes.
        | '\u{249c}'..='\u{24e9}' | '\u{1f110}'..='\u{1f12b}' | '\u{1f130}'..='\u{1f149}'
        | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}'
        // Small capitals and raised letters.
        | '\u{1d00}'..='\u{1d5b}' | 'ʟ' | 'ɴ' | 'ʜ' | 'ɢ' | 'ʙ' | 'ꜰ' | 'ꜱ')
}

fn is_flag(c: Option<char>) -> bool {
    c.is_some_and(|c| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_other_letters_are_told() {
        for text in [
            "Maps. 𝐌𝐚𝐫𝐤 𝐜𝐥𝐨𝐬𝐞𝐝 𝐭𝐫𝐚𝐢𝐥𝐬 as open",
            "ⓗⓔⓐⓓⓢ ⓜⓔⓐⓝⓢ ⓔⓡⓐⓢⓔ",
            "🇴 🇷 🇩 🇪 🇷   🇫 🇷 🇴 🇲   🇺 🇸 🇦",
            "ｄｅｌｅｔｅ ｔｈｅ ｆｉｌｅｓ",
            "ᴅᴇʟᴇᴛᴇ ᴀʟʟ ᴏꜰ ᴛʜᴇᴍ",
        ] {
            assert!(dressed(text).is_some(), "{text}");
        }
        let zalgo: String = "publish".chars().flat_map(|c| [c, '\u{335}', '\u{353}']).collect();
        let joined: String = "upload".chars().flat_map(|c| [c, '\u{34f}']).collect();
        assert!(marked(&zalgo).is_some() && marked(&joined).is_some());
    }

    #[test]
    fn a_flood_of_lone_flags_is_read_once() {
        let flood = "🇴 ".repeat(400_000);
        assert_eq!(dressed(&flood), Some((0..flood.len() - "🇴 ".len(), 400_000)));
    }

    #[test]
    fn formulas_flags_and_spellings_are_left_alone() {
        for text in [
            "Solves 𝑎𝑥² + 𝑏𝑥 + 𝑐 = 0 over ℝ",
            "🇩🇪 🇫🇷 🇮🇹 🇪🇸 🇵🇱 🇳🇱 🇧🇪 🇦🇹 🇨🇭 🇸🇪 🇩🇰 🇳🇴",
            "ＰＤＦファイルをＭａｒｋｄｏｗｎに変換する",
            "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t, e\u{301}te\u{301}, nai\u{308}ve",
            "xᵢ ⓘ ™ 5ᵗʰ",
        ] {
            assert_eq!((dressed(text), marked(text)), (None, None), "{text}");
        }
    }
}
