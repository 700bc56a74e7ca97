//! What rules find in one part, gathered and bounded.

use std::collections::HashMap;

use super::evidence::{Masker, bounded};
use super::file::FileText;
use super::rule::RuleMeta;
use crate::domain::{Confidence, Finding, Location, RuleId, Severity};

/// Findings of one rule in one part that are listed one by one; the last of them says how many more there are.
const PER_RULE: usize = 20;

/// Takes what rules find in one part of the subject.
#[derive(Debug)]
pub struct Findings<'a> {
    masker: &'a Masker,
    list: Vec<Finding>,
    counts: HashMap<RuleId, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: usize,
    last: usize,
}

/// Where in a file or tool a rule found something.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The text that holds it.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

impl<'a> Hit<'a> {
    /// Takes a whole text as what was found.
    pub fn whole(text: &'a str) -> Self {
        Self { text, start: 0, end: text.len() }
    }
}

impl<'a> Findings<'a> {
    pub(super) fn new(masker: &'a Masker) -> Self {
        Self { masker, list: Vec::new(), counts: HashMap::new() }
    }

    /// Adds a finding of `rule` at `location`, with `hit` as evidence; `message` replaces the reason the rule gives.
    pub fn add(
        &mut self,
        rule: &RuleMeta,
        location: Option<Location>,
        hit: Hit<'_>,
        message: Option<String>,
    ) {
        self.add_as(rule, rule.severity, rule.confidence, location, hit, message);
    }

    /// Adds a finding that is worse or milder, more or less sure than the rule usually is.
    pub fn add_as(
        &mut self,
        rule: &RuleMeta,
        severity: Severity,
        confidence: Confidence,
        location: Option<Location>,
        hit: Hit<'_>,
        message: Option<String>,
    ) {
        if self.is_known(rule, &location) {
            return;
        }
        let count = self.counts.entry(rule.id.clone()).or_default();
        count.all += 1;
        if count.all > PER_RULE {
            return;
        }
        count.last = self.list.len();
        self.list.push(Finding {
            rule: rule.id.clone(),
            category: rule.category,
            severity,
            confidence,
            message: bounded(&self.masker.mask(&message.unwrap_or_else(|| rule.why.clone()))),
            location,
            evidence: self.masker.evidence(hit.text, hit.start, hit.end),
            fix: Some(rule.fix.clone()),
        });
    }

    /// Tells whether the rule already found something on that line or in that field.
    fn is_known(&self, rule: &RuleMeta, location: &Option<Location>) -> bool {
        let same_line = |known: &Finding| match (&known.location, location) {
            (Some(Location::File { path, line, .. }), Some(Location::File { path: other, line: at, .. })) => {
                path == other && line == at && line.is_some()
            }
            (known, new) => known == new,
        };
        self.list.iter().rev().take(PER_RULE * 4).any(|known| known.rule == rule.id && same_line(known))
    }

    /// Returns what was found, in the order it was found in.
    pub(super) fn into_list(mut self) -> Vec<Finding> {
        for count in self.counts.values().filter(|count| count.all > PER_RULE) {
            let more = count.all - PER_RULE;
            if let Some(last) = self.list.get_mut(count.last) {
                last.message = format!("{} (and {more} more here that are not listed)", last.message);
            }
        }
        self.list
    }
}

/// Makes the location of a byte of a file.
pub(super) fn in_file(file: &FileText<'_>, at: usize) -> Option<Location> {
    let (line, column) = file.place(at);
    Some(Location::File { path: file.path().to_owned(), line: Some(line), column: Some(column) })
}
