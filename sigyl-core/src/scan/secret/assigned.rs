//! Values given to names: `api_key = "…"`, `"apiKey": "…"`, `API_KEY=…`, `getenv("API_KEY", "…")`.

use std::ops::Range;

use super::form::Class;

/// Bytes that a name has at most to each side of the word it was found by.
const NAME: usize = 48;
/// Bytes that a value has at most.
const VALUE: usize = 400;

/// A value that is given to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Assigned<'a> {
    /// The name, as it is written.
    pub(in crate::scan) name: &'a str,
    /// Where the name begins.
    pub(in crate::scan) at: usize,
    /// The value, without its quotes.
    pub(in crate::scan) value: &'a str,
    /// Whether it stands in quotes.
    pub(in crate::scan) quoted: bool,
    /// The first byte after the value.
    pub(in crate::scan) end: usize,
}

/// Yields the values that are given to names that hold one of `words`, which stand in order; each once.
pub(in crate::scan) fn assignments(
    text: &str,
    words: impl IntoIterator<Item = Range<usize>>,
) -> impl Iterator<Item = Assigned<'_>> {
    let mut read = 0;
    words.into_iter().filter_map(move |word| {
        if word.start < read {
            return None;
        }
        let name_end = word.end + count(&text.as_bytes()[word.end..], is_name);
        read = name_end;
        let before =
            text.as_bytes()[..word.start].iter().rev().take(NAME).take_while(|byte| is_name(**byte)).count();
        let at = word.start - before;
        // `A::B::Key` names a type.
        if text[..at].ends_with(':') {
            return None;
        }
        let assigned = value(text, at, name_end)?;
        read = assigned.end;
        Some(assigned)
    })
}

fn is_name(byte: u8) -> bool {
    Class::Url.has(byte)
}

fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take(NAME).take_while(|byte| is(**byte)).count()
}

/// Reads what stands after a name.
fn value(text: &str, at: usize, name_end: usize) -> Option<Assigned<'_>> {
    let bytes = text.as_bytes();
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t');
    let close = name_end
        + count(&bytes[name_end..], |byte| {
            matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b')' | b'?' | b'!')
        });
    let in_quotes = close > name_end;
    let mut from = close + count(&bytes[close..], is_blank);
    let rest = text.get(from..)?;
    let signs: &[&str] = if in_quotes {
        &["||", "??", "or ", ",", "=>", "===", "==", ":=", "=", ":"]
    } else {
        &["||", "??", "=>", "===", "==", ":=", "=", ":"]
    };
    let sign = signs.iter().find(|sign| rest.starts_with(**sign))?;
    from += sign.len();
    if *sign == ":" {
        from += annotation(&text[from..]);
    }
    let gap = count(&bytes[from..], is_blank);
    from += gap;
    // A prefix of the string, as in b"…".
    from += usize::from(matches!(bytes.get(from..from + 2), Some([b'b' | b'r' | b'u', b'"' | b'\''])));
    let escaped = usize::from(bytes.get(from) == Some(&b'\\'));
    let name = text.get(at..name_end)?;
    let assigned = |start: usize, length: usize, quoted| {
        Some(Assigned { name, at, value: text.get(start..start + length)?, quoted, end: start + length })
    };
    match bytes.get(from + escaped) {
        Some(quote @ (b'"' | b'\'' | b'`')) => {
            let start = from + escaped + 1;
            let length = bytes[start..]
                .iter()
                .take(VALUE)
                .take_while(|byte| *byte != quote && !matches!(byte, b'\n' | b'\\'))
                .count();
            matches!(bytes.get(start + length), Some(byte) if byte == quote || escaped == 1 && *byte == b'\\').then_some(())?;
            assigned(start, length, true)
        }
        Some(_) if escaped == 0 && !in_quotes && matches!(*sign, "=" | ":") => {
            let is_value = |byte: &&u8| {
                byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'(' | b')')
            };
            let length = bytes[from..].iter().take(VALUE).take_while(is_value).count();
            bytes.get(from + length).is_none_or(u8::is_ascii_whitespace).then_some(())?;
            assigned(from, length, false)
        }
        _ => None,
    }
}

/// Returns the length of the type between a name and `=`: `: &str =`, `: string | undefined =`.
fn annotation(text: &str) -> usize {
    let is_type = |byte: u8| byte.is_ascii_alphanumeric() || b" _&'<>|[].?".contains(&byte);
    let length = count(text.as_bytes(), is_type);
    let typed = text.as_bytes().get(length) == Some(&b'=') && text[..length].trim() != "";
    if typed { length + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_the_ways_of_many_languages() {
        let of = |text| {
            let lower = str::to_ascii_lowercase(text);
            let words = ["key", "secret"].into_iter().flat_map(|word| lower.match_indices(word));
            let mut words: Vec<_> = words.map(|(at, word)| at..at + word.len()).collect();
            words.sort_by_key(|word| word.end);
            assignments(text, words).collect::<Vec<_>>()
        };
        for (text, name, value) in [
            ("api_key = \"v1\"", "api_key", "v1"),
            ("{\"apiKey\": \"v1\"}", "apiKey", "v1"),
            ("const KEY: &'static str = \"v1\";", "KEY", "v1"),
            ("key: str = 'v1'", "key", "v1"),
            ("API_KEY=v1\n", "API_KEY", "v1"),
            ("os.getenv(\"API_KEY\", \"v1\")", "API_KEY", "v1"),
            ("os.environ.get('API_KEY') or 'v1'", "API_KEY", "v1"),
            ("process.env.API_KEY || `v1`", "API_KEY", "v1"),
            ("config['secret'] = b'v1'", "secret", "v1"),
            ("key := \"v1\"", "key", "v1"),
            ("\"source\": [\"key = \\\"v1\\\"\\n\"]", "key", "v1"),
            ("x-api-key: v1", "x-api-key", "v1"),
        ] {
            let all: Vec<_> = of(text).iter().map(|one| (one.name, one.value)).collect();
            assert_eq!(all, [(name, value)], "{text}");
        }
        for text in
            ["key = make()", "key\n= \"v\"", "key = \"open", "the key is v1", "f(key, \"v1\")", "key: {"]
        {
            let all: Vec<_> = of(text).into_iter().filter(|one| one.value == "v1").collect();
            assert!(all.is_empty(), "{text}: {all:?}");
        }
    }
}
