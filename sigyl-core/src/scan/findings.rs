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
        let weight = (severity, confidence);
        let known = self.known(rule, &location);
        let milder = |at: &usize| (self.list[*at].severity, self.list[*at].confidence) < weight;
        // A milder finding must not stand for a worse one, neither on its line nor where the list is full.
        let instead = match known {
            Some(known) if milder(&known) => Some(known),
            Some(_) => return,
            None if self.counts.get(&rule.id).is_some_and(|count| count.all >= PER_RULE) => {
                self.mildest(rule).filter(milder)
            }
            None => None,
        };
        let count = self.counts.entry(rule.id.clone()).or_default();
        count.all += usize::from(known.is_none());
        if count.all > PER_RULE && instead.is_none() {
            return;
        }
        let finding = Finding {
            rule: rule.id.clone(),
            category: rule.category,
            severity,
            confidence,
            message: bounded(&self.masker.mask(&message.unwrap_or_else(|| rule.why.clone()))),
            location,
            evidence: self.masker.evidence(hit.text, hit.start, hit.end),
            fix: Some(rule.fix.clone()),
        };
        match instead {
            Some(at) => self.list[at] = finding,
            None => {
                count.last = self.list.len();
                self.list.push(finding);
            }
        }
    }

    /// Finds the least of a rule's findings.
    fn mildest(&self, rule: &RuleMeta) -> Option<usize> {
        let ours = (0..self.list.len()).filter(|&at| self.list[at].rule == rule.id);
        ours.min_by_key(|&at| (self.list[at].severity, self.list[at].confidence))
    }

    /// Finds what the rule already found on that line or in that field.
    fn known(&self, rule: &RuleMeta, location: &Option<Location>) -> Option<usize> {
        let same_line = |known: &Finding| match (&known.location, location) {
            (Some(Location::File { path, line, .. }), Some(Location::File { path: other, line: at, .. })) => {
                path == other && line == at && line.is_some()
            }
            (known, new) => known == new,
        };
        let recent = self.list.iter().enumerate().rev().take(PER_RULE * 4);
        let mut same = recent.filter(|(_, known)| known.rule == rule.id && same_line(known));
        same.next().map(|(at, _)| at)
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
