//! Finds every occurrence of many literals in one pass.
//!
//! Of each literal the rarest four bytes are looked up, or all three of a short one, by a hash in a small table of
//! bits at each byte of the text; only where a bit is set are literals compared. Unlike an automaton it takes next to
//! no time to build, and what it costs hardly grows with the number of literals.

use std::ops::Range;

use super::literal::{Literal, bits};

/// Searches for a list of literals, each of which has three bytes at least.
#[derive(Debug)]
pub(super) struct Finder {
    literals: Vec<Literal>,
    may_be_four: Bits<FOUR_WORDS>,
    may_be_three: Bits<THREE_WORDS>,
    four: Table,
    three: Table,
}

/// A bit for each hash of a fragment; small enough to stay near the processor.
struct Bits<const WORDS: usize>(Box<[u64; WORDS]>);

/// Where fragments of one length lead to.
#[derive(Debug)]
struct Table {
    /// Where the entries of each slot, which is a part of the hash, begin.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// A fragment of a literal, with so much of what stands around it there that most other places are told apart without a
/// look at the literal itself.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    fragment: u32,
    literal: u32,
    /// Bytes of the literal before the fragment.
    before: u32,
    /// Up to four bytes to each side, and which bits of them count.
    sides: [Side; 2],
    /// Whether a word must begin or end with the fragment.
    edges: [bool; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Side {
    bytes: u32,
    counts: u32,
}

/// What stands around a fragment in a text; nothing where the text is near its end.
struct Around {
    sides: [Option<u32>; 2],
    words: [bool; 2],
}

/// Of four bytes there are many more fragments than of three.
const FOUR_WORDS: usize = 1 << 12;
const THREE_WORDS: usize = 1 << 9;
const SLOTS: usize = 1 << 12;
/// Makes both cases of each letter one, and some other bytes too.
const FOLD: u32 = 0x2020_2020;
const THREE: u32 = 0x00ff_ffff;

impl Finder {
    /// Prepares the search; the index of each literal is its name from then on.
    pub(super) fn new(literals: Vec<Literal>) -> Self {
        let (mut four, mut three) = (Vec::new(), Vec::new());
        for (number, literal) in (0..).zip(&literals) {
            match literal.text.len() {
                0..=3 => three.push(Entry::new(literal, number, 0..3)),
                _ => {
                    let all = literal.text.windows(4).enumerate();
                    let rarest = all.max_by(|(_, one), (_, other)| bits(one).total_cmp(&bits(other)));
                    four.extend(rarest.map(|(before, _)| Entry::new(literal, number, before..before + 4)));
                }
            }
        }
        let (may_be_four, may_be_three) = (Bits::new(&four), Bits::new(&three));
        Self { literals, may_be_four, may_be_three, four: Table::new(four), three: Table::new(three) }
    }

    /// Returns how many literals there are.
    pub(super) fn len(&self) -> usize {
        self.literals.len()
    }

    /// Calls `hit` with each literal and where it begins, in the order of their fragments.
    pub(super) fn each(&self, text: &[u8], mut hit: impl FnMut(usize, usize)) {
        for (at, window) in text.array_windows().enumerate() {
            let fragment = u32::from_le_bytes(*window) | FOLD;
            let four = self.may_be_four.may_hold(fragment);
            let three = self.may_be_three.may_hold(fragment & THREE);
            // One branch, which is hardly ever taken.
            if four | three {
                if four {
                    self.compare(&self.four, fragment, text, at..at + 4, &mut hit);
                }
                if three {
                    self.compare(&self.three, fragment & THREE, text, at..at + 3, &mut hit);
                }
            }
        }
        if let Some(at) = text.len().checked_sub(3) {
            self.compare(&self.three, fragment(&text[at..]), text, at..at + 3, &mut hit);
        }
    }

    #[inline]
    fn compare(
        &self,
        table: &Table,
        fragment: u32,
        text: &[u8],
        at: Range<usize>,
        hit: &mut impl FnMut(usize, usize),
    ) {
        let entries = table.of(fragment);
        if entries.iter().all(|entry| entry.fragment != fragment) {
            return;
        }
        let around = Around::new(text, &at);
        for entry in entries.iter().filter(|entry| entry.fragment == fragment && entry.fits(&around)) {
            let literal = &self.literals[entry.literal as usize];
            if let Some(start) = at.start.checked_sub(entry.before as usize)
                && stands_at(literal, text, start)
            {
                hit(entry.literal as usize, start);
            }
        }
    }
}

impl Entry {
    /// Takes the bytes `at` of a literal.
    fn new(literal: &Literal, number: u32, at: Range<usize>) -> Self {
        let text = &literal.text;
        let bytes = at.end.min(text.len());
        let before = &text[at.start.saturating_sub(4)..at.start];
        let after = &text[bytes..text.len().min(at.end + 4)];
        let read = |bytes: &[u8]| bytes.iter().rev().fold(0, |all, &byte| all << 8 | u32::from(byte | 0x20));
        let bits = |bytes: &[u8]| u32::MAX.checked_shr(32 - 8 * number_of(bytes)).unwrap_or(0);
        // What stands before ends where the fragment begins: its last byte is the highest.
        let behind = 32 - 8 * number_of(before);
        let up = |value: u32| value.checked_shl(behind).unwrap_or(0);
        Self {
            fragment: fragment(&text[at.start..bytes]),
            literal: number,
            before: number_of(&text[..at.start]),
            sides: [
                Side { bytes: up(read(before)), counts: up(bits(before)) },
                Side { bytes: read(after), counts: bits(after) },
            ],
            edges: [literal.begins && at.start == 0, literal.ends && at.end >= text.len()],
        }
    }

    /// Tells whether its literal may stand there.
    #[inline]
    fn fits(&self, around: &Around) -> bool {
        let is = |side: usize| {
            let Side { bytes, counts } = self.sides[side];
            around.sides[side].is_none_or(|there| there & counts == bytes)
        };
        is(0) && is(1) && !(self.edges[0] && around.words[0]) && !(self.edges[1] && around.words[1])
    }
}

impl Around {
    #[inline]
    fn new(text: &[u8], at: &Range<usize>) -> Self {
        let read = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) | FOLD;
        let (before, after) = (&text[..at.start], &text[at.end..]);
        let word = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word(byte));
        Self {
            sides: [before.last_chunk().map(read), after.first_chunk().map(read)],
            words: [word(before.last()), word(after.first())],
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// No literal is so long that its length would not fit.
fn number_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Tells whether a literal stands at `start` of a text, as a word where it has to be one.
#[inline]
fn stands_at(literal: &Literal, text: &[u8], start: usize) -> bool {
    let end = start + literal.text.len();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word(byte));
    text.get(start..end).is_some_and(|there| there.eq_ignore_ascii_case(&literal.text))
        && !(literal.begins && is_word(start.checked_sub(1).and_then(|at| text.get(at))))
        && !(literal.ends && is_word(text.get(end)))
}

/// Reads up to four bytes.
fn fragment(text: &[u8]) -> u32 {
    let all = text.iter().rev().fold(0, |all, &byte| all << 8 | u32::from(byte | 0x20));
    if text.len() < 4 { all & THREE } else { all }
}

/// Returns the first bits of the hash of a fragment.
#[inline]
fn hash(fragment: u32, bits: u32) -> usize {
    (fragment.wrapping_mul(0x9e37_79b1) >> (u32::BITS - bits)) as usize
}

#[inline]
fn slot(fragment: u32) -> usize {
    hash(fragment, SLOTS.ilog2())
}

impl<const WORDS: usize> Bits<WORDS> {
    const BITS: u32 = WORDS.ilog2() + 6;

    fn new(entries: &[Entry]) -> Self {
        let mut bits = Self(Box::new([0; WORDS]));
        for entry in entries {
            let hash = hash(entry.fragment, Self::BITS);
            bits.0[hash / 64 % WORDS] |= 1 << (hash % 64);
        }
        bits
    }

    #[inline]
    fn may_hold(&self, fragment: u32) -> bool {
        let hash = hash(fragment, Self::BITS);
        self.0[hash / 64 % WORDS] >> (hash % 64) & 1 != 0
    }
}

impl Table {
    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| (slot(entry.fragment), entry.literal));
        let mut starts = vec![0; SLOTS + 1];
        entries.iter().for_each(|entry| starts[slot(entry.fragment) + 1] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { starts, entries }
    }

    #[inline]
    fn of(&self, fragment: u32) -> &[Entry] {
        let slot = slot(fragment);
        &self.entries[self.starts[slot] as usize..self.starts[slot + 1] as usize]
    }
}

impl<const WORDS: usize> std::fmt::Debug for Bits<WORDS> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bits", self.0.iter().map(|word| word.count_ones()).sum::<u32>())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn literal(text: &str, begins: bool, ends: bool) -> Literal {
        Literal { text: text.as_bytes().to_vec(), begins, ends }
    }

    fn found(literals: Vec<Literal>, text: &str) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        Finder::new(literals).each(text.as_bytes(), |literal, at| all.push((literal, at)));
        all.sort_unstable();
        all
    }

    #[test]
    fn overlapping_literals_all_count() {
        let names = ["forgetting", "get", "tingle", "forge", "absent", "gle"];
        let literals = names.map(|name| literal(name, false, false)).to_vec();
        assert_eq!(found(literals, "FORGETTINGLE"), [(0, 0), (1, 3), (2, 6), (3, 0), (5, 9)]);
    }

    #[test]
    fn words_begin_and_end_where_they_must() {
        let literals =
            vec![literal("cat", true, true), literal("cate", true, false), literal("cat", false, true)];
        assert_eq!(found(literals, "cat concat category_cat"), [(0, 0), (1, 11), (2, 0), (2, 7), (2, 20)]);
    }

    proptest! {
        #[test]
        fn nothing_is_missed_and_nothing_made_up(
            literals in proptest::collection::vec(("[a-cA-C<_ ]{3,13}", any::<bool>(), any::<bool>()), 1..12),
            text in "[a-cA-C<_ é]{0,80}",
        ) {
            let literals: Vec<Literal> =
                literals.into_iter().map(|(text, b, e)| literal(&text.to_ascii_lowercase(), b, e)).collect();
            let mut expected = Vec::new();
            for (number, literal) in literals.iter().enumerate() {
                expected.extend((0..text.len()).filter(|&at| stands_at(literal, text.as_bytes(), at)).map(|at| (number, at)));
            }
            prop_assert_eq!(found(literals, &text), expected);
        }
    }
}
