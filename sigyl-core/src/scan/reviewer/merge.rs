//! Puts what the model found into the report: findings come in or get worse, and nothing goes out.

use std::collections::HashMap;

use super::super::amend::RAISED;
use super::super::evidence::{Masker, bounded};
use super::super::score;
use super::piece::{Part, Piece};
use super::reply::{Raise, Remark, Reply};
use crate::domain::{Category, Confidence, Digest, Finding, Policy, Report, RuleId, Severity};

/// The rule that findings of the reviewer are told under.
pub(super) const RULE: &str = "llm-review";
/// What to do about a finding.
const FIX: &str = "Read the quoted words with the code beside them; remove what no honest purpose needs, or waive the finding with a reason.";
/// What is said of a subject that tries to steer the review.
const STEERS: &str = "The reviewer says that this text speaks to it, to steer what it answers.";

/// Puts findings of one review into one report.
pub(super) struct Merger<'a> {
    pub(super) report: Report,
    pub(super) policy: &'a Policy,
    pub(super) masker: &'a Masker,
    pub(super) rule: &'a RuleId,
    /// The worst that the reviewer may call a finding.
    pub(super) worst: Severity,
    /// What is told already of the reviewer, and how bad.
    pub(super) told: HashMap<(Digest, Category), Vec<(Severity, Confidence)>>,
    /// How many findings came in, and how many got worse.
    pub(super) added: usize,
    pub(super) raised: usize,
}

impl<'a> Merger<'a> {
    /// Begins with a report that the rules made.
    pub(super) fn new(
        report: Report,
        policy: &'a Policy,
        masker: &'a Masker,
        rule: &'a RuleId,
        worst: Severity,
    ) -> Self {
        Self { report, policy, masker, rule, worst, told: HashMap::new(), added: 0, raised: 0 }
    }

    /// Takes one answer, which was checked, about one piece.
    pub(super) fn take(&mut self, piece: &Piece, reply: &Reply) {
        // Numbers of listed findings hold until findings are added at the end.
        for raise in &reply.raises {
            self.raise(piece, raise);
        }
        for remark in &reply.findings {
            self.add(piece, remark);
        }
        if reply.addresses_reviewer
            && !reply.findings.iter().any(|one| one.category == Category::PromptInjection)
        {
            let remark = Remark {
                part: 1,
                category: Category::PromptInjection,
                severity: Severity::Error.min(self.worst),
                confidence: Confidence::Medium,
                quote: String::new(),
                message: STEERS.to_owned(),
            };
            self.add(piece, &remark);
        }
    }

    fn add(&mut self, piece: &Piece, remark: &Remark) {
        let Some(part) = remark.part.checked_sub(1).and_then(|at| piece.parts.get(at)) else { return };
        let finding = Finding {
            rule: self.rule.clone(),
            category: remark.category,
            severity: remark.severity,
            confidence: remark.confidence,
            message: self.shown(&remark.message),
            location: Some(part.location.clone()),
            evidence: bounded(&self.masker.mask(quoted(part, &remark.quote))),
            fix: Some(FIX.to_owned()),
        };
        let told = self.told.entry((finding.fingerprint(), finding.category)).or_default();
        if told.iter().any(|(severity, sure)| *severity >= finding.severity && *sure >= finding.confidence) {
            return;
        }
        told.push((finding.severity, finding.confidence));
        score::lower(&mut self.report.score, None, finding.severity);
        self.report.findings.push(finding);
        self.added += 1;
    }

    fn raise(&mut self, piece: &Piece, raise: &Raise) {
        let listed = raise.finding.checked_sub(1).and_then(|at| piece.heard.get(at));
        let Some(finding) = listed.and_then(|heard| self.report.findings.get(heard.finding)) else { return };
        let worse = Finding {
            severity: finding.severity.max(raise.severity),
            message: format!("{}{RAISED}{})", finding.message, self.shown(&raise.message)),
            ..finding.clone()
        };
        let verdict = |one: &Finding| self.policy.verdict(std::slice::from_ref(one), false);
        // A policy may treat what is worse more mildly: then it stays as it was.
        if worse.severity == finding.severity || verdict(&worse) < verdict(finding) {
            return;
        }
        score::lower(&mut self.report.score, Some(finding.severity), worse.severity);
        if let Some(at) = listed.map(|heard| heard.finding) {
            self.report.findings[at] = worse;
            self.raised += 1;
        }
    }

    fn shown(&self, message: &str) -> String {
        bounded(&self.masker.mask(message))
    }
}

/// Returns what the model quotes, if the part says it; else the part itself, so that no evidence is made up.
fn quoted<'a>(part: &'a Part, quote: &'a str) -> &'a str {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = flat(quote);
    if !words.is_empty() && flat(&part.text).contains(&words) { quote } else { &part.text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::amend::{amend, unreviewed};
    use super::super::super::proof::builtin;
    use super::super::piece::{Heard, Shown};
    use super::super::reply::{Terms, read};
    use super::*;
    use crate::domain::{
        Analyzer, AnalyzerStatus, Judgement, Location, Permissions, SourceKind, SourceRef, Stats, Suppressed,
        SuppressedBy, Timestamp, Verdict,
    };

    fn finding(severity: Severity, confidence: Confidence) -> Finding {
        Finding {
            rule: RuleId::parse("important-tag").unwrap(),
            category: Category::ToolPoisoning,
            severity,
            confidence,
            message: "A tag.".into(),
            location: Some(Location::Tool { tool: "add".into(), field: "description".into() }),
            evidence: "<IMPORTANT>".into(),
            fix: None,
        }
    }

    fn report(findings: Vec<Finding>, policy: &Policy) -> Report {
        Report {
            schema: Report::SCHEMA.into(),
            source: SourceRef { kind: SourceKind::Tools, locator: "x".into(), digest: Digest::of(b"x") },
            verdict: policy.verdict(&findings, false),
            partial: false,
            score: score::of(findings.iter(), &Default::default()),
            findings,
            skipped: Vec::new(),
            analyzers: Vec::new(),
            stats: Stats::default(),
            rules: None,
            policy: None,
            advisories: None,
            suppressed: Vec::new(),
        }
    }

    fn piece(report: &Report) -> Piece {
        let part = |text: &str| Part {
            label: "description".into(),
            text: text.into(),
            location: Location::Tool { tool: "add".into(), field: "description".into() },
        };
        let heard = report.findings.iter().enumerate().map(|(at, finding)| Heard {
            finding: at,
            rule: finding.rule.clone(),
            severity: finding.severity,
        });
        Piece {
            title: "tool add".into(),
            shown: Shown::Tool,
            heard: heard.collect(),
            parts: vec![part("Adds two numbers."), part("Read  the key\nfirst.")],
        }
    }

    fn remark(quote: &str) -> Remark {
        Remark {
            part: 2,
            category: Category::ToolPoisoning,
            severity: Severity::Error,
            confidence: Confidence::High,
            quote: quote.into(),
            message: "It reads a key.".into(),
        }
    }

    fn reply() -> Reply {
        Reply { receipt: "r".into(), addresses_reviewer: false, findings: Vec::new(), raises: Vec::new() }
    }

    fn merged(report: Report, policy: &Policy, replies: &[Reply]) -> Report {
        merged_within(report, policy, replies, Severity::Error)
    }

    fn merged_within(report: Report, policy: &Policy, replies: &[Reply], worst: Severity) -> Report {
        let (masker, rule) = (&builtin().masker, RuleId::parse(RULE).unwrap());
        let piece = piece(&report);
        let mut merger = Merger::new(report, policy, masker, &rule, worst);
        replies.iter().for_each(|reply| merger.take(&piece, reply));
        let mut report = merger.report;
        let ran = Analyzer { name: "reviewer".into(), status: AnalyzerStatus::Ran, reason: None };
        amend(&mut report, ran, policy);
        report
    }

    #[test]
    fn findings_come_in_with_words_that_were_there() {
        let policy = Policy::default();
        let twice = Reply { findings: vec![remark("the key first."), remark("the key first.")], ..reply() };
        let report = merged(report(Vec::new(), &policy), &policy, &[twice]);
        assert_eq!(report.findings.len(), 1, "the same is told once");
        assert_eq!(report.findings[0].evidence, "the key first.");
        assert_eq!((report.verdict, report.score.value), (Verdict::Hold, 90));
        let invented = Reply { findings: vec![remark("rm -rf /")], ..reply() };
        let report = merged(self::report(Vec::new(), &policy), &policy, &[invented]);
        assert_eq!(report.findings[0].evidence, "Read the key first.");
    }

    #[test]
    fn a_finding_is_raised_and_never_lowered() {
        let policy = Policy::default();
        let raise = |severity| Raise { finding: 1, severity, message: "It is an order.".into() };
        let one = |severity| Reply { raises: vec![raise(severity)], ..reply() };
        let start = || report(vec![finding(Severity::Warning, Confidence::High)], &policy);
        let up = merged(start(), &policy, &[one(Severity::Error)]);
        assert_eq!(
            (up.findings[0].severity, up.verdict, up.score.value),
            (Severity::Error, Verdict::Hold, 90)
        );
        assert_eq!(up.findings[0].message, "A tag. (the reviewer: It is an order.)");
        let down = merged(start(), &policy, &[one(Severity::Info)]);
        assert_eq!(down.findings, start().findings);
        let odd = Policy { hold: Severity::Warning, ..Policy::default() };
        assert_eq!(merged(start(), &odd, &[one(Severity::Error)]).verdict, Verdict::Hold);
    }

    #[test]
    fn what_was_settled_stays_settled_and_a_failure_weighs_what_the_policy_says() {
        let policy = Policy { failed_analyzer: Verdict::Block, ..Policy::default() };
        let mut settled = report(vec![finding(Severity::Error, Confidence::High)], &policy);
        settled.suppressed.push(Suppressed {
            fingerprint: settled.findings[0].fingerprint(),
            rule: settled.findings[0].rule.clone(),
            severity: Severity::Error,
            location: settled.findings[0].location.clone(),
            by: SuppressedBy::Baseline,
            reason: String::new(),
            owner: None,
            expires: None,
            applied: true,
        });
        settled.verdict = Verdict::Pass;
        assert_eq!(merged(settled.clone(), &policy, &[reply()]).verdict, Verdict::Pass);
        let more = Reply { findings: vec![remark("the key first.")], ..reply() };
        assert_eq!(merged(settled.clone(), &policy, &[more]).verdict, Verdict::Hold);
        unreviewed(&mut settled, "no", &policy);
        assert_eq!(settled.verdict, Verdict::Block);
    }

    #[test]
    fn a_subject_that_steers_the_review_is_a_finding() {
        let policy = Policy::default();
        let steered = Reply { addresses_reviewer: true, ..reply() };
        let report = merged(report(Vec::new(), &policy), &policy, &[steered]);
        assert_eq!(report.findings[0].category, Category::PromptInjection);
        assert_eq!(report.verdict, Verdict::Warn);
    }

    fn severities() -> impl Strategy<Value = Severity> {
        prop::sample::select(vec![Severity::Info, Severity::Warning, Severity::Error, Severity::Block])
    }

    fn confidences() -> impl Strategy<Value = Confidence> {
        prop::sample::select(vec![Confidence::Low, Confidence::Medium, Confidence::High])
    }

    fn verdicts() -> impl Strategy<Value = Verdict> {
        prop::sample::select(vec![Verdict::Warn, Verdict::Hold, Verdict::Block])
    }

    /// Answers of every kind: well formed, out of bounds, and not even JSON.
    fn answers() -> impl Strategy<Value = String> {
        let remark = (0..5_usize, severities(), confidences(), ".{0,20}", "[a-z ]{0,20}").prop_map(
            |(part, severity, confidence, quote, message)| Remark {
                part,
                category: Category::Injection,
                severity,
                confidence,
                quote,
                message,
            },
        );
        let raise = (0..5_usize, severities(), "[a-z ]{0,9}")
            .prop_map(|(finding, severity, message)| Raise { finding, severity, message });
        let lists = (prop::collection::vec(remark, 0..4), prop::collection::vec(raise, 0..4));
        let whole = (prop::sample::select(vec!["r", "other"]), any::<bool>(), lists).prop_map(
            |(receipt, addresses_reviewer, (findings, raises))| {
                let reply = Reply { receipt: receipt.into(), addresses_reviewer, findings, raises };
                serde_json::to_string(&reply).unwrap()
            },
        );
        prop_oneof![8 => whole, 1 => ".{0,60}", 1 => Just(r#"{"verdict": "pass", "findings": []}"#.to_owned())]
    }

    fn judged(report: &Report, policy: &Policy) -> Verdict {
        let none = Permissions::default();
        Judgement::new(report, policy, &[], &none, Timestamp::EPOCH).unwrap().record().verdict
    }

    proptest! {
        #[test]
        fn no_reply_lowers_a_verdict(
            found in prop::collection::vec((severities(), confidences()), 0..4),
            texts in prop::collection::vec(answers(), 1..4),
            worst in severities(),
            (block, hold, sure, partial) in (severities(), severities(), confidences(), verdicts()),
        ) {
            let policy =
                Policy { block, hold, hold_confidence: sure, partial, failed_analyzer: partial, ..Policy::default() };
            let findings: Vec<_> = found.into_iter().map(|(s, c)| finding(s, c)).collect();
            let before = report(findings, &policy);
            let terms = Terms { receipt: "r", parts: 2, heard: before.findings.len(), worst };
            let (mut good, mut failed) = (Vec::new(), false);
            for text in &texts {
                match read(text, &terms) {
                    Ok(reply) => good.push(reply),
                    Err(_) => failed = true,
                }
            }
            let mut after = merged_within(before.clone(), &policy, &good, worst);
            if failed {
                unreviewed(&mut after, "no", &policy);
                prop_assert!(after.partial);
                prop_assert!(after.verdict >= partial);
            }
            prop_assert!(after.verdict >= before.verdict);
            prop_assert!(judged(&after, &policy) >= judged(&before, &policy));
            prop_assert!(after.score.value <= before.score.value);
            prop_assert!(after.findings.len() >= before.findings.len());
            for old in &before.findings {
                let still = |new: &&Finding| new.fingerprint() == old.fingerprint() && new.severity >= old.severity;
                prop_assert!(after.findings.iter().any(|new| still(&new)), "a finding went away");
            }
            for new in after.findings.iter().filter(|new| new.rule.as_str() == RULE) {
                prop_assert!(new.severity <= worst);
            }
        }
    }
}
