//! Documents of the registry.

use sigyl_core::domain::{Issue, IssueSeverity, ListingStatus};
use sigyl_core::wire::registry::{Finds, ImportReport, ScanStatus, ServerResponse};

use super::table::{Cell, Column, Table};
use super::{Look, Role, specimen};

/// Rows of an import whose problems are shown one by one.
const TOLD: usize = 20;

/// Writes what a search found, the best first.
pub(crate) fn finds(finds: &Finds, look: &Look) -> String {
    let mut table = Table::new([
        Column::key("NAME"),
        Column::left("VERSION"),
        Column::left("SCAN"),
        Column::flexible("DESCRIPTION"),
    ]);
    for found in &finds.servers {
        let [name, version, description] = document(found);
        let version = Cell::new(document_role(found), version);
        table.push([Cell::new(Role::Strong, name), version, scan(found), Cell::new(Role::Dim, description)]);
    }
    let mut text = table.render(look);
    let more = finds.total - finds.servers.len().min(finds.total);
    if more > 0 {
        text.push_str(&format!("{more} more; `-n` shows them\n"));
    }
    text
}

/// Writes what was published.
pub(crate) fn published(response: &ServerResponse, look: &Look) -> String {
    let [name, version, _] = document(response);
    let latest = if response.meta.official.is_latest { ", the latest version" } else { "" };
    format!("{} {version} is published{latest}\n", look.paint(Role::Strong, &name))
}

/// Writes how versions stand now.
pub(crate) fn standing(changed: &[ServerResponse], look: &Look) -> String {
    let line = |response: &ServerResponse| {
        let [name, version, _] = document(response);
        format!("{} {version} is {}\n", look.paint(Role::Strong, &name), response.meta.official.status)
    };
    changed.iter().map(line).collect()
}

/// Writes issues, one a line.
pub(crate) fn issues(issues: &[Issue], look: &Look) -> String {
    let line = |issue: &Issue| {
        let (word, role) = match issue.severity {
            IssueSeverity::Error => ("error", Role::Error),
            IssueSeverity::Warning => ("warning", Role::Warn),
            _ => ("note", Role::Dim),
        };
        format!("{}: {}\n", look.paint(role, word), specimen(&issue.to_string()))
    };
    issues.iter().map(line).collect()
}

/// Writes the problems of an import's rows: those that were refused before those that were taken.
pub(crate) fn import_problems(report: &ImportReport, look: &Look) -> String {
    let mut problems: Vec<_> = report.problems.iter().collect();
    problems.sort_by_key(|problem| (problem.taken, problem.line));
    let mut text = String::new();
    for problem in problems.iter().take(TOLD) {
        let (word, role) = if problem.taken { ("taken", Role::Warn) } else { ("refused", Role::Error) };
        let first = problem.issues.first().map(ToString::to_string).unwrap_or_default();
        let more = match problem.issues.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let of = specimen(problem.of.trim());
        let said = specimen(&first);
        text.push_str(&format!("{} row {} {of}: {said}{more}\n", look.paint(role, word), problem.line));
    }
    let rest = problems.len().saturating_sub(TOLD) as u64 + report.untold;
    if rest > 0 {
        text.push_str(&format!("{rest} more rows have problems; --format json tells them\n"));
    }
    text
}

/// Writes what became of an import.
pub(crate) fn imported(report: &ImportReport) -> String {
    let mut text = format!(
        "{} rows: {} added, {} updated, {} unchanged, {} refused\n",
        report.rows, report.added, report.updated, report.unchanged, report.refused
    );
    if report.incomplete > 0 {
        text.push_str(&format!(
            "{} of them have no version, or a name without a namespace: some readers refuse a whole page for that\n",
            report.incomplete
        ));
    }
    text
}

/// Name, version and description of a document.
pub(crate) fn document(response: &ServerResponse) -> [String; 3] {
    let members = response.server.members().unwrap_or_default();
    ["name", "version", "description"]
        .map(|name| specimen(members.get(name).and_then(|value| value.as_str()).unwrap_or_default()))
}

/// The colour of a document that stands, or does not any more.
pub(crate) fn document_role(response: &ServerResponse) -> Role {
    match response.meta.official.status {
        ListingStatus::Active => Role::Text,
        _ => Role::Warn,
    }
}

/// What a scan made of the source of a document, in one word.
pub(crate) fn document_scan(response: &ServerResponse) -> (Role, String) {
    let (role, word) = match &response.meta.sigyl.scan {
        ScanStatus::Scanned { approved: true, .. } => (Role::Warn, "approved"),
        ScanStatus::Scanned { verdict, .. } => super::server::verdict_word(Some(*verdict)),
        _ => (Role::Dim, "unscanned"),
    };
    (role, word.to_owned())
}

fn scan(response: &ServerResponse) -> Cell {
    let (role, word) = document_scan(response);
    Cell::new(role, word)
}
