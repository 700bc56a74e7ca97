//! Cuts texts into words, and tells how near two words are.

/// Longest word, in characters: what is longer is cut there.
const LONGEST: usize = 40;
/// Most words of one text.
const MOST: usize = 200;

/// Returns the words of a text in small letters; `getCurrentTime` has three.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for c in text.chars() {
        let begins = c.is_uppercase() && after_small;
        if begins || !c.is_alphanumeric() {
            take(&mut word, &mut words);
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        after_small = c.is_lowercase() || c.is_numeric();
        if words.len() == MOST {
            return words;
        }
    }
    take(&mut word, &mut words);
    words
}

fn take(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word).chars().take(LONGEST).collect());
    }
}

/// How many letters of a word may be mistyped.
pub(super) fn slack(word: &str) -> usize {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The letters of a word as bits: words that differ in many of them are not near.
pub(super) fn letters(word: &str) -> u64 {
    word.chars().fold(0, |bits, c| bits | 1 << (u32::from(c) % 64))
}

/// Returns how many letters of `word` are mistyped if `meant` was meant; nothing when they are too many.
pub(super) fn distance(word: &str, meant: &str, slack: usize) -> Option<usize> {
    let lengths = word.chars().count().abs_diff(meant.chars().count());
    let distance = (lengths <= slack).then(|| strsim::osa_distance(word, meant))?;
    (distance <= slack).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sentences_are_cut_into_words() {
        assert_eq!(words("io.github.ada/mcp-clock_v2"), ["io", "github", "ada", "mcp", "clock", "v2"]);
        assert_eq!(words("getCurrentTime, HTTPServer"), ["get", "current", "time", "httpserver"]);
        assert_eq!(words("Über den Wolken"), ["über", "den", "wolken"]);
        assert!(words(" -- ").is_empty());
        assert_eq!(words(&"x ".repeat(1_000)).len(), MOST);
        assert_eq!(words(&"x".repeat(1_000))[0].len(), LONGEST);
    }

    #[test]
    fn a_mistyped_word_is_near_and_a_short_one_is_not() {
        let near = |word: &str, meant: &str| distance(word, meant, slack(word));
        assert_eq!(near("wheather", "weather"), Some(1));
        assert_eq!(near("cloak", "clock"), Some(1));
        assert_eq!(near("clcok", "clock"), Some(1), "two letters that changed places are one mistake");
        assert_eq!(near("git", "fit"), None);
        assert_eq!(near("calandars", "calendar"), Some(2));
        assert_eq!(near("clock", "calendar"), None);
    }

    #[test]
    fn a_mistake_changes_few_letters() {
        for (word, meant) in [("wheather", "weather"), ("clcok", "clock"), ("cloak", "clock")] {
            assert!((letters(word) ^ letters(meant)).count_ones() <= 2, "{word}");
        }
    }
}
