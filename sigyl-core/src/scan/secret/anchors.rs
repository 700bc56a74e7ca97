//! The fixed texts by which secrets are looked for, so that the one pass over a text that looks for all literals finds
//! them too: those of the forms of credentials, and words that names of secrets hold.

use std::ops::Range;
use std::sync::LazyLock;

use super::shapes::SHAPES;
use crate::scan::finder::Finder;
use crate::scan::literal::Literal;

/// Words that the names of secrets hold.
const WORDS: [&str; 20] = [
    "secret",
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "pass",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "auth_key",
    "private_key",
    "privatekey",
    "encryption",
    "signing",
    "account",
    "master",
];

/// Bytes that a text has at least to be looked for with all others.
pub(super) const SHORTEST: usize = 3;

/// A place in a text at which one of the fixed texts stands, in letters of either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scan) struct Anchor {
    start: u32,
    /// Which of [`literals`].
    literal: u16,
}

/// The fixed texts, and what each may begin.
struct Table {
    literals: Vec<Literal>,
    shapes: Vec<Vec<usize>>,
    is_word: Vec<bool>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

impl Table {
    fn new() -> Self {
        let mut table = Self { literals: Vec::new(), shapes: Vec::new(), is_word: Vec::new() };
        for (shape, text) in SHAPES.iter().map(|shape| shape.form.anchor()).enumerate() {
            if text.len() >= SHORTEST {
                let at = table.at(text);
                table.shapes[at].push(shape);
            }
        }
        for word in WORDS {
            let at = table.at(word);
            table.is_word[at] = true;
        }
        table
    }

    /// Returns the number of a text.
    fn at(&mut self, text: &str) -> usize {
        let text = text.to_ascii_lowercase().into_bytes();
        self.literals.iter().position(|known| known.text == text).unwrap_or_else(|| {
            self.literals.push(Literal { text, begins: false, ends: false });
            self.shapes.push(Vec::new());
            self.is_word.push(false);
            self.literals.len() - 1
        })
    }
}

/// Returns the texts that are looked for, in lower case.
pub(in crate::scan) fn literals() -> &'static [Literal] {
    &TABLE.literals
}

/// Finds the places of one text alone.
pub(in crate::scan) fn anchors(text: &str) -> Vec<Anchor> {
    static FINDER: LazyLock<Finder> = LazyLock::new(|| Finder::new(TABLE.literals.clone()));
    let mut found = Vec::new();
    FINDER.each(text.as_bytes(), |literal, start| found.extend(Anchor::new(literal, start)));
    found
}

impl Anchor {
    /// Takes a place of one of [`literals`]. No file is so long that a place would not fit.
    pub(in crate::scan) fn new(literal: usize, start: usize) -> Option<Self> {
        Some(Self { start: u32::try_from(start).ok()?, literal: u16::try_from(literal).ok()? })
    }

    /// Returns the first byte.
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    /// Yields the forms that may begin here, by their place in the table, if letters are of the right case.
    pub(super) fn shapes(self) -> impl Iterator<Item = usize> {
        TABLE.shapes.get(usize::from(self.literal)).into_iter().flatten().copied()
    }

    /// Returns the bytes of the word that stands here, if it is one.
    fn word(self) -> Option<Range<usize>> {
        let literal = usize::from(self.literal);
        TABLE.is_word.get(literal).filter(|is| **is)?;
        let start = self.start();
        Some(start..start + TABLE.literals.get(literal)?.text.len())
    }
}

/// Returns the words of names, by where they end, each after the end of the one before.
pub(in crate::scan) fn words(anchors: &[Anchor]) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = anchors.iter().filter_map(|anchor| anchor.word()).collect();
    words.sort_unstable_by_key(|word| (word.end, word.start));
    let mut last = 0;
    words.retain(|word| {
        let apart = word.start >= last;
        if apart {
            last = word.end;
        }
        apart
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_words_that_overlap_the_one_that_ends_first_counts() {
        let text = "myPassword accessKeyToken api_key passpass";
        let seen: Vec<_> = words(&anchors(text)).into_iter().map(|word| &text[word]).collect();
        assert_eq!(seen, ["Pass", "accessKey", "Token", "api_key", "pass", "pass"]);
    }

    #[test]
    fn a_form_is_looked_for_by_its_text_unless_that_is_too_short() {
        let short: Vec<_> =
            SHAPES.iter().map(|shape| shape.form.anchor()).filter(|text| text.len() < SHORTEST).collect();
        assert_eq!(short, ["SK"], "each of them costs a pass of its own");
        let known =
            |text: &str| literals().iter().any(|one| one.text == text.to_ascii_lowercase().as_bytes());
        assert!(SHAPES.iter().map(|shape| shape.form.anchor()).all(|text| text == "SK" || known(text)));
    }
}
