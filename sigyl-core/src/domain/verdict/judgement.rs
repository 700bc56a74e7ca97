//! From a report, waivers and grants to what follows.

use serde::{Deserialize, Serialize};

use super::waiver::{matched, standing};
use super::{Hold, Policy, Verdict, Waiver, WaiverError};
use crate::domain::{Digest, Finding, Permissions, Report, ReportId, Timestamp};

/// What is kept of a judgement: for readers, and for the approval that answers it. Nothing is admitted by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgementRecord {
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
    /// What was not looked at, where the policy blocks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Hold>,
    /// Until when the policy stops nothing, where it does so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Timestamp>,
}

#[cfg(feature = "runtime")]
impl JudgementRecord {
    /// Returns until when nothing was to be stopped, if something else than rights would have been. What the started
    /// server said may have raised the verdict without being listed.
    pub(crate) fn only_observed(&self) -> Option<Timestamp> {
        let rights_alone = !self.holds.is_empty() && self.holds.iter().all(Hold::is_of_rights);
        let stopped = self.verdict == Verdict::Block || self.verdict == Verdict::Hold && !rights_alone;
        self.observed.filter(|_| stopped)
    }
}

/// A report, judged with waivers and with what the operator granted. Nothing else makes one: it has no public field
/// and cannot be read back from storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement(JudgementRecord);

/// What became of waivers over one report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waived {
    /// What each accepted, for readers.
    pub(crate) told: Vec<String>,
    /// Those that matched nothing.
    pub(crate) unmatched: Vec<Waiver>,
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
        let (judged, waived) = Self::with_waivers(report, policy, waivers, beyond, now)?;
        match waived.unmatched.first() {
            Some(unmatched) => Err(unmatched.no_match()),
            None => Ok(judged),
        }
    }

    /// Judges `report` where a waiver may be for something that is looked at later: what matches nothing yet is handed
    /// back, and whoever looks last has to refuse it.
    pub(crate) fn with_waivers(
        report: &Report,
        policy: &Policy,
        waivers: &[Waiver],
        beyond: &Permissions,
        now: Timestamp,
    ) -> Result<(Self, Waived), WaiverError> {
        let findings: Vec<&Finding> = report.findings.iter().collect();
        let mut matched = matched(waivers, &findings, now)?;
        let standing = standing(&policy.waivers, policy.server.as_ref(), &findings, now);
        let mut told = standing.told;
        for (at, index) in standing.accepted {
            let line = policy.waivers[index].waiver.told(findings[at]);
            matched.accepted.entry(at).or_insert(line);
        }
        let mut judged = JudgementRecord {
            source: report.source.digest,
            report: report.id(),
            policy: policy.digest(),
            verdict: Verdict::Pass,
            holds: Vec::new(),
            blocks: Vec::new(),
            waived: matched.accepted.keys().map(|&at| findings[at].fingerprint()).collect(),
            gap: None,
            observed: policy.observes(now),
        };
        for (at, finding) in findings.into_iter().enumerate() {
            let accepted = matched.accepted.contains_key(&at) || policy.answered(report, finding);
            let verdict = if accepted { Verdict::Warn } else { policy.of(finding) };
            judged.verdict = judged.verdict.max(verdict);
            match verdict {
                Verdict::Block => judged.blocks.push(finding.fingerprint()),
                Verdict::Hold => judged
                    .holds
                    .push(Hold::Finding { rule: finding.rule.clone(), fingerprint: finding.fingerprint() }),
                Verdict::Pass | Verdict::Warn => {}
            }
        }
        match policy.gap(report) {
            (Verdict::Block, gap) => {
                judged.verdict = Verdict::Block;
                judged.gap = gap;
            }
            (verdict, gap) => {
                judged.verdict = judged.verdict.max(verdict);
                judged.holds.extend(gap);
            }
        }
        if !beyond.is_empty() {
            judged.holds.push(Hold::Permissions { beyond: beyond.clone() });
        }
        if !judged.holds.is_empty() {
            judged.verdict = judged.verdict.max(Verdict::Hold);
        }
        told.extend(matched.accepted.into_values());
        Ok((Self(judged), Waived { told, unmatched: matched.unmatched }))
    }

    /// Returns what is kept of it.
    pub fn record(&self) -> &JudgementRecord {
        &self.0
    }
}

#[cfg(feature = "runtime")]
impl Judgement {
    /// Adds what holds it beside the report.
    pub(crate) fn hold(&mut self, hold: Hold) {
        self.0.verdict = self.0.verdict.max(Verdict::Hold);
        self.0.holds.push(hold);
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{finding, judge, report};
    use super::*;
    use crate::domain::{Analyzer, AnalyzerStatus, Severity, SkipKind, Skipped, Stats};

    #[test]
    fn gaps_and_ungranted_permissions_hold() {
        let mut gappy = report(Vec::new());
        gappy.partial = true;
        gappy.skipped.push(Skipped { path: "x".into(), kind: SkipKind::Binary, reason: "binary".into() });
        let holds = judge(&gappy, &[], &Permissions::default()).unwrap().record().holds.clone();
        assert_eq!(holds, [Hold::Partial { gaps: 1, parts: vec!["x".to_owned()] }]);
        let mut beyond = Permissions::default();
        beyond.grant("network=api.example:443").unwrap();
        assert_eq!(judge(&report(Vec::new()), &[], &beyond).unwrap().record().verdict, Verdict::Hold);
    }

    #[test]
    fn a_hold_for_gaps_names_them_and_an_analyzer_that_failed_is_one() {
        let mut gappy = report(Vec::new());
        gappy.partial = true;
        gappy.analyzers.push(Analyzer {
            name: "dependencies".into(),
            status: AnalyzerStatus::Failed,
            reason: Some("not installed".into()),
        });
        let told = |gappy: &Report| {
            judge(gappy, &[], &Permissions::default()).unwrap().record().holds[0].to_string()
        };
        assert_eq!(
            told(&gappy),
            "1 part(s) of the source could not be looked at: dependencies (not installed)"
        );
        let skipped = |at: usize| Skipped {
            path: format!("{at}.bin"),
            kind: SkipKind::Binary,
            reason: "binary".into(),
        };
        gappy.skipped.extend((0..7).map(skipped));
        assert_eq!(
            told(&gappy),
            "8 part(s) of the source could not be looked at: 0.bin, 1.bin, 2.bin, 3.bin, 4.bin and 3 more"
        );
    }

    #[test]
    fn the_time_a_scan_took_does_not_change_its_report() {
        let quick = report(Vec::new());
        let slow = Report { stats: Stats { elapsed_ms: 9_000, ..quick.stats }, ..quick.clone() };
        assert_eq!(quick.id(), slow.id());
        assert_ne!(quick.id(), report(vec![finding("a", Severity::Info, 1)]).id());
    }
}
