//! Orders that stand in disguise, and words in letters that no search finds.

use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::signal::{dressed, is_disguise, marked};

/// Finds what reads like an order once its disguise is off, and words written in letters that only look like letters.
pub(super) struct DisguisedText(RuleMeta);

impl DisguisedText {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for DisguisedText {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tool(tool) = part else { return };
        let prose = tool.prose();
        for segment in prose.segments() {
            let Some(how) = segment.hidden.filter(|how| is_disguise(how)) else { continue };
            let message = format!("Disguised as {how}. {}", self.0.why);
            let hit = Hit { text: prose.text(), start: segment.start, end: segment.end };
            found.add(&self.0, tool.location(segment.field as usize), hit, Some(message));
        }
        for (at, field) in tool.fields().iter().enumerate() {
            let Some((range, count)) = dressed(&field.text).or_else(|| marked(&field.text)) else { continue };
            let message = format!(
                "{count} letters that no search finds stand for plain ones. Nobody writes so by need."
            );
            let hit = Hit { text: &field.text, start: range.start, end: range.end };
            found.add(&self.0, tool.location(at), hit, Some(message));
        }
    }
}
