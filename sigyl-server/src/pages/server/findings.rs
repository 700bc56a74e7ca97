//! What scans found.

use sigyl_core::Inspection;
use sigyl_core::domain::{Finding, Report, Severity, Verdict};
use sigyl_core::wire::registry::{ScanStatus, ServerResponse};

use crate::html::{El, Link, el};
use crate::pages::parts::{badge, code, scan_badge};

/// Findings that are shown.
const MOST: usize = 100;
/// Things that were not looked at, that are shown.
const SKIPPED: usize = 20;

pub(super) fn section(inspection: Option<&Inspection>, response: &ServerResponse) -> El {
    let scan = &response.meta.sigyl.scan;
    let mut shown = el("div").with(el("p").with(scan_badge(scan)).text(" ").text(words(scan)));
    let reports = inspection.into_iter().flat_map(|it| {
        [("Its source", it.report.as_ref()), ("What it said when it was started", it.live.as_ref())]
    });
    for (title, of) in reports {
        if let Some(of) = of {
            shown.push(report(title, of));
        }
    }
    shown
}

fn words(scan: &ScanStatus) -> &'static str {
    match scan {
        ScanStatus::Scanned { approved: true, .. } => {
            "Its source was scanned here, and a person let it pass."
        }
        ScanStatus::Scanned { verdict: Verdict::Pass, .. } => {
            "Its source was scanned here. That nothing was found does not mean that nothing is there."
        }
        ScanStatus::Scanned { .. } => "Its source was scanned here.",
        ScanStatus::Unscanned { why: Some(_) } => {
            "A source was scanned here under this name and version, but this document leads to packages, an address or a \
             repository that are not that source. Nothing is known of what they do."
        }
        _ => "Nobody looked at its source here. Nothing is known of what its packages do.",
    }
}

fn report(title: &str, report: &Report) -> El {
    let found: Vec<_> = report.standing().collect();
    let count = |severity| found.iter().filter(|it| it.severity == severity).count();
    let counts = [
        (Severity::Block, "blocking"),
        (Severity::Error, "errors"),
        (Severity::Warning, "warnings"),
        (Severity::Info, "to know"),
    ];
    let counts: Vec<_> = counts
        .into_iter()
        .map(|(severity, word)| (count(severity), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let counts = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let line = format!("{counts} · {} files, {} tools looked at", report.stats.files, report.stats.tools);
    let more = found.len().saturating_sub(MOST);
    el("div")
        .class("report")
        .with(el("h3").text(title))
        .with(el("p").class("quiet").text(line))
        .all(report.partial.then(|| {
            el("p")
                .class("notice")
                .text("The scan is not complete: something that matters could not be looked at.")
        }))
        .with(el("ul").class("findings").all(found.into_iter().take(MOST).map(finding)))
        .all((more > 0).then(|| el("p").class("quiet").text(format!("{more} more are in the report."))))
        .all(skipped(report))
}

fn finding(finding: &Finding) -> El {
    let class = match finding.severity {
        Severity::Block | Severity::Error => "badge bad",
        Severity::Warning => "badge warn",
        Severity::Info => "badge kind",
    };
    let rule = el("a").href(&Link::under("/docs", &["rules"]).at(finding.rule.as_str()));
    let head = el("p")
        .with(badge(class, finding.severity.to_string()))
        .text(" ")
        .with(el("strong").text(finding.message.as_str()));
    let place = finding.location.as_ref().map(|at| el("code").class("break").text(at.to_string()));
    let line =
        el("p").class("fine").with(rule.with(el("code").text(finding.rule.as_str()))).text(" ").all(place);
    let evidence = (!finding.evidence.is_empty()).then(|| code(finding.evidence.as_str()));
    let fix = finding.fix.as_deref().map(|fix| el("p").with(el("em").text("To do: ")).text(fix));
    el("li").with(head).with(line).all(evidence).all(fix)
}

fn skipped(report: &Report) -> Option<El> {
    let told: Vec<_> = report.skipped.iter().filter(|it| it.kind.is_told()).collect();
    let row = |it: &&sigyl_core::domain::Skipped| {
        el("li").with(el("code").class("break").text(it.path.as_str())).text(format!(": {}", it.reason))
    };
    let more = told.len().saturating_sub(SKIPPED);
    let list = el("ul").all(told.iter().take(SKIPPED).map(row));
    (!told.is_empty()).then(|| {
        let summary = format!("{} not looked at, or not to the end", told.len());
        let more = (more > 0).then(|| el("p").class("quiet").text(format!("{more} more.")));
        el("details").with(el("summary").text(summary)).with(list).all(more)
    })
}
