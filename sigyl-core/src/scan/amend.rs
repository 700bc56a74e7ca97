//! What a later analyzer adds to a report that is made: it can only get worse.

#[cfg(all(feature = "sled", feature = "gateway"))]
use crate::domain::Location;
use crate::domain::{Analyzer, AnalyzerStatus, Finding, Policy, Report};

use super::report;

/// Name of the analyzer that is a language model.
pub(crate) const REVIEWER: &str = "reviewer";
/// What stands between the message of a finding and what the reviewer says of it.
#[cfg(any(feature = "llm", all(feature = "sled", feature = "gateway")))]
pub(crate) const RAISED: &str = " (the reviewer: ";

/// Puts what an analyzer came to into `report`, in the place of what it said of the same analyzer before, and judges
/// the whole anew. Neither gap nor verdict that was there goes away.
pub(crate) fn amend(report: &mut Report, analyzer: Analyzer, policy: &Policy) {
    report.partial |= analyzer.status == AnalyzerStatus::Failed;
    report.analyzers.retain(|known| known.name != analyzer.name);
    report.analyzers.push(analyzer);
    report.findings.sort_by_cached_key(report::order);
    // What a waiver, a baseline or the policy settled stays settled.
    let standing: Vec<Finding> = report.standing().cloned().collect();
    let anew = policy.verdict_with_gaps(report, policy.verdict(&standing, false));
    report.verdict = report.verdict.max(anew);
}

/// Tells whether a report tells already how its review went.
pub(crate) fn is_reviewed(report: &Report) -> bool {
    let told = |one: &Analyzer| one.name == REVIEWER && one.reason.as_deref() != Some(report::NOT_ASKED);
    report.analyzers.iter().any(told)
}

/// Puts into the new report of a subject what an earlier one of the same subject holds and a scan of today does not look
/// for again: what was found in the code of dependencies, if that was looked at, and what the reviewer said.
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) fn carry_over(report: &mut Report, before: &Report, deep: bool, policy: &Policy) {
    if report.source.digest != before.source.digest {
        return;
    }
    let mut still = Vec::new();
    if deep {
        let of = before.analyzers.iter().find(|one| one.name == "dependencies");
        let reason = "their code was not looked at again: what was found in it before stands".to_owned();
        still.extend(of.map(|one| match one.status {
            AnalyzerStatus::Failed => one.clone(),
            _ => Analyzer { reason: Some(reason), ..one.clone() },
        }));
    }
    if is_reviewed(before) {
        let reviewer = before.analyzers.iter().filter(|one| one.name == REVIEWER);
        still.extend(reviewer.map(|one| {
            let said = one.reason.as_deref().unwrap_or_default();
            Analyzer { reason: Some(format!("not asked again: {said}")), ..one.clone() }
        }));
    }
    let carried = before.findings.iter().filter(|one| is_of_reviewer(one) || deep && is_of_dependency(one));
    for finding in carried {
        let same = |one: &Finding| one.rule == finding.rule && one.location == finding.location;
        let there = |one: &&mut Finding| same(one) && one.evidence == finding.evidence;
        match report.findings.iter_mut().find(there) {
            Some(known) if known.severity < finding.severity => *known = finding.clone(),
            Some(_) => {}
            None => report.findings.push(finding.clone()),
        }
    }
    for analyzer in still {
        amend(report, analyzer, policy);
    }
}

/// Tells whether the reviewer found something, or made it worse.
#[cfg(all(feature = "sled", feature = "gateway"))]
fn is_of_reviewer(finding: &Finding) -> bool {
    finding.rule.as_str() == "llm-review" || finding.message.contains(RAISED)
}

#[cfg(all(feature = "sled", feature = "gateway"))]
fn is_of_dependency(finding: &Finding) -> bool {
    matches!(&finding.location, Some(Location::File { path, .. }) if path.starts_with("dependencies/"))
}

/// Tells in a report that it should have been reviewed and was not.
pub fn unreviewed(report: &mut Report, why: &str, policy: &Policy) {
    let analyzer =
        Analyzer { name: REVIEWER.to_owned(), status: AnalyzerStatus::Failed, reason: Some(why.to_owned()) };
    amend(report, analyzer, policy);
}

#[cfg(test)]
#[cfg(all(feature = "sled", feature = "gateway"))]
mod tests {
    use super::super::proof::builtin;
    use super::super::{Scanner, Subject};
    use super::*;
    use crate::clock::FixedClock;
    use crate::domain::{Category, Confidence, Digest, RuleId, Severity, SourceKind, SourceRef, Verdict};

    fn report() -> Report {
        let reference = SourceRef { kind: SourceKind::Path, locator: "a".into(), digest: Digest::of(b"a") };
        let scanner = Scanner::new(builtin(), Policy::default());
        scanner.scan(&Subject::of_nothing(reference), &FixedClock::default())
    }

    fn finding(rule: &str, path: &str, severity: Severity, message: &str) -> Finding {
        Finding {
            rule: RuleId::parse(rule).unwrap(),
            category: Category::MaliciousCode,
            severity,
            confidence: Confidence::High,
            message: message.into(),
            location: Some(Location::File { path: path.into(), line: Some(1), column: None }),
            evidence: "x".into(),
            fix: None,
        }
    }

    #[test]
    fn what_is_not_looked_for_again_stands_and_what_is_does_not() {
        let mut before = report();
        before.findings = vec![
            finding("pipe-to-shell", "dependencies/a/b.sh", Severity::Block, "m"),
            finding("llm-review", "a.py", Severity::Error, "m"),
            finding("debug-mode", "b.py", Severity::Error, &format!("m{RAISED}worse)")),
            finding("old-rule", "c.py", Severity::Block, "m"),
        ];
        before.analyzers.iter_mut().filter(|one| one.name == REVIEWER).for_each(|one| {
            (one.status, one.reason) = (AnalyzerStatus::Ran, Some("m, prompt 1".to_owned()));
        });
        let anew = |deep| {
            let mut anew = report();
            anew.findings = vec![finding("debug-mode", "b.py", Severity::Info, "m")];
            carry_over(&mut anew, &before, deep, &Policy::default());
            anew
        };
        let rules =
            |report: &Report| report.findings.iter().map(|one| one.rule.to_string()).collect::<Vec<_>>();
        let deep = anew(true);
        assert_eq!(rules(&deep), ["pipe-to-shell", "llm-review", "debug-mode"]);
        assert_eq!((deep.verdict, deep.findings[2].severity), (Verdict::Block, Severity::Error));
        let told = |name: &str| {
            let one = deep.analyzers.iter().find(|one| one.name == name);
            one.and_then(|one| one.reason.clone()).unwrap_or_default()
        };
        assert!(told("dependencies").contains("not looked at again"), "{:?}", deep.analyzers);
        assert_eq!(told(REVIEWER), "not asked again: m, prompt 1");
        let shallow = anew(false);
        assert_eq!((rules(&shallow).len(), shallow.verdict), (2, Verdict::Hold));
        let other = Report { source: SourceRef { digest: Digest::of(b"b"), ..report().source }, ..before };
        let mut anew = report();
        carry_over(&mut anew, &other, true, &Policy::default());
        assert_eq!(anew, report(), "it is about something else");
    }
}
