//! Annotations of GitHub Actions: commands that the runner reads from what a step prints.

use super::Origin;
use crate::domain::{AnalyzerStatus, Annotation, Finding, Report, Severity};
use crate::scan::spell::spell;

/// Annotations of one level that GitHub shows for one step.
const SHOWN: usize = 10;

/// Writes each finding, worst first, as a command, and the verdict as a line that is none.
pub fn github(report: &Report, origin: &Origin) -> String {
    let mut out = String::new();
    let mut levels = [0_usize; 3];
    for finding in report.standing() {
        let (at, level) = level(finding.severity);
        levels[at] += 1;
        out.push_str(&command(level, &properties(finding, origin), &told(finding)));
    }
    for one in report.analyzers.iter().filter(|one| one.status == AnalyzerStatus::Failed) {
        let title = ("title", format!("sigyl: {} failed", one.name));
        out.push_str(&command("warning", &[title], one.reason.as_deref().unwrap_or("no reason given")));
    }
    for gap in report.skipped.iter().filter(|skipped| skipped.kind.is_told()) {
        let title = ("title", format!("sigyl: {}", gap.kind.words()));
        out.push_str(&command("warning", &[title], &format!("{}: {}", gap.path, gap.reason)));
    }
    let partial = if report.partial { " (incomplete)" } else { "" };
    out.push_str(&format!(
        "sigyl: verdict {}{partial}, {} findings\n",
        report.verdict,
        report.findings.len()
    ));
    if levels.iter().any(|count| *count > SHOWN) {
        let shown = format!("the first {SHOWN} annotations of each level of a step");
        out.push_str(&format!("sigyl: GitHub shows {shown}; all are above\n"));
    }
    out
}

/// Returns each finding that is in a file, worst first, as what GitHub shows at its line; nothing in it is a control character.
pub fn annotations(report: &Report, origin: &Origin) -> Vec<Annotation> {
    let at_line = |finding: &Finding| {
        Some(Annotation {
            path: spell(&origin.path(finding)?, true).into_owned(),
            line: origin.place(finding).0.unwrap_or(1).max(1),
            severity: finding.severity,
            title: format!("sigyl: {} ({})", finding.rule, finding.severity),
            message: spell(&told(finding), true).into_owned(),
        })
    };
    report.standing().filter_map(at_line).collect()
}

fn level(severity: Severity) -> (usize, &'static str) {
    match severity {
        Severity::Block | Severity::Error => (0, "error"),
        Severity::Warning => (1, "warning"),
        Severity::Info => (2, "notice"),
    }
}

fn properties(finding: &Finding, origin: &Origin) -> Vec<(&'static str, String)> {
    let mut properties = Vec::new();
    if let Some(path) = origin.path(finding) {
        properties.push(("file", path));
        let (line, column) = origin.place(finding);
        properties.extend(line.map(|line| ("line", line.to_string())));
        properties.extend(column.map(|column| ("col", column.to_string())));
    }
    properties.push(("title", format!("sigyl: {} ({})", finding.rule, finding.severity)));
    properties
}

fn told(finding: &Finding) -> String {
    let place = finding.location.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let mut told = format!("{place}{}", finding.message);
    if !finding.evidence.is_empty() {
        told.push_str(" Evidence: ");
        told.push_str(&finding.evidence);
    }
    if let Some(fix) = &finding.fix {
        told.push_str(" Fix: ");
        told.push_str(fix);
    }
    told
}

fn command(level: &str, properties: &[(&str, String)], message: &str) -> String {
    let one = |(name, value): &(&str, String)| format!("{name}={}", property(value));
    let properties: Vec<String> = properties.iter().map(one).collect();
    format!("::{level} {}::{}\n", properties.join(","), data(message))
}

/// Keeps a message on its line: nothing in it can begin another command.
fn data(text: &str) -> String {
    spell(text, true).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
