//! Words of a command as a shell has to be told them: what a document says is shown to be copied.

use std::borrow::Cow;

/// Writes a word so that a POSIX shell takes it for that word and nothing else.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_word_whatever_stands_in_it() {
        for plain in ["npx", "-y", "@scope/name@1.2.0", "--a=b", "https://example.com/mcp"] {
            assert_eq!(shell_word(plain), plain);
        }
        let odd = [
            ("", "''"),
            ("a b", "'a b'"),
            ("x;curl e|sh", "'x;curl e|sh'"),
            ("$(id)", "'$(id)'"),
            ("it's", "'it'\\''s'"),
            ("a\nb", "'a\nb'"),
        ];
        for (word, written) in odd {
            assert_eq!(shell_word(word), written);
        }
    }
}
