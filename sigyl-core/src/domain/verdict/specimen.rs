//! Reports, waivers and approvals to judge in tests.

use super::{Approval, Judgement, Policy, Verdict, Waiver, WaiverError};
use crate::domain::{
    Category, Confidence, Digest, Finding, Location, Permissions, Report, RuleId, Score, Severity,
    SourceKind, SourceRef, Stats, Timestamp,
};

pub(super) fn finding(rule: &str, severity: Severity, line: u32) -> Finding {
    Finding {
        rule: RuleId::parse(rule).unwrap(),
        category: Category::ToolPoisoning,
        severity,
        confidence: Confidence::High,
        message: "found".into(),
        location: Some(Location::File { path: "a.py".into(), line: Some(line), column: Some(1) }),
        evidence: format!("line {line}"),
        fix: None,
    }
}

pub(super) fn report(findings: Vec<Finding>) -> Report {
    Report {
        schema: Report::SCHEMA.into(),
        source: SourceRef { kind: SourceKind::Path, locator: "a".into(), digest: Digest::of(b"a") },
        verdict: Verdict::Pass,
        partial: false,
        score: Score { value: 100, max: 100, formula: String::new() },
        findings,
        skipped: Vec::new(),
        analyzers: Vec::new(),
        stats: Stats::default(),
        rules: None,
        policy: None,
        advisories: None,
        suppressed: Vec::new(),
    }
}

pub(super) fn waiver(rule: &str, path: Option<&str>) -> Waiver {
    Waiver {
        rule: RuleId::parse(rule).unwrap(),
        path: path.map(str::to_owned),
        fingerprint: None,
        reason: "known".into(),
        owner: None,
        expires: Timestamp::parse("2030-01-01").unwrap(),
    }
}

pub(super) fn judge(
    report: &Report,
    waivers: &[Waiver],
    beyond: &Permissions,
) -> Result<Judgement, WaiverError> {
    Judgement::new(report, &Policy::default(), waivers, beyond, Timestamp::EPOCH)
}

pub(super) fn approval(judged: &Judgement) -> Approval {
    let judged = judged.record();
    Approval {
        who: "ada".into(),
        reason: "read it".into(),
        at: Timestamp::EPOCH,
        expires: Timestamp::parse("2030-01-01").unwrap(),
        source: judged.source,
        report: judged.report,
        policy: judged.policy,
        covers: judged.holds.clone(),
    }
}
