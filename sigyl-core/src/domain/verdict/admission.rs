//! The proof that a release needs, and the decisions that earn it.

use serde::{Deserialize, Serialize};

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
        let judged = judged.record();
        match judged.verdict {
            Verdict::Block => Err(Refusal::Blocked(judged.blocks.len())),
            Verdict::Hold => Err(Refusal::Held(judged.holds.clone())),
            verdict @ (Verdict::Pass | Verdict::Warn) => Ok(Self::new(judged, Basis::Verdict(verdict))),
        }
    }

    /// Admits what a person let pass, if they saw this very source, report and policy, and all that holds it.
    pub fn from_approval(judged: &Judgement, approval: &Approval, now: Timestamp) -> Result<Self, Refusal> {
        let judged = judged.record();
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

    /// Admits a version again by what its record rests on. An approval was spent when the version was recorded, so that
    /// its end does not matter any more; what it does not cover waits for another one.
    #[cfg(feature = "runtime")]
    pub(crate) fn again(judged: &Judgement, record: &VersionRecord) -> Result<Self, Refusal> {
        let now = judged.record();
        match &record.basis {
            Basis::Approval(approval) if now.verdict == Verdict::Hold && approval.is_for(now) => {
                Ok(Self::new(now, record.basis.clone()))
            }
            Basis::Approval(_) | Basis::Verdict(_) => Self::from_verdict(judged),
        }
    }

    /// Returns the admission that a version was recorded with. The store takes no record without one, so that a record
    /// that it hands out is proof of it.
    #[cfg(all(feature = "sled", feature = "gateway"))]
    pub(crate) fn of_record(record: &VersionRecord) -> Self {
        Self {
            source: record.source.digest,
            report: record.report,
            policy: record.policy,
            basis: record.basis.clone(),
            waived: Vec::new(),
        }
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
}
