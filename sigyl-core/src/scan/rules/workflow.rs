//! Workflows of GitHub Actions, line by line: scripts, checkouts, actions.

use regex::Regex;

use crate::domain::Severity;
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds text of strangers in scripts.
pub(super) struct WorkflowInjection {
    meta: RuleMeta,
    foreign: Regex,
}

/// Finds checkouts of what strangers wrote.
pub(super) struct WorkflowForeignCheckout {
    meta: RuleMeta,
    trigger: Regex,
    head: Regex,
}

/// Finds actions that are named by a tag.
pub(super) struct UnpinnedAction {
    meta: RuleMeta,
    uses: Regex,
}

impl WorkflowInjection {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        let foreign = Regex::new(
            r"\$\{\{[^}]*\bgithub\.(?:head_ref|event\.(?:issue|pull_request|comment|review|review_comment|discussion|head_commit|commits|workflow_run|pages|release|inputs)\b[^}]*?\.?(?:title|body|label|message|email|name|ref|head_branch|display_title|page_name|description)\b)[^}]*\}\}",
        )?;
        Ok(Self { meta, foreign })
    }
}

impl WorkflowForeignCheckout {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self {
            meta,
            trigger: Regex::new(r"(?m)^\s*(?:on\s*:.*\b|-?\s*)(?:pull_request_target|workflow_run)\b")?,
            head: Regex::new(
                r"(?:ref|repository)\s*:\s*[^\n]*(?:github\.head_ref|pull_request\.head\.|workflow_run\.head_)|refs/pull/\$|gh\s+pr\s+checkout",
            )?,
        })
    }
}

impl UnpinnedAction {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self {
            meta,
            uses: Regex::new(r#"(?m)^\s*(?:-\s+)?uses\s*:\s*["']?([\w.-]+/[\w./-]+@[^\s"'#]+)"#)?,
        })
    }
}

/// Tells whether a file is a workflow or an action of GitHub.
fn is_workflow(file: &FileText<'_>) -> bool {
    let inside =
        file.path().contains(".github/workflows/") || matches!(file.name(), "action.yml" | "action.yaml");
    inside && file.language() == Language::Yaml
}

/// Yields where the lines of scripts stand: values of `run:` and `script:`, with the deeper lines of a block.
fn scripts(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let (mut at, mut inside) = (0, None);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let key = trimmed.strip_prefix("- ").map_or(trimmed, str::trim_start);
        let column = line.len() - key.len();
        if inside.is_some_and(|outer| !trimmed.is_empty() && indent <= outer) {
            inside = None;
        }
        if inside.is_some() {
            found.push(at..at + line.len());
        } else if key.starts_with("run:") || key.starts_with("script:") {
            found.push(at..at + line.len());
            inside = Some(column);
        }
        at += line.len();
    }
    found
}

impl Rule for WorkflowInjection {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if !is_workflow(file) || !file.text().contains("${{") {
            return;
        }
        for script in scripts(file.text()) {
            for hit in self.foreign.find_iter(&file.text()[script.clone()]) {
                let (start, end) = (script.start + hit.start(), script.start + hit.end());
                found.add(&self.meta, in_file(file, start), Hit { text: file.text(), start, end }, None);
            }
        }
    }
}

impl Rule for WorkflowForeignCheckout {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if !is_workflow(file) || !self.trigger.is_match(file.text()) {
            return;
        }
        // A workflow that follows another mostly follows one of the repository itself.
        let severity = match file.text().contains("pull_request_target") {
            true => self.meta.severity,
            false => Severity::Warning,
        };
        for hit in self.head.find_iter(file.text()) {
            let hit = Hit { text: file.text(), start: hit.start(), end: hit.end() };
            found.add_as(&self.meta, severity, self.meta.confidence, in_file(file, hit.start), hit, None);
        }
    }
}

impl Rule for UnpinnedAction {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        if !is_workflow(file) {
            return;
        }
        for uses in self.uses.captures_iter(file.text()).filter_map(|found| found.get(1)) {
            let commit = uses.as_str().rsplit('@').next().unwrap_or_default();
            let pinned = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !pinned {
                let hit = Hit { text: file.text(), start: uses.start(), end: uses.end() };
                found.add_as(
                    &self.meta,
                    Severity::Info,
                    self.meta.confidence,
                    in_file(file, uses.start()),
                    hit,
                    None,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_scripts_are_found_and_end_with_their_block() {
        let text =
            "steps:\n  - name: a\n    run: |\n      one\n\n      two\n    env:\n      A: b\n  - run: three\n";
        let lines: Vec<_> = scripts(text).into_iter().map(|range| text[range].trim()).collect();
        assert_eq!(lines, ["run: |", "one", "", "two", "- run: three"]);
    }
}
