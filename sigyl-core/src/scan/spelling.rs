//! Names as their language reads them: Python brings letters of other forms to plain ones, scripts read escapes in names.

use std::borrow::Cow;

use super::fold::{Folded, fold};

/// Letters that a name of Python may hold and that are read as others (NFKC), in order, besides those that come in rows.
const FORMS: &[(char, &str)] = &[
    ('\u{aa}', "a"),
    ('\u{ba}', "o"),
    ('\u{132}', "IJ"),
    ('\u{133}', "ij"),
    ('\u{17f}', "s"),
    ('\u{1c7}', "LJ"),
    ('\u{1c8}', "Lj"),
    ('\u{1c9}', "lj"),
    ('\u{1ca}', "NJ"),
    ('\u{1cb}', "Nj"),
    ('\u{1cc}', "nj"),
    ('\u{1f1}', "DZ"),
    ('\u{1f2}', "Dz"),
    ('\u{1f3}', "dz"),
    ('\u{2b0}', "h"),
    ('\u{2b2}', "j"),
    ('\u{2b3}', "r"),
    ('\u{2b7}', "w"),
    ('\u{2b8}', "y"),
    ('\u{2e1}', "l"),
    ('\u{2e2}', "s"),
    ('\u{2e3}', "x"),
    ('\u{1d2c}', "A"),
    ('\u{1d2e}', "B"),
    ('\u{1d30}', "D"),
    ('\u{1d31}', "E"),
    ('\u{1d33}', "G"),
    ('\u{1d34}', "H"),
    ('\u{1d35}', "I"),
    ('\u{1d36}', "J"),
    ('\u{1d37}', "K"),
    ('\u{1d38}', "L"),
    ('\u{1d39}', "M"),
    ('\u{1d3a}', "N"),
    ('\u{1d3c}', "O"),
    ('\u{1d3e}', "P"),
    ('\u{1d3f}', "R"),
    ('\u{1d40}', "T"),
    ('\u{1d41}', "U"),
    ('\u{1d42}', "W"),
    ('\u{1d43}', "a"),
    ('\u{1d47}', "b"),
    ('\u{1d48}', "d"),
    ('\u{1d49}', "e"),
    ('\u{1d4d}', "g"),
    ('\u{1d4f}', "k"),
    ('\u{1d50}', "m"),
    ('\u{1d52}', "o"),
    ('\u{1d56}', "p"),
    ('\u{1d57}', "t"),
    ('\u{1d58}', "u"),
    ('\u{1d5b}', "v"),
    ('\u{1d62}', "i"),
    ('\u{1d63}', "r"),
    ('\u{1d64}', "u"),
    ('\u{1d65}', "v"),
    ('\u{1d9c}', "c"),
    ('\u{1da0}', "f"),
    ('\u{1dbb}', "z"),
    ('\u{2071}', "i"),
    ('\u{207f}', "n"),
    ('\u{2090}', "a"),
    ('\u{2091}', "e"),
    ('\u{2092}', "o"),
    ('\u{2093}', "x"),
    ('\u{2095}', "h"),
    ('\u{2096}', "k"),
    ('\u{2097}', "l"),
    ('\u{2098}', "m"),
    ('\u{2099}', "n"),
    ('\u{209a}', "p"),
    ('\u{209b}', "s"),
    ('\u{209c}', "t"),
    ('\u{2102}', "C"),
    ('\u{210a}', "g"),
    ('\u{210b}', "H"),
    ('\u{210c}', "H"),
    ('\u{210d}', "H"),
    ('\u{210e}', "h"),
    ('\u{2110}', "I"),
    ('\u{2111}', "I"),
    ('\u{2112}', "L"),
    ('\u{2113}', "l"),
    ('\u{2115}', "N"),
    ('\u{2119}', "P"),
    ('\u{211a}', "Q"),
    ('\u{211b}', "R"),
    ('\u{211c}', "R"),
    ('\u{211d}', "R"),
    ('\u{2124}', "Z"),
    ('\u{2128}', "Z"),
    ('\u{212a}', "K"),
    ('\u{212c}', "B"),
    ('\u{212d}', "C"),
    ('\u{212f}', "e"),
    ('\u{2130}', "E"),
    ('\u{2131}', "F"),
    ('\u{2133}', "M"),
    ('\u{2134}', "o"),
    ('\u{2139}', "i"),
    ('\u{2145}', "D"),
    ('\u{2146}', "d"),
    ('\u{2147}', "e"),
    ('\u{2148}', "i"),
    ('\u{2149}', "j"),
    ('\u{2160}', "I"),
    ('\u{2161}', "II"),
    ('\u{2162}', "III"),
    ('\u{2163}', "IV"),
    ('\u{2164}', "V"),
    ('\u{2165}', "VI"),
    ('\u{2166}', "VII"),
    ('\u{2167}', "VIII"),
    ('\u{2168}', "IX"),
    ('\u{2169}', "X"),
    ('\u{216a}', "XI"),
    ('\u{216b}', "XII"),
    ('\u{216c}', "L"),
    ('\u{216d}', "C"),
    ('\u{216e}', "D"),
    ('\u{216f}', "M"),
    ('\u{2170}', "i"),
    ('\u{2171}', "ii"),
    ('\u{2172}', "iii"),
    ('\u{2173}', "iv"),
    ('\u{2174}', "v"),
    ('\u{2175}', "vi"),
    ('\u{2176}', "vii"),
    ('\u{2177}', "viii"),
    ('\u{2178}', "ix"),
    ('\u{2179}', "x"),
    ('\u{217a}', "xi"),
    ('\u{217b}', "xii"),
    ('\u{217c}', "l"),
    ('\u{217d}', "c"),
    ('\u{217e}', "d"),
    ('\u{217f}', "m"),
    ('\u{2c7c}', "j"),
    ('\u{2c7d}', "V"),
    ('\u{a7f2}', "C"),
    ('\u{a7f3}', "F"),
    ('\u{a7f4}', "Q"),
    ('\u{fb00}', "ff"),
    ('\u{fb01}', "fi"),
    ('\u{fb02}', "fl"),
    ('\u{fb03}', "ffi"),
    ('\u{fb04}', "ffl"),
    ('\u{fb05}', "st"),
    ('\u{fb06}', "st"),
    ('\u{fe33}', "_"),
    ('\u{fe34}', "_"),
    ('\u{fe4d}', "_"),
    ('\u{fe4e}', "_"),
    ('\u{fe4f}', "_"),
    ('\u{107a5}', "q"),
    ('\u{1fbf0}', "0"),
    ('\u{1fbf1}', "1"),
    ('\u{1fbf2}', "2"),
    ('\u{1fbf3}', "3"),
    ('\u{1fbf4}', "4"),
    ('\u{1fbf5}', "5"),
    ('\u{1fbf6}', "6"),
    ('\u{1fbf7}', "7"),
    ('\u{1fbf8}', "8"),
    ('\u{1fbf9}', "9"),
];

/// Returns what a character of a name in Python is read as, if that is plain and something else.
pub(super) fn plain(c: char) -> Option<&'static str> {
    const PLAIN: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    match c {
        '\u{1d400}'..='\u{1d6a3}' | '\u{1d7ce}'..='\u{1d7ff}' | '\u{ff01}'..='\u{ff5e}' => match fold(c) {
            Folded::Is(plain) => PLAIN.find(plain).map(|at| &PLAIN[at..=at]),
            _ => None,
        },
        _ => FORMS.binary_search_by_key(&c, |(form, _)| *form).ok().map(|at| FORMS[at].1),
    }
}

/// Returns a name of Python as Python reads it.
pub(super) fn python(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let mut read = String::with_capacity(name.len());
    for c in name.chars() {
        match plain(c) {
            Some(plain) => read.push_str(plain),
            None => read.push(c),
        }
    }
    Cow::Owned(read)
}

/// Returns a name of a script as it is read: `\u0065val` is `eval`.
pub(super) fn script(name: &str) -> Cow<'_, str> {
    if !name.contains('\\') {
        return Cow::Borrowed(name);
    }
    let mut read = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, escape)) = rest.split_once("\\u") {
        read.push_str(before);
        match escaped(escape) {
            Some((c, length)) => {
                read.push(c);
                rest = &escape[length..];
            }
            None => {
                read.push_str("\\u");
                rest = escape;
            }
        }
    }
    read.push_str(rest);
    Cow::Owned(read)
}

/// Reads what stands behind `\u`: four digits, or some in braces; returns its length too.
pub(super) fn escaped(text: &str) -> Option<(char, usize)> {
    let (digits, length) = match text.strip_prefix('{') {
        Some(rest) => {
            let end = rest.bytes().take(8).position(|byte| byte == b'}')?;
            (rest.get(..end)?, end + 2)
        }
        None => (text.get(..4)?, 4),
    };
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let read = all.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
    read.and_then(char::from_u32).map(|c| (c, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_their_language_reads_them() {
        for name in ["ｅval", "𝐞𝓋𝖆𝚕", "ᵉᵛᵃˡ", "ℯⅴaⅼ", "eval"] {
            assert_eq!(python(name), "eval", "{name}");
        }
        assert_eq!(python("größe_ﬁ"), "größe_fi");
        for name in ["\\u0065val", "e\\u{76}al", "ev\\u{000061}\\u006c"] {
            assert_eq!(script(name), "eval", "{name}");
        }
        for name in ["\\u", "\\u12", "\\u{}", "\\u{110000}", "\\u{12", "\\x41", "\\ud800"] {
            assert_eq!(script(name), name);
        }
    }

    #[test]
    fn forms_are_in_order() {
        assert!(FORMS.is_sorted_by_key(|(form, _)| *form));
    }
}
