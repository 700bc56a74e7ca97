//! Every pattern proves itself: its hits hit through the whole engine, its misses do not.
#![cfg(test)]

use super::{RuleSet, Scanner, ToolText, rules};
use crate::domain::{Finding, Policy, RuleId, Severity};

/// Returns the builtin rules, compiled once for all tests.
pub(super) fn builtin() -> &'static RuleSet {
    static SET: std::sync::OnceLock<RuleSet> = std::sync::OnceLock::new();
    SET.get_or_init(|| RuleSet::builtin().unwrap())
}

/// Returns what a text gives, taken for a tool's description or for a file of that name.
pub(super) fn findings(set: &RuleSet, subject: &str, text: &str) -> Vec<Finding> {
    let scanner = Scanner::new(set, Policy::default());
    match subject {
        "tool" => scanner.tool(&ToolText::of_text("sample", "description", text)),
        "set" => {
            let set = super::set::OwnedSet::parse(text);
            scanner.scan_set(&set.set(), &crate::clock::FixedClock::default()).report.findings
        }
        path => scanner.file(path, text.as_bytes()).unwrap(),
    }
}

/// Returns how bad what `rule` says of a text is.
pub(super) fn severity(set: &RuleSet, rule: &str, subject: &str, text: &str) -> Option<Severity> {
    let rule = RuleId::parse(rule).unwrap();
    findings(set, subject, text).into_iter().filter(|f| f.rule == rule).map(|f| f.severity).max()
}

/// Rules that look at the list of files, at advisories, or at what changed: one text cannot show them.
pub(super) const OF_TREES: [&str; 6] = [
    "client-changed",
    "malicious-dependency",
    "package-namespace",
    "shipped-binary",
    "unpinned-dependencies",
    "vulnerable-dependency",
];

#[test]
fn every_pattern_hits_its_hits_and_misses_its_misses() {
    let set = builtin();
    for pattern in &set.patterns {
        let id = &pattern.meta.id;
        assert!(!pattern.hits.is_empty() && !pattern.misses.is_empty(), "{id} lacks hits or misses");
    }
    let wrong = set.unproved();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_rule_hits_its_hits_and_misses_its_misses() {
    let mut wrong = Vec::new();
    for (rule, proof) in rules::samples().unwrap() {
        let shown = !proof.hits.is_empty() && !proof.misses.is_empty();
        assert!(shown || OF_TREES.contains(&rule.as_str()), "{rule} lacks hits or misses");
        for (samples, expected) in [(&proof.hits, true), (&proof.misses, false)] {
            for (subject, text) in
                samples.iter().flat_map(|(subject, all)| all.iter().map(move |one| (subject, one)))
            {
                let hit = severity(builtin(), rule.as_str(), subject, text).is_some();
                if hit != expected {
                    wrong.push(format!("{rule} of {subject} should be {expected}: {text:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
