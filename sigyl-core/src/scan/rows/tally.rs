//! What all entries together come to.

use std::cmp::Reverse;

use super::judge::JudgedRow;
use super::row::{BadRow, RowsOf};
use crate::clock::Clock;
use crate::domain::{
    Analyzer, AnalyzerStatus, Digest, Finding, Report, SkipKind, Skipped, SourceKind, SourceRef, Verdict,
};
use crate::scan::findings::Unlisted;
use crate::scan::report::{Failed, Gathered};
use crate::scan::{Scanner, Subject};

/// Findings that are kept; a report lists as many.
const FINDINGS: usize = 10_000;
/// Gaps that are kept one by one.
const GAPS: usize = 1_000;

/// The sum of what was judged, of bounded size.
#[derive(Debug)]
pub struct Tally {
    of: RowsOf,
    rows: u64,
    bad: u64,
    looked_at: u64,
    verdict: Verdict,
    findings: Vec<Finding>,
    unlisted: Unlisted,
    /// Places and reasons of gaps, the former as they stand in the text where it has no name yet.
    gaps: Vec<(Option<String>, Skipped)>,
    more_gaps: u64,
    digest: Digest,
    elapsed_ms: u64,
}

impl Tally {
    pub(super) fn new(of: RowsOf) -> Self {
        Self {
            of,
            rows: 0,
            bad: 0,
            looked_at: 0,
            verdict: Verdict::Pass,
            findings: Vec::new(),
            unlisted: Unlisted::default(),
            gaps: Vec::new(),
            more_gaps: 0,
            digest: Digest::of(b""),
            elapsed_ms: 0,
        }
    }

    /// Adds an entry.
    pub(super) fn judged(&mut self, row: JudgedRow) {
        self.rows += 1;
        self.looked_at += row.bytes;
        self.verdict = self.verdict.max(row.verdict);
        self.unlisted.extend(&row.unlisted);
        self.findings.extend(row.findings);
        if let Some(skipped) = row.skipped {
            self.gap(None, skipped);
        }
        if self.findings.len() > 2 * FINDINGS {
            self.keep_the_worst();
        }
    }

    /// Adds an entry that could not be read.
    pub(super) fn bad(&mut self, bad: &BadRow) {
        self.bad += 1;
        let reason = bad.why.clone();
        let skipped = Skipped { path: String::new(), kind: SkipKind::Unreadable, reason };
        self.gap(Some(bad.place.to_string()), skipped);
    }

    pub(super) fn end(&mut self, (_, digest): (u64, Digest), elapsed_ms: u64) {
        (self.digest, self.elapsed_ms) = (digest, elapsed_ms);
    }

    /// Returns how many entries were judged.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns how many entries could not be read.
    pub fn bad_rows(&self) -> u64 {
        self.bad
    }

    /// Returns the worst verdict on an entry.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Tells whether everything that was there could be read and looked at.
    pub fn is_partial(&self) -> bool {
        self.more_gaps > 0 || self.gaps.iter().any(|(_, gap)| gap.kind.is_gap())
    }

    /// Makes the report on all entries; `locator` is what the text is called.
    pub fn report(self, locator: &str, scanner: &Scanner<'_>, clock: &dyn Clock) -> Report {
        let kind = match self.of {
            RowsOf::Tools => SourceKind::Tools,
            RowsOf::Code => SourceKind::Code,
        };
        let reference = SourceRef { kind, locator: locator.to_owned(), digest: self.digest };
        let subject = Subject::of_nothing(reference);
        let analyzers = self.analyzers();
        let mut gathered = Gathered::new(false, Failed::default());
        let named = |(place, gap): (Option<String>, Skipped)| match place {
            Some(place) => Skipped { path: format!("{locator} ({place})"), ..gap },
            None => gap,
        };
        gathered.skipped = self.gaps.into_iter().map(named).collect();
        if self.more_gaps > 0 {
            let reason = format!("{} further gaps are not listed", self.more_gaps);
            let path = locator.to_owned();
            gathered.skipped.push(Skipped { path, kind: SkipKind::TooMany, reason });
        }
        (gathered.findings, gathered.unlisted) = (self.findings, self.unlisted);
        match self.of {
            RowsOf::Tools => gathered.count(0, self.rows, self.looked_at),
            RowsOf::Code => gathered.count(self.rows, 0, self.looked_at),
        }
        let mut report = gathered.report(&subject, &scanner.judging(), clock.now(), self.elapsed_ms);
        report.verdict = report.verdict.max(self.verdict);
        report.analyzers = analyzers;
        report
    }

    fn analyzers(&self) -> Vec<Analyzer> {
        let (name, what) = match self.of {
            RowsOf::Tools => ("tools", "definitions"),
            RowsOf::Code => ("code", "pieces of code"),
        };
        let (status, reason) = match (self.rows, self.bad) {
            (0, 0) => (AnalyzerStatus::Ran, format!("there are no {what}")),
            (rows, 0) => (AnalyzerStatus::Ran, format!("{rows} {what}")),
            (rows, bad) => (AnalyzerStatus::Failed, format!("{bad} of {} {what} cannot be read", rows + bad)),
        };
        vec![Analyzer { name: name.to_owned(), status, reason: Some(reason) }]
    }

    fn gap(&mut self, place: Option<String>, skipped: Skipped) {
        if self.gaps.len() < GAPS {
            self.gaps.push((place, skipped));
        } else {
            self.more_gaps += 1;
        }
    }

    /// Lets go of the least severe; they are counted.
    fn keep_the_worst(&mut self) {
        self.findings.sort_by_key(|one| (Reverse(one.severity), Reverse(one.confidence)));
        for one in self.findings.drain(FINDINGS..) {
            self.unlisted.add((one.severity, one.confidence), 1);
        }
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.findings.len()
    }
}
