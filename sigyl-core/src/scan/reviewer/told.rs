//! What a review tells of itself: the estimate before, and how it went after.

use std::collections::BTreeMap;

use super::super::amend::REVIEWER;
use super::budget::{Budget, Tokens};
use super::prompt;
use super::settings::ReviewerSettings;
use super::trouble::Trouble;
use crate::domain::{Analyzer, AnalyzerStatus};

/// Subjects that one reason names.
const NAMED: usize = 3;
/// Reasons that a failure names.
const REASONS: usize = 5;

/// How one review went.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Questions that were answered, and those of them that were known from before.
    pub(super) answered: usize,
    pub(super) known: usize,
    /// Findings that came in, and that got worse.
    pub(super) added: usize,
    pub(super) raised: usize,
    /// Questions without an answer that counts.
    pub(super) failed: Vec<(String, Trouble)>,
    /// What was not asked about, and why.
    pub(super) left_out: Vec<String>,
}

/// Tells before the first question what the review may take.
pub(super) fn estimate(
    settings: &ReviewerSettings,
    budget: &Budget,
    asks: usize,
    known: usize,
    most: Tokens,
) -> String {
    let cost = match budget.cost(most) {
        Some(cost) => format!(", {cost:.6} to pay"),
        None => String::new(),
    };
    let money = match settings.max_cost {
        Some(most) => format!(" and {most:.6}"),
        None => String::new(),
    };
    format!(
        "the reviewer {} at {} is asked about {asks} subject(s), {known} more are known from before: at most {} \
         tokens read and {} written{cost}, within a budget of {} tokens{money}",
        settings.model, settings.base_url, most.input, most.output, settings.max_tokens
    )
}

impl Course {
    /// Makes what the report says of the reviewer.
    pub(super) fn analyzer(&self, settings: &ReviewerSettings, budget: &Budget) -> Analyzer {
        let by = format!("{}, prompt {}", settings.model, prompt::version());
        let (status, reason) = match self.failed.is_empty() && self.left_out.is_empty() {
            true => (AnalyzerStatus::Ran, self.went_well(budget)),
            false => (AnalyzerStatus::Failed, self.reasons()),
        };
        Analyzer { name: REVIEWER.to_owned(), status, reason: Some(format!("{by}: {reason}")) }
    }

    fn went_well(&self, budget: &Budget) -> String {
        let taken = budget.taken();
        let cost = budget.cost(taken).map_or(String::new(), |cost| format!(", {cost:.6} paid"));
        format!(
            "{} subject(s), {} known from before, {} tokens read and {} written{cost}; {} finding(s) added, {} raised",
            self.answered, self.known, taken.input, taken.output, self.added, self.raised
        )
    }

    fn reasons(&self) -> String {
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (title, trouble) in &self.failed {
            reasons.entry(trouble.to_string()).or_default().push(title);
        }
        let mut told: Vec<String> =
            reasons.iter().map(|(why, titles)| format!("{why} ({})", first(titles, NAMED))).collect();
        told.sort_by_key(|line| line.starts_with("over budget"));
        let left: Vec<&str> = self.left_out.iter().map(String::as_str).collect();
        if !left.is_empty() {
            told.push(format!("not shown: {}", first(&left, REASONS)));
        }
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        let all = self.answered + self.failed.len();
        format!(
            "{} of {all} subject(s) not reviewed: {}",
            self.failed.len(),
            told[..told.len().min(REASONS)].join("; ")
        )
    }
}

fn first(names: &[&str], most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let named = names[..names.len().min(most)].join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_reasons_and_some_subjects() {
        let settings = ReviewerSettings::new("http://127.0.0.1:1", "m");
        let mut course = Course { answered: 2, ..Course::default() };
        let told = |course: &Course| course.analyzer(&settings, &Budget::new(&settings));
        assert_eq!(told(&course).status, AnalyzerStatus::Ran);
        for at in 0..5 {
            course.failed.push((format!("tool {at}"), Trouble::Receipt));
        }
        course.failed.push(("tool x".into(), Trouble::Refused(String::new())));
        course.left_out.push("file a: too large".into());
        let analyzer = told(&course);
        assert_eq!(analyzer.status, AnalyzerStatus::Failed);
        let reason = analyzer.reason.unwrap();
        assert!(reason.contains("6 of 8 subject(s) not reviewed"), "{reason}");
        assert!(reason.contains("(tool 0, tool 1, tool 2 and 2 more)"), "{reason}");
        assert!(
            reason.contains("the model refused (tool x)") && reason.contains("not shown: file a"),
            "{reason}"
        );
    }
}
