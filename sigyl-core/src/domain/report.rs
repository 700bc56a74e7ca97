//! What one scan saw and found.

use serde::{Deserialize, Serialize};

use super::{Digest, Finding, ReportId, Severity, SourceRef, Verdict};

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
}

impl Report {
    /// The name of the document format.
    pub const SCHEMA: &'static str = "sigyl.report/1";

    /// Returns the identity of this report: the digest of everything in it but what it took.
    pub fn id(&self) -> ReportId {
        let timeless = Self { stats: Stats { elapsed_ms: 0, known: 0, ..self.stats }, ..self.clone() };
        // A report holds only strings, numbers and lists, which always serialise.
        ReportId(Digest::of(&serde_json::to_vec(&timeless).unwrap_or_default()))
    }

    /// Counts the findings of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
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
}

impl SkipKind {
    /// Tells whether a skip of this kind leaves the scan incomplete.
    pub fn is_gap(self) -> bool {
        !matches!(self, Self::Media | Self::Excluded)
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
