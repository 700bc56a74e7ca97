//! Tells a credential from what stands in its place: words, templates, sequences, repetitions.

use super::known;

/// Words that no random text holds, for those who write "put yours here".
const WORDS: [&str; 42] = [
    "example",
    "xxxx",
    "your",
    "placeholder",
    "dummy",
    "changeme",
    "change-me",
    "change_me",
    "change_it",
    "changeit",
    "redacted",
    "sample",
    "fake",
    "insert",
    "replace",
    "todo",
    "fixme",
    "foobar",
    "foo_bar",
    "-here",
    "_here",
    "notreal",
    "not-real",
    "not_a_real",
    "invalid",
    "mock",
    "deadbeef",
    "test",
    "demo",
    "qwerty",
    "asdf",
    "enter-",
    "enter_",
    "my-",
    "my_",
    "some-",
    "some_",
    "secret_key",
    "secret-key",
    "the-key",
    "thekey",
    "null",
];

/// Signs of a text that is filled in later, or was taken out.
const SIGNS: [&str; 16] =
    ["${", "{{", "<", ">", "...", "…", "***", "•", "%s", "{}", "$(", "#{", "%(", "~~~", "___", "[["];

/// Tells whether a text says that it stands for another, or is known to stand for nothing.
pub(in crate::scan) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let begins =
        |word: &&&str| !matches!(**word, "my-" | "my_" | "some-" | "some_") || lower.starts_with(**word);
    WORDS.iter().filter(begins).any(|word| lower.contains(word))
        || SIGNS.iter().any(|sign| text.contains(sign))
        || (text.starts_with('{') && text.ends_with('}'))
        || known::is_published(text)
}

/// Tells whether a text is typed rather than drawn: the same again, one after the other, or of few characters.
pub(in crate::scan) fn is_made_up(text: &str) -> bool {
    let bytes = text.as_bytes();
    longest(bytes, |one, next| one == next) >= 6
        || longest(bytes, |one, next| one.wrapping_add(1) == next || (one, next) == (b'9', b'0')) >= 6
        || longest(bytes, |one, next| one.wrapping_sub(1) == next) >= 6
        || repeats(bytes)
        || bytes.len() >= 20
            && entropy(text) < if bytes.iter().all(u8::is_ascii_hexdigit) { 2.6 } else { 3.1 }
}

/// Returns the length of the longest stretch in which each byte follows from the one before.
fn longest(bytes: &[u8], follows: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut now) = (1, 1);
    for pair in bytes.windows(2) {
        now = if follows(pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()) { now + 1 } else { 1 };
        longest = longest.max(now);
    }
    longest
}

/// Tells whether a text is a short one three times or more.
fn repeats(bytes: &[u8]) -> bool {
    (1..=10.min(bytes.len() / 3)).any(|period| bytes[period..] == bytes[..bytes.len() - period])
}

/// Returns the entropy of the bytes of a text, in bits for each.
#[expect(clippy::cast_precision_loss, reason = "counts of bytes of a short text")]
pub(in crate::scan) fn entropy(text: &str) -> f64 {
    let mut counts = [0_usize; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = text.len().max(1) as f64;
    let part = |&count: &usize| {
        let share = count as f64 / all;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_credential_is_told_from_one() {
        for text in [
            "your-api-key",
            "sk_EXAMPLE",
            "xxxxxxxx",
            "${TOKEN}",
            "<token>",
            "ghp_...",
            "my-secret",
            "{token}",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["q8Zt0LmR2vKx", "tommy-2f91", "Zm9vYmFyCg"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn what_is_typed_is_told_from_what_is_drawn() {
        for text in [
            "1234567890",
            "abcdefgh12",
            "zzzzzzz",
            "a1B2a1B2a1B2",
            "000000001",
            "9f8e7d654321",
            "abababababab",
        ] {
            assert!(is_made_up(text), "{text}");
        }
        for text in ["q8Zt0LmR2vKxW4nB7cYd", "0f3a9c81d27b64e5a1c8", "hunter2!"] {
            assert!(!is_made_up(text), "{text}");
        }
    }
}
