//! Markdown for a comment on a pull request: of bounded length, and nothing in it is taken for markup or a mention.

use std::collections::BTreeMap;

use super::{Origin, runner};
use crate::domain::{AnalyzerStatus, Finding, Report, RuleId, Severity};
use crate::scan::spell::spell;

/// Characters that a comment on GitHub may have; a byte is never less than one.
const LONGEST: usize = 65_536;
/// Room that is kept for saying what was cut.
const RESERVE: usize = 400;
/// Gaps that are listed.
const GAPS: usize = 20;

/// A text that grows up to its limit.
#[derive(Default)]
struct Page {
    text: String,
    cut: bool,
}

impl Page {
    /// Adds a part whole or not at all, and tells which.
    fn add(&mut self, part: &str) -> bool {
        self.cut |= self.text.len() + part.len() > LONGEST - RESERVE;
        if !self.cut {
            self.text.push_str(part);
        }
        !self.cut
    }
}

/// Writes a report as a comment.
pub fn markdown(report: &Report, origin: &Origin) -> String {
    let mut page = Page::default();
    page.add(&head(report));
    page.add(&gaps(report));
    let mut listed = 0;
    let findings: Vec<&Finding> = report.standing().collect();
    if !findings.is_empty() {
        page.add("| severity | rule | where | what |\n|---|---|---|---|\n");
        listed = findings.iter().take_while(|finding| page.add(&row(finding, origin))).count();
        page.add("\n");
    }
    let fixes = fixes(report);
    if !page.cut && !fixes.is_empty() && page.add("<details><summary>How to fix it</summary>\n\n") {
        let all =
            fixes.iter().take_while(|(rule, fix)| page.add(&format!("- `{rule}`: {}\n", prose(fix)))).count();
        page.text.push_str("\n</details>\n");
        if all < fixes.len() {
            page.text.push_str("\nNot all fixes fit into a comment.\n");
        }
    }
    if listed < findings.len() {
        let more = findings.len() - listed;
        page.text.push_str(&format!(
            "\n**{more} further findings, the least severe, are not shown**: a comment holds 65 536 characters. \
             The JSON report lists them.\n"
        ));
    }
    page.text
}

fn head(report: &Report) -> String {
    let sign = if report.verdict >= crate::domain::Verdict::Hold { "⛔" } else { "✅" };
    let counts = [Severity::Block, Severity::Error, Severity::Warning, Severity::Info]
        .map(|severity| format!("{} {severity}", report.count(severity)))
        .join(", ");
    let gone = report.suppressed.iter().filter(|one| one.applied).count();
    let gone = if gone > 0 { format!(" {gone} more do not count.") } else { String::new() };
    let partial = if report.partial { " The scan is **incomplete**." } else { "" };
    format!(
        "## {sign} sigyl: {}\n\n{} looked at, {} files and {} tools: {counts}; score {} of {}.{gone}{partial}\n\n",
        report.verdict,
        code(&report.source.locator),
        report.stats.files,
        report.stats.tools,
        report.score.value,
        report.score.max
    )
}

fn gaps(report: &Report) -> String {
    let failed = report.analyzers.iter().filter(|one| one.status == AnalyzerStatus::Failed).map(|one| {
        let reason = one.reason.as_deref().unwrap_or("no reason given");
        format!("- {} failed: {}\n", code(&one.name), prose(&short(reason)))
    });
    let gaps: Vec<_> = report.skipped.iter().filter(|skipped| skipped.kind.is_told()).collect();
    let listed = gaps.iter().take(GAPS).map(|gap| {
        let (path, reason) = (code(&short(&gap.path)), prose(&short(&gap.reason)));
        format!("- {path} was {}: {reason}\n", gap.kind.words())
    });
    let more = gaps.len().saturating_sub(GAPS);
    let more =
        (more > 0).then(|| format!("- and {more} more were not looked at; the JSON report lists them\n"));
    let text: String = failed.chain(listed).chain(more).collect();
    if text.is_empty() { text } else { text + "\n" }
}

fn row(finding: &Finding, origin: &Origin) -> String {
    let place = finding.location.as_ref().map_or_else(|| "the whole".to_owned(), ToString::to_string);
    let place =
        if origin.file.is_none() && origin.path(finding).is_some() { origin.below(&place) } else { place };
    let evidence = match finding.evidence.as_str() {
        "" => String::new(),
        evidence => format!("<br>{}", cell(&code(evidence))),
    };
    format!(
        "| {} | `{}` | {} | {}{evidence} |\n",
        finding.severity,
        finding.rule,
        cell(&code(&short(&place))),
        cell(&prose(&finding.message)),
    )
}

/// What to do, once for each rule.
fn fixes(report: &Report) -> BTreeMap<&RuleId, &str> {
    report.standing().filter_map(|finding| Some((&finding.rule, finding.fix.as_deref()?))).collect()
}

fn short(text: &str) -> String {
    let mut chars = text.chars();
    let short: String = chars.by_ref().take(300).collect();
    if chars.next().is_some() { short + "…" } else { short }
}

/// Text as code: between more backticks than it holds in a row.
fn code(text: &str) -> String {
    let text = runner::text(spell(text, true).into_owned());
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let blank =
        if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Text as it reads: nothing in it is markup, and nobody is called by it.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in spell(text, true).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("@<!-- -->"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '|' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // Nor is an address made a link.
    out.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

/// Text in a cell of a table: a bar ends a cell even in code.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '|' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}
