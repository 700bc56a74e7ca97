//! The features of texts: words and how they begin, pairs of words, signals and pairs of those, by their hashes.

use std::ops::Range;

use super::lexicon::{Class, Classes};
use super::reading::Reading;

/// Bits of a feature's number.
const BITS: u32 = 18;
/// How many features there are.
pub(crate) const FEATURES: usize = 1 << BITS;
/// Sentences that are judged together at most.
pub(super) const WINDOW: usize = 3;
/// Words of one window that are looked at; a sentence alone has no more.
pub(super) const WORDS: usize = 400;
/// Words without which a window says nothing.
pub(super) const LEAST: usize = 4;
/// Characters by which long words are the same.
const STEM: usize = 5;

/// A word: hashes of it, and of how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) whole: u32,
    pub(super) root: u32,
}

impl Word {
    pub(super) fn of(word: &str) -> Self {
        let (begin, rest) = word.as_bytes().split_at(stem(word).len());
        let mut hashes = [Fnv::new(0), Fnv::new(1)];
        // Both at once, as neither waits for the other.
        begin.iter().for_each(|&byte| hashes.iter_mut().for_each(|hash| hash.take(byte)));
        let [mut whole, root] = hashes;
        rest.iter().for_each(|&byte| whole.take(byte));
        Self { whole: whole.finish(), root: root.finish() }
    }

    fn all(text: &str) -> Vec<Self> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(Self::of(word)));
        words
    }
}

/// A reading whose words are hashed once, for all windows that they stand in.
pub(crate) struct Hashed<'r> {
    reading: &'r Reading,
    name: Vec<Word>,
    words: Vec<Word>,
    /// For each sentence, where its words end.
    ends: Vec<usize>,
}

impl<'r> Hashed<'r> {
    /// Hashes the words of a reading, and of the name of the tool that it describes.
    pub(crate) fn new(reading: &'r Reading, name: &str) -> Self {
        let (mut words, mut ends) =
            (Vec::with_capacity(reading.text().len() / 6), Vec::with_capacity(reading.sentences().len()));
        for one in reading.sentences() {
            each_word(&reading.text()[one.start..one.end], |word| words.push(Word::of(word)));
            ends.push(words.len());
        }
        Self { reading, name: Word::all(&name.to_lowercase()), words, ends }
    }

    /// Returns which words stand in a sentence.
    #[inline]
    pub(super) fn range(&self, sentence: usize) -> Range<usize> {
        let end = |at: usize| self.ends.get(at).copied().unwrap_or(self.words.len());
        sentence.checked_sub(1).map_or(0, end)..end(sentence)
    }

    /// Returns the reading.
    pub(super) fn reading(&self) -> &'r Reading {
        self.reading
    }

    /// Returns the words of the name.
    pub(super) fn name(&self) -> &[Word] {
        &self.name
    }

    /// Returns the words of all sentences.
    #[inline]
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// Returns every run of up to [`WINDOW`] sentences of one segment.
    #[cfg(any(test, feature = "learning"))]
    pub(crate) fn windows(&self) -> impl Iterator<Item = Range<usize>> + use<'_, 'r> {
        let sentences = self.reading.sentences();
        (0..sentences.len()).flat_map(move |start| {
            (1..=WINDOW).map(move |length| start..start + length).filter(|window| {
                let all = sentences.get(window.clone());
                all.is_some_and(|all| all.iter().all(|one| one.segment == all[0].segment))
            })
        })
    }

    /// Returns the features of a window, each once: its words and how they begin, pairs of words, signals and pairs of
    /// those. Nothing of a text that is too short to say anything.
    #[cfg(any(test, feature = "learning"))]
    pub(crate) fn features(&self, window: Range<usize>, named: bool) -> Option<Vec<u32>> {
        let (mut chain, mut heard, mut all) = (Chain::default(), Heard::default(), Vec::new());
        let name = if named { self.name.as_slice() } else { &[] };
        let last = window.end.checked_sub(1)?;
        let text = self.words.get(self.range(window.start).start..self.range(last).end)?;
        let words: Vec<Word> = name.iter().chain(text).take(WORDS).copied().collect();
        words.iter().for_each(|word| all.extend(chain.word(*word)));
        let sentences = self.reading.sentences().get(window).unwrap_or_default();
        for signal in sentences.iter().flat_map(|sentence| &sentence.signals) {
            heard.signal(signal.class, |feature| all.push(feature));
        }
        all.sort_unstable();
        all.dedup();
        (words.len() >= LEAST).then_some(all)
    }
}

/// The last words, the last one first.
#[derive(Default)]
pub(super) struct Chain([u32; 2]);

impl Chain {
    /// Returns the features of the next word: itself, how it begins, and its pairs with the words before it. What it
    /// has none of stands for itself.
    #[inline]
    pub(super) fn word(&mut self, Word { whole, root }: Word) -> [u32; 4] {
        let [last, other] = self.0;
        self.0 = [root, last];
        let pair = |kind, before| if before == 0 { whole } else { mix(kind, before, root) };
        [whole, root, pair(2, last), pair(3, other)].map(feature)
    }
}

/// What was signalled.
#[derive(Default)]
pub(super) struct Heard {
    classes: Classes,
    list: Vec<Class>,
}

impl Heard {
    /// Calls `add` with the features of a signal: its class, and the pairs with those before it.
    pub(super) fn signal(&mut self, class: Class, mut add: impl FnMut(u32)) {
        if self.classes.any(Classes::of(&[class])) {
            return;
        }
        add(feature(mix(4, class as u32, 0)));
        self.list.iter().for_each(|before| add(feature(mix(5, *before as u32, class as u32))));
        self.classes.add(class);
        self.list.push(class);
    }
}

/// Returns the number of the feature that a hash stands for.
#[inline]
pub(super) fn feature(hash: u32) -> u32 {
    hash >> (u32::BITS - BITS)
}

/// Returns how a word begins.
#[inline]
fn stem(word: &str) -> &str {
    if word.len() <= STEM {
        return word;
    }
    word.char_indices().nth(STEM).map_or(word, |(end, _)| &word[..end])
}

/// Calls `take` with each word; of scripts that set no blanks between words, with each pair of characters.
pub(super) fn each_word<'t>(text: &'t str, mut take: impl FnMut(&'t str)) {
    let bytes = text.as_bytes();
    let (mut start, mut before): (_, Option<usize>) = (None, None);
    let mut next = 0;
    while let Some(&byte) = bytes.get(next) {
        let at = next;
        if byte.is_ascii() {
            next += 1;
            before = None;
            match (start, byte.is_ascii_alphanumeric()) {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    take(&text[from..at]);
                    start = None;
                }
                _ => {}
            }
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        next += c.len_utf8();
        if is_unspaced(c) {
            if let Some(start) = start.take() {
                take(&text[start..at]);
            }
            take(&text[before.unwrap_or(at)..next]);
            before = Some(at);
            continue;
        }
        before = None;
        match (start, c.is_alphanumeric() || is_mark(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                take(&text[from..at]);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(start) = start {
        take(&text[start..]);
    }
}

/// Tells whether a character belongs to a script that sets no blanks between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Tells whether a character is a vowel sign or the like of the scripts of India and the Near East.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{dff}')
}

/// Hashes bytes (FNV-1a), mixed so that the high bits are good.
#[derive(Clone, Copy)]
struct Fnv {
    kind: u32,
    hash: u32,
}

impl Fnv {
    #[inline]
    fn new(kind: u32) -> Self {
        Self { kind, hash: 0x811c_9dc5 ^ kind }
    }

    #[inline]
    fn take(&mut self, byte: u8) {
        self.hash = (self.hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }

    fn finish(self) -> u32 {
        mix(self.kind, self.hash, 0)
    }
}

#[inline]
fn mix(kind: u32, one: u32, other: u32) -> u32 {
    let mut hash = one.wrapping_mul(0x9e37_79b1)
        ^ other.rotate_left(15).wrapping_mul(0x85eb_ca77)
        ^ kind.wrapping_mul(0xc2b2_ae3d);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    hash.wrapping_mul(0x297a_2d39) ^ (hash >> 15)
}
