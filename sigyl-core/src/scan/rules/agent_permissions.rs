//! Skills, commands and agents that may do everything unasked.

use regex::Regex;

use crate::domain::{Location, Severity};
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::skill::{is_instructions, matter};

/// Finds instructions that take the question away.
pub(super) struct AgentPermissions {
    meta: RuleMeta,
    skips: Regex,
    refuses: Regex,
}

impl AgentPermissions {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        let skips = r"--dangerously-[a-z-]+|--yolo\b|--full-auto\b|\bbypassPermissions\b|--approval-mode[ =]yolo|--ask-for-approval[ =]never";
        let refuses = r"(?i)\b(?:never|do\s+not|don't|avoid|without|must\s+not|forbid\w*|instead\s+of|no)\b";
        Ok(Self { meta, skips: Regex::new(skips)?, refuses: Regex::new(refuses)? })
    }
}

impl Rule for AgentPermissions {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if !is_instructions(file.path()) {
            return;
        }
        let text = file.text();
        let line =
            |line: u32| Some(Location::File { path: file.path().to_owned(), line: Some(line), column: None });
        let matter = matter(text);
        let all =
            |word: &str| matches!(word.trim(), "*" | "Bash" | "Bash(*)" | "Bash(*:*)" | "Shell" | "mcp__*");
        for (word, at) in matter.allowed.iter().filter(|(word, _)| all(word)) {
            let message = format!("`{word}` is allowed without asking");
            found.add(&self.meta, line(*at), Hit::whole(word), Some(message));
        }
        if let Some((mode, at)) = matter.mode.filter(|(mode, _)| mode == "bypassPermissions") {
            let confidence = self.meta.confidence;
            found.add_as(&self.meta, Severity::Error, confidence, line(at), Hit::whole(&mode), None);
        }
        for skip in self.skips.find_iter(text) {
            let begin = text[..skip.start()].rfind('\n').map_or(0, |at| at + 1);
            if !self.refuses.is_match(&text[begin..skip.start()]) {
                let hit = Hit { text, start: skip.start(), end: skip.end() };
                found.add(&self.meta, in_file(file, skip.start()), hit, None);
            }
        }
    }
}
