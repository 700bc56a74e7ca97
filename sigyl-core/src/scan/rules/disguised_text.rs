//! Orders that stand in disguise.

use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::signal::{DISGUISES, IDENTIFIER};

/// Finds what reads like an order once its disguise is off.
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
            let Some(how) = segment.hidden.filter(|how| DISGUISES.contains(how) && *how != IDENTIFIER) else {
                continue;
            };
            let message = format!("Disguised as {how}. {}", self.0.why);
            let hit = Hit { text: prose.text(), start: segment.start, end: segment.end };
            found.add(&self.0, tool.location(segment.field as usize), hit, Some(message));
        }
    }
}
