//! Reads a policy file, and a file of waivers.

use std::collections::BTreeSet;
use std::time::Duration;

use super::clauses::{CLAUSES, clause, then};
use super::error::PolicyError;
use super::values::{Map, quoted, word};
use super::waivers::{WAIVERS, waiver};
use crate::domain::{Confidence, Mode, Policy, Severity, StandingWaiver, Suppressions, Timestamp, Verdict};
use crate::manifest::{Node, Place, Problem, Problems, read_yaml};
use crate::scan::RuleSet;
use crate::scan::report::ANALYZERS;

/// How long a policy may observe: ninety days, and the rest of the last.
const OBSERVES: Duration = Duration::from_secs(91 * 24 * 3600);
/// What the documents are called.
const SCHEMAS: [&str; 2] = ["sigyl.policy/1", "sigyl.waivers/1"];

const KEYS: &[&str] = &[
    "schema",
    "name",
    "mode",
    "until",
    "thresholds",
    "partial",
    "unfollowed",
    "failed_analyzer",
    "analyzers",
    "suppressions",
    "four_eyes",
    "rules",
    "waivers",
];

/// What a file says, and what its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRead {
    /// The policy.
    pub policy: Policy,
    /// What should be mended, but forbids nothing.
    pub notices: Vec<Problem>,
}

/// Reads a policy; `file` is what messages call it.
pub fn read(file: &str, bytes: &[u8], rules: &RuleSet, now: Timestamp) -> Result<PolicyRead, PolicyError> {
    let start = "set `name` and `rules`, or leave the file away: there is a default policy";
    let (policy, notices) = of_file(file, bytes, start, |root, problems| policy(root, rules, now, problems))?;
    Ok(PolicyRead { policy, notices })
}

/// Reads a file that holds waivers alone, and adds them to `policy`.
pub fn read_waivers(
    file: &str,
    bytes: &[u8],
    rules: &RuleSet,
    now: Timestamp,
    policy: &mut Policy,
) -> Result<Vec<Problem>, PolicyError> {
    let start = "write a list under `waivers`";
    let (waivers, notices) = of_file(file, bytes, start, |root, problems| {
        let map = Map::new(root, "", &["schema", "waivers"], problems)?;
        schema(&map, SCHEMAS[1], problems);
        Some(waivers(&map, rules, now, problems))
    })?;
    policy.waivers.extend(waivers);
    Ok(notices)
}

fn of_file<T>(
    file: &str,
    bytes: &[u8],
    start: &str,
    take: impl FnOnce(&Node, &mut Problems) -> Option<T>,
) -> Result<(T, Vec<Problem>), PolicyError> {
    let mut problems = Problems::default();
    let place = Place::file(file);
    let taken = read_yaml(&place, bytes, start, &mut problems).and_then(|root| take(&root, &mut problems));
    let notices = problems.finish().map_err(|error| PolicyError { problems: error.problems })?;
    let defect =
        || PolicyError { problems: vec![place.problem("", "could not be read; report this as a defect")] };
    Ok((taken.ok_or_else(defect)?, notices))
}

fn policy(root: &Node, rules: &RuleSet, now: Timestamp, problems: &mut Problems) -> Option<Policy> {
    let map = Map::new(root, "", KEYS, problems)?;
    let plain = Policy::default();
    schema(&map, SCHEMAS[0], problems);
    let (block, hold, hold_confidence) = thresholds(&map, &plain, problems);
    let clauses = map.maps("rules", CLAUSES, problems);
    let clauses = clauses.into_iter().filter_map(|(node, path)| clause(node, &path, rules, problems));
    let clauses = clauses.collect();
    Some(Policy {
        name: map.text("name", problems).unwrap_or_else(|| "unnamed".to_owned()),
        block,
        hold,
        hold_confidence,
        partial: gap(&map, "partial", plain.partial, problems),
        unfollowed: gap(&map, "unfollowed", plain.unfollowed, problems),
        failed_analyzer: gap(&map, "failed_analyzer", plain.failed_analyzer, problems),
        analyzers: analyzers(&map, problems),
        clauses,
        waivers: waivers(&map, rules, now, problems),
        suppressions: map.word::<Suppressions>("suppressions", problems).unwrap_or_default(),
        observe: observe(&map, now, problems),
        four_eyes: map.truth("four_eyes", problems).unwrap_or_default(),
        server: None,
    })
}

fn schema(map: &Map<'_>, known: &str, problems: &mut Problems) {
    if let Some(text) = map.text("schema", problems).filter(|text| text != known) {
        map.wrong("schema", format!("is {} and not `{known}`", quoted(&text)), problems);
    }
}

fn thresholds(map: &Map<'_>, plain: &Policy, problems: &mut Problems) -> (Severity, Severity, Confidence) {
    let same = (plain.block, plain.hold, plain.hold_confidence);
    let Some(node) = map.find("thresholds") else { return same };
    let keys = &["block", "hold", "hold_confidence"];
    let Some(inner) = Map::new(node, "thresholds", keys, problems) else { return same };
    let block = inner.word("block", problems).unwrap_or(same.0);
    let hold = inner.word("hold", problems).unwrap_or(same.1.min(block));
    if hold > block {
        inner.wrong("hold", "is worse than what blocks", problems);
    }
    (block, hold, inner.word("hold_confidence", problems).unwrap_or(same.2))
}

fn gap(map: &Map<'_>, key: &str, plain: Verdict, problems: &mut Problems) -> Verdict {
    let verdict = map.parsed(key, then, problems).unwrap_or(plain);
    if verdict == Verdict::Pass {
        map.wrong(key, "cannot be ignored: it is told at least; write warn, hold or block", problems);
    }
    verdict
}

fn analyzers(map: &Map<'_>, problems: &mut Problems) -> BTreeSet<String> {
    let named = |text: &str| match ANALYZERS.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("{} is no analyzer; they are {}", quoted(text), ANALYZERS.join(", "))),
    };
    map.list("analyzers", named, problems).into_iter().map(|(name, _)| name).collect()
}

fn waivers(map: &Map<'_>, rules: &RuleSet, now: Timestamp, problems: &mut Problems) -> Vec<StandingWaiver> {
    let all = map.maps("waivers", WAIVERS, problems);
    all.into_iter().filter_map(|(node, path)| waiver(node, &path, rules, now, problems)).collect()
}

fn observe(map: &Map<'_>, now: Timestamp, problems: &mut Problems) -> Option<Timestamp> {
    let mode = map.parsed("mode", word::<Mode>, problems);
    let until = map.parsed("until", Timestamp::parse, problems);
    match (mode, until) {
        (Some(Mode::Observe), None) => {
            if map.find("until").is_none() {
                map.wrong("until", "is missing: a policy observes until a date, and enforces then", problems);
            }
            None
        }
        (Some(Mode::Observe), Some(until)) if until > now.plus(OBSERVES) => {
            map.wrong("until", "is more than 90 days away", problems);
            None
        }
        (Some(Mode::Observe), Some(until)) => {
            if until < now {
                let place = map.find("until").map_or(&map.node.place, |node| &node.place);
                let problem = place.problem("until", format!("is over since {until}: the policy enforces"));
                problems.notice(problem.hint("write `mode: enforce`"));
            }
            Some(until)
        }
        (_, Some(_)) => {
            map.wrong("until", "belongs to `mode: observe`", problems);
            None
        }
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::proof::builtin;
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-01").unwrap()
    }

    fn take(text: &str) -> Result<PolicyRead, PolicyError> {
        read("sigyl.policy.yaml", text.as_bytes(), builtin(), now())
    }

    const WHOLE: &str = "\
schema: sigyl.policy/1
name: team
mode: observe
until: 2026-12-24
thresholds: {block: block, hold: warning, hold_confidence: medium}
partial: warn
failed_analyzer: block
analyzers: [files, manifest]
suppressions: allow
four_eyes: true
rules:
  - match: {category: [secret, injection], severity: error}
    then: block
  - match: {rule: debug-mode, path: 'tests/**', server: cl*, confidence: low}
    then: ignore
    reason: test data
  - match: {taxa: CWE-200}
    then: hold
waivers:
  - {rule: debug-mode, server: clock, path: ./src/a.py, reason: known, owner: ada, expires: 2027-10-31}
";

    #[test]
    fn a_whole_policy_is_read() {
        let read = take(WHOLE).unwrap();
        let policy = read.policy;
        assert_eq!((policy.name.as_str(), policy.clauses.len(), policy.waivers.len()), ("team", 3, 1));
        assert_eq!((policy.block, policy.hold), (Severity::Block, Severity::Warning));
        assert_eq!((policy.partial, policy.failed_analyzer), (Verdict::Warn, Verdict::Block));
        assert_eq!(policy.observes(now()).unwrap().to_string(), "2026-12-24T23:59:59.999Z");
        assert!(policy.four_eyes);
        assert_eq!(policy.clauses[1].reason.as_deref(), Some("test data"));
        assert!(!policy.clauses[2].when.rules_of_taxa.is_empty());
        assert_eq!(policy.waivers[0].waiver.path.as_deref(), Some("src/a.py"));
        assert_eq!(read.notices, []);
        assert_eq!(take("name: empty\n").unwrap().policy.digest(), Policy::default().digest());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_place() {
        let text = "\
naem: x
mode: observe
partial: ignore
thresholds: {block: error, hold: block, what: 1}
analyzers: [Files]
rules:
  - match: {rule: no-such-rule, confidence: sure, colour: red}
    then: ignore
  - then: stop
  - match: {taxa: [CWE-99999]}
    then: hold
  - x
  - match: {rule: []}
    then: warn
waivers:
  - {rule: debug-mod, path: 'a*', expires: 2029-01-01}
  - {rule: debug-mode, server: A B, reason: ' ', expires: soon}
";
        insta::assert_snapshot!(take(text).unwrap_err().to_string());
    }

    #[test]
    fn four_eyes_are_true_or_false() {
        assert!(!take("four_eyes: false\n").unwrap().policy.four_eyes);
        let error = take("four_eyes: maybe\n").unwrap_err();
        assert!(error.to_string().contains("holds text and not true or false"), "{error}");
    }

    #[test]
    fn a_policy_observes_for_ninety_days_at_most_and_says_when_that_is_over() {
        let until = |date: &str| take(&format!("mode: observe\nuntil: {date}\n"));
        assert!(until("2027-01-30").is_ok());
        assert!(until("2027-03-01").unwrap_err().to_string().contains("more than 90 days"));
        let over = until("2026-10-01").unwrap();
        assert_eq!((over.policy.observes(now()), over.notices.len()), (None, 1));
        assert!(take("until: 2026-12-01\n").unwrap_err().to_string().contains("belongs to `mode: observe`"));
    }

    #[test]
    fn a_waiver_that_is_over_is_told_and_a_pattern_that_cannot_acquit_too() {
        let over = "waivers: [{rule: debug-mode, server: a, reason: x, expires: 2026-01-01}]\n";
        assert!(take(over).unwrap().notices[0].to_string().contains("does not count"));
        let wide = "rules: [{match: {path: 'tests/**'}, then: ignore, reason: tests}]\n";
        assert!(take(wide).unwrap().notices[0].to_string().contains("by the id of its rule only"));
    }

    #[test]
    fn waivers_have_a_file_of_their_own() {
        let mut policy = Policy::default();
        let text = "waivers: [{rule: debug-mode, server: a, reason: x, expires: 2027-01-01}]\n";
        read_waivers("w.yaml", text.as_bytes(), builtin(), now(), &mut policy).unwrap();
        assert_eq!(policy.waivers.len(), 1);
        assert_eq!(policy.digest(), Policy::default().digest(), "what was approved stays approved");
        let error = read_waivers("w.yaml", b"rules: []\n", builtin(), now(), &mut policy).unwrap_err();
        assert!(error.to_string().starts_with("w.yaml:1:1: `rules` is not a key"), "{error}");
    }

    #[test]
    fn what_is_no_policy_at_all_is_refused() {
        for text in ["", "- a\n", "a: [b\n", "name: a\nname: b\n", "\u{1b}"] {
            assert!(take(text).is_err(), "{text:?}");
        }
        let many = format!("rules: [{}]\n", "{match: {}, then: warn}, ".repeat(CLAUSES + 1));
        assert!(take(&many).unwrap_err().to_string().contains("at most 500"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_policy_or_has_problems(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "rules:", "waivers:", "match:", "then:", "block", "ignore", "rule:", "debug-mode", "mode:", "observe",
                "until:", "2026-12-01", "expires:", "thresholds:", "hold:", "partial:", "\n", "\n  ", "\n- ", "{", "}",
                "[", "]", ", ", " ", "'", "*", "&a ", "taxa:", "CWE-78", "~", "\u{200b}", "server:", "clock",
            ]), 0..40)
        ) {
            match take(&words.concat()) {
                Ok(read) => proptest::prop_assert!(read.policy.observes(now()).is_none_or(|until| until >= now())),
                Err(error) => proptest::prop_assert!(!error.problems.is_empty()),
            }
        }
    }
}
