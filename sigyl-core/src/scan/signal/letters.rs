//! Letters without case and marks, so that a word is the same word however it is typed.

/// Letters from U+00C0 to U+017F without marks; `?` stands for what has none.
const LATIN: &str = "aaaaaaaceeeeiiiidnooooo?ouuuuytsaaaaaaaceeeeiiiidnooooo?ouuuuyty\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll\
    lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
/// Those from U+1EA0 to U+1EF9.
const VIETNAMESE: &str =
    "aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy";

/// Returns one letter without case and marks; nothing for a mark.
pub(super) fn letter(c: char) -> Option<char> {
    let from = |table: &str, first: u32| {
        let at = usize::try_from(u32::from(c) - first).ok();
        at.and_then(|at| table.as_bytes().get(at)).map(|&byte| char::from(byte)).filter(|to| *to != '?')
    };
    match c {
        _ if c.is_ascii() => Some(c.to_ascii_lowercase()),
        '\u{c0}'..='\u{17f}' => Some(from(LATIN, 0xc0).unwrap_or(c)),
        '\u{1a0}' | '\u{1a1}' => Some('o'),
        '\u{1af}' | '\u{1b0}' => Some('u'),
        '\u{1ea0}'..='\u{1ef9}' => Some(from(VIETNAMESE, 0x1ea0).unwrap_or(c)),
        // Greek and Cyrillic.
        'ё' | 'Ё' => Some('е'),
        'ά' | 'Ά' => Some('α'),
        'έ' | 'Έ' => Some('ε'),
        'ή' | 'Ή' => Some('η'),
        'ί' | 'Ί' | 'ϊ' | 'ΐ' => Some('ι'),
        'ό' | 'Ό' => Some('ο'),
        'ύ' | 'Ύ' | 'ϋ' | 'ΰ' => Some('υ'),
        'ώ' | 'Ώ' => Some('ω'),
        'ς' => Some('σ'),
        // The vowel signs of Arabic, its stretching mark, and those of Hebrew.
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{640}'
        | '\u{93c}' => None,
        // Forms of one Arabic letter.
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ى' | 'ی' => Some('ي'),
        'ة' => Some('ه'),
        'ک' => Some('ك'),
        _ => c.to_lowercase().next(),
    }
}

/// Returns a text without case and marks.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter_map(letter).collect()
}

/// Tells whether a character belongs to a word.
#[inline]
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { c.is_alphanumeric() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_however_it_is_typed() {
        for (typed, read) in [
            ("ÉCRIS l'Élève", "ecris l'eleve"),
            ("Straße übergib", "strase ubergib"),
            ("zażółć gęślą jaźń", "zazolc gesla jazn"),
            ("không được tiết lộ", "khong duoc tiet lo"),
            ("kullanıcıya söyleme İ", "kullaniciya soyleme i"),
            ("Не Сообщай ещё", "не сообщай еще"),
            ("Αγνόησε τις Οδηγίες", "αγνοησε τισ οδηγιεσ"),
            ("تجاهلْ الأوامر", "تجاهل الاوامر"),
        ] {
            assert_eq!(plain(typed), read);
        }
    }
}
