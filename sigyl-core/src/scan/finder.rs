//! Finds every occurrence of many literals in one pass.
//!
//! Of each literal the rarest four bytes are looked up, or all three of a short one, by a hash in a small table of
//! bits at each byte of the text; only where a bit is set are literals compared. Unlike an automaton it takes next to
//! no time to build, and what it costs hardly grows with the number of literals.

use super::literal::{Literal, bits};

/// Searches for a list of literals, each of which has three bytes at least.
#[derive(Debug)]
pub(super) struct Finder {
    literals: Vec<Literal>,
    bits: Bits,
    four: Table,
    three: Table,
}

/// A bit for each hash of a fragment; small enough to stay near the processor.
struct Bits(Box<[u64; WORDS]>);

/// Where fragments of one length lead to.
#[derive(Debug)]
struct Table {
    /// Where the entries of each slot, which is a part of the hash, begin.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// A fragment of a literal.
#[derive(Clone, Copy, Debug)]
struct Entry {
    fragment: u32,
    literal: u32,
    /// Bytes of the literal before the fragment.
    before: u32,
}

const HASHES: usize = 1 << HASH_BITS;
const WORDS: usize = HASHES / 64;
const HASH_BITS: u32 = 18;
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
                0..=3 => three.push(Entry { fragment: fragment(&literal.text), literal: number, before: 0 }),
                _ => {
                    let all = (0..).zip(literal.text.windows(4));
                    let rarest = all.max_by(|(_, one), (_, other)| bits(one).total_cmp(&bits(other)));
                    four.extend(rarest.map(|(before, text)| Entry {
                        fragment: fragment(text),
                        literal: number,
                        before,
                    }));
                }
            }
        }
        let mut bits = Bits(Box::new([0; WORDS]));
        four.iter().for_each(|entry| bits.set(entry.fragment));
        for entry in &three {
            // Any byte may follow; of those that make one, each other one stands for both.
            (0..=u32::from(u8::MAX)).for_each(|next| bits.set((entry.fragment | next << 24) | FOLD));
        }
        Self { literals, bits, four: Table::new(four), three: Table::new(three) }
    }

    /// Returns how many literals there are.
    pub(super) fn len(&self) -> usize {
        self.literals.len()
    }

    /// Calls `hit` with each literal and where it begins, in the order of their fragments.
    pub(super) fn each(&self, text: &[u8], mut hit: impl FnMut(usize, usize)) {
        for (at, window) in text.array_windows().enumerate() {
            let fragment = u32::from_le_bytes(*window) | FOLD;
            if self.bits.may_hold(fragment) {
                self.compare(&self.four, fragment, text, at, &mut hit);
                self.compare(&self.three, fragment & THREE, text, at, &mut hit);
            }
        }
        if let Some(at) = text.len().checked_sub(3) {
            self.compare(&self.three, fragment(&text[at..]), text, at, &mut hit);
        }
    }

    #[inline]
    fn compare(
        &self,
        table: &Table,
        fragment: u32,
        text: &[u8],
        at: usize,
        hit: &mut impl FnMut(usize, usize),
    ) {
        for entry in table.of(fragment).iter().filter(|entry| entry.fragment == fragment) {
            let literal = &self.literals[entry.literal as usize];
            if let Some(start) = at.checked_sub(entry.before as usize)
                && stands_at(literal, text, start)
            {
                hit(entry.literal as usize, start);
            }
        }
    }
}

/// Tells whether a literal stands at `start` of a text, as a word where it has to be one.
#[inline]
fn stands_at(literal: &Literal, text: &[u8], start: usize) -> bool {
    let end = start + literal.text.len();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text.get(start..end).is_some_and(|there| there.eq_ignore_ascii_case(&literal.text))
        && !(literal.begins && is_word(start.checked_sub(1).and_then(|at| text.get(at))))
        && !(literal.ends && is_word(text.get(end)))
}

/// Reads up to four bytes.
fn fragment(text: &[u8]) -> u32 {
    let all = text.iter().rev().fold(0, |all, &byte| all << 8 | u32::from(byte | 0x20));
    if text.len() < 4 { all & THREE } else { all }
}

#[inline]
fn hash(fragment: u32) -> usize {
    (fragment.wrapping_mul(0x9e37_79b1) >> (u32::BITS - HASH_BITS)) as usize
}

#[inline]
fn slot(fragment: u32) -> usize {
    hash(fragment) % SLOTS
}

impl Bits {
    fn set(&mut self, fragment: u32) {
        let hash = hash(fragment);
        self.0[hash / 64] |= 1 << (hash % 64);
    }

    #[inline]
    fn may_hold(&self, fragment: u32) -> bool {
        let hash = hash(fragment);
        self.0[hash / 64] >> (hash % 64) & 1 != 0
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

impl std::fmt::Debug for Bits {
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
            literals in proptest::collection::vec(("[a-cA-C<_ ]{3,7}", any::<bool>(), any::<bool>()), 1..12),
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
