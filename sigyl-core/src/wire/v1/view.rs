//! Views of what is on record, and how things ended.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::deploy::Status;
use crate::domain::{
    Confinement, Deployment, Overlay, PolicyUsed, Quarantine, Rating, Report, Run, RunId, Server, ServerName,
    Severity, Suppressed, Timestamp, Tool, Verdict, Version, VersionRecord,
};
use crate::wire::registry::Rated;

/// Who owns a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process.
    pub pid: u32,
    /// Version of its program.
    pub version: String,
    /// Since when.
    pub since: Timestamp,
    /// Base address of its endpoint, such as `http://127.0.0.1:8640`; nothing when it does not serve.
    pub endpoint: Option<String>,
    /// Whether it refuses everything but loopback.
    #[serde(default)]
    pub offline: bool,
    /// The policy that it judges by.
    #[serde(default)]
    pub policy: Option<PolicyUsed>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// The run.
    pub run: Run,
    /// The report, when there is one.
    pub report: Option<Report>,
    /// What was found in what the started server says of itself, once it was asked.
    #[serde(default)]
    pub live: Option<Report>,
    /// Where the server is reached, when it serves.
    pub url: Option<String>,
    /// The findings that its order accepts. Those that the policy accepts stand in the reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Suppressed>,
}

/// A server as lists and `show` present it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerView {
    /// The record.
    pub server: Server,
    /// What serves, when something does.
    pub deployment: Option<Deployment>,
    /// How its instance is; nothing when no owner runs.
    pub status: Option<Status>,
    /// Where it is reached; nothing when no owner serves.
    pub url: Option<String>,
    /// The worse of the verdicts on the active version's source and on what it said when it was started.
    pub verdict: Option<Verdict>,
    /// Tools of the active version.
    pub tools: Vec<Tool>,
    /// What is enforced and what is not.
    pub confinement: Option<Confinement>,
    /// What the last scheduled probe saw.
    pub health: Option<String>,
    /// How the tools that it declares differ from the recorded ones, when the last scheduled probe saw that they do.
    #[serde(default)]
    pub drift: Option<String>,
    /// A run that waits for a decision.
    pub held: Option<RunId>,
    /// What would have become of what serves, had the policy stopped anything.
    #[serde(default)]
    pub observed: Option<Observed>,
    /// The quarantine that covers it, or the version that would serve.
    #[serde(default)]
    pub quarantine: Option<Quarantine>,
    /// How it is presented, beside what its versions say.
    #[serde(default)]
    pub overlay: Option<Overlay>,
    /// What its ratings come to, once there are any.
    #[serde(default)]
    pub rating: Option<Rated>,
    /// How often its documents were asked for, each caller counted once a day.
    #[serde(default)]
    pub downloads: u64,
    /// What was found in the active version's source and in what it said when it was started; nothing when none is active, or
    /// an earlier server answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<FindingCounts>,
    /// How many of these are accepted for now: by the order that started it, by the policy, or by a comment that counts.
    #[serde(default, skip_serializing_if = "is_none")]
    pub accepted: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like this")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How many findings there are, by how grave they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FindingCounts {
    /// Findings that block.
    pub block: u64,
    /// Errors.
    pub error: u64,
    /// Warnings.
    pub warning: u64,
    /// What is good to know.
    pub info: u64,
}

impl FindingCounts {
    /// Counts what reports on one version found; what several of them found counts once.
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let (mut counts, mut known) = (Self::default(), BTreeSet::new());
        for finding in reports.into_iter().flat_map(|report| &report.findings) {
            if known.insert(finding.fingerprint()) {
                *counts.at(finding.severity) += 1;
            }
        }
        counts
    }

    /// Adds those of another version.
    pub fn add(&mut self, other: Self) {
        let Self { block, error, warning, info } = other;
        let more = [
            (Severity::Block, block),
            (Severity::Error, error),
            (Severity::Warning, warning),
            (Severity::Info, info),
        ];
        for (severity, count) in more {
            let sum = self.at(severity);
            *sum = sum.saturating_add(count);
        }
    }

    fn at(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Block => &mut self.block,
            Severity::Error => &mut self.error,
            Severity::Warning => &mut self.warning,
            Severity::Info => &mut self.info,
        }
    }
}

/// The ratings of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatingsView {
    /// What they come to; nothing when there are none.
    pub total: Option<Rated>,
    /// The newest of them.
    pub ratings: Vec<Rating>,
    /// How many older ones are not listed.
    pub omitted: usize,
}

/// A server that serves because a policy only observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The verdict that was not acted on.
    pub would_be: Verdict,
    /// Until when the policy observes.
    pub until: Timestamp,
}

/// A version as lists present it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionView {
    /// The record.
    pub record: VersionRecord,
    /// The worse of the verdicts on its source and on what it said when it was first started.
    pub verdict: Option<Verdict>,
    /// Whether it ranks highest.
    pub latest: bool,
    /// Whether it serves.
    pub active: bool,
}

/// What another policy would make of the versions on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTest {
    /// The other policy.
    pub policy: PolicyUsed,
    /// How many versions were judged.
    pub versions: u64,
    /// How many releases were judged that a verdict stopped: the last one of each server.
    #[serde(default)]
    pub stopped: u64,
    /// Versions that could not be judged, and why.
    pub unread: Vec<String>,
    /// Versions with another verdict.
    pub changes: Vec<PolicyChange>,
}

/// A version that another policy judges otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The server.
    pub server: ServerName,
    /// The version; nothing when a release was stopped before it had one.
    pub version: Option<Version>,
    /// The run that was stopped, when it is not on record.
    #[serde(default)]
    pub run: Option<RunId>,
    /// Whether it serves.
    pub running: bool,
    /// The verdict of the policy in force.
    pub before: Verdict,
    /// The verdict of the other policy.
    pub after: Verdict,
    /// What holds or blocks it under the stricter of the two.
    pub why: Vec<String>,
}

/// A version that was looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescanned {
    /// The server.
    pub server: ServerName,
    /// The version.
    pub version: Version,
    /// Whether it serves.
    pub running: bool,
    /// What its kept report comes to today.
    pub was: Option<Verdict>,
    /// What the new report comes to.
    pub verdict: Option<Verdict>,
    /// Whether it would be admitted now, with what a person decided on it.
    pub admitted: bool,
    /// What holds or blocks it.
    pub why: Vec<String>,
    /// The run that keeps what was found.
    pub run: Option<RunId>,
    /// Why it could not be looked at.
    pub failed: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Digest;

    fn report(findings: &[(&str, &str)]) -> Report {
        let findings = findings.iter().map(|(rule, severity)| {
            json!({
                "rule": rule, "category": "secret", "severity": severity, "confidence": "high", "message": "x",
                "location": {"path": "a.py", "line": 3, "column": 1}, "evidence": "x", "fix": null,
            })
        });
        serde_json::from_value(json!({
            "schema": Report::SCHEMA,
            "source": {"kind": "path", "locator": "clock", "digest": Digest::of(b"clock")},
            "verdict": "pass", "partial": false, "score": {"value": 100, "max": 100, "formula": "100"},
            "findings": findings.collect::<Vec<_>>(), "skipped": [], "analyzers": [],
            "stats": {"files": 3, "bytes": 900, "tools": 2, "elapsed_ms": 4},
        }))
        .unwrap()
    }

    #[test]
    fn what_both_reports_found_counts_once() {
        let (source, live) =
            (report(&[("a", "error"), ("b", "info")]), report(&[("a", "error"), ("c", "block")]));
        let mut counts = FindingCounts::of([&source, &live]);
        assert_eq!(counts, FindingCounts { block: 1, error: 1, warning: 0, info: 1 });
        counts.add(FindingCounts { error: u64::MAX, warning: 2, ..FindingCounts::default() });
        assert_eq!(counts, FindingCounts { block: 1, error: u64::MAX, warning: 2, info: 1 });
    }
}
