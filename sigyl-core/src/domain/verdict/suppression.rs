//! Findings that do not count: what a policy ignores, what is waived, what was there before, what a comment answers.
#![cfg_attr(not(feature = "scan"), expect(dead_code, reason = "the scanner alone settles findings"))]

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::waiver::standing;
use super::{Policy, Suppressions, Verdict, Waiver};
use crate::domain::{Digest, Finding, Location, Report, RuleId, Suppressed, SuppressedBy, Timestamp};

/// What stands in the place of a reason that is not given.
const NO_REASON: &str = "no reason is given";

/// A comment in the code that says that findings of a rule beside it are to be ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The rule.
    pub rule: RuleId,
    /// The file.
    pub path: String,
    /// The first line that it is for.
    pub first: u32,
    /// The last line that it is for.
    pub last: u32,
    /// Why, if it says so.
    pub reason: Option<String>,
}

/// Comments by the files that they are in.
struct Objections<'a>(BTreeMap<&'a str, Vec<&'a Objection>>);

impl<'a> Objections<'a> {
    fn new(all: &'a [Objection]) -> Self {
        let mut files: BTreeMap<&str, Vec<&Objection>> = BTreeMap::new();
        for one in all {
            files.entry(&one.path).or_default().push(one);
        }
        Self(files)
    }

    fn of(&self, finding: &Finding) -> Option<&'a Objection> {
        let Some(Location::File { path, line: Some(line), .. }) = &finding.location else { return None };
        let fits = |one: &&&Objection| one.rule == finding.rule && (one.first..=one.last).contains(line);
        self.0.get(path.as_str())?.iter().find(fits).copied()
    }
}

/// Tells whether a finding is in the code of a dependency, which the operator did not write.
fn is_foreign(finding: &Finding) -> bool {
    matches!(&finding.location, Some(Location::File { path, .. }) if path.starts_with("dependencies/"))
}

/// Findings of a source that were there before: only others count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Name of this document format.
    pub schema: String,
    /// What it was made of: the name of the server, or where a source without a manifest came from.
    pub subject: String,
    /// When it was made.
    pub made: Timestamp,
    /// The findings.
    pub findings: Vec<BaselineEntry>,
}

/// One finding of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// The rule.
    pub rule: RuleId,
    /// Where it stood, for readers.
    pub place: String,
    /// Which finding.
    pub fingerprint: Digest,
}

impl Baseline {
    /// The name of the document format.
    pub const SCHEMA: &'static str = "sigyl.baseline/1";

    /// Makes the baseline of a report.
    pub fn of(report: &Report, subject: &str, made: Timestamp) -> Self {
        let entry = |finding: &Finding| BaselineEntry {
            rule: finding.rule.clone(),
            place: place(finding),
            fingerprint: finding.fingerprint(),
        };
        let mut findings: Vec<_> = report.findings.iter().map(entry).collect();
        findings.sort();
        Self { schema: Self::SCHEMA.to_owned(), subject: subject.to_owned(), made, findings }
    }
}

/// Finds out which findings a baseline holds, by their place in the list: of those that read alike as many as it
/// holds, first those that have not moved.
fn before(findings: &[Finding], baseline: &Baseline) -> BTreeSet<usize> {
    let (mut there, mut moved) = (BTreeMap::new(), BTreeMap::new());
    for entry in &baseline.findings {
        let key = (&entry.rule, entry.fingerprint);
        *there.entry((key, entry.place.as_str())).or_insert(0_usize) += 1;
        *moved.entry(key).or_insert(0_usize) += 1;
    }
    let places: Vec<String> = findings.iter().map(place).collect();
    let key = |at: usize| (&findings[at].rule, findings[at].fingerprint());
    let mut before = BTreeSet::new();
    for (at, place) in places.iter().enumerate() {
        let key = key(at);
        if take(&mut there, &(key, place.as_str())) {
            take(&mut moved, &key);
            before.insert(at);
        }
    }
    let rest = (0..findings.len()).filter(|at| !before.contains(at));
    let rest: Vec<usize> = rest.filter(|&at| take(&mut moved, &key(at))).collect();
    before.extend(rest);
    before
}

/// Takes one of what is counted under a key, if there is one left.
fn take<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) -> bool {
    match counts.get_mut(key) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

fn place(finding: &Finding) -> String {
    finding.location.as_ref().map_or_else(String::new, Location::to_string)
}

impl Policy {
    /// Finds out which findings do not count, and which somebody wanted not to count, by their place in the list.
    pub(crate) fn settle(
        &self,
        findings: &[Finding],
        objections: &[Objection],
        baseline: Option<&Baseline>,
        now: Timestamp,
    ) -> BTreeMap<usize, Suppressed> {
        let all: Vec<&Finding> = findings.iter().collect();
        let standing = standing(&self.waivers, self.server.as_ref(), &all, now);
        let before = baseline.map(|baseline| before(findings, baseline)).unwrap_or_default();
        let (mut settled, objections) = (BTreeMap::new(), Objections::new(objections));
        for (at, finding) in findings.iter().enumerate() {
            let waiver = |accepted: &BTreeMap<usize, usize>, applied| {
                let waiver = accepted.get(&at).and_then(|index| self.waivers.get(*index))?;
                Some(by_waiver(finding, &waiver.waiver, applied))
            };
            let baseline = || {
                before.contains(&at).then(|| {
                    suppressed(finding, SuppressedBy::Baseline, "it was there before".to_owned(), true)
                })
            };
            let found = self
                .ignored(finding)
                .or_else(|| waiver(&standing.accepted, true))
                .or_else(baseline)
                .or_else(|| objections.of(finding).map(|one| self.by_comment(finding, one)))
                .or_else(|| waiver(&standing.expired, false));
            settled.extend(found.map(|found| (at, found)));
        }
        settled
    }

    /// Judges findings of which some do not count.
    pub(crate) fn verdict_of(&self, findings: &[Finding], settled: &BTreeMap<usize, Suppressed>) -> Verdict {
        let weigh = |(at, finding)| self.weight(finding, settled.get(&at));
        findings.iter().enumerate().map(weigh).max().unwrap_or(Verdict::Pass)
    }

    /// Judges a whole report anew, with the gaps that it tells of.
    pub(crate) fn verdict_with_gaps(&self, report: &Report, of_findings: Verdict) -> Verdict {
        of_findings.max(self.gaps(report).0)
    }

    fn weight(&self, finding: &Finding, suppressed: Option<&Suppressed>) -> Verdict {
        match suppressed.filter(|one| one.applied).map(|one| one.by) {
            None => self.of(finding),
            Some(SuppressedBy::Policy | SuppressedBy::Baseline) => Verdict::Pass,
            Some(SuppressedBy::Waiver | SuppressedBy::Comment) => Verdict::Warn,
        }
    }

    fn ignored(&self, finding: &Finding) -> Option<Suppressed> {
        let clause = self.clause(finding).filter(|clause| clause.then == Verdict::Pass)?;
        let reason = clause.reason.clone().unwrap_or_default();
        Some(suppressed(finding, SuppressedBy::Policy, reason, true))
    }

    /// A comment counts where the operator says so, if it gives a reason, and never for what blocks.
    fn by_comment(&self, finding: &Finding, comment: &Objection) -> Suppressed {
        let reason = comment.reason.clone();
        let applied = self.allows_comments_on(finding) && reason.is_some();
        let reason = reason.unwrap_or_else(|| NO_REASON.to_owned());
        suppressed(finding, SuppressedBy::Comment, reason, applied)
    }

    fn allows_comments_on(&self, finding: &Finding) -> bool {
        let allowed = self.suppressions == Suppressions::Allow;
        allowed && !is_foreign(finding) && self.of(finding) != Verdict::Block
    }

    /// Tells whether a comment that was there when `report` was made answers a finding by this policy.
    pub(super) fn answered(&self, report: &Report, finding: &Finding) -> bool {
        self.allows_comments_on(finding)
            && report
                .suppressed
                .iter()
                .any(|one| one.by == SuppressedBy::Comment && one.reason != NO_REASON && one.is_of(finding))
    }
}

impl Suppressed {
    /// Lists what the waivers of an order accept, where each accepts one finding of its source, else of what the started
    /// server says of itself. Whoever ordered answers for a waiver that names nobody; one that ran out is listed, and does
    /// not count.
    pub fn by_order(waivers: &[Waiver], reports: &[&Report], who: &str, now: Timestamp) -> Vec<Self> {
        let mut accepted: Vec<Self> = Vec::new();
        let mut left: Vec<&Waiver> = waivers.iter().collect();
        for report in reports {
            // What was accepted in the source is accepted in what the server says too.
            let known: BTreeSet<Digest> = accepted.iter().map(|one| one.fingerprint).collect();
            let findings = report.findings.iter().filter(|finding| !known.contains(&finding.fingerprint()));
            let findings: Vec<&Finding> = findings.collect();
            left.retain(|waiver| {
                let Ok(at) = waiver.only_match(&findings, Timestamp::EPOCH) else { return true };
                let one = by_waiver(findings[at], waiver, waiver.expires >= now);
                accepted.push(Self { owner: one.owner.or_else(|| Some(who.to_owned())), ..one });
                false
            });
        }
        accepted
    }
}

fn by_waiver(finding: &Finding, waiver: &Waiver, applied: bool) -> Suppressed {
    Suppressed {
        owner: waiver.owner.clone(),
        expires: Some(waiver.expires),
        ..suppressed(finding, SuppressedBy::Waiver, waiver.reason.clone(), applied)
    }
}

fn suppressed(finding: &Finding, by: SuppressedBy, reason: String, applied: bool) -> Suppressed {
    Suppressed {
        rule: finding.rule.clone(),
        severity: finding.severity,
        location: finding.location.clone(),
        fingerprint: finding.fingerprint(),
        by,
        reason,
        owner: None,
        expires: None,
        applied,
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{finding, report, waiver};
    use super::super::{Clause, Condition, Glob, StandingWaiver};
    use super::*;
    use crate::domain::{ServerName, Severity};

    fn settle(
        policy: &Policy,
        objections: &[Objection],
        baseline: Option<&Baseline>,
    ) -> (Verdict, Vec<(SuppressedBy, bool)>) {
        let findings = [finding("a", Severity::Error, 1), finding("b", Severity::Block, 2)];
        let settled = policy.settle(&findings, objections, baseline, Timestamp::EPOCH);
        let told = settled.values().map(|one| (one.by, one.applied)).collect();
        (policy.verdict_of(&findings, &settled), told)
    }

    fn comment(rule: &str, line: u32, reason: Option<&str>) -> Objection {
        let rule = RuleId::parse(rule).unwrap();
        let reason = reason.map(str::to_owned);
        Objection { rule, path: "a.py".into(), first: line, last: line, reason }
    }

    #[test]
    fn a_comment_is_listed_and_counts_only_where_the_operator_says_so_and_never_for_what_blocks() {
        let comments = [comment("a", 1, Some("known")), comment("b", 2, Some("known"))];
        let listed = settle(&Policy::default(), &comments, None);
        assert_eq!(listed, (Verdict::Block, vec![(SuppressedBy::Comment, false); 2]));
        let policy = Policy { suppressions: Suppressions::Allow, ..Policy::default() };
        let allowed = settle(&policy, &comments, None).1;
        assert_eq!(allowed, [(SuppressedBy::Comment, true), (SuppressedBy::Comment, false)]);
        assert_eq!(settle(&policy, &[comment("a", 1, None)], None).1, [(SuppressedBy::Comment, false)]);
        assert_eq!(settle(&policy, &[comment("a", 3, Some("x")), comment("b", 1, Some("x"))], None).1, []);
        let path = "dependencies/a/a.py".to_owned();
        let location = Some(Location::File { path: path.clone(), line: Some(1), column: None });
        let theirs = [Finding { location, ..finding("a", Severity::Error, 1) }];
        let said = [Objection { path, ..comment("a", 1, Some("known")) }];
        let settled = policy.settle(&theirs, &said, None, Timestamp::EPOCH);
        assert!(!settled[&0].applied, "a dependency does not acquit itself");
    }

    #[test]
    fn a_waiver_of_the_policy_is_for_its_server_and_only_until_its_end() {
        let ours = ServerName::parse("clock").unwrap();
        let policy = |server: Option<&str>, expires: &str| Policy {
            waivers: vec![StandingWaiver {
                server: server.map(|name| ServerName::parse(name).unwrap()),
                waiver: Waiver {
                    expires: Timestamp::parse(expires).unwrap(),
                    owner: Some("ada".into()),
                    ..waiver("b", None)
                },
            }],
            ..Policy::default().for_server(&ours)
        };
        let now = Timestamp::parse("2026-01-01").unwrap();
        let findings = [finding("b", Severity::Block, 2)];
        for (server, expires, verdict, told) in [
            (Some("clock"), "2026-06-01", Verdict::Warn, &[true][..]),
            (None, "2026-06-01", Verdict::Warn, &[true]),
            (Some("other"), "2026-06-01", Verdict::Block, &[]),
            (Some("clock"), "2025-06-01", Verdict::Block, &[false]),
        ] {
            let policy = policy(server, expires);
            let settled = policy.settle(&findings, &[], None, now);
            let applied: Vec<bool> = settled.values().map(|one| one.applied).collect();
            assert_eq!(
                (policy.verdict_of(&findings, &settled), applied),
                (verdict, told.to_vec()),
                "{server:?}"
            );
        }
    }

    #[test]
    fn what_an_order_accepts_is_listed_with_who_answers_for_it_and_whether_it_counts() {
        let (source, said) = (finding("a", Severity::Error, 1), finding("b", Severity::Block, 2));
        let reports = [report(vec![source.clone()]), report(vec![source, said])];
        let of = |rule: &str, owner: Option<&str>| Waiver {
            expires: Timestamp::parse("2026-06-01").unwrap(),
            owner: owner.map(str::to_owned),
            ..waiver(rule, None)
        };
        let waivers = [of("a", None), of("b", Some("bob")), of("c", None)];
        let told = |now: &str| {
            let now = Timestamp::parse(now).unwrap();
            let all = Suppressed::by_order(&waivers, &[&reports[0], &reports[1]], "ada", now);
            let one = |it: Suppressed| format!("{} {} {}", it.rule, it.owner.unwrap(), it.applied);
            all.into_iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(told("2026-05-01"), ["a ada true", "b bob true"]);
        assert_eq!(told("2026-07-01"), ["a ada false", "b bob false"]);
        let two = report(vec![finding("a", Severity::Error, 1), finding("a", Severity::Error, 9)]);
        let none = Suppressed::by_order(&waivers, &[&two], "ada", Timestamp::EPOCH);
        assert!(none.is_empty(), "it does not say which of both: {none:?}");
    }

    #[test]
    fn a_baseline_holds_as_many_findings_that_read_alike_as_there_were() {
        let alike =
            |line| Finding { evidence: "AKIA⟦masked⟧".into(), ..finding("b", Severity::Block, line) };
        let baseline = Baseline::of(&report(vec![alike(2), alike(7)]), "clock", Timestamp::EPOCH);
        for (lines, known) in
            [(&[2, 7][..], &[0, 1][..]), (&[2, 3, 7], &[0, 2]), (&[3, 8, 9], &[0, 1]), (&[9], &[0])]
        {
            let findings: Vec<Finding> = lines.iter().map(|&line| alike(line)).collect();
            let settled = Policy::default().settle(&findings, &[], Some(&baseline), Timestamp::EPOCH);
            assert_eq!(settled.into_keys().collect::<Vec<_>>(), known, "{lines:?}");
        }
    }

    #[test]
    fn what_a_baseline_or_the_policy_names_does_not_count() {
        let before = report(vec![finding("b", Severity::Block, 2)]);
        let baseline = Baseline::of(&before, "clock", Timestamp::EPOCH);
        let policy = Policy::default();
        let (verdict, told) = settle(&policy, &[], Some(&baseline));
        assert_eq!((verdict, told), (Verdict::Hold, vec![(SuppressedBy::Baseline, true)]));
        let mut other = baseline.clone();
        other.findings[0].rule = RuleId::parse("c").unwrap();
        assert_eq!(settle(&policy, &[], Some(&other)).1, [], "another rule under the same fingerprint");
        let when = Condition { rule: vec![Glob::parse("*").unwrap()], ..Condition::default() };
        let reason = Some("known".to_owned());
        let policy = Policy { clauses: vec![Clause { when, then: Verdict::Pass, reason }], ..policy };
        assert_eq!(settle(&policy, &[], None), (Verdict::Block, vec![(SuppressedBy::Policy, true)]));
    }
}
