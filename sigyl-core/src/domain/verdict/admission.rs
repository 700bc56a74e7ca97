//! The proof that a release needs, and the decisions that earn it.

use serde::{Deserialize, Serialize};

#[cfg(all(feature = "sled", feature = "gateway"))]
use super::Policy;
use super::{Hold, Judgement, JudgementRecord, Verdict};
#[cfg(feature = "runtime")]
use crate::domain::VersionRecord;
use crate::domain::{Digest, ReportId, Timestamp};

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

#[cfg(feature = "runtime")]
impl Approval {
    /// Tells whether it was given for what `judged` is about and covers all that holds it.
    fn is_for(&self, judged: &JudgementRecord) -> bool {
        self.source == judged.source
            && self.report == judged.report
            && self.policy == judged.policy
            && judged.holds.iter().all(|hold| self.covers.contains(hold))
    }

    /// Tells whether the person saw and accepted `hold`. What a declared tool showed counts for the live one as well.
    pub(crate) fn accepts(&self, hold: &Hold) -> bool {
        self.covers.iter().any(|seen| match (seen, hold) {
            (Hold::Finding { fingerprint: seen, .. }, Hold::Live { fingerprint, .. }) => seen == fingerprint,
            (seen, hold) => seen == hold,
        })
    }
}

/// What an admission rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// The verdict let it pass.
    Verdict(Verdict),
    /// A person let it pass.
    Approval(Approval),
    /// Nothing was to be stopped yet.
    Observed {
        /// What would have become of it.
        would_be: Verdict,
        /// Until when nothing is stopped.
        until: Timestamp,
        /// What a person decided on the rights that it asks for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
    },
}

impl Basis {
    /// Returns what a person decided, if one had to.
    pub fn approval(&self) -> Option<&Approval> {
        match self {
            Self::Approval(approval) => Some(approval),
            Self::Observed { approval, .. } => approval.as_ref(),
            Self::Verdict(_) => None,
        }
    }
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
    /// Not everything could be looked at, and the policy blocks for that.
    #[error("the policy blocks it, since not everything could be looked at: {0}")]
    Incomplete(Hold),
    /// It waits for an approval.
    #[error("it is held: {}", .0.iter().map(Hold::to_string).collect::<Vec<_>>().join("; "))]
    Held(Vec<Hold>),
    /// The approval was given for something else.
    #[error("the approval is void: the {0} changed since it was given")]
    Void(&'static str),
    /// The approval is over.
    #[error("the approval expired at {0}")]
    Expired(Timestamp),
    /// It was let pass while nothing was stopped, and that is over.
    #[error("it was admitted only because the policy observed until {0}, and that is over")]
    Observed(Timestamp),
    /// It was let pass while nothing was stopped, and the policy of now stops what it finds.
    #[error(
        "it was admitted only because a policy observed until {0}, and the one in force does not observe"
    )]
    Enforced(Timestamp),
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
    /// Admits what the verdict lets pass, or what a policy that observes does not stop.
    pub fn from_verdict(judged: &Judgement) -> Result<Self, Refusal> {
        let judged = judged.record();
        match (Self::stopped(judged), judged.observed) {
            (None, _) => Ok(Self::new(judged, Basis::Verdict(judged.verdict))),
            (Some(refusal), None) => Err(refusal),
            (Some(_), Some(until)) => {
                // Rights are no findings: they are never given because somebody looks on.
                let rights: Vec<Hold> =
                    judged.holds.iter().filter(|hold| hold.is_of_rights()).cloned().collect();
                if rights.is_empty() {
                    let basis = Basis::Observed { would_be: judged.verdict, until, approval: None };
                    return Ok(Self::new(judged, basis));
                }
                Err(Refusal::Held(rights))
            }
        }
    }

    /// Says what stands against a release, by the policy and by the rights that it asks for.
    fn stopped(judged: &JudgementRecord) -> Option<Refusal> {
        match (&judged.gap, judged.verdict) {
            (_, Verdict::Block) if !judged.blocks.is_empty() => Some(Refusal::Blocked(judged.blocks.len())),
            (Some(gap), _) => Some(Refusal::Incomplete(gap.clone())),
            (None, Verdict::Block) => Some(Refusal::Blocked(0)),
            (None, Verdict::Hold) => Some(Refusal::Held(judged.holds.clone())),
            (None, Verdict::Pass | Verdict::Warn) => None,
        }
    }

    /// Admits what a person let pass, if they saw this very source, report and policy, and all that holds it.
    pub fn from_approval(judged: &Judgement, approval: &Approval, now: Timestamp) -> Result<Self, Refusal> {
        let judged = judged.record();
        let blocked = Self::stopped(judged).filter(|_| judged.verdict == Verdict::Block);
        if let Some(refusal) = blocked.filter(|_| judged.observed.is_none()) {
            return Err(refusal);
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
        let approval = approval.clone();
        // Who decides on rights while nothing else is stopped has not decided on findings.
        let unseen = judged.verdict == Verdict::Block || judged.holds.iter().any(|hold| !hold.is_of_rights());
        let basis = match judged.observed.filter(|_| unseen) {
            Some(until) => Basis::Observed { would_be: judged.verdict, until, approval: Some(approval) },
            None => Basis::Approval(approval),
        };
        Ok(Self::new(judged, basis))
    }

    /// Admits a version again by what its record rests on. An approval was spent when the version was recorded, so that
    /// its end does not matter any more; what it does not cover waits for another one.
    #[cfg(feature = "runtime")]
    pub(crate) fn again(judged: &Judgement, record: &VersionRecord) -> Result<Self, Refusal> {
        let now = judged.record();
        match &record.basis {
            Basis::Approval(approval) if now.verdict == Verdict::Hold && approval.is_for(now) => {
                Ok(Self::new(now, record.basis.clone()))
            }
            Basis::Approval(_) | Basis::Verdict(_) | Basis::Observed { .. } => Self::from_verdict(judged),
        }
    }

    /// Tells whether a version would be admitted now, judged by a new report. What a person approved stays approved as
    /// long as it is all that holds it.
    #[cfg(all(feature = "sled", feature = "gateway"))]
    pub(crate) fn still(judged: &Judgement, record: &VersionRecord) -> Result<(), Refusal> {
        let now = judged.record();
        let accepted = |approval: &Approval| {
            approval.source == now.source && now.holds.iter().all(|hold| approval.accepts(hold))
        };
        match &record.basis {
            Basis::Approval(approval) if now.verdict == Verdict::Hold && accepted(approval) => Ok(()),
            _ => Self::from_verdict(judged).map(|_| ()),
        }
    }

    /// Returns the admission that a version was recorded with. The store takes no record without one, so that a record
    /// that it hands out is proof of it, but for what passed only because nothing was stopped for a time: that ends
    /// with the time, and with a policy that stops again. `judged` is what the run came to that lets it serve.
    #[cfg(all(feature = "sled", feature = "gateway"))]
    pub(crate) fn of_record(
        record: &VersionRecord,
        judged: Option<&JudgementRecord>,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let observed = match (judged, &record.basis) {
            (Some(judged), _) => judged.only_observed(),
            (None, Basis::Observed { until, .. }) => Some(*until),
            (None, Basis::Verdict(_) | Basis::Approval(_)) => None,
        };
        match observed {
            Some(until) if until < now => return Err(Refusal::Observed(until)),
            Some(until) if policy.observes(now).is_none() => return Err(Refusal::Enforced(until)),
            _ => {}
        }
        Ok(Self {
            source: record.source.digest,
            report: record.report,
            policy: record.policy,
            basis: record.basis.clone(),
            waived: Vec::new(),
        })
    }

    fn new(judged: &JudgementRecord, basis: Basis) -> Self {
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
    use super::super::Policy;
    use super::super::specimen::{approval, finding, judge, report};
    use super::*;
    use crate::domain::{Permissions, Severity};

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
        assert_eq!(admitted.source(), judged.record().source);
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

    fn judge_by(policy: &Policy, severity: Severity, beyond: &Permissions) -> Judgement {
        let report = report(vec![finding("a", severity, 1)]);
        Judgement::new(&report, policy, &[], beyond, Timestamp::EPOCH).unwrap()
    }

    #[test]
    fn a_policy_that_observes_admits_and_says_what_would_have_been() {
        let until = Timestamp::parse("2026-12-01").unwrap();
        let policy = Policy { observe: Some(until), ..Policy::default() };
        let none = Permissions::default();
        for (severity, basis) in [
            (Severity::Block, Basis::Observed { would_be: Verdict::Block, until, approval: None }),
            (Severity::Error, Basis::Observed { would_be: Verdict::Hold, until, approval: None }),
            (Severity::Warning, Basis::Verdict(Verdict::Warn)),
        ] {
            let judged = judge_by(&policy, severity, &none);
            assert_eq!(Admission::from_verdict(&judged).unwrap().basis(), &basis);
        }
        let over = Policy { observe: Some(Timestamp::from_millis(-1)), ..Policy::default() };
        assert_eq!(over.observe, Some(Timestamp::EPOCH), "it lasts to its last millisecond");
        let judged = Judgement::new(
            &report(vec![finding("a", Severity::Block, 1)]),
            &over,
            &[],
            &none,
            Timestamp::from_millis(1),
        );
        assert_eq!(Admission::from_verdict(&judged.unwrap()), Err(Refusal::Blocked(1)));
    }

    #[test]
    fn rights_are_not_given_because_somebody_looks_on() {
        let until = Timestamp::parse("2026-12-01").unwrap();
        let policy = Policy { observe: Some(until), ..Policy::default() };
        let mut beyond = Permissions::default();
        beyond.grant("network=api.example:443").unwrap();
        for severity in [Severity::Block, Severity::Error, Severity::Info] {
            let judged = judge_by(&policy, severity, &beyond);
            let refused = Admission::from_verdict(&judged).unwrap_err();
            assert!(
                matches!(&refused, Refusal::Held(holds) if matches!(&holds[..], [Hold::Permissions { .. }]))
            );
            let admitted = Admission::from_approval(&judged, &approval(&judged), Timestamp::EPOCH).unwrap();
            assert!(admitted.basis().approval().is_some());
            let observed = matches!(admitted.basis(), Basis::Observed { .. });
            assert_eq!(observed, severity != Severity::Info, "the findings were decided by nobody");
        }
    }

    #[test]
    fn gaps_block_where_the_policy_says_so() {
        let mut gappy = report(Vec::new());
        gappy.partial = true;
        let policy = Policy { partial: Verdict::Block, ..Policy::default() };
        let judged = Judgement::new(&gappy, &policy, &[], &Permissions::default(), Timestamp::EPOCH).unwrap();
        assert!(matches!(Admission::from_verdict(&judged), Err(Refusal::Incomplete(_))));
        let refused = Admission::from_approval(&judged, &approval(&judged), Timestamp::EPOCH);
        assert!(matches!(refused, Err(Refusal::Incomplete(_))));
    }

    #[test]
    fn a_judgement_and_a_basis_of_an_earlier_version_are_read() {
        let old = r#"{"source":"SHA","report":"SHA","policy":"SHA","verdict":"hold","holds":[{"why":"partial","gaps":1}],"blocks":[],"waived":[]}"#;
        let old = old.replace("SHA", &Digest::of(b"a").to_string());
        let read: JudgementRecord = serde_json::from_str(&old).unwrap();
        assert_eq!((read.observed, read.gap), (None, None));
        assert_eq!(
            serde_json::from_str::<Basis>(r#"{"verdict":"warn"}"#).unwrap(),
            Basis::Verdict(Verdict::Warn)
        );
    }
}
