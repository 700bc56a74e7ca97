//! What was not looked at, as a policy weighs it.

use super::{Hold, Policy, Verdict};
use crate::domain::{AnalyzerStatus, Report, SkipKind, SourceKind};

/// The analyzer of what a started server says.
const LIVE: &str = "live-tools";

impl Policy {
    /// Weighs what `report` says was not looked at: the verdict, and the names of what leads to it.
    pub(super) fn gaps(&self, report: &Report) -> (Verdict, Vec<String>) {
        let paths = |fits: fn(SkipKind) -> bool| {
            let skipped = report.skipped.iter().filter(|skipped| fits(skipped.kind));
            skipped.map(|skipped| skipped.path.clone()).collect::<Vec<_>>()
        };
        let skipped = paths(SkipKind::is_gap);
        let unfollowed = paths(|kind| kind == SkipKind::Unfollowed);
        let failed: Vec<String> = failed(report).chain(self.missing(report)).collect();
        let mut verdict = Verdict::Pass;
        let mut names = Vec::new();
        // A report that says of itself that it is partial is, whether or not it tells why.
        let unnamed = report.partial && skipped.is_empty() && failed.is_empty();
        for (there, then, list) in [
            (unnamed || !skipped.is_empty(), self.partial, skipped),
            (!unfollowed.is_empty(), self.unfollowed, unfollowed),
            (!failed.is_empty(), self.failed_analyzer, failed),
        ] {
            if there {
                verdict = verdict.max(then);
                names.extend(list.into_iter().filter(|_| then >= Verdict::Hold));
            }
        }
        (verdict, names)
    }

    /// Returns what a release with the gaps of `report` waits for, or what blocks it.
    pub(super) fn gap(&self, report: &Report) -> (Verdict, Option<Hold>) {
        let (verdict, names) = self.gaps(report);
        let live = report.source.kind == SourceKind::Tools;
        let hold = || if live { Hold::of_live_gaps(&names) } else { Hold::of_gaps(&names) };
        (verdict, (verdict >= Verdict::Hold).then(hold))
    }

    /// Names the analyzers that should have run and did not. A report on a started server has one of them, and that
    /// on its source all others.
    fn missing<'a>(&'a self, report: &'a Report) -> impl Iterator<Item = String> + 'a {
        let live = report.source.kind == SourceKind::Tools;
        let ran = |name: &str| {
            let wrong = |status| status != AnalyzerStatus::Skipped;
            report.analyzers.iter().any(|one| one.name == name && wrong(one.status))
        };
        let due = self.analyzers.iter().filter(move |name| (name.as_str() == LIVE) == live);
        due.filter(move |name| !ran(name))
            .map(|name| format!("{name} (did not run, and the policy asks for it)"))
    }
}

fn failed(report: &Report) -> impl Iterator<Item = String> + '_ {
    let failed = report.analyzers.iter().filter(|analyzer| analyzer.status == AnalyzerStatus::Failed);
    let why = |reason: &Option<String>| reason.as_ref().map_or(String::new(), |why| format!(" ({why})"));
    failed.map(move |analyzer| format!("{}{}", analyzer.name, why(&analyzer.reason)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::specimen::report;
    use super::*;
    use crate::domain::{Analyzer, Skipped};

    fn analyzer(name: &str, status: AnalyzerStatus) -> Analyzer {
        Analyzer { name: name.into(), status, reason: None }
    }

    #[test]
    fn files_and_analyzers_are_weighed_apart() {
        let mut gappy = report(Vec::new());
        gappy.partial = true;
        gappy.skipped.push(Skipped { path: "x".into(), kind: SkipKind::Binary, reason: "binary".into() });
        gappy.analyzers.push(analyzer("dependencies", AnalyzerStatus::Failed));
        for (partial, failed, verdict, names) in [
            (Verdict::Warn, Verdict::Warn, Verdict::Warn, &[][..]),
            (Verdict::Hold, Verdict::Warn, Verdict::Hold, &["x"]),
            (Verdict::Warn, Verdict::Block, Verdict::Block, &["dependencies"]),
            (Verdict::Hold, Verdict::Hold, Verdict::Hold, &["x", "dependencies"]),
        ] {
            let policy = Policy { partial, failed_analyzer: failed, ..Policy::default() };
            let (found, named) = policy.gaps(&gappy);
            assert_eq!(
                (found, named.iter().map(String::as_str).collect::<Vec<_>>()),
                (verdict, names.to_vec())
            );
        }
    }

    #[test]
    fn what_was_looked_at_and_not_followed_to_its_end_is_told_and_holds_where_a_policy_says_so() {
        let mut deep = report(Vec::new());
        let skipped = |kind| Skipped { path: "x.py".into(), kind, reason: "it calls deeper".into() };
        deep.skipped.push(skipped(SkipKind::Unfollowed));
        assert_eq!(Policy::default().gaps(&deep), (Verdict::Warn, Vec::new()));
        let strict = Policy { unfollowed: Verdict::Hold, ..Policy::default() };
        assert_eq!(strict.gaps(&deep), (Verdict::Hold, vec!["x.py".to_owned()]));
        assert_ne!(strict.digest(), Policy::default().digest());
        deep.skipped.push(skipped(SkipKind::TooLarge));
        assert_eq!(Policy::default().gaps(&deep).0, Verdict::Hold);
    }

    #[test]
    fn an_analyzer_that_is_asked_for_has_to_run() {
        let asked = ["files", "reviewer", LIVE].map(str::to_owned);
        let policy = Policy { analyzers: BTreeSet::from(asked), ..Policy::default() };
        let mut source = report(Vec::new());
        source.analyzers = vec![
            analyzer("files", AnalyzerStatus::Ran),
            analyzer("reviewer", AnalyzerStatus::Skipped),
            analyzer(LIVE, AnalyzerStatus::Skipped),
        ];
        let (verdict, names) = policy.gaps(&source);
        assert_eq!(verdict, Verdict::Hold);
        assert!(names.len() == 1 && names[0].starts_with("reviewer (did not run"), "{names:?}");
        let mut live = report(Vec::new());
        live.source.kind = SourceKind::Tools;
        assert_eq!(policy.gaps(&live).1.len(), 1, "nobody spoke to the server");
        live.analyzers = vec![analyzer(LIVE, AnalyzerStatus::Ran)];
        assert_eq!(policy.gaps(&live).0, Verdict::Pass);
    }
}
