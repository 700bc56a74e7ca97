//! What one scan saw and found.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Digest, Finding, Location, ReportId, RuleId, Severity, SourceRef, Timestamp, Verdict};

/// The result of one scan. Its JSON form is the document `sigyl.report/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of this document format.
    pub schema: String,
    /// What was scanned.
    pub source: SourceRef,
    /// What the policy makes of it.
    pub verdict: Verdict,
    /// Whether something that can carry code or instructions could not be looked at.
    pub partial: bool,
    /// Summary of the findings.
    pub score: Score,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// What was not looked at, and why.
    pub skipped: Vec<Skipped>,
    /// Which analyzers ran.
    pub analyzers: Vec<Analyzer>,
    /// What it took.
    pub stats: Stats,
    /// The rules that looked; nothing in a report of an earlier version.
    #[serde(default)]
    pub rules: Option<RulesUsed>,
    /// The policy that judged; nothing in a report of an earlier version.
    #[serde(default)]
    pub policy: Option<PolicyUsed>,
    /// The advisories that were looked up; nothing when there were none.
    #[serde(default)]
    pub advisories: Option<AdvisoriesUsed>,
    /// Findings that do not count, or that somebody wanted not to count. They are among the findings too.
    #[serde(default)]
    pub suppressed: Vec<Suppressed>,
}

impl Report {
    /// The name of the document format.
    pub const SCHEMA: &'static str = "sigyl.report/1";

    /// Returns the identity of this report: the digest of everything in it but the time it took. What earlier versions
    /// did not have is left out where it is not there, so that their reports keep their identity.
    pub fn id(&self) -> ReportId {
        let identity = Identity {
            schema: &self.schema,
            source: &self.source,
            verdict: self.verdict,
            partial: self.partial,
            score: &self.score,
            findings: &self.findings,
            skipped: &self.skipped,
            analyzers: &self.analyzers,
            stats: Counted {
                files: self.stats.files,
                bytes: self.stats.bytes,
                tools: self.stats.tools,
                elapsed_ms: 0,
            },
            rules: self.rules.as_ref(),
            policy: self.policy.as_ref(),
            advisories: self.advisories.as_ref(),
            suppressed: &self.suppressed,
        };
        // A report holds only strings, numbers and lists, which always serialise.
        ReportId(Digest::of(&serde_json::to_vec(&identity).unwrap_or_default()))
    }

    /// Counts the findings of one severity that count.
    pub fn count(&self, severity: Severity) -> usize {
        self.standing().filter(|finding| finding.severity == severity).count()
    }

    /// Yields the findings that count, worst first.
    pub fn standing(&self) -> impl Iterator<Item = &Finding> {
        let applied = self.suppressed.iter().filter(|one| one.applied);
        let gone: HashSet<_> = applied.map(|one| (one.fingerprint, one.location.as_ref())).collect();
        let is_gone = move |finding: &&Finding| {
            !gone.is_empty() && gone.contains(&(finding.fingerprint(), finding.location.as_ref()))
        };
        self.findings.iter().filter(move |finding| !is_gone(finding))
    }
}

/// What identifies a report, in the order that its fields always had.
#[derive(Serialize)]
struct Identity<'a> {
    schema: &'a str,
    source: &'a SourceRef,
    verdict: Verdict,
    partial: bool,
    score: &'a Score,
    findings: &'a [Finding],
    skipped: &'a [Skipped],
    analyzers: &'a [Analyzer],
    stats: Counted,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'a RulesUsed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a PolicyUsed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advisories: Option<&'a AdvisoriesUsed>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    suppressed: &'a [Suppressed],
}

/// The figures that belong to what was looked at, and not to how.
#[derive(Serialize)]
struct Counted {
    files: u64,
    bytes: u64,
    tools: u64,
    elapsed_ms: u64,
}

/// Which rules looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesUsed {
    /// What identifies them all.
    pub digest: Digest,
    /// How many there are.
    pub count: u64,
}

/// Which policy judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyUsed {
    /// Its name.
    pub name: String,
    /// What identifies it.
    pub digest: Digest,
    /// Whether it stops anything.
    pub mode: Mode,
    /// Until when it stops nothing.
    pub until: Option<Timestamp>,
    /// What identifies the waivers that stand in it; nothing when there are none.
    #[serde(default)]
    pub waivers: Option<Digest>,
}

/// Whether a policy stops what it judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// It does.
    Enforce,
    /// It judges and records, and stops nothing.
    Observe,
}

/// Which advisories were looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoriesUsed {
    /// What identifies them all.
    pub digest: Digest,
    /// How many there are.
    pub count: u64,
    /// When the newest of them was last changed, as it says.
    #[serde(default)]
    pub newest: Option<String>,
    /// Ranges of versions in them that could not be compared: commits alone, or versions that are none.
    #[serde(default)]
    pub unread: u64,
}

/// Who wants a finding not to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SuppressedBy {
    /// A rule of the policy ignores it.
    Policy,
    /// A waiver of the policy accepts it for a time.
    Waiver,
    /// A baseline holds it.
    Baseline,
    /// A comment beside it answers it.
    Comment,
}

/// A finding that does not count, or that somebody wanted not to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// Its rule.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub location: Option<Location>,
    /// Which finding it is.
    pub fingerprint: Digest,
    /// Who wants it.
    pub by: SuppressedBy,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether it counts: a comment does only where the operator allows it, and a waiver until its end.
    pub applied: bool,
}

impl Suppressed {
    /// Tells whether it is about `finding`.
    pub fn is_of(&self, finding: &Finding) -> bool {
        self.rule == finding.rule
            && self.location == finding.location
            && self.fingerprint == finding.fingerprint()
    }
}

/// A number from the findings alone, with the way it was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The points left.
    pub value: u32,
    /// The points of a report without findings.
    pub max: u32,
    /// How `value` follows from the findings.
    pub formula: String,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Why something was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipKind {
    /// Proved by its content to be an image, a font or other media.
    Media,
    /// Left out of the source on purpose (version control, build output, installed packages): not built either.
    Excluded,
    /// Not text, and not known to be harmless.
    Binary,
    /// Larger than the limit.
    TooLarge,
    /// Could not be read.
    Unreadable,
    /// Points outside the tree, or is no plain file.
    NotAFile,
    /// More entries than the limit.
    TooMany,
    /// Not reached: the scan was cancelled.
    Cancelled,
    /// Every rule looked at it, and what flows through its code was followed to a bound and not to the end.
    Unfollowed,
}

impl SkipKind {
    /// Tells whether a skip of this kind leaves the scan incomplete.
    pub fn is_gap(self) -> bool {
        self.is_told() && self != Self::Unfollowed
    }

    /// Tells whether something of what was skipped may matter.
    pub fn is_told(self) -> bool {
        !matches!(self, Self::Media | Self::Excluded)
    }

    /// Says in words what was not done.
    pub fn words(self) -> &'static str {
        if self == Self::Unfollowed { "not followed to the end" } else { "not looked at" }
    }
}

/// One thing that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skipped {
    /// Path inside the source.
    pub path: String,
    /// Class of reason.
    pub kind: SkipKind,
    /// The reason in words.
    pub reason: String,
}

/// Whether an analyzer ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AnalyzerStatus {
    /// It ran over everything it was given.
    Ran,
    /// It was not asked for, or had nothing to look at.
    Skipped,
    /// It should have run and did not.
    Failed,
}

/// One analyzer and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analyzer {
    /// Its name.
    pub name: String,
    /// How it went.
    pub status: AnalyzerStatus,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
}

/// What a scan took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Files looked at.
    pub files: u64,
    /// Bytes looked at.
    pub bytes: u64,
    /// Files among them of which an earlier scan by the same rules told what they come to.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub known: u64,
    /// Tools looked at.
    pub tools: u64,
    /// Time by the clock, in milliseconds.
    pub elapsed_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report as version 0.1 stored it.
    const OLD: &str = r#"{"schema":"sigyl.report/1","source":{"kind":"path","locator":"a","digest":"sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},"verdict":"pass","partial":false,"score":{"value":100,"max":100,"formula":""},"findings":[],"skipped":[],"analyzers":[],"stats":{"files":1,"bytes":2,"tools":0,"elapsed_ms":0}}"#;

    #[test]
    fn a_report_of_an_earlier_version_is_read_and_keeps_its_identity() {
        let old: Report = serde_json::from_str(OLD).unwrap();
        assert_eq!((&old.rules, &old.policy, old.suppressed.len()), (&None, &None, 0));
        assert_eq!(old.id(), ReportId(Digest::of(OLD.as_bytes())));
        let rules = Some(RulesUsed { digest: Digest::of(b"r"), count: 1 });
        assert_ne!(Report { rules, ..old.clone() }.id(), old.id());
    }
}
