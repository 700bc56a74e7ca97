//! Which words stand in which names.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::words::{distance, letters, slack, words};
use crate::domain::DocumentName;

/// Most words of a query that are looked for.
const QUERY_WORDS: usize = 12;
/// Most words that one that is cut short stands for.
const ENDINGS: usize = 2_000;
/// What an exact word, the beginning of one and a mistyped one are worth.
const EXACT: f32 = 1.0;
const BEGINNING: f32 = 0.6;
const MISTYPED: f32 = 0.3;

/// What a name is searched by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// Its name with the namespace.
    pub(in crate::registry) name: String,
    /// Its title.
    pub(in crate::registry) title: String,
    /// Its description.
    pub(in crate::registry) description: String,
    /// Its tags and tools.
    pub(in crate::registry) words: Vec<String>,
}

impl Texts {
    /// Returns each word with its weight: by where it stands best, and a little by how little stands beside it.
    fn weights(&self) -> HashMap<String, f32> {
        let (namespace, name) = self.name.split_once('/').unwrap_or(("", &self.name));
        let tools = self.words.join(" ");
        let fields =
            [(name, 8.0), (&self.title, 6.0), (&tools, 4.0), (namespace, 3.0), (&self.description, 2.0)];
        let mut weights = HashMap::new();
        for (text, weight) in fields {
            let words = words(text);
            let share = weight * (1.0 + 1.0 / (1.0 + words.len() as f32));
            for word in words {
                let best = weights.entry(word).or_insert(0.0_f32);
                *best = best.max(share);
            }
        }
        weights
    }
}

/// A word: where it stands, and how much it weighs there.
#[derive(Debug, Default)]
struct Posting {
    letters: u64,
    places: BTreeMap<u32, f32>,
}

/// The words of all names.
#[derive(Debug, Default)]
pub(crate) struct Index {
    words: BTreeMap<Box<str>, Posting>,
    names: HashMap<DocumentName, u32>,
    numbers: HashMap<u32, (DocumentName, Vec<Box<str>>)>,
    next: u32,
}

impl Index {
    /// Puts a name in, in the place of what was known of it.
    pub(in crate::registry) fn put(&mut self, name: &DocumentName, texts: &Texts) {
        self.remove(name);
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let mut own = Vec::new();
        for (word, weight) in texts.weights() {
            let word: Box<str> = word.into();
            let posting = self.words.entry(word.clone()).or_default();
            posting.letters = letters(&word);
            posting.places.insert(number, weight);
            own.push(word);
        }
        self.names.insert(name.clone(), number);
        self.numbers.insert(number, (name.clone(), own));
    }

    /// Takes a name out.
    pub(in crate::registry) fn remove(&mut self, name: &DocumentName) {
        let Some(number) = self.names.remove(name) else { return };
        for word in self.numbers.remove(&number).map(|(_, words)| words).unwrap_or_default() {
            if let Some(posting) = self.words.get_mut(&word) {
                posting.places.remove(&number);
                if posting.places.is_empty() {
                    self.words.remove(&word);
                }
            }
        }
    }

    /// Finds names, the best first and at most `limit`: those that all words stand in, or else those that most do. Returns
    /// beside them how many there are.
    pub(in crate::registry) fn find(&self, text: &str, limit: usize) -> (Vec<DocumentName>, usize) {
        let mut found: HashMap<u32, (u32, f32)> = HashMap::new();
        for word in words(text).iter().take(QUERY_WORDS) {
            let mut best: HashMap<u32, f32> = HashMap::new();
            for (posting, quality) in self.meant(word) {
                let rare = self.rarity(posting);
                for (number, weight) in &posting.places {
                    let worth = best.entry(*number).or_insert(0.0);
                    *worth = worth.max(quality * weight * rare);
                }
            }
            for (number, worth) in best {
                let whole = found.entry(number).or_insert((0, 0.0));
                *whole = (whole.0 + 1, whole.1 + worth);
            }
        }
        self.ranked(found, limit)
    }

    /// Finds the words that may be meant, each with how sure that is.
    fn meant<'a>(&'a self, word: &str) -> Vec<(&'a Posting, f32)> {
        let from = Bound::Included(word);
        let beginning = self.words.range::<str, _>((from, Bound::Unbounded));
        let mut meant: Vec<_> = beginning
            .take_while(|(known, _)| known.starts_with(word))
            .take(ENDINGS)
            .map(|(known, posting)| (posting, if **known == *word { EXACT } else { BEGINNING }))
            .collect();
        let slack = slack(word);
        if meant.is_empty() && slack > 0 {
            let bits = letters(word);
            let near = |known: &str, posting: &Posting| {
                // A mistake takes one letter away and brings another at most.
                let differs = (posting.letters ^ bits).count_ones() as usize;
                let distance = (differs <= 2 * slack).then(|| distance(word, known, slack)).flatten()?;
                Some(MISTYPED / distance.max(1) as f32)
            };
            let words = self.words.iter();
            meant = words.filter_map(|(known, posting)| Some((posting, near(known, posting)?))).collect();
        }
        meant
    }

    /// A word that stands everywhere says little.
    fn rarity(&self, posting: &Posting) -> f32 {
        (1.0 + self.names.len() as f32 / (1.0 + posting.places.len() as f32)).ln()
    }

    fn ranked(&self, found: HashMap<u32, (u32, f32)>, limit: usize) -> (Vec<DocumentName>, usize) {
        let most = found.values().map(|(words, _)| *words).max().unwrap_or(0);
        let mut ranked: Vec<_> = found
            .into_iter()
            .filter(|(_, (words, _))| *words == most)
            .filter_map(|(number, (_, worth))| Some((&self.numbers.get(&number)?.0, worth)))
            .collect();
        let total = ranked.len();
        let better = |(one, worth): &(&DocumentName, f32), (other, less): &(&DocumentName, f32)| {
            less.total_cmp(worth).then_with(|| one.cmp(other))
        };
        // Of many, only those that are shown are put in order.
        if limit < total {
            ranked.select_nth_unstable_by(limit, better);
            ranked.truncate(limit);
        }
        ranked.sort_unstable_by(better);
        (ranked.into_iter().map(|(name, _)| name.clone()).collect(), total)
    }
}

#[cfg(test)]
mod tests;
