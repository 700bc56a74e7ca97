//! From what was gathered to the report: sorted, bounded, scored.

use super::findings::Unlisted;
use super::scanner::Looked;
use super::score;
use super::subject::Subject;
use super::tool_text::ToolText;
use crate::domain::{Analyzer, AnalyzerStatus, Finding, Location, Policy, Report, SkipKind, Skipped, Stats};

/// Findings that a report lists; more are counted and make the report partial.
const FINDINGS: usize = 10_000;

/// What a run has seen and found so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) findings: Vec<Finding>,
    pub(super) unlisted: Unlisted,
    pub(super) skipped: Vec<Skipped>,
    manifest: bool,
    pub(super) no_dependencies: bool,
    stats: Stats,
}

impl Gathered {
    /// Adds what one file came to.
    pub(super) fn file(&mut self, looked: Looked) {
        self.findings.extend(looked.findings);
        self.unlisted.extend(&looked.unlisted);
        match looked.skipped {
            Some(skipped) => self.skipped.push(skipped),
            None => {
                self.stats.files += 1;
                self.stats.bytes += looked.bytes;
            }
        }
    }

    /// Adds what one tool came to. The same tool may be declared and live: its findings count once.
    pub(super) fn tool(&mut self, tool: &ToolText, findings: Vec<Finding>, unlisted: &Unlisted) {
        self.unlisted.extend(unlisted);
        self.stats.tools += 1;
        self.stats.bytes += tool.bytes();
        if let Some(why) = tool.cut() {
            let path = format!("tool {}", tool.name());
            self.skipped.push(Skipped { path, kind: SkipKind::TooLarge, reason: why.to_owned() });
        }
        for finding in findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    /// Adds what the checked manifest came to, unless its file showed the same, and on which line.
    pub(super) fn manifest(&mut self, findings: Vec<Finding>) {
        let path = |finding: &Finding| match &finding.location {
            Some(Location::File { path, .. }) => Some(path.clone()),
            _ => None,
        };
        let known = |new: &Finding| {
            self.findings
                .iter()
                .any(|old| old.rule == new.rule && old.evidence == new.evidence && path(old) == path(new))
        };
        let new: Vec<Finding> = findings.into_iter().filter(|finding| !known(finding)).collect();
        self.findings.extend(new);
        self.manifest = true;
    }

    /// Makes the report.
    pub(super) fn report(
        mut self,
        subject: &Subject<'_>,
        policy: &Policy,
        deep: bool,
        elapsed_ms: u64,
    ) -> Report {
        self.findings.sort_by_cached_key(order);
        let all = self.findings.len();
        let verdict_of_all = policy.verdict(&self.findings, false);
        let score = score::of(&self.findings, &self.unlisted);
        if all > FINDINGS {
            self.findings.truncate(FINDINGS);
            let reason = format!("{} further findings, the least severe, are not listed", all - FINDINGS);
            self.skipped.push(Skipped { path: "(findings)".to_owned(), kind: SkipKind::TooMany, reason });
        }
        self.skipped.sort();
        self.skipped.dedup();
        let analyzers = self.analyzers(subject, deep);
        let failed = analyzers.iter().any(|analyzer| analyzer.status == AnalyzerStatus::Failed);
        let partial = failed || self.skipped.iter().any(|skipped| skipped.kind.is_gap());
        Report {
            schema: Report::SCHEMA.to_owned(),
            source: subject.reference.clone(),
            verdict: policy.verdict(&self.findings, partial).max(verdict_of_all),
            partial,
            score,
            findings: self.findings,
            skipped: self.skipped,
            analyzers,
            stats: Stats { elapsed_ms, ..self.stats },
        }
    }

    fn analyzers(&self, subject: &Subject<'_>, deep: bool) -> Vec<Analyzer> {
        let ran = |name: &str, reason: Option<&str>| analyzer(name, AnalyzerStatus::Ran, reason);
        let skipped = |name: &str, reason: &str| analyzer(name, AnalyzerStatus::Skipped, Some(reason));
        let files = match subject.tree {
            Some(_) => ran("files", None),
            None => skipped("files", "no source was given"),
        };
        let manifest = match self.manifest {
            true => ran("manifest", None),
            false => skipped("manifest", "no manifest was given"),
        };
        let declared = subject.manifest.map_or(0, |manifest| manifest.tools.len());
        let declared = match declared {
            0 => skipped("declared-tools", "the manifest declares none"),
            _ => ran("declared-tools", None),
        };
        let live = match (subject.tools.len(), subject.instructions) {
            (0, None) => skipped("live-tools", "no running server was asked"),
            _ => ran("live-tools", None),
        };
        vec![files, manifest, declared, live, self.dependencies(subject, deep)]
    }

    fn dependencies(&self, subject: &Subject<'_>, deep: bool) -> Analyzer {
        const NAME: &str = "dependencies";
        match (subject.tree, deep, self.no_dependencies) {
            (None, ..) => analyzer(NAME, AnalyzerStatus::Skipped, Some("no source was given")),
            (Some(_), false, _) => {
                let reason =
                    "manifests, locks and install scripts only; a deep scan reads dependency code too";
                analyzer(NAME, AnalyzerStatus::Ran, Some(reason))
            }
            (Some(_), true, true) => {
                let reason = "a deep scan was asked for and the dependencies were not installed for it";
                analyzer(NAME, AnalyzerStatus::Failed, Some(reason))
            }
            (Some(_), true, false) => analyzer(NAME, AnalyzerStatus::Ran, Some("with dependency code")),
        }
    }
}

fn analyzer(name: &str, status: AnalyzerStatus, reason: Option<&str>) -> Analyzer {
    Analyzer { name: name.to_owned(), status, reason: reason.map(str::to_owned) }
}

/// Worst first, then by place.
fn order(finding: &Finding) -> impl Ord + use<> {
    let place = match &finding.location {
        Some(Location::File { path, line, column }) => (1, path.clone(), *line, *column, String::new()),
        Some(Location::Tool { tool, field }) => (0, tool.clone(), None, None, field.clone()),
        None => (2, String::new(), None, None, String::new()),
    };
    (
        std::cmp::Reverse(finding.severity),
        std::cmp::Reverse(finding.confidence),
        place,
        finding.rule.clone(),
        finding.evidence.clone(),
    )
}
