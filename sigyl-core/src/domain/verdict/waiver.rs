//! Risks that a person accepts, one finding each.

use std::collections::BTreeMap;
#[cfg(feature = "scan")]
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::domain::{Digest, Finding, Location, RuleId, ServerName, Timestamp};

/// An accepted risk: exactly one finding, for a reason, until a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The rule whose finding is accepted.
    pub rule: RuleId,
    /// Where it stands, when the rule found more than one thing: `FILE`, `FILE:LINE`, `FILE:LINE:COLUMN`, `TOOL` or
    /// `TOOL:FIELD`; `#` and the head of its fingerprint tells apart what shares a place.
    pub path: Option<String>,
    /// Which finding it is, wherever it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Digest>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the acceptance ends.
    pub expires: Timestamp,
}

/// A waiver that stands in a policy: it is there for every scan, and most scans have nothing for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingWaiver {
    /// The server whose finding is accepted; any that has it, when the finding is named by its fingerprint.
    pub server: Option<ServerName>,
    /// What is accepted.
    pub waiver: Waiver,
}

/// A waiver that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaiverError {
    /// Nothing to waive.
    #[error("the waiver of {0} matches no finding")]
    NoMatch(String),
    /// One waiver accepts one finding.
    #[error("the waiver of {rule} matches {count} findings; name one of them as RULE@PLACE, with: {places}")]
    Ambiguous {
        /// What was waived.
        rule: String,
        /// How many findings match.
        count: usize,
        /// Where they stand.
        places: String,
    },
    /// The date has passed.
    #[error("the waiver of {rule} expired at {expires}")]
    Expired {
        /// What was waived.
        rule: String,
        /// When it ended.
        expires: Timestamp,
    },
    /// A waiver says why.
    #[error("the waiver of {0} has no reason")]
    NoReason(String),
    /// Nobody looks again at what is accepted for good.
    #[error("the waiver of {rule} is to last until {expires}, which is more than a year away")]
    TooLong {
        /// What was waived.
        rule: String,
        /// When it would end.
        expires: Timestamp,
    },
}

/// What became of waivers over one report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    /// The findings that are accepted, by their place in the report, and how that reads.
    pub(super) accepted: BTreeMap<usize, String>,
    /// Waivers that match none of the findings.
    pub(super) unmatched: Vec<Waiver>,
}

/// Brings each waiver to the one finding that it accepts.
pub(super) fn matched(
    waivers: &[Waiver],
    findings: &[&Finding],
    now: Timestamp,
) -> Result<Matched, WaiverError> {
    let mut matched = Matched::default();
    for waiver in waivers {
        match waiver.only_match(findings, now) {
            Ok(at) => {
                matched.accepted.insert(at, waiver.told(findings[at]));
            }
            Err(WaiverError::NoMatch(_)) => matched.unmatched.push(waiver.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(matched)
}

/// What becomes of the waivers of a policy over one report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The findings that are accepted, by their place in the report, with the index of what accepts each.
    pub(super) accepted: BTreeMap<usize, usize>,
    /// The same for what would accept them, had it not run out.
    pub(super) expired: BTreeMap<usize, usize>,
    /// What should be mended in the policy.
    pub(super) told: Vec<String>,
}

/// Brings the waivers of a policy to what they accept. One that fits several findings accepts none of them.
pub(super) fn standing(
    waivers: &[StandingWaiver],
    server: Option<&ServerName>,
    findings: &[&Finding],
    now: Timestamp,
) -> Standing {
    let mut standing = Standing::default();
    let ours = |one: &StandingWaiver| one.server.as_ref().is_none_or(|meant| Some(meant) == server);
    for (index, StandingWaiver { waiver, .. }) in waivers.iter().enumerate().filter(|(_, one)| ours(one)) {
        match waiver.only_match(findings, Timestamp::EPOCH) {
            Ok(at) if waiver.expires < now => {
                standing.expired.insert(at, index);
                let line = format!("the waiver of {waiver} ran out at {} and does not count", waiver.expires);
                standing.told.push(line);
            }
            Ok(at) => {
                standing.accepted.insert(at, index);
            }
            Err(WaiverError::NoMatch(_)) => {}
            // Many findings of one rule may share a fingerprint: the same text, said again. Where not all of it is
            // shown, nobody knows that.
            Err(WaiverError::Ambiguous { .. })
                if waiver.expires >= now && waiver.fingerprint.is_some() && told_whole(findings, waiver) =>
            {
                let alike = (0..findings.len()).filter(|&at| waiver.matches(findings[at]));
                standing.accepted.extend(alike.map(|at| (at, index)));
            }
            Err(error) => standing.told.push(format!("{error}; it does not count")),
        }
    }
    standing
}

impl Policy {
    /// Says what should be mended in the waivers of this policy, by what was found: those that fit several findings, that
    /// ran out, or that name the server and fit nothing.
    pub fn told_of_waivers(&self, findings: &[Finding], now: Timestamp) -> Vec<String> {
        let findings: Vec<&Finding> = findings.iter().collect();
        let mut told = standing(&self.waivers, self.server.as_ref(), &findings, now).told;
        let ours = |one: &&StandingWaiver| one.server.is_some() && one.server == self.server;
        for StandingWaiver { waiver, .. } in self.waivers.iter().filter(ours) {
            if !findings.iter().any(|finding| waiver.matches(finding)) {
                told.push(format!("the waiver of {waiver} fits nothing that was found here"));
            }
        }
        told
    }
}

/// Tells whether what a waiver fits shows all that was found.
fn told_whole(findings: &[&Finding], waiver: &Waiver) -> bool {
    findings.iter().filter(|finding| waiver.matches(finding)).all(|finding| finding.is_told_whole())
}

/// Places that are named one by one when a waiver matches several findings.
const PLACES: usize = 5;

impl Waiver {
    /// How long a waiver may last: a year, and the rest of its last day.
    #[cfg(feature = "scan")]
    pub(crate) const LONGEST: Duration = Duration::from_secs(367 * 24 * 3600);

    /// Says that it accepts nothing.
    pub(crate) fn no_match(&self) -> WaiverError {
        WaiverError::NoMatch(self.to_string())
    }

    /// Refuses a waiver of `now` that is for good.
    #[cfg(all(feature = "sled", feature = "gateway"))]
    pub(crate) fn check_end(&self, now: Timestamp) -> Result<(), WaiverError> {
        match self.expires > now.plus(Self::LONGEST) {
            true => Err(WaiverError::TooLong { rule: self.to_string(), expires: self.expires }),
            false => Ok(()),
        }
    }

    /// Tells whether it names `file`, or a line of it.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_in_file(&self, file: &str) -> bool {
        let rest = self.path.as_ref().and_then(|path| path.strip_prefix(file));
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('#') || rest.strip_prefix(':').is_some_and(is_line)
        })
    }

    /// Returns the index of the one finding that this waiver accepts.
    pub(super) fn only_match(&self, findings: &[&Finding], now: Timestamp) -> Result<usize, WaiverError> {
        if self.reason.trim().is_empty() {
            return Err(WaiverError::NoReason(self.to_string()));
        }
        if self.expires < now {
            return Err(WaiverError::Expired { rule: self.to_string(), expires: self.expires });
        }
        let hits: Vec<usize> = (0..findings.len()).filter(|&at| self.matches(findings[at])).collect();
        match hits[..] {
            [one] => Ok(one),
            [] => Err(self.no_match()),
            _ => {
                let hits: Vec<&Finding> = hits.iter().map(|&at| findings[at]).collect();
                Err(WaiverError::Ambiguous {
                    rule: self.to_string(),
                    count: hits.len(),
                    places: choices(&hits),
                })
            }
        }
    }

    fn matches(&self, finding: &Finding) -> bool {
        finding.rule == self.rule
            && self.fingerprint.is_none_or(|meant| meant == finding.fingerprint())
            && self.path.as_ref().is_none_or(|path| spellings(finding).iter().any(|place| place == path))
    }

    pub(super) fn told(&self, finding: &Finding) -> String {
        let place = finding.location.as_ref().map_or_else(|| "the whole".to_owned(), Location::to_string);
        let owner = self.owner.as_ref().map_or_else(String::new, |owner| format!(", {owner}"));
        format!("accepted until {}: {} in {place} ({}{owner})", self.expires, finding.rule, self.reason)
    }
}

impl std::fmt::Display for Waiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}@{path}", self.rule),
            None => write!(f, "{}", self.rule),
        }
    }
}

#[cfg(feature = "runtime")]
fn is_line(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
}

/// The ways to name where a finding stands, the widest first.
fn spellings(finding: &Finding) -> Vec<String> {
    let mut places = match &finding.location {
        Some(Location::File { path, line, column }) => {
            let line = line.map(|line| format!("{path}:{line}"));
            let column = line.as_ref().zip(*column).map(|(line, column)| format!("{line}:{column}"));
            std::iter::once(path.clone()).chain(line).chain(column).collect()
        }
        Some(Location::Tool { tool, field }) => vec![tool.clone(), format!("{tool}:{field}")],
        None => Vec::new(),
    };
    // Two findings may share their place; what they are never is the same.
    let widest = places.first().cloned().unwrap_or_default();
    places.push(format!("{widest}#{}", finding.fingerprint().short()));
    places
}

/// Names what a waiver could have meant: each finding in the shortest way that means no other.
fn choices(hits: &[&Finding]) -> String {
    let spelled: Vec<Vec<String>> = hits.iter().map(|finding| spellings(finding)).collect();
    let only = |place: &&String| spelled.iter().filter(|other| other.contains(place)).count() == 1;
    let choice = |places: &Vec<String>| places.iter().find(only).or(places.last()).cloned();
    let named: Vec<String> = spelled.iter().filter_map(choice).take(PLACES).collect();
    match hits.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{finding, judge, report, waiver};
    use super::super::{Judgement, Policy, Verdict};
    use super::*;
    use crate::domain::{Permissions, Severity};

    #[test]
    fn a_waiver_accepts_exactly_one_finding() {
        let two = report(vec![finding("a", Severity::Block, 1), finding("a", Severity::Block, 9)]);
        let none = Permissions::default();
        for path in [None, Some("a.py")] {
            let ambiguous = judge(&two, &[waiver("a", path)], &none);
            assert!(matches!(ambiguous, Err(WaiverError::Ambiguous { count: 2, .. })));
        }
        assert!(matches!(judge(&two, &[waiver("b", None)], &none), Err(WaiverError::NoMatch(_))));
        let one = judge(&two, &[waiver("a", Some("a.py:9"))], &none).unwrap();
        let one = one.record();
        assert_eq!((one.verdict, one.blocks.len(), one.waived.len()), (Verdict::Block, 1, 1));
        let both = judge(&two, &[waiver("a", Some("a.py:9")), waiver("a", Some("a.py:1"))], &none).unwrap();
        assert_eq!(both.record().verdict, Verdict::Warn);
    }

    #[test]
    fn a_waiver_without_reason_or_past_its_date_is_refused() {
        let one = report(vec![finding("a", Severity::Block, 1)]);
        let none = Permissions::default();
        let silent = Waiver { reason: " ".into(), ..waiver("a", None) };
        assert!(matches!(judge(&one, &[silent], &none), Err(WaiverError::NoReason(_))));
        let late = Timestamp::parse("2031-01-01").unwrap();
        let expired = Judgement::new(&one, &Policy::default(), &[waiver("a", None)], &none, late);
        assert!(matches!(expired, Err(WaiverError::Expired { .. })));
    }

    #[test]
    fn a_fingerprint_accepts_what_is_said_again_and_not_another_secret_that_reads_alike() {
        let alike = |evidence: &str, line| Finding {
            evidence: evidence.into(),
            ..finding("a", Severity::Block, line)
        };
        for (evidence, accepted, told) in
            [("x", 2, 0), ("AKIA⟦masked:0a1b2c3d⟧", 2, 0), ("AKIA⟦masked⟧", 0, 1), ("x…", 0, 1)]
        {
            let two = [alike(evidence, 1), alike(evidence, 9)];
            let waiver = Waiver { fingerprint: Some(two[0].fingerprint()), ..waiver("a", None) };
            let waivers = [StandingWaiver { server: None, waiver }];
            let all: Vec<&Finding> = two.iter().collect();
            let found = standing(&waivers, None, &all, Timestamp::EPOCH);
            assert_eq!((found.accepted.len(), found.told.len()), (accepted, told), "{evidence}");
            assert_eq!(standing(&waivers, None, &all[..1], Timestamp::EPOCH).accepted.len(), 1);
        }
    }

    #[test]
    fn a_waiver_that_accepts_nothing_is_told_where_it_is_meant() {
        let ours = ServerName::parse("clock").unwrap();
        let told = |server: &str, path: Option<&str>, expires: &str| {
            let waiver = Waiver { expires: Timestamp::parse(expires).unwrap(), ..waiver("a", path) };
            let server = Some(ServerName::parse(server).unwrap());
            let policy = Policy {
                waivers: vec![StandingWaiver { server, waiver }],
                ..Policy::default().for_server(&ours)
            };
            let two = [finding("a", Severity::Block, 1), finding("a", Severity::Block, 9)];
            policy.told_of_waivers(&two, Timestamp::parse("2026-01-01").unwrap()).join("\n")
        };
        assert!(told("clock", Some("a.py"), "2026-06-01").contains("matches 2 findings"));
        assert!(told("clock", Some("a.py:3"), "2026-06-01").contains("fits nothing"));
        assert!(told("clock", Some("a.py:9"), "2025-06-01").contains("ran out"));
        assert_eq!(told("clock", Some("a.py:9"), "2026-06-01"), "");
        assert_eq!(told("other", Some("a.py"), "2026-06-01"), "");
    }

    fn named(error: Result<Judgement, WaiverError>) -> String {
        match error {
            Err(WaiverError::Ambiguous { places, .. }) => places,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_waiver_may_mean_is_named_so_that_it_can_be_written() {
        let none = Permissions::default();
        let tool = |field: &str| Finding {
            location: Some(Location::Tool { tool: "add".into(), field: field.into() }),
            ..finding("a", Severity::Block, 1)
        };
        let whole = |evidence: &str| Finding {
            location: Some(Location::File { path: "b".into(), line: None, column: None }),
            evidence: evidence.into(),
            ..finding("a", Severity::Block, 1)
        };
        for (findings, shown) in [
            (
                (1..8).map(|line| finding("a", Severity::Block, line)).collect(),
                "a.py:1, a.py:2, a.py:3, a.py:4, a.py:5 and 2 more",
            ),
            (vec![tool("title"), tool("description")], "add:title, add:description"),
            (vec![whole("x"), whole("y")], "b#"),
        ] {
            let report = report(findings);
            let places = named(judge(&report, &[waiver("a", None)], &none));
            assert!(places.starts_with(shown), "{places}");
            let first = places.split(", ").next().unwrap();
            let one = judge(&report, &[waiver("a", Some(first))], &none).unwrap();
            assert_eq!(one.record().waived, [report.findings[0].fingerprint()], "{first}");
        }
    }
}
