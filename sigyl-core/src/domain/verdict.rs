//! From a report to a verdict, and from a verdict to the proof that a release needs.
//!
//! Invariant: only this file makes an [`Admission`]. Nothing unscanned is recorded or released, because the calls
//! that record and release take one.

use serde::{Deserialize, Serialize};

use super::{
    Confidence, Digest, Finding, Location, Permissions, Report, ReportId, RuleId, Severity, Timestamp,
};

/// What may happen to a scanned source; ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing stands against it.
    Pass,
    /// It may run; somebody should look.
    Warn,
    /// It waits for an approval.
    Hold,
    /// It may not run.
    Block,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Hold => "hold",
            Self::Block => "block",
        })
    }
}

/// What the findings of a report lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Severity that blocks.
    pub block: Severity,
    /// Severity that holds, when the rule has at least `hold_confidence`.
    pub hold: Severity,
    /// How sure a rule must be to hold a release.
    pub hold_confidence: Confidence,
    /// Whether a scan that could not look at everything holds the release.
    pub hold_partial: bool,
}

impl Default for Policy {
    /// Blocks what must not run; holds confident errors and scans with gaps.
    fn default() -> Self {
        Self {
            block: Severity::Block,
            hold: Severity::Error,
            hold_confidence: Confidence::High,
            hold_partial: true,
        }
    }
}

impl Policy {
    /// Returns what identifies this policy; an approval given under another one is void.
    pub fn digest(&self) -> Digest {
        let text =
            format!("{:?} {:?} {:?} {}", self.block, self.hold, self.hold_confidence, self.hold_partial);
        Digest::of(text.as_bytes())
    }

    /// Judges findings alone: what the scanner writes into a report.
    pub fn verdict(&self, findings: &[Finding], partial: bool) -> Verdict {
        let worst = findings.iter().map(|finding| self.of(finding)).max().unwrap_or(Verdict::Pass);
        if partial && self.hold_partial { worst.max(Verdict::Hold) } else { worst }
    }

    fn of(&self, finding: &Finding) -> Verdict {
        match finding {
            f if f.severity >= self.block => Verdict::Block,
            f if f.severity >= self.hold && f.confidence >= self.hold_confidence => Verdict::Hold,
            f if f.severity >= Severity::Warning => Verdict::Warn,
            _ => Verdict::Pass,
        }
    }
}

/// An accepted risk: exactly one finding, for a reason, until a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The rule whose finding is accepted.
    pub rule: RuleId,
    /// The file or tool it stands in, when the rule found more than one thing.
    pub path: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// When the acceptance ends.
    pub expires: Timestamp,
}

/// A waiver that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaiverError {
    /// Nothing to waive.
    #[error("the waiver of {0} matches no finding")]
    NoMatch(String),
    /// One waiver accepts one finding.
    #[error("the waiver of {rule} matches {count} findings; add @PATH (and :LINE) to name one of: {places}")]
    Ambiguous {
        /// What was waived.
        rule: String,
        /// How many findings match.
        count: usize,
        /// Where they stand.
        places: String,
    },
    /// The date has passed.
    #[error("the waiver of {rule} expired at {expires}")]
    Expired {
        /// What was waived.
        rule: String,
        /// When it ended.
        expires: Timestamp,
    },
    /// A waiver says why.
    #[error("the waiver of {0} has no reason")]
    NoReason(String),
}

impl Waiver {
    /// Returns the index of the one finding that this waiver accepts.
    fn only_match(&self, findings: &[Finding], now: Timestamp) -> Result<usize, WaiverError> {
        let shown = match &self.path {
            Some(path) => format!("{}@{path}", self.rule),
            None => self.rule.to_string(),
        };
        if self.reason.trim().is_empty() {
            return Err(WaiverError::NoReason(shown));
        }
        if self.expires < now {
            return Err(WaiverError::Expired { rule: shown, expires: self.expires });
        }
        let hits: Vec<usize> = (0..findings.len()).filter(|&at| self.matches(&findings[at])).collect();
        match hits[..] {
            [one] => Ok(one),
            [] => Err(WaiverError::NoMatch(shown)),
            _ => {
                let place = |&at: &usize| {
                    findings[at].location.as_ref().map_or("(whole)".to_owned(), Location::to_string)
                };
                let places = hits.iter().take(5).map(place).collect::<Vec<_>>().join(", ");
                Err(WaiverError::Ambiguous { rule: shown, count: hits.len(), places })
            }
        }
    }

    fn matches(&self, finding: &Finding) -> bool {
        let place_matches = |wanted: &String| match &finding.location {
            Some(Location::File { path, line, column }) => {
                path == wanted
                    || line.is_some_and(|line| *wanted == format!("{path}:{line}"))
                    || matches!((line, column), (Some(l), Some(c)) if *wanted == format!("{path}:{l}:{c}"))
            }
            Some(Location::Tool { tool, .. }) => tool == wanted,
            None => false,
        };
        finding.rule == self.rule && self.path.as_ref().is_none_or(place_matches)
    }
}

/// Why a release waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
#[non_exhaustive]
pub enum Hold {
    /// A finding that holds.
    Finding {
        /// The rule.
        rule: RuleId,
        /// Which finding.
        fingerprint: Digest,
    },
    /// The scan could not look at everything.
    Partial {
        /// How many things were not looked at.
        gaps: usize,
    },
    /// The server asks for more than the operator granted.
    Permissions {
        /// What was not granted.
        beyond: Permissions,
    },
    /// The server came from elsewhere until now: its name alone gives no right to its secrets and grants.
    Moved {
        /// Where it came from.
        from: String,
        /// Where this comes from.
        to: String,
    },
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finding { rule, .. } => write!(f, "finding {rule}"),
            Self::Partial { gaps } => write!(f, "{gaps} part(s) of the source could not be looked at"),
            Self::Permissions { beyond } => write!(f, "permissions not granted: {beyond}"),
            Self::Moved { from, to } => write!(f, "another source than before: {to}, not {from}"),
        }
    }
}

/// A report, judged with waivers and with what the operator granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The source that was judged.
    pub source: Digest,
    /// The report it was judged by.
    pub report: ReportId,
    /// The policy it was judged by.
    pub policy: Digest,
    /// What follows.
    pub verdict: Verdict,
    /// What an approval would have to cover.
    pub holds: Vec<Hold>,
    /// Fingerprints of the findings that block.
    pub blocks: Vec<Digest>,
    /// Fingerprints of the findings that waivers accept.
    pub waived: Vec<Digest>,
}

impl Judgement {
    /// Judges `report`; `beyond` is what the server asks for and was not granted.
    pub fn new(
        report: &Report,
        policy: &Policy,
        waivers: &[Waiver],
        beyond: &Permissions,
        now: Timestamp,
    ) -> Result<Self, WaiverError> {
        let matched = waivers.iter().map(|waiver| waiver.only_match(&report.findings, now));
        let waived = matched.collect::<Result<std::collections::BTreeSet<usize>, _>>()?;
        let mut judged = Self {
            source: report.source.digest,
            report: report.id(),
            policy: policy.digest(),
            verdict: Verdict::Pass,
            holds: Vec::new(),
            blocks: Vec::new(),
            waived: waived.iter().map(|&at| report.findings[at].fingerprint()).collect(),
        };
        for (at, finding) in report.findings.iter().enumerate() {
            let verdict = if waived.contains(&at) { Verdict::Warn } else { policy.of(finding) };
            judged.verdict = judged.verdict.max(verdict);
            match verdict {
                Verdict::Block => judged.blocks.push(finding.fingerprint()),
                Verdict::Hold => judged
                    .holds
                    .push(Hold::Finding { rule: finding.rule.clone(), fingerprint: finding.fingerprint() }),
                Verdict::Pass | Verdict::Warn => {}
            }
        }
        if report.partial && policy.hold_partial {
            let gaps = report.skipped.iter().filter(|skipped| skipped.kind.is_gap()).count();
            judged.holds.push(Hold::Partial { gaps });
        }
        if !beyond.is_empty() {
            judged.holds.push(Hold::Permissions { beyond: beyond.clone() });
        }
        if !judged.holds.is_empty() {
            judged.verdict = judged.verdict.max(Verdict::Hold);
        }
        Ok(judged)
    }
}

#[cfg(feature = "runtime")]
impl Judgement {
    /// Adds what holds it beside the report.
    pub(crate) fn hold(&mut self, hold: Hold) {
        self.verdict = self.verdict.max(Verdict::Hold);
        self.holds.push(hold);
    }
}

/// A person's decision to let a held release pass, bound to what they saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who decided.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// When the decision ends.
    pub expires: Timestamp,
    /// The source they saw.
    pub source: Digest,
    /// The report they saw.
    pub report: ReportId,
    /// The policy in force.
    pub policy: Digest,
    /// What they accepted.
    pub covers: Vec<Hold>,
}

/// What an admission rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The verdict let it pass.
    Verdict(Verdict),
    /// A person let it pass.
    Approval(Approval),
}

/// Why a source is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Findings block it.
    #[error(
        "{0} finding(s) block it; mend them, or waive each with --waive RULE@PATH --reason TEXT --expires DATE"
    )]
    Blocked(usize),
    /// It waits for an approval.
    #[error("it is held: {}", .0.iter().map(Hold::to_string).collect::<Vec<_>>().join("; "))]
    Held(Vec<Hold>),
    /// The approval was given for something else.
    #[error("the approval is void: the {0} changed since it was given")]
    Void(&'static str),
    /// The approval is over.
    #[error("the approval expired at {0}")]
    Expired(Timestamp),
}

/// The proof that a source may be recorded and released. It has no public constructor and cannot be read back from
/// storage: it is earned again from the stored report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Admission {
    source: Digest,
    report: ReportId,
    policy: Digest,
    basis: Basis,
    waived: Vec<Digest>,
}

impl Admission {
    /// Admits what the verdict lets pass.
    pub fn from_verdict(judged: &Judgement) -> Result<Self, Refusal> {
        match judged.verdict {
            Verdict::Block => Err(Refusal::Blocked(judged.blocks.len())),
            Verdict::Hold => Err(Refusal::Held(judged.holds.clone())),
            verdict @ (Verdict::Pass | Verdict::Warn) => Ok(Self::new(judged, Basis::Verdict(verdict))),
        }
    }

    /// Admits what a person let pass, if they saw this very source, report and policy, and all that holds it.
    pub fn from_approval(judged: &Judgement, approval: &Approval, now: Timestamp) -> Result<Self, Refusal> {
        if judged.verdict == Verdict::Block {
            return Err(Refusal::Blocked(judged.blocks.len()));
        }
        for (same, what) in [
            (approval.source == judged.source, "source"),
            (approval.report == judged.report, "report"),
            (approval.policy == judged.policy, "policy"),
            (judged.holds.iter().all(|hold| approval.covers.contains(hold)), "list of what holds it"),
        ] {
            if !same {
                return Err(Refusal::Void(what));
            }
        }
        if approval.expires < now {
            return Err(Refusal::Expired(approval.expires));
        }
        Ok(Self::new(judged, Basis::Approval(approval.clone())))
    }

    fn new(judged: &Judgement, basis: Basis) -> Self {
        Self {
            source: judged.source,
            report: judged.report,
            policy: judged.policy,
            basis,
            waived: judged.waived.clone(),
        }
    }

    /// Returns the digest of the source that was admitted.
    pub fn source(&self) -> Digest {
        self.source
    }

    /// Returns the report it rests on.
    pub fn report(&self) -> ReportId {
        self.report
    }

    /// Returns the policy it was judged by.
    pub fn policy(&self) -> Digest {
        self.policy
    }

    /// Returns what it rests on.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Returns the fingerprints of the findings that waivers accept.
    pub fn waived(&self) -> &[Digest] {
        &self.waived
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Category, Score, SkipKind, Skipped, SourceKind, SourceRef, Stats};

    fn finding(rule: &str, severity: Severity, line: u32) -> Finding {
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

    fn report(findings: Vec<Finding>) -> Report {
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
        }
    }

    fn waiver(rule: &str, path: Option<&str>) -> Waiver {
        Waiver {
            rule: RuleId::parse(rule).unwrap(),
            path: path.map(str::to_owned),
            reason: "known".into(),
            expires: Timestamp::parse("2030-01-01").unwrap(),
        }
    }

    fn judge(report: &Report, waivers: &[Waiver], beyond: &Permissions) -> Result<Judgement, WaiverError> {
        Judgement::new(report, &Policy::default(), waivers, beyond, Timestamp::EPOCH)
    }

    fn approval(judged: &Judgement) -> Approval {
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

    #[test]
    fn a_blocked_source_is_admitted_by_nobody() {
        let judged =
            judge(&report(vec![finding("a", Severity::Block, 1)]), &[], &Permissions::default()).unwrap();
        assert_eq!(Admission::from_verdict(&judged), Err(Refusal::Blocked(1)));
        let refused = Admission::from_approval(&judged, &approval(&judged), Timestamp::EPOCH);
        assert_eq!(refused, Err(Refusal::Blocked(1)));
    }

    #[test]
    fn a_confident_error_waits_and_an_approval_lets_it_pass() {
        let judged =
            judge(&report(vec![finding("a", Severity::Error, 1)]), &[], &Permissions::default()).unwrap();
        assert!(matches!(Admission::from_verdict(&judged), Err(Refusal::Held(holds)) if holds.len() == 1));
        let admitted = Admission::from_approval(&judged, &approval(&judged), Timestamp::EPOCH).unwrap();
        assert_eq!(admitted.source(), judged.source);
    }

    #[test]
    fn an_approval_covers_only_what_was_seen_and_only_in_time() {
        let judged =
            judge(&report(vec![finding("a", Severity::Error, 1)]), &[], &Permissions::default()).unwrap();
        let good = approval(&judged);
        let spoiled = [
            Approval { source: Digest::of(b"other"), ..good.clone() },
            Approval { report: ReportId(Digest::of(b"other")), ..good.clone() },
            Approval { policy: Digest::of(b"other"), ..good.clone() },
            Approval { covers: Vec::new(), ..good.clone() },
        ];
        for approval in spoiled {
            let refused = Admission::from_approval(&judged, &approval, Timestamp::EPOCH);
            assert!(matches!(refused, Err(Refusal::Void(_))), "{approval:?}");
        }
        let late = Timestamp::parse("2031-01-01").unwrap();
        assert!(matches!(Admission::from_approval(&judged, &good, late), Err(Refusal::Expired(_))));
    }

    #[test]
    fn gaps_and_ungranted_permissions_hold() {
        let mut gappy = report(Vec::new());
        gappy.partial = true;
        gappy.skipped.push(Skipped { path: "x".into(), kind: SkipKind::Binary, reason: "binary".into() });
        assert_eq!(judge(&gappy, &[], &Permissions::default()).unwrap().holds, [Hold::Partial { gaps: 1 }]);
        let mut beyond = Permissions::default();
        beyond.grant("network=api.example:443").unwrap();
        assert_eq!(judge(&report(Vec::new()), &[], &beyond).unwrap().verdict, Verdict::Hold);
    }

    #[test]
    fn a_waiver_accepts_exactly_one_finding() {
        let two = report(vec![finding("a", Severity::Block, 1), finding("a", Severity::Block, 9)]);
        let none = Permissions::default();
        for path in [None, Some("a.py")] {
            let ambiguous = judge(&two, &[waiver("a", path)], &none);
            assert!(matches!(ambiguous, Err(WaiverError::Ambiguous { count: 2, .. })));
        }
        assert!(matches!(judge(&two, &[waiver("b", None)], &none), Err(WaiverError::NoMatch(_))));
        let one = judge(&two, &[waiver("a", Some("a.py:9"))], &none).unwrap();
        assert_eq!((one.verdict, one.blocks.len(), one.waived.len()), (Verdict::Block, 1, 1));
        let both = judge(&two, &[waiver("a", Some("a.py:9")), waiver("a", Some("a.py:1"))], &none).unwrap();
        assert_eq!(both.verdict, Verdict::Warn);
    }

    #[test]
    fn a_waiver_without_reason_or_past_its_date_is_refused() {
        let one = report(vec![finding("a", Severity::Block, 1)]);
        let none = Permissions::default();
        let silent = Waiver { reason: " ".into(), ..waiver("a", None) };
        assert!(matches!(judge(&one, &[silent], &none), Err(WaiverError::NoReason(_))));
        let late = Timestamp::parse("2031-01-01").unwrap();
        let expired = Judgement::new(&one, &Policy::default(), &[waiver("a", None)], &none, late);
        assert!(matches!(expired, Err(WaiverError::Expired { .. })));
    }

    #[test]
    fn the_time_a_scan_took_does_not_change_its_report() {
        let quick = report(Vec::new());
        let slow = Report { stats: Stats { elapsed_ms: 9_000, ..quick.stats }, ..quick.clone() };
        assert_eq!(quick.id(), slow.id());
        assert_ne!(quick.id(), report(vec![finding("a", Severity::Info, 1)]).id());
    }
}
