//! What one scan found otherwise than an earlier one.

use std::collections::HashMap;

use serde::Serialize;

use super::{Digest, Finding, Report, Severity};

/// Findings of two scans beside each other, each list worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReportDiff<'a> {
    /// Found by the later scan alone.
    pub added: Vec<&'a Finding>,
    /// Found by the earlier scan alone.
    pub gone: Vec<&'a Finding>,
    /// Found by both, as the later one tells them.
    pub same: Vec<&'a Finding>,
}

impl<'a> ReportDiff<'a> {
    /// Compares what was found before with what is found now, by fingerprint: a finding whose line moved is the same one. What
    /// is found several times is the same as often as both have it. Of each side there may be several reports, such as that on
    /// the source and that on what the started server says of itself; what is accepted is found all the same.
    pub fn between(
        before: impl IntoIterator<Item = &'a Report>,
        now: impl IntoIterator<Item = &'a Report>,
    ) -> Self {
        let mut known: HashMap<Digest, Vec<&'a Finding>> = HashMap::new();
        for finding in before.into_iter().flat_map(|report| &report.findings) {
            known.entry(finding.fingerprint()).or_default().push(finding);
        }
        let mut diff = Self::default();
        for finding in now.into_iter().flat_map(|report| &report.findings) {
            match known.get_mut(&finding.fingerprint()).and_then(Vec::pop) {
                Some(_) => diff.same.push(finding),
                None => diff.added.push(finding),
            }
        }
        diff.gone = known.into_values().flatten().collect();
        for list in [&mut diff.added, &mut diff.gone, &mut diff.same] {
            list.sort_by_cached_key(|it| {
                let place = it.location.as_ref().map(ToString::to_string);
                (std::cmp::Reverse((it.severity, it.confidence)), it.rule.to_string(), place)
            });
        }
        diff
    }
}

/// Counts findings by severity, the worst first; severities without any are left out.
pub fn by_severity(findings: &[&Finding]) -> Vec<(Severity, usize)> {
    [Severity::Block, Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| (severity, findings.iter().filter(|it| it.severity == severity).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(findings: &[(&str, &str, u32, &str)]) -> Report {
        let findings: Vec<_> = findings
            .iter()
            .map(|(rule, severity, line, evidence)| {
                json!({
                    "rule": rule, "category": "secret", "severity": severity, "confidence": "high", "message": "m",
                    "location": {"path": "a.py", "line": line, "column": 1}, "evidence": evidence, "fix": null,
                })
            })
            .collect();
        serde_json::from_value(json!({
            "schema": Report::SCHEMA, "source": {"kind": "path", "locator": "a", "digest": Digest::of(b"a").to_string()},
            "verdict": "pass", "partial": false, "score": {"value": 100, "max": 100, "formula": "100"},
            "findings": findings, "skipped": [], "analyzers": [],
            "stats": {"files": 1, "bytes": 1, "tools": 0, "elapsed_ms": 1},
        }))
        .unwrap()
    }

    #[test]
    fn a_finding_whose_line_moved_is_the_same_one() {
        let before = report(&[("a", "error", 3, "x"), ("b", "warning", 4, "y")]);
        let now = report(&[("c", "info", 1, "z"), ("a", "error", 90, "x"), ("d", "block", 2, "w")]);
        let diff = ReportDiff::between([&before], [&now]);
        let rules = |list: &[&Finding]| list.iter().map(|it| it.rule.to_string()).collect::<Vec<_>>();
        assert_eq!(rules(&diff.added), ["d", "c"], "worst first");
        assert_eq!((rules(&diff.gone), rules(&diff.same)), (vec!["b".to_owned()], vec!["a".to_owned()]));
        assert_eq!(by_severity(&diff.added), [(Severity::Block, 1), (Severity::Info, 1)]);
    }

    #[test]
    fn what_is_found_several_times_is_the_same_as_often_as_both_have_it() {
        let (twice, once) =
            (report(&[("a", "error", 3, "x"), ("a", "error", 5, "x")]), report(&[("a", "error", 3, "x")]));
        let fewer = ReportDiff::between([&twice], [&once]);
        assert_eq!((fewer.added.len(), fewer.gone.len(), fewer.same.len()), (0, 1, 1));
        let more = ReportDiff::between([&once], [&twice]);
        assert_eq!((more.added.len(), more.gone.len(), more.same.len()), (1, 0, 1));
        let split = ReportDiff::between([&twice], [&once, &once]);
        assert_eq!(
            (split.added.len(), split.gone.len(), split.same.len()),
            (0, 0, 2),
            "two reports of a side"
        );
    }

    #[test]
    fn reports_that_say_the_same_differ_in_nothing() {
        let one = report(&[("a", "error", 3, "x")]);
        let diff = ReportDiff::between([&one], [&one]);
        assert_eq!((diff.added.len(), diff.gone.len(), diff.same.len()), (0, 0, 1));
        assert_eq!(ReportDiff::between([], []), ReportDiff::default());
    }
}
