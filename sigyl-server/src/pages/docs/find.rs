//! Finding places in the documentation by words.

use std::sync::OnceLock;

use super::leaf::Heading;
use super::shelf::{self, Volume};

/// Places that are shown.
const MOST: usize = 30;
/// Words that are looked for.
const WORDS: usize = 8;
/// Characters that are shown around what was found.
const AROUND: usize = 90;

/// A place that was found.
pub(super) struct Found {
    pub(super) volume: &'static Volume,
    pub(super) heading: &'static Heading,
    pub(super) around: String,
}

/// A place as it is searched.
struct Place {
    volume: &'static Volume,
    heading: &'static Heading,
    title: String,
    below: String,
}

/// Every place, in small letters: made for the first search, and kept for those after it.
fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let headings =
            shelf::volumes().flat_map(|volume| volume.open().headings.iter().map(move |it| (volume, it)));
        let place = |(volume, heading): (&'static Volume, &'static Heading)| {
            let (title, below) = (heading.text.to_lowercase(), heading.below.to_lowercase());
            Place { volume, heading, title, below }
        };
        headings.map(place).collect()
    })
}

/// Finds places that hold every word, those with most of them in the heading first.
pub(super) fn find(text: &str) -> Vec<Found> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().take(WORDS).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for place in places() {
        let holds = |word: &&str| place.title.contains(*word) || place.below.contains(*word);
        if words.iter().all(holds) {
            let in_title = words.iter().filter(|word| place.title.contains(**word)).count();
            found.push((in_title, place));
        }
    }
    found.sort_by_key(|(in_title, _)| std::cmp::Reverse(*in_title));
    let shown = |(_, place): (usize, &Place)| {
        let around = around(&place.heading.below, words[0]);
        Found { volume: place.volume, heading: place.heading, around }
    };
    found.into_iter().take(MOST).map(shown).collect()
}

/// Returns what stands around the first time that a word is there, on one line.
fn around(text: &str, word: &str) -> String {
    let line: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let lower: String = line.iter().flat_map(|c| c.to_lowercase()).collect();
    let at = lower.find(word).map_or(0, |at| lower[..at].chars().count()).min(line.len());
    let (start, end) = (at.saturating_sub(AROUND), (at + AROUND).min(line.len()));
    let cut: String = line[start..end].iter().collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < line.len() { "…" } else { "" });
    format!("{before}{cut}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_all_words_and_shown_with_what_is_around() {
        let found = find("ANONYMOUS registry");
        assert!(!found.is_empty() && found.len() <= MOST);
        assert!(found.iter().all(|it| it.around.chars().count() <= 2 * AROUND + 2));
        assert!(find("four eyes").first().is_some_and(|it| it.heading.id == "four-eyes"));
        assert!(std::ptr::eq(places(), places()), "they are made once");
        assert!(find("  ").is_empty() && find("xyzzyplugh").is_empty());
        assert_eq!(around("İİİ İx y", "y"), "İİİ İx y");
    }
}
