//! Texts that are written to be taken for a part of the review by a language model; the reviewer's own findings bear
//! this rule's name as well.

use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};

/// What begins the marks around a subject, in lower case.
pub(in crate::scan) const MARKS: [&str; 2] = ["<<subject ", "<<end of subject "];

/// Finds imitations of the reviewer.
pub(super) struct LlmReview(RuleMeta);

impl LlmReview {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for LlmReview {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tool(tool) = part else { return };
        for (at, field) in tool.fields().iter().enumerate() {
            if let Some(start) = imitation(&field.text) {
                let hit = Hit { text: &field.text, start, end: field.text.len() };
                found.add(&self.0, tool.location(at), hit, None);
            }
        }
    }
}

/// Finds where a text begins to look like a mark or an answer.
fn imitation(text: &str) -> Option<usize> {
    // Both begin with an ASCII character that few descriptions hold.
    memchr::memchr2(b'<', b'"', text.as_bytes())?;
    if !text.contains("<<") && !text.contains('"') {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let mark = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    let answer = text
        .find("\"receipt\"")
        .filter(|_| text.contains("\"findings\"") || text.contains("\"addresses_reviewer\""));
    mark.into_iter().chain(answer).min()
}
