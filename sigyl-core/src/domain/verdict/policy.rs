//! What a policy makes of findings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Clause, StandingWaiver};
use crate::domain::{Confidence, Digest, Finding, Mode, PolicyUsed, ServerName, Severity, Timestamp};

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

/// What comments in the code that say that a finding is to be ignored are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Suppressions {
    /// They are listed and change nothing: code from outside must not acquit itself.
    #[default]
    List,
    /// They count, unless the finding blocks.
    Allow,
}

/// What the findings of a report lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Its name, for readers.
    pub name: String,
    /// Severity that blocks.
    pub block: Severity,
    /// Severity that holds, when the rule has at least `hold_confidence`.
    pub hold: Severity,
    /// How sure a rule must be to hold a release.
    pub hold_confidence: Confidence,
    /// What follows when not everything could be looked at.
    pub partial: Verdict,
    /// What follows when everything was looked at, and not everything followed to its end.
    #[serde(skip_serializing_if = "is_warn")]
    pub unfollowed: Verdict,
    /// What follows when an analyzer failed, or one of `analyzers` did not run.
    pub failed_analyzer: Verdict,
    /// Analyzers that must have run.
    pub analyzers: BTreeSet<String>,
    /// What becomes of some findings instead; the first that fits counts.
    pub clauses: Vec<Clause>,
    /// Findings that are accepted for a time.
    pub waivers: Vec<StandingWaiver>,
    /// What comments in the code are worth.
    pub suppressions: Suppressions,
    /// Until when it judges and stops nothing.
    pub observe: Option<Timestamp>,
    /// Whether nobody approves what they ordered themselves, or accepts findings of it.
    #[serde(skip_serializing_if = "is_false")]
    pub four_eyes: bool,
    /// The server that is judged; what is for other servers does not count.
    #[serde(skip)]
    pub server: Option<ServerName>,
}

/// Keeps what was approved under a policy of before that key.
fn is_warn(verdict: &Verdict) -> bool {
    *verdict == Verdict::Warn
}

fn is_false(truth: &bool) -> bool {
    !truth
}

impl Default for Policy {
    /// Blocks what must not run; holds confident errors and scans with gaps.
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            block: Severity::Block,
            hold: Severity::Error,
            hold_confidence: Confidence::High,
            partial: Verdict::Hold,
            unfollowed: Verdict::Warn,
            failed_analyzer: Verdict::Hold,
            analyzers: BTreeSet::new(),
            clauses: Vec::new(),
            waivers: Vec::new(),
            suppressions: Suppressions::List,
            observe: None,
            four_eyes: false,
            server: None,
        }
    }
}

impl Policy {
    /// Returns what identifies this policy; an approval given under another one is void. Its name is not part of it,
    /// nor are its waivers: what they accept holds nothing, and what they accept no more is not covered. Nor is who may
    /// approve: that was seen to when it was approved.
    pub fn digest(&self) -> Digest {
        let hold_partial = self.partial >= Verdict::Hold;
        let thresholds =
            format!("{:?} {:?} {:?} {hold_partial}", self.block, self.hold, self.hold_confidence);
        let plain = Self {
            name: Self::default().name,
            block: self.block,
            hold: self.hold,
            hold_confidence: self.hold_confidence,
            partial: if hold_partial { Verdict::Hold } else { Verdict::Warn },
            failed_analyzer: if hold_partial { Verdict::Hold } else { Verdict::Warn },
            ..Self::default()
        };
        let bare = Self {
            name: plain.name.clone(),
            waivers: Vec::new(),
            four_eyes: false,
            server: None,
            ..self.clone()
        };
        if bare == plain {
            // As it was when there were thresholds only, so that what was approved by them stays approved.
            return Digest::of(thresholds.as_bytes());
        }
        // A policy holds only strings, numbers and lists, which always serialise.
        Digest::of(&serde_json::to_vec(&bare).unwrap_or_default())
    }

    /// Returns this policy as it is for one server.
    pub fn for_server(&self, server: &ServerName) -> Self {
        Self { server: Some(server.clone()), ..self.clone() }
    }

    /// Returns until when it stops nothing, if it does so at `now`.
    pub fn observes(&self, now: Timestamp) -> Option<Timestamp> {
        self.observe.filter(|until| now <= *until)
    }

    /// Returns what reports and owners say of it.
    pub fn used(&self, now: Timestamp) -> PolicyUsed {
        let until = self.observes(now);
        let mode = if until.is_some() { Mode::Observe } else { Mode::Enforce };
        // Waivers hold only strings and numbers, which always serialise.
        let waivers = || Digest::of(&serde_json::to_vec(&self.waivers).unwrap_or_default());
        let waivers = (!self.waivers.is_empty()).then(waivers);
        PolicyUsed { name: self.name.clone(), digest: self.digest(), mode, until, waivers }
    }

    /// Judges findings alone, without waivers.
    pub fn verdict(&self, findings: &[Finding], partial: bool) -> Verdict {
        let worst = findings.iter().map(|finding| self.of(finding)).max().unwrap_or(Verdict::Pass);
        if partial { worst.max(self.partial) } else { worst }
    }

    pub(super) fn of(&self, finding: &Finding) -> Verdict {
        match self.clause(finding) {
            Some(clause) => clause.then,
            None => self.weigh(finding.severity, finding.confidence),
        }
    }

    /// Finds what decides on a finding instead of the thresholds. What blocks is let pass only by a clause that names
    /// its rule: no pattern was written with that finding in mind.
    pub(super) fn clause(&self, finding: &Finding) -> Option<&Clause> {
        let blocks = self.weigh(finding.severity, finding.confidence) == Verdict::Block;
        let counts =
            |clause: &&Clause| !blocks || clause.then >= Verdict::Hold || clause.when.names(&finding.rule);
        let server = self.server.as_ref();
        self.clauses.iter().filter(counts).find(|clause| clause.when.fits(finding, server))
    }

    /// Judges a finding by how bad it is and how sure its rule is.
    pub(crate) fn weigh(&self, severity: Severity, confidence: Confidence) -> Verdict {
        match severity {
            _ if severity >= self.block => Verdict::Block,
            _ if severity >= self.hold && confidence >= self.hold_confidence => Verdict::Hold,
            _ if severity >= Severity::Warning => Verdict::Warn,
            _ => Verdict::Pass,
        }
    }

    /// Tells whether a finding of which only the weight is known may stop a release.
    #[cfg_attr(not(feature = "scan"), expect(dead_code, reason = "the scanner alone asks"))]
    pub(crate) fn may_stop(&self, severity: Severity, confidence: Confidence) -> bool {
        let stops =
            |clause: &Clause| clause.then >= Verdict::Hold && clause.when.may_fit(severity, confidence);
        self.weigh(severity, confidence) >= Verdict::Hold || self.clauses.iter().any(stops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_of_thresholds_keeps_the_digest_that_it_had() {
        let old = |text: &str| Digest::of(text.as_bytes());
        assert_eq!(Policy::default().digest(), old("Block Error High true"));
        let lax = Policy {
            name: "lax".to_owned(),
            partial: Verdict::Warn,
            failed_analyzer: Verdict::Warn,
            ..Policy::default()
        };
        assert_eq!(lax.digest(), old("Block Error High false"));
        let others = [
            Policy { partial: Verdict::Block, ..Policy::default() },
            Policy { failed_analyzer: Verdict::Block, ..Policy::default() },
            Policy { observe: Some(Timestamp::EPOCH), ..Policy::default() },
            Policy { suppressions: Suppressions::Allow, ..Policy::default() },
            Policy { analyzers: BTreeSet::from(["files".to_owned()]), ..Policy::default() },
        ];
        let digests: BTreeSet<_> = others.iter().map(|policy| policy.digest().to_string()).collect();
        assert_eq!(digests.len(), others.len());
        assert!(!digests.contains(&Policy::default().digest().to_string()));
        let careful = Policy { four_eyes: true, ..Policy::default() };
        assert_eq!(careful.digest(), Policy::default().digest(), "what was approved stays approved");
    }
}
