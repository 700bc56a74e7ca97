//! A report as text for a terminal: worst first, each finding with place, evidence, reason and remedy.

use std::fmt::{self, Write as _};

use super::{Frame, runner};
use crate::domain::{
    AnalyzerStatus, Finding, Location, Mode, PolicyUsed, Report, Severity, SkipKind, Skipped, Suppressed,
    Verdict,
};
use crate::scan::spell::spell;

/// Marks parts of the text; the default marks nothing.
pub trait Style {
    /// Dresses the name of a severity.
    fn severity(&self, _severity: Severity, text: &str) -> String {
        text.to_owned()
    }

    /// Dresses the verdict.
    fn verdict(&self, _verdict: Verdict, text: &str) -> String {
        text.to_owned()
    }

    /// Dresses what matters less.
    fn dim(&self, text: &str) -> String {
        text.to_owned()
    }

    /// Dresses the place of a finding in a file, such as with a link to it.
    fn place(&self, _path: &str, _line: Option<u32>, text: &str) -> String {
        text.to_owned()
    }

    /// Dresses what points at a place in a line.
    fn caret(&self, text: &str) -> String {
        text.to_owned()
    }

    /// Finds the line that a finding stands on; without it the evidence is shown alone.
    fn frame(&self, _path: &str, _line: u32, _column: u32) -> Option<Frame> {
        None
    }

    /// Columns that lines are broken to fit, where they can be broken.
    fn width(&self) -> usize {
        100
    }
}

/// Text without any marks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Style for Plain {}

/// Skipped files that are listed one by one.
const SKIPPED: usize = 20;

/// Writes a report as text. Whatever comes from the source is spelled out where it would not show, or would move the
/// cursor.
pub fn plain(report: &Report, style: &dyn Style) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    write(&mut out, report, style).ok();
    runner::text(out)
}

fn write(out: &mut String, report: &Report, style: &dyn Style) -> fmt::Result {
    for severity in [Severity::Block, Severity::Error, Severity::Warning, Severity::Info] {
        let findings: Vec<&Finding> = report.standing().filter(|f| f.severity == severity).collect();
        if findings.is_empty() {
            continue;
        }
        let heading = format!("{severity} ({})", findings.len());
        writeln!(out, "{}", style.severity(severity, &heading))?;
        for alike in groups(&findings) {
            group(out, &alike, style)?;
        }
        writeln!(out)?;
    }
    suppressed(out, &report.suppressed, style)?;
    skipped(out, &report.skipped, style)?;
    for analyzer in &report.analyzers {
        if analyzer.status != AnalyzerStatus::Ran {
            let status = match analyzer.status {
                AnalyzerStatus::Failed => "failed",
                _ => "not run",
            };
            let reason = analyzer.reason.as_deref().unwrap_or("no reason given");
            writeln!(
                out,
                "{}",
                style.dim(&format!("{}: {status}: {}", spell(&analyzer.name, true), spell(reason, true)))
            )?;
        }
    }
    summary(out, report, style)
}

/// Puts together what differs only in place and evidence, in the order of the first of each.
fn groups<'a>(findings: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let alike = |group: &&mut Vec<&Finding>| {
            let first = group[0];
            (&first.rule, first.confidence, &first.message, &first.fix)
                == (&finding.rule, finding.confidence, &finding.message, &finding.fix)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn group(out: &mut String, findings: &[&Finding], style: &dyn Style) -> fmt::Result {
    let Some(first) = findings.first() else { return Ok(()) };
    let confidence = format!("{:?}", first.confidence).to_lowercase();
    writeln!(out, "  {}  {}", first.rule, style.dim(&format!("{confidence} confidence")))?;
    for finding in findings {
        place(out, finding, style)?;
    }
    wrapped(out, "why", &first.message, style)?;
    first.fix.as_ref().map_or(Ok(()), |fix| wrapped(out, "fix", fix, style))
}

/// Writes the place with its line, or with the evidence alone.
fn place(out: &mut String, finding: &Finding, style: &dyn Style) -> fmt::Result {
    let place = finding.location.as_ref().map_or_else(|| "(whole)".to_owned(), ToString::to_string);
    let (place, evidence) = (spell(&place, true), spell(&finding.evidence, true));
    let dressed = match &finding.location {
        Some(Location::File { path, line, .. }) => style.place(path, *line, &place),
        _ => place.clone().into_owned(),
    };
    if let Some(Location::File { path, line: Some(line), column: Some(column) }) = &finding.location
        && let Some(frame) = style.frame(path, *line, *column)
    {
        writeln!(out, "    {dressed}")?;
        return framed(out, *line, &frame, &evidence, style);
    }
    let columns = place.chars().count();
    let blank = " ".repeat(24_usize.saturating_sub(columns));
    match columns.max(24) + evidence.chars().count() + 7 <= style.width() {
        _ if evidence.is_empty() => writeln!(out, "    {dressed}"),
        true => writeln!(out, "    {dressed}{blank} | {evidence}"),
        false => writeln!(out, "    {dressed}\n      | {evidence}"),
    }
}

/// Writes the line with a mark under what was found, and the evidence where the line does not show it whole.
fn framed(out: &mut String, line: u32, frame: &Frame, evidence: &str, style: &dyn Style) -> fmt::Result {
    let number = line.to_string();
    let blank = " ".repeat(number.len());
    let room = style.width().saturating_sub(number.len() + 10).max(30);
    let before = last(&frame.before, room / 2);
    let after = first(&frame.after, room - columns(&before));
    let same = frame.after.chars().zip(evidence.chars()).take_while(|(one, other)| one == other).count();
    let marked: String = after.chars().take(same.max(1)).collect();
    let mark = "^".repeat(columns(&marked).max(1));
    writeln!(out, "      {} {before}{after}", style.dim(&format!("{number} |")))?;
    let under = " ".repeat(columns(&before));
    writeln!(out, "      {} {under}{}", style.dim(&format!("{blank} |")), style.caret(&mark))?;
    match same < evidence.chars().count() {
        true => writeln!(out, "      {} {evidence}", style.dim(&format!("{blank} ="))),
        false => Ok(()),
    }
}

/// Cuts a text at its beginning.
fn last(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let end: Vec<char> = fitting(text.chars().rev(), room).collect();
    std::iter::once('…').chain(end.into_iter().rev()).collect()
}

/// Cuts a text at its end.
fn first(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    fitting(text.chars(), room).chain(['…']).collect()
}

/// Takes as many characters as leave room for a mark of what is cut.
fn fitting(text: impl Iterator<Item = char>, room: usize) -> impl Iterator<Item = char> {
    let mut taken = 1;
    text.take_while(move |c| {
        taken += wide(*c);
        taken <= room
    })
}

fn columns(text: &str) -> usize {
    text.chars().map(wide).sum()
}

/// Columns that a terminal gives a character: two to those of East Asia and to pictures.
fn wide(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn wrapped(out: &mut String, label: &str, text: &str, style: &dyn Style) -> fmt::Result {
    let indent = "         ";
    let mut line = format!("    {}  ", style.dim(label));
    let mut column = indent.len();
    for word in spell(text, true).split(' ') {
        let columns = word.chars().count();
        if column > indent.len() && column + columns > style.width() {
            writeln!(out, "{}", line.trim_end())?;
            indent.clone_into(&mut line);
            column = indent.len();
        }
        line.push_str(word);
        line.push(' ');
        column += columns + 1;
    }
    writeln!(out, "{}", line.trim_end())
}

/// Writes what does not count, and what somebody wanted not to count and does.
fn suppressed(out: &mut String, suppressed: &[Suppressed], style: &dyn Style) -> fmt::Result {
    let (gone, kept): (Vec<&Suppressed>, Vec<&Suppressed>) = suppressed.iter().partition(|one| one.applied);
    for (list, title) in [(gone, "does not count"), (kept, "counts, whatever is said of it")] {
        if list.is_empty() {
            continue;
        }
        writeln!(out, "{}", style.dim(&format!("{title} ({})", list.len())))?;
        for one in list.iter().take(SKIPPED) {
            let place = one.location.as_ref().map_or_else(|| "(whole)".to_owned(), ToString::to_string);
            let until = one.expires.map_or_else(String::new, |at| format!(", until {at}"));
            let owner = one.owner.as_ref().map_or_else(String::new, |owner| format!(", {owner}"));
            let by = format!("{:?}", one.by).to_lowercase();
            let why = format!("{}{owner}{until}", one.reason);
            let why = spell(&why, true);
            writeln!(out, "  {} ({}) {}  {by}: {why}", one.rule, one.severity, spell(&place, true))?;
        }
        if list.len() > SKIPPED {
            writeln!(out, "  and {} more; the JSON report lists all", list.len() - SKIPPED)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn skipped(out: &mut String, skipped: &[Skipped], style: &dyn Style) -> fmt::Result {
    let (mut gaps, harmless): (Vec<&Skipped>, Vec<&Skipped>) =
        skipped.iter().partition(|one| one.kind.is_told());
    if !gaps.is_empty() {
        let looked = gaps.iter().all(|gap| gap.kind == SkipKind::Unfollowed);
        let (severity, what) = match looked {
            true => (Severity::Warning, SkipKind::Unfollowed.words()),
            false => (Severity::Error, "not looked at"),
        };
        writeln!(out, "{}", style.severity(severity, &format!("{what} ({})", gaps.len())))?;
        // The worst first: what nobody looked at.
        gaps.sort_by_key(|gap| !gap.kind.is_gap());
        for gap in gaps.iter().take(SKIPPED) {
            writeln!(out, "  {}: {}", spell(&gap.path, true), spell(&gap.reason, true))?;
        }
        if gaps.len() > SKIPPED {
            writeln!(out, "  and {} more; the JSON report lists all", gaps.len() - SKIPPED)?;
        }
        writeln!(out)?;
    }
    if !harmless.is_empty() {
        let line = format!("{} path(s) hold only media or were left out on purpose", harmless.len());
        writeln!(out, "{}", style.dim(&line))?;
    }
    Ok(())
}

fn summary(out: &mut String, report: &Report, style: &dyn Style) -> fmt::Result {
    let counts = [Severity::Block, Severity::Error, Severity::Warning, Severity::Info]
        .map(|severity| format!("{} {severity}", report.count(severity)))
        .join(", ");
    let verdict = style.verdict(report.verdict, &format!("verdict: {}", report.verdict));
    let partial = if report.partial { " (incomplete: see what was not looked at)" } else { "" };
    writeln!(out, "{verdict}{partial}")?;
    if let Some(PolicyUsed { name, mode: Mode::Observe, until: Some(until), .. }) = &report.policy {
        let line = format!("policy {} only observes until {until}: nothing is stopped", spell(name, true));
        writeln!(out, "{}", style.severity(Severity::Warning, &line))?;
    }
    writeln!(out, "findings: {counts}; score {} of {}", report.score.value, report.score.max)?;
    let stats = &report.stats;
    let line = format!(
        "looked at {} files and {} tools, {} bytes, in {} ms",
        stats.files, stats.tools, stats.bytes, stats.elapsed_ms
    );
    writeln!(out, "{}", style.dim(&line))?;
    let source = format!("source: {} {}", spell(&report.source.locator, true), report.source.digest);
    writeln!(out, "{}", style.dim(&source))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{
        Analyzer, Category, Confidence, Digest, Location, RuleId, Score, SourceKind, SourceRef, Stats,
    };

    pub(in super::super) fn report() -> Report {
        let finding = |rule: &str, severity, location, evidence: &str| Finding {
            rule: RuleId::parse(rule).unwrap(),
            category: Category::ToolPoisoning,
            severity,
            confidence: Confidence::High,
            message: "A pseudo-tag.".to_owned(),
            location: Some(location),
            evidence: evidence.to_owned(),
            fix: Some("Remove it.".to_owned()),
        };
        let tool = Location::Tool { tool: "add".to_owned(), field: "description".to_owned() };
        let file = Location::File { path: "src/a.ts".to_owned(), line: Some(3), column: Some(7) };
        Report {
            schema: Report::SCHEMA.to_owned(),
            source: SourceRef {
                kind: SourceKind::Path,
                locator: "x\u{1b}[2J".to_owned(),
                digest: Digest::of(b"x"),
            },
            verdict: Verdict::Block,
            partial: true,
            score: Score { value: 65, max: 100, formula: "f".to_owned() },
            findings: vec![
                finding("important-tag", Severity::Block, tool, "<IMPORTANT>"),
                finding("a-rule", Severity::Error, file, "a\u{202e}b"),
            ],
            skipped: vec![Skipped {
                path: "x.wasm".to_owned(),
                kind: SkipKind::Binary,
                reason: "WebAssembly".to_owned(),
            }],
            analyzers: vec![Analyzer { name: "files".to_owned(), status: AnalyzerStatus::Ran, reason: None }],
            stats: Stats { files: 2, bytes: 10, tools: 1, elapsed_ms: 4, ..Stats::default() },
            rules: None,
            policy: None,
            advisories: None,
            suppressed: Vec::new(),
        }
    }

    #[test]
    fn a_report_reads_worst_first_and_hides_nothing() {
        let text = plain(&report(), &Plain);
        insta::assert_snapshot!(text, @r"
        block (1)
          important-tag  high confidence
            tool add (description)   | <IMPORTANT>
            why  A pseudo-tag.
            fix  Remove it.

        error (1)
          a-rule  high confidence
            src/a.ts:3:7             | a⟦U+202E⟧b
            why  A pseudo-tag.
            fix  Remove it.

        not looked at (1)
          x.wasm: WebAssembly

        verdict: block (incomplete: see what was not looked at)
        findings: 1 block, 1 error, 0 warning, 0 info; score 65 of 100
        looked at 2 files and 1 tools, 10 bytes, in 4 ms
        source: x⟦ESC⟧[2J sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        ");
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }

    struct Framed(usize);

    impl Style for Framed {
        fn frame(&self, path: &str, line: u32, column: u32) -> Option<Frame> {
            assert_eq!((path, line, column), ("src/a.ts", 3, 7));
            Some(Frame {
                before: "const 世 = `".to_owned(),
                after: "a⟦U+202E⟧b and more of the line`;".to_owned(),
            })
        }

        fn width(&self) -> usize {
            self.0
        }
    }

    fn shown(style: &dyn Style, evidence: &str) -> String {
        let mut report = report();
        evidence.clone_into(&mut report.findings[1].evidence);
        let text = plain(&report, style);
        let from = text.find("    src/a.ts").unwrap();
        text[from..text[from..].find("    why").unwrap() + from].to_owned()
    }

    #[test]
    fn a_line_is_shown_with_a_mark_under_what_was_found() {
        insta::assert_snapshot!(shown(&Framed(100), "a\u{202e}b"), @r"
        src/a.ts:3:7
          3 | const 世 = `a⟦U+202E⟧b and more of the line`;
            |             ^^^^^^^^^^
        ");
        insta::assert_snapshot!(shown(&Framed(44), "a\u{202e}b and words of the next"), @r"
        src/a.ts:3:7
          3 | const 世 = `a⟦U+202E⟧b and more …
            |             ^^^^^^^^^^^^^^^
            = a⟦U+202E⟧b and words of the next
        ");
    }
}
