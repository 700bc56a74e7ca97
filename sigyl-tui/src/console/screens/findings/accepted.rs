//! Findings that somebody accepts: who, why, and until when.

use sigyl_core::domain::{Suppressed, SuppressedBy, Timestamp, Verdict};
use sigyl_core::wire::v1::RunEnd;

use super::rows::named;
use crate::render::specimen;

/// How the end of a day is written.
const END_OF_DAY: &str = "T23:59:59.999Z";

/// A day, where it is meant to its end; else the time.
fn day(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix(END_OF_DAY).map_or_else(|| text.clone(), str::to_owned)
}

/// All that is accepted of what a run found: by its order, by the policy, and by comments.
pub(super) fn of(end: &RunEnd) -> Vec<Suppressed> {
    let reports = end.report.iter().chain(&end.live);
    let standing = reports.flat_map(|report| report.suppressed.iter().cloned());
    end.accepted.iter().cloned().chain(standing).collect()
}

/// Who accepts a finding, until when and why, or that nobody does any more.
pub(super) fn said(one: &Suppressed) -> String {
    let who = match (one.by, &one.owner) {
        (SuppressedBy::Waiver, Some(owner)) => format!(" by {}", specimen(owner)),
        (SuppressedBy::Waiver, None) | (SuppressedBy::Policy, _) => " by the policy".to_owned(),
        (SuppressedBy::Baseline, _) => " by a baseline".to_owned(),
        (SuppressedBy::Comment, _) => " by a comment beside it".to_owned(),
        _ => " by another one".to_owned(),
    };
    let until = one.expires.map(day);
    let how = match (one.applied, until) {
        (true, Some(until)) => format!("accepted until {until}{who}"),
        (true, None) => format!("accepted{who}"),
        (false, Some(until)) => format!("was accepted until {until}{who}"),
        (false, None) => format!("not accepted, though wished{who}"),
    };
    format!("{how}: {}", specimen(&one.reason))
}

/// A verdict on what was found, and what it came to with all that is accepted.
pub(super) fn judged(found: Verdict, judged: Option<Verdict>, all: &[Suppressed]) -> String {
    let count = all.iter().filter(|one| one.applied).count();
    match (count, judged) {
        (0, _) => format!("verdict {found}"),
        (count, Some(judged)) if judged != found => {
            format!("verdict {judged}: {count} accepted; it would be {found} without that")
        }
        (count, _) => format!("verdict {found}, {count} accepted"),
    }
}

/// What an order accepted and still does, as the form of the next order takes it.
pub(super) fn again(accepted: &[Suppressed]) -> String {
    let lasting = accepted.iter().filter(|one| one.applied);
    let one = |one: &Suppressed| {
        let until = one.expires.map(day)?;
        // They are parted by semicolons.
        let reason = one.reason.replace(';', ",");
        Some(format!("{} until {until}: {reason}", named(&one.rule, one.location.as_ref())))
    };
    lasting.filter_map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{Location, RuleId, Severity};

    use super::*;

    fn accepted(by: SuppressedBy, owner: Option<&str>, applied: bool) -> Suppressed {
        Suppressed {
            rule: RuleId::parse("debug-mode").unwrap(),
            severity: Severity::Warning,
            location: Some(Location::File { path: "a.js".to_owned(), line: Some(5), column: None }),
            fingerprint: sigyl_core::domain::Digest::of(b"x"),
            by,
            reason: "known; ours".to_owned(),
            owner: owner.map(str::to_owned),
            expires: Some(Timestamp::parse("2026-12-31").unwrap()),
            applied,
        }
    }

    #[test]
    fn who_accepts_it_until_when_and_why_is_said() {
        let one = accepted(SuppressedBy::Waiver, Some("ada"), true);
        assert_eq!(said(&one), "accepted until 2026-12-31 by ada: known; ours");
        assert_eq!(again(std::slice::from_ref(&one)), "debug-mode@a.js:5 until 2026-12-31: known, ours");
        let over = accepted(SuppressedBy::Waiver, None, false);
        assert_eq!(said(&over), "was accepted until 2026-12-31 by the policy: known; ours");
        assert_eq!(again(&[over]), "", "what ran out is not accepted again");
        assert_eq!(
            judged(Verdict::Block, Some(Verdict::Warn), std::slice::from_ref(&one)),
            "verdict warn: 1 accepted; it would be block without that"
        );
        assert_eq!(judged(Verdict::Warn, Some(Verdict::Warn), &[one]), "verdict warn, 1 accepted");
        assert_eq!(judged(Verdict::Block, Some(Verdict::Block), &[]), "verdict block");
    }
}
