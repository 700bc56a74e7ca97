//! JUnit XML, as test reports of CI systems read it: one case for the verdict, one for each finding and gap.

use std::fmt::{self, Write as _};

use super::{Origin, runner};
use crate::domain::{AnalyzerStatus, Finding, Report, Severity, Verdict};
use crate::scan::spell::spell;

/// Writes a report as one suite. What would stop a release, and what is an error, is a failed case; what could not be
/// looked at is a case in error; the rest passes and says what it has to say.
pub fn junit(report: &Report, origin: &Origin) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    write(&mut out, report, origin).ok();
    runner::xml(out)
}

fn write(out: &mut String, report: &Report, origin: &Origin) -> fmt::Result {
    let stopped = report.verdict >= Verdict::Hold;
    let gaps = gaps(report);
    let findings: Vec<&Finding> = report.standing().collect();
    let failures = findings.iter().filter(|finding| is_failure(finding)).count() + usize::from(stopped);
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{}\" skipped=\"0\" time=\"{}.{:03}\"",
        findings.len() + gaps.len() + 1,
        gaps.len(),
        report.stats.elapsed_ms / 1000,
        report.stats.elapsed_ms % 1000
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"sigyl\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"sigyl scan {}\" {counts}>", escaped(&report.source.locator))?;
    verdict(out, report, stopped)?;
    for finding in findings {
        case(out, finding, origin)?;
    }
    for (what, name, reason) in gaps {
        writeln!(out, "    <testcase classname=\"{what}\" name=\"{}\">", escaped(name))?;
        writeln!(out, "      <error type=\"{what}\" message=\"{}\"/>", escaped(reason))?;
        writeln!(out, "    </testcase>")?;
    }
    out.write_str("  </testsuite>\n</testsuites>\n")
}

/// What could not be looked at, and what should have looked and did not, each with its reason.
fn gaps(report: &Report) -> Vec<(&'static str, &str, &str)> {
    let failed = report.analyzers.iter().filter(|one| one.status == AnalyzerStatus::Failed);
    let failed =
        failed.map(|one| ("failed", one.name.as_str(), one.reason.as_deref().unwrap_or("no reason given")));
    let skipped = report.skipped.iter().filter(|skipped| skipped.kind.is_gap());
    failed.chain(skipped.map(|gap| ("not looked at", gap.path.as_str(), gap.reason.as_str()))).collect()
}

fn verdict(out: &mut String, report: &Report, stopped: bool) -> fmt::Result {
    let partial = if report.partial { ", and the scan is incomplete" } else { "" };
    let text = format!("the verdict is {}{partial}", report.verdict);
    if stopped {
        writeln!(out, "    <testcase classname=\"sigyl\" name=\"verdict\">")?;
        writeln!(out, "      <failure type=\"{}\" message=\"{}\"/>", report.verdict, escaped(&text))?;
        writeln!(out, "    </testcase>")
    } else {
        writeln!(
            out,
            "    <testcase classname=\"sigyl\" name=\"verdict\"><system-out>{text}</system-out></testcase>"
        )
    }
}

fn case(out: &mut String, finding: &Finding, origin: &Origin) -> fmt::Result {
    let path = origin.path(finding).unwrap_or_else(|| "tools".to_owned());
    let place = finding.location.as_ref().map_or_else(|| "the whole".to_owned(), ToString::to_string);
    let name = format!("{} at {place}", finding.rule);
    let mut attributes = format!("classname=\"{}\" name=\"{}\"", escaped(&path), escaped(&name));
    if origin.path(finding).is_some() {
        write!(attributes, " file=\"{}\"", escaped(&path))?;
    }
    if let (Some(line), _) = origin.place(finding) {
        write!(attributes, " line=\"{line}\"")?;
    }
    let fix = finding.fix.as_deref().map(|fix| format!("\nfix: {}", escaped(fix))).unwrap_or_default();
    let message = escaped(&finding.message);
    let text = format!("{message}\nevidence: {}{fix}", escaped(&finding.evidence));
    writeln!(out, "    <testcase {attributes}>")?;
    if is_failure(finding) {
        writeln!(out, "      <failure type=\"{}\" message=\"{message}\">{text}</failure>", finding.severity)?;
    } else {
        writeln!(out, "      <system-out>{}: {text}</system-out>", finding.severity)?;
    }
    writeln!(out, "    </testcase>")
}

fn is_failure(finding: &Finding) -> bool {
    finding.severity >= Severity::Error
}

/// Text on one line.
fn escaped(text: &str) -> String {
    markup(&spell(text, true))
}

/// Hides the characters that XML has a use for, and replaces the two that it cannot hold at all.
fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
