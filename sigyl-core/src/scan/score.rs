//! One number for a report, from its findings alone.

use crate::domain::{Finding, Score, Severity};

const MAX: u32 = 100;

/// Scores findings.
pub(super) fn of(findings: &[Finding]) -> Score {
    let points = |severity| match severity {
        Severity::Block => 25,
        Severity::Error => 10,
        Severity::Warning => 3,
        Severity::Info => 0,
    };
    let lost = findings.iter().fold(0u32, |lost, finding| lost.saturating_add(points(finding.severity)));
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
        let score =
            |severities: &[Severity]| of(&severities.iter().map(|&s| finding(s)).collect::<Vec<_>>()).value;
        assert_eq!(score(&[]), 100);
        assert_eq!(score(&[Severity::Info, Severity::Warning, Severity::Error]), 87);
        assert_eq!(score(&[Severity::Block; 3]), 25);
        assert_eq!(score(&[Severity::Block; 9]), 0);
    }
}
