//! What a later analyzer adds to a report that is made: it can only get worse.

use crate::domain::{Analyzer, AnalyzerStatus, Finding, Policy, Report};

use super::report;

/// Name of the analyzer that is a language model.
pub(crate) const REVIEWER: &str = "reviewer";

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

/// Tells in a report that it should have been reviewed and was not.
pub fn unreviewed(report: &mut Report, why: &str, policy: &Policy) {
    let analyzer =
        Analyzer { name: REVIEWER.to_owned(), status: AnalyzerStatus::Failed, reason: Some(why.to_owned()) };
    amend(report, analyzer, policy);
}
