//! Two reports beside each other.

use sigyl_core::domain::{Finding, ReportDiff, Severity, by_severity};

use super::{Glyph, Look, Role, specimen, wrap};

/// Writes what is new, what is gone, and how much is the same; `rules` says that other rules looked.
pub(crate) fn report_diff(diff: &ReportDiff<'_>, rules: bool, look: &Look) -> String {
    let mut text = String::new();
    let parts = [
        ("new", Role::Warn, &diff.added),
        ("gone", Role::Ok, &diff.gone),
        ("the same", Role::Dim, &diff.same),
    ];
    for (word, role, findings) in parts {
        text.push_str(&format!(
            "{} {word}{}\n",
            look.paint(role, &findings.len().to_string()),
            counts(findings)
        ));
        // What is the same stands in the report itself.
        for finding in findings.iter().filter(|_| word != "the same") {
            text.push_str(&line(finding, look));
        }
    }
    if rules {
        text.push_str("Other rules looked: not all of that is the source's doing.\n");
    }
    text
}

fn counts(findings: &[&Finding]) -> String {
    let each: Vec<_> =
        by_severity(findings).into_iter().map(|(it, count)| format!("{count} {}", word(it).1)).collect();
    if each.is_empty() { String::new() } else { format!(": {}", each.join(", ")) }
}

fn word(severity: Severity) -> (Glyph, &'static str, Role) {
    match severity {
        Severity::Block => (Glyph::Blocked, "block", Role::Block),
        Severity::Error => (Glyph::Held, "error", Role::Error),
        Severity::Warning => (Glyph::Warning, "warning", Role::Warn),
        Severity::Info => (Glyph::Info, "info", Role::Dim),
    }
}

fn line(finding: &Finding, look: &Look) -> String {
    let (glyph, word, role) = word(finding.severity);
    let head = look.paint(role, &format!("{} {word}", look.sign(glyph)));
    let place =
        finding.location.as_ref().map_or_else(String::new, |it| format!("  {}", specimen(&it.to_string())));
    let message = wrap(&specimen(&finding.message), look, 6);
    format!(
        "  {head}  {}{}\n      {message}\n",
        specimen(&finding.rule.to_string()),
        look.paint(Role::Dim, &place)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_stands_line_by_line_and_the_rest_is_counted() {
        let finding = |rule: &str, severity: &str| -> Finding {
            serde_json::from_value(json!({
                "rule": rule, "category": "secret", "severity": severity, "confidence": "high",
                "message": "a key\u{1b}[2J", "location": {"path": "a.py", "line": 3, "column": 1}, "evidence": "x", "fix": null,
            }))
            .unwrap()
        };
        let (new, gone, same) =
            (finding("new", "block"), finding("gone", "info"), finding("same", "warning"));
        let mut diff = ReportDiff::default();
        (diff.added, diff.gone, diff.same) = (vec![&new], vec![&gone], vec![&same]);
        insta::assert_snapshot!(report_diff(&diff, true, &Look::PLAIN));
    }
}
