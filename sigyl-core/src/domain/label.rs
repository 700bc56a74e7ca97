//! Short texts that people write for people.

use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// One line of at most 100 characters, as a display name, a title or a note on what a key is for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(Box<str>);

/// Text that is not a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a label is one line of 1 to {MOST} characters that can be seen")]
pub struct LabelError;

const MOST: usize = 100;

impl Label {
    /// Checks and takes a label; space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= MOST;
        if fits && !text.chars().any(is_unseen) { Ok(Self(text.into())) } else { Err(LabelError) }
    }
}

/// Controls, and what turns or hides the text around it.
pub(super) fn is_unseen(c: char) -> bool {
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_control() || turns
}

checked_text!(Label, LabelError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_line_that_can_be_seen() {
        assert_eq!(Label::parse("  release job, Zürich ").unwrap().as_str(), "release job, Zürich");
        for text in ["", "   ", "a\nb", "a\0", "a\u{202e}b", &"x".repeat(101)] {
            assert!(Label::parse(text).is_err(), "{text:?}");
        }
        assert!(serde_json::from_str::<Label>(r#""a\u0007""#).is_err());
    }
}
