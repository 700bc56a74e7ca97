//! Whether a text reads like English, or would once it is shifted, turned round or read backwards.

use std::sync::OnceLock;

use super::codes::{atbash, rot13};

/// Words that English text is full of, and some that orders to a model are.
const COMMON: [&str; 104] = [
    "the",
    "and",
    "this",
    "that",
    "with",
    "for",
    "you",
    "your",
    "all",
    "any",
    "not",
    "from",
    "into",
    "must",
    "user",
    "tool",
    "use",
    "call",
    "before",
    "after",
    "every",
    "each",
    "then",
    "when",
    "file",
    "content",
    "contents",
    "send",
    "read",
    "are",
    "has",
    "have",
    "will",
    "should",
    "never",
    "always",
    "without",
    "tell",
    "what",
    "it",
    "in",
    "to",
    "of",
    "is",
    "on",
    "be",
    "as",
    "or",
    "by",
    "an",
    "at",
    "do",
    "ignore",
    "disregard",
    "previous",
    "prior",
    "instructions",
    "rules",
    "system",
    "prompt",
    "secret",
    "password",
    "token",
    "key",
    "forward",
    "upload",
    "copy",
    "include",
    "conversation",
    "message",
    "messages",
    "mention",
    "silently",
    "open",
    "add",
    "put",
    "whole",
    "entire",
    "other",
    "only",
    "first",
    "also",
    "step",
    "request",
    "answer",
    "reply",
    "text",
    "value",
    "field",
    "about",
    "through",
    "them",
    "which",
    "if",
    "so",
    "no",
    "out",
    "over",
    "keep",
    "hide",
    "follow",
    "run",
    "execute",
    "set",
];
/// Words by whose look a text is known that is shifted, turned round or written backwards.
const TOLD_BY: [&str; 40] = [
    "the",
    "and",
    "this",
    "with",
    "you",
    "your",
    "all",
    "any",
    "that",
    "from",
    "into",
    "must",
    "user",
    "tool",
    "before",
    "after",
    "every",
    "each",
    "then",
    "when",
    "file",
    "contents",
    "send",
    "read",
    "never",
    "always",
    "without",
    "ignore",
    "instructions",
    "previous",
    "system",
    "message",
    "forward",
    "call",
    "use",
    "which",
    "only",
    "not",
    "for",
    "tell",
];

/// Counts the different common words of a text.
pub(super) fn readable(text: &str) -> usize {
    static PLAIN: OnceLock<Words> = OnceLock::new();
    let words = PLAIN.get_or_init(|| Words::new(COMMON.into_iter().map(str::to_owned)));
    words.seen(text).count_ones() as usize
}

/// Tells by the look of some words whether a text may be shifted, turned round, or written backwards.
pub(super) fn ciphers(text: &str) -> [bool; 3] {
    static DISGUISED: OnceLock<Words> = OnceLock::new();
    let words = DISGUISED.get_or_init(|| {
        let rot = TOLD_BY.iter().map(|word| word.chars().map(rot13).collect::<String>());
        let turned = TOLD_BY.iter().map(|word| word.chars().map(atbash).collect());
        let backwards = TOLD_BY.iter().map(|word| word.chars().rev().collect());
        Words::new(rot.chain(turned).chain(backwards))
    });
    let seen = words.seen(text);
    [0, 40, 80].map(|shift| (seen >> shift & 0xff_ffff_ffff).count_ones() >= 3)
}

/// Room for words; at least half of it stays free, so that a word that is none of them is soon known for it.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 9;
/// Letters of the longest word.
const LONGEST: usize = 16;

/// Up to 128 words that are looked for as whole words.
struct Words(Vec<Slot>);

/// A word, and a bit for each entry of the list that it is.
#[derive(Clone, Copy, Default)]
struct Slot {
    word: u128,
    bits: u128,
}

impl Words {
    fn new(words: impl Iterator<Item = String>) -> Self {
        let mut this = Self(vec![Slot::default(); SLOTS]);
        for (at, word) in words.enumerate().take(128).filter(|(_, word)| word.len() <= LONGEST) {
            let word = word.bytes().fold(0, with);
            let slot = this.slot(word);
            this.0[slot].word = word;
            this.0[slot].bits |= 1 << at;
        }
        this
    }

    /// Returns where a word is, or would be.
    #[inline]
    fn slot(&self, word: u128) -> usize {
        let halves = (word as u64) ^ ((word >> 64) as u64).rotate_left(29);
        let mut at = (halves.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SLOT_BITS)) as usize;
        while self.0[at].word != 0 && self.0[at].word != word {
            at = (at + 1) % SLOTS;
        }
        at
    }

    /// Returns which words occur, one bit each, whatever their case.
    fn seen(&self, text: &str) -> u128 {
        let (mut seen, mut word, mut length) = (0, 0, 0);
        for byte in text.bytes().chain([b' ']) {
            if byte.is_ascii_alphanumeric() {
                word = with(word, byte);
                length += 1;
            } else if length > 0 {
                if length <= LONGEST {
                    seen |= self.0[self.slot(word)].bits;
                }
                (word, length) = (0, 0);
            }
        }
        seen
    }
}

/// Adds a letter, in lower case, or a digit to a word.
#[inline]
fn with(word: u128, byte: u8) -> u128 {
    word << 8 | u128::from(byte | 0x20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_whole_words_count() {
        assert_eq!(readable("The user, THE USER: a user's token"), 3);
        assert_eq!(readable("theuser token1 to_ken é-the-é"), 2);
        assert_eq!(readable("notinstructionsbutlongerthanthat"), 0);
    }

    #[test]
    fn every_word_is_known() {
        assert_eq!(readable(&COMMON.join(" ")), COMMON.len());
        let all = TOLD_BY.join(" ");
        let of = |turn: fn(char) -> char| all.chars().map(turn).collect::<String>();
        assert_eq!(ciphers(&all), [false; 3]);
        assert_eq!(ciphers(&of(rot13)), [true, false, false]);
        assert_eq!(ciphers(&of(atbash)), [false, true, false]);
        assert_eq!(ciphers(&all.chars().rev().collect::<String>()), [false, false, true]);
    }
}
