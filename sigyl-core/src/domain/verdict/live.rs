//! What a started server says of itself, judged by what was decided on its source.

use super::waiver::{matched, standing};
use super::{Hold, JudgementRecord, Policy, Verdict, Waived, Waiver, WaiverError};
use crate::domain::{Finding, Location, Report, Timestamp};

/// The judgement of a live report. Nothing is admitted by it: it says what else has to be decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LiveJudgement {
    /// Findings that block.
    pub(crate) blocks: Vec<Finding>,
    /// What was not looked at, where the policy blocks for it.
    pub(crate) gap: Option<Hold>,
    /// What somebody has to have approved.
    pub(crate) holds: Vec<Hold>,
    /// What became of the waivers that the source left over.
    pub(crate) waived: Waived,
}

impl LiveJudgement {
    /// Judges what was heard. A finding that was waived in the source is waived here too; `left_over` are the waivers
    /// that matched nothing there.
    pub(crate) fn new(
        heard: &Report,
        policy: &Policy,
        source: &JudgementRecord,
        left_over: &[Waiver],
        now: Timestamp,
    ) -> Result<Self, WaiverError> {
        let seen = |finding: &&Finding| source.waived.contains(&finding.fingerprint());
        let findings: Vec<&Finding> = heard.findings.iter().filter(|finding| !seen(finding)).collect();
        let mut matched = matched(left_over, &findings, now)?;
        let standing = standing(&policy.waivers, policy.server.as_ref(), &findings, now);
        let mut told = standing.told;
        for (at, index) in standing.accepted {
            let line = policy.waivers[index].waiver.told(findings[at]);
            matched.accepted.entry(at).or_insert(line);
        }
        let (mut blocks, mut holds) = (Vec::new(), Vec::new());
        for (at, finding) in findings.into_iter().enumerate() {
            match policy.of(finding) {
                _ if matched.accepted.contains_key(&at) => {}
                Verdict::Block => blocks.push(finding.clone()),
                Verdict::Hold => holds.push(hold(finding)),
                Verdict::Pass | Verdict::Warn => {}
            }
        }
        let gap = match policy.gap(heard) {
            (Verdict::Block, gap) => gap,
            (_, gap) => {
                holds.extend(gap);
                None
            }
        };
        told.extend(matched.accepted.into_values());
        Ok(Self { blocks, gap, holds, waived: Waived { told, unmatched: matched.unmatched } })
    }
}

fn hold(finding: &Finding) -> Hold {
    let place = finding.location.as_ref().map_or_else(|| "the whole".to_owned(), Location::to_string);
    Hold::Live { rule: finding.rule.clone(), place, fingerprint: finding.fingerprint() }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{approval, finding, judge, report, waiver};
    use super::*;
    use crate::domain::{Permissions, Severity};

    fn heard(field: &str) -> Finding {
        let location = Some(Location::Tool { tool: "add".into(), field: field.into() });
        Finding { location, ..finding("a", Severity::Error, 1) }
    }

    fn live(declared: Vec<Finding>, waivers: &[Waiver], heard: Vec<Finding>) -> LiveJudgement {
        let (source, waived) = super::super::Judgement::with_waivers(
            &report(declared),
            &Policy::default(),
            waivers,
            &Permissions::default(),
            Timestamp::EPOCH,
        )
        .unwrap();
        let (report, policy) = (report(heard), Policy::default());
        LiveJudgement::new(&report, &policy, source.record(), &waived.unmatched, Timestamp::EPOCH).unwrap()
    }

    #[test]
    fn a_waiver_covers_one_finding_whether_declared_or_live_or_both() {
        let waivers = [waiver("a", None)];
        let both = live(vec![heard("title")], &waivers, vec![heard("title")]);
        assert!(both.holds.is_empty() && both.waived.unmatched.is_empty());
        let other = live(vec![heard("title")], &waivers, vec![heard("title"), heard("description")]);
        assert_eq!(other.holds.len(), 1, "it was for the title");
        let only_live = live(Vec::new(), &waivers, vec![heard("title")]);
        assert!(only_live.holds.is_empty() && only_live.waived.told.len() == 1);
        let nothing = live(Vec::new(), &waivers, Vec::new());
        assert_eq!(nothing.waived.unmatched, waivers);
    }

    #[test]
    fn an_approval_accepts_live_what_was_listed_and_nothing_else() {
        let judged = judge(&report(vec![heard("title")]), &[], &Permissions::default()).unwrap();
        let approval = approval(&judged);
        assert!(approval.accepts(&hold(&heard("title"))), "declared and seen");
        assert!(!approval.accepts(&hold(&heard("description"))));
        let swapped = Finding { evidence: "other".into(), ..heard("title") };
        assert!(!approval.accepts(&hold(&swapped)), "the same tool says something else");
    }
}
