//! What a filter of documents wants: words, and facets such as `verdict:pass`.

use super::entry::Entry;
use crate::render::document_scan;

/// How facets begin.
const FACETS: [&str; 4] = ["verdict:", "runtime:", "tag:", "rating:"];

/// A facet: what it is about, and what is wanted of it.
#[derive(Clone, Debug, PartialEq)]
enum Facet {
    Verdict(String),
    Runtime(String),
    Tag(String),
    /// At least so many stars.
    Rating(f64),
}

/// The parts of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    words: Vec<String>,
    facets: Vec<Facet>,
}

impl Wanted {
    /// Reads a filter, in small letters. A facet that nothing is wanted of yet wants nothing.
    pub(super) fn of(text: &str) -> Self {
        let mut wanted = Self { words: Vec::new(), facets: Vec::new() };
        let mut words: Vec<&str> = text.split_whitespace().collect();
        // What may become a facet with the next letters is no word yet; a blank behind it makes it one.
        let begun = |word: &&str| word.len() > 1 && FACETS.iter().any(|name| name.starts_with(*word));
        if text.ends_with(|c: char| !c.is_whitespace()) && words.last().is_some_and(begun) {
            words.pop();
        }
        for word in words {
            let known = word.split_once(':').and_then(|(name, value)| {
                let value = value.to_owned();
                Some(match name {
                    "verdict" => Some(Facet::Verdict(value)),
                    "runtime" => Some(Facet::Runtime(value)),
                    "tag" => Some(Facet::Tag(value)),
                    "rating" => value.parse().ok().map(Facet::Rating),
                    _ => return None,
                })
            });
            match known {
                Some(facet) => wanted.facets.extend(facet),
                None => wanted.words.push(word.to_owned()),
            }
        }
        wanted
    }

    /// The words, as a search takes them.
    pub(super) fn words(&self) -> String {
        self.words.join(" ")
    }

    /// Whether a text has all words.
    pub(super) fn words_fit(&self, text: &str) -> bool {
        self.words.iter().all(|word| text.contains(word.as_str()))
    }

    /// Whether a document is what the facets want.
    pub(super) fn facets_fit(&self, entry: &Entry) -> bool {
        self.facets.iter().all(|facet| match facet {
            Facet::Verdict(wanted) => document_scan(&entry.document).1.starts_with(wanted.as_str()),
            Facet::Runtime(wanted) => entry.runtimes.iter().any(|it| it.starts_with(wanted.as_str())),
            Facet::Tag(wanted) => {
                entry.tags.iter().any(|tag| tag.to_lowercase().starts_with(wanted.as_str()))
            }
            Facet::Rating(least) => entry.rating().is_some_and(|rated| rated.average >= *least),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facets_are_told_from_words() {
        let wanted = Wanted::of("git verdict:hold hub:x rating:4 rating:");
        assert_eq!(wanted.words(), "git hub:x");
        assert_eq!(wanted.facets, [Facet::Verdict("hold".to_owned()), Facet::Rating(4.0)]);
        assert!(wanted.words_fit("hub:x and git") && !wanted.words_fit("git"));
        let words = |text: &str| Wanted::of(text).words();
        assert_eq!([words("git ver"), words("git ver "), words("git v")], ["git", "git ver", "git v"]);
    }
}
