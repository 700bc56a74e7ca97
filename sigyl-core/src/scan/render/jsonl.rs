//! JSON Lines: one object a line, whole as soon as it is written.

use serde::Serialize;
use serde_json::Value;

use super::runner;
use crate::domain::{
    AdvisoriesUsed, Analyzer, Finding, PolicyUsed, Report, RulesUsed, Score, Skipped, SourceRef, Stats,
    Suppressed, Verdict,
};
use crate::scan::{JudgedRow, RowKind};

/// A tool, prompt or resource, and what it comes to.
#[derive(Serialize)]
struct ToolLine<'a> {
    id: &'a Value,
    name: &'a str,
    kind: RowKind,
    verdict: Verdict,
    partial: bool,
    findings: &'a [Finding],
    skipped: &'a [Skipped],
    md5: Option<&'a str>,
    sha256: Option<&'a str>,
}

/// A piece of code, and what it comes to.
#[derive(Serialize)]
struct CodeLine<'a> {
    id: &'a Value,
    path: &'a str,
    verdict: Verdict,
    partial: bool,
    findings: &'a [Finding],
    skipped: &'a [Skipped],
}

/// What one line of a report tells.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ReportLine<'a> {
    Finding(&'a Finding),
    Suppressed(&'a Suppressed),
    Skipped(&'a Skipped),
    Analyzer(&'a Analyzer),
    Report {
        schema: &'a str,
        source: &'a SourceRef,
        verdict: Verdict,
        partial: bool,
        score: &'a Score,
        stats: &'a Stats,
        rules: Option<&'a RulesUsed>,
        policy: Option<&'a PolicyUsed>,
        advisories: Option<&'a AdvisoriesUsed>,
    },
}

/// Writes what one entry came to as one line.
pub fn row(row: &JudgedRow) -> String {
    let (id, verdict, partial) = (&row.id, row.verdict, row.is_partial());
    let (findings, skipped) = (row.findings.as_slice(), row.skipped.as_slice());
    match row.kind {
        RowKind::Code => line(&CodeLine { id, path: &row.name, verdict, partial, findings, skipped }),
        kind => line(&ToolLine {
            id,
            name: &row.name,
            kind,
            verdict,
            partial,
            findings,
            skipped,
            md5: row.md5.as_deref(),
            sha256: row.sha256.as_deref(),
        }),
    }
}

/// Writes a report as lines: each finding, each that does not count, each gap, each analyzer, and what they come to at the end.
pub fn jsonl(report: &Report) -> String {
    let findings = report.findings.iter().map(ReportLine::Finding);
    let suppressed = report.suppressed.iter().map(ReportLine::Suppressed);
    let skipped = report.skipped.iter().map(ReportLine::Skipped);
    let analyzers = report.analyzers.iter().map(ReportLine::Analyzer);
    let end = ReportLine::Report {
        schema: &report.schema,
        source: &report.source,
        verdict: report.verdict,
        partial: report.partial,
        score: &report.score,
        stats: &report.stats,
        rules: report.rules.as_ref(),
        policy: report.policy.as_ref(),
        advisories: report.advisories.as_ref(),
    };
    findings.chain(suppressed).chain(skipped).chain(analyzers).chain([end]).map(|one| line(&one)).collect()
}

fn line(value: &impl Serialize) -> String {
    // Only strings, numbers and lists, which always serialise.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    runner::json(line)
}
