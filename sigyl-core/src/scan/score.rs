//! One number for a report, from its findings alone.

use super::findings::Unlisted;
use crate::domain::{Finding, Score, Severity};

const MAX: u32 = 100;

/// Points that a finding costs.
fn points(severity: Severity) -> u32 {
    match severity {
        Severity::Block => 25,
        Severity::Error => 10,
        Severity::Warning => 3,
        Severity::Info => 0,
    }
}

/// Takes off what a finding costs more than before, or costs at all.
#[cfg(feature = "llm")]
pub(super) fn lower(score: &mut Score, before: Option<Severity>, now: Severity) {
    let more = points(now).saturating_sub(before.map_or(0, points));
    score.value = score.value.saturating_sub(more);
}

/// Scores findings, those that are not listed among them.
pub(super) fn of<'a>(findings: impl Iterator<Item = &'a Finding>, unlisted: &Unlisted) -> Score {
    let listed = findings.map(|finding| (finding.severity, 1));
    let lost = listed.chain(unlisted.counts()).fold(0u32, |lost, (severity, count)| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        lost.saturating_add(points(severity).saturating_mul(count))
    });
    Score {
        value: MAX.saturating_sub(lost),
        max: MAX,
        formula: "100 - 25 x block - 10 x error - 3 x warning, at least 0; info costs nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Category, Confidence, RuleId};

    #[test]
    fn the_score_is_what_its_formula_says() {
        let finding = |severity| Finding {
            rule: RuleId::parse("a").unwrap(),
            category: Category::Form,
            severity,
            confidence: Confidence::Low,
            message: String::new(),
            location: None,
            evidence: String::new(),
            fix: None,
        };
        let list = |severities: &[Severity]| severities.iter().map(|&s| finding(s)).collect::<Vec<_>>();
        let score = |severities: &[Severity]| of(list(severities).iter(), &Unlisted::default()).value;
        assert_eq!(score(&[]), 100);
        assert_eq!(score(&[Severity::Info, Severity::Warning, Severity::Error]), 87);
        assert_eq!(score(&[Severity::Block; 3]), 25);
        assert_eq!(score(&[Severity::Block; 9]), 0);
        let mut unlisted = Unlisted::default();
        unlisted.add((Severity::Warning, Confidence::Low), 5);
        assert_eq!(of(list(&[Severity::Error]).iter(), &unlisted).value, 75);
    }
}
