//! What a policy makes of findings.

use serde::{Deserialize, Serialize};

use crate::domain::{Confidence, Digest, Finding, Severity};

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

    pub(super) fn of(&self, finding: &Finding) -> Verdict {
        self.weigh(finding.severity, finding.confidence)
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
}
