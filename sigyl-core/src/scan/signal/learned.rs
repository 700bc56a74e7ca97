//! What a text comes to by all its words at once: a linear model that was learned from texts of our own.
//!
//! The rules of this room know what they look for. The model knows only how attacks and honest texts are worded, and
//! so finds what is said in words that no rule has. It is a sum: each word, pair of words and signal adds its weight,
//! and what weighs most is told with the finding. `benches/learned` holds the texts and says how it is made anew.

use std::sync::OnceLock;

use super::lexicon::Class;
use super::reading::{Reading, Sentence};

/// Bits of a feature's number.
const BITS: u32 = 18;
/// How many features there are.
pub(crate) const FEATURES: usize = 1 << BITS;
/// Sentences that are judged together at most.
pub(crate) const WINDOW: usize = 3;
/// Sentences of one text that are judged.
const SENTENCES: usize = 2_000;
/// Words of one window that are looked at.
const WORDS: usize = 400;
/// Words without which a window says nothing.
const LEAST: usize = 4;
/// Characters by which long words are the same.
const STEM: usize = 5;

/// Weight from which on somebody has to look.
pub(crate) const HELD: f32 = 1.65;
/// Weight from which on it is told.
pub(crate) const TOLD: f32 = 0.5;

/// The weights, as they were learned.
const WEIGHTS: &[u8] = include_bytes!("../../../data/learned.bin");

/// Part of a reading, and what its words come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weighed {
    /// The more, the more it reads like an attack.
    pub(crate) score: f32,
    pub(crate) segment: usize,
    /// First byte in the text of the reading.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The weights of all features.
#[derive(Debug)]
pub(crate) struct Model {
    weights: Vec<i8>,
    /// What one unit of a weight is worth.
    scale: f32,
    bias: f32,
}

impl Model {
    /// Returns the model that comes with the library.
    pub(crate) fn builtin() -> Result<&'static Self, String> {
        static BUILTIN: OnceLock<Result<Model, String>> = OnceLock::new();
        BUILTIN.get_or_init(|| Self::read(WEIGHTS)).as_ref().map_err(Clone::clone)
    }

    /// Reads weights: bias and scale, then for each feature that weighs, how far it is from the one before, and its
    /// weight.
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let short = || "the learned weights end too early".to_owned();
        let (bias, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (scale, mut rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (mut weights, mut at) = (vec![0; FEATURES], 0_usize);
        while let [low, high, weight, more @ ..] = rest {
            at += usize::from(u16::from_le_bytes([*low, *high]));
            *weights.get_mut(at).ok_or_else(|| format!("there is no feature {at}"))? =
                i8::from_le_bytes([*weight]);
            rest = more;
        }
        Ok(Self { weights, scale: f32::from_le_bytes(*scale), bias: f32::from_le_bytes(*bias) })
    }

    /// Weighs features.
    pub(crate) fn weigh(&self, features: &[u32]) -> f32 {
        let sum: i32 = features
            .iter()
            .filter_map(|&feature| self.weights.get(feature as usize))
            .map(|&w| i32::from(w))
            .sum();
        self.bias + sum as f32 * self.scale * norm(features.len())
    }

    /// Weighs every window of a reading; `name` is the name of the tool, and goes with what `describes` it.
    pub(crate) fn windows(
        &self,
        reading: &Reading,
        name: &str,
        describes: impl Fn(usize) -> bool,
    ) -> Vec<Weighed> {
        let weighed = |window: &[Sentence]| {
            let (first, last) = (window.first()?, window.last()?);
            let named = if describes(first.segment) { name } else { "" };
            let score = self.weigh(&features(reading, named, window)?);
            Some(Weighed { score, segment: first.segment, start: first.start, end: last.end })
        };
        windows(reading.sentences()).filter_map(weighed).collect()
    }

    /// Returns the words of a part of a reading that speak most for an attack, at most three.
    pub(crate) fn telling<'r>(&self, reading: &'r Reading, part: &Weighed) -> Vec<&'r str> {
        let mut weighed: Vec<(i32, &str)> = Vec::new();
        each_word(&reading.text()[part.start..part.end], |word| {
            let [whole, root] = word_features(word);
            let of = |feature: u32| self.weights.get(feature as usize).map_or(0, |&weight| i32::from(weight));
            let weight = of(whole) + if root == whole { 0 } else { of(root) };
            if weight > 0 && weighed.iter().all(|(_, known)| *known != word) {
                weighed.push((weight, word));
            }
        });
        weighed.sort_by_key(|(weight, _)| -weight);
        weighed.into_iter().take(3).map(|(_, word)| word).collect()
    }
}

/// Returns the part that weighs most.
pub(crate) fn heaviest(parts: &[Weighed]) -> Option<&Weighed> {
    parts.iter().max_by(|one, other| one.score.total_cmp(&other.score))
}

/// Makes up for the length of a text.
pub(crate) fn norm(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

/// Returns every run of up to [`WINDOW`] sentences of one segment.
pub(crate) fn windows(sentences: &[Sentence]) -> impl Iterator<Item = &[Sentence]> {
    let sentences = &sentences[..sentences.len().min(SENTENCES)];
    (0..sentences.len()).flat_map(move |start| {
        (1..=WINDOW).filter_map(move |length| {
            let window = sentences.get(start..start + length)?;
            window.iter().all(|one| one.segment == window[0].segment).then_some(window)
        })
    })
}

/// Returns the features of a window, each once: its words and how they begin, pairs of words, signals and pairs of those.
/// Nothing of a text that is too short to say anything.
pub(crate) fn features(reading: &Reading, name: &str, window: &[Sentence]) -> Option<Vec<u32>> {
    let mut found = Found::default();
    let text = match window {
        [first, .., last] => &reading.text()[first.start..last.end],
        [one] => &reading.text()[one.start..one.end],
        [] => "",
    };
    let name = name.to_lowercase();
    each_word(&name, |word| found.word(word));
    each_word(text, |word| found.word(word));
    for signal in window.iter().flat_map(|sentence| &sentence.signals) {
        found.signal(signal.class);
    }
    if found.words < LEAST {
        return None;
    }
    found.all.sort_unstable();
    found.all.dedup();
    Some(found.all)
}

#[derive(Default)]
struct Found {
    all: Vec<u32>,
    words: usize,
    /// The words before, the last one first.
    before: [u32; 2],
    signals: Vec<Class>,
}

impl Found {
    fn word(&mut self, word: &str) {
        if self.words >= WORDS {
            return;
        }
        self.words += 1;
        let root = hash(1, stem(word).as_bytes());
        self.add(hash(0, word.as_bytes()));
        self.add(root);
        let [last, other] = self.before;
        for (kind, before) in [(2, last), (3, other)] {
            if before != 0 {
                self.add(mix(kind, before, root));
            }
        }
        self.before = [root, last];
    }

    fn signal(&mut self, class: Class) {
        if self.signals.contains(&class) {
            return;
        }
        self.add(mix(4, class as u32, 0));
        for before in 0..self.signals.len() {
            self.add(mix(5, self.signals[before] as u32, class as u32));
        }
        self.signals.push(class);
    }

    fn add(&mut self, hash: u32) {
        self.all.push(hash >> (u32::BITS - BITS));
    }
}

/// Returns how a word begins.
fn stem(word: &str) -> &str {
    word.char_indices().nth(STEM).map_or(word, |(end, _)| &word[..end])
}

/// Returns the features of a word alone.
fn word_features(word: &str) -> [u32; 2] {
    [hash(0, word.as_bytes()), hash(1, stem(word).as_bytes())].map(|hash| hash >> (u32::BITS - BITS))
}

/// Calls `take` with each word; of scripts that set no blanks between words, with each pair of characters.
fn each_word<'t>(text: &'t str, mut take: impl FnMut(&'t str)) {
    let mut start = None;
    let mut before: Option<usize> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_unspaced(c) {
            if let Some(start) = start.take() {
                take(&text[start..at]);
            }
            take(&text[before.unwrap_or(at)..end]);
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
fn hash(kind: u32, bytes: &[u8]) -> u32 {
    let hash = bytes
        .iter()
        .fold(0x811c_9dc5 ^ kind, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    mix(kind, hash, 0)
}

fn mix(kind: u32, one: u32, other: u32) -> u32 {
    let mut hash = one.wrapping_mul(0x9e37_79b1)
        ^ other.rotate_left(15).wrapping_mul(0x85eb_ca77)
        ^ kind.wrapping_mul(0xc2b2_ae3d);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    hash.wrapping_mul(0x297a_2d39) ^ (hash >> 15)
}
