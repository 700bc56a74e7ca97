//! Counts of what was found, and the figures that follow.

use std::collections::{BTreeMap, BTreeSet};

use sigyl_core::domain::{Finding, Verdict};

use super::row::{Kind, Label, Row};

/// What became of one sample.
#[derive(Debug)]
pub struct Outcome {
    /// The sample.
    pub row: Row,
    /// Whether it counts as found.
    pub flagged: bool,
    /// What the default policy makes of it.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Why nothing could be looked at.
    pub unread: Option<String>,
}

impl Outcome {
    /// Tells whether it is a tool that serves attack and defence alike, and is counted apart.
    pub fn is_dual_use(&self) -> bool {
        self.row.set.starts_with("dual_")
    }

    /// Tells whether the sample counts among those of its label.
    pub fn counts(&self, kind: Kind, label: Label) -> bool {
        self.row.kind == kind && self.row.label == label && !self.is_dual_use()
    }
}

/// How many of some samples were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are.
    pub all: usize,
    /// How many of them were found.
    pub flagged: usize,
}

impl Tally {
    /// Counts outcomes.
    pub fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        outcomes.fold(Self::default(), |tally, one| Self {
            all: tally.all + 1,
            flagged: tally.flagged + usize::from(one.flagged),
        })
    }

    /// Returns the share that was found; nothing when there are none.
    pub fn share(self) -> Option<f64> {
        (self.all > 0).then(|| self.flagged as f64 / self.all as f64)
    }

    /// Returns the precision with `wrong` found besides; nothing when nothing was found.
    pub fn precision(self, wrong: usize) -> Option<f64> {
        let found = self.flagged + wrong;
        (found > 0).then(|| self.flagged as f64 / found as f64)
    }

    /// Returns the harmonic mean of recall and precision.
    pub fn f1(self, wrong: usize) -> Option<f64> {
        let sum = self.all + self.flagged + wrong;
        (self.all > 0 && sum > 0).then(|| 2.0 * self.flagged as f64 / sum as f64)
    }
}

/// Counts the pairs of a vulnerable and a mended twin of which the first alone was found.
pub(super) fn pairs(outcomes: &[Outcome]) -> Tally {
    let mut twins: BTreeMap<String, (Option<bool>, Option<bool>)> = BTreeMap::new();
    for one in outcomes.iter().filter(|one| one.row.kind == Kind::Code) {
        let name = &one.row.name;
        if let Some((stem, _)) = name.split_once("-vuln.") {
            twins.entry(stem.to_owned()).or_default().0 = Some(one.flagged);
        } else if let Some((stem, _)) = name.split_once("-safe.") {
            twins.entry(stem.to_owned()).or_default().1 = Some(one.flagged);
        }
    }
    let whole = twins.values().filter_map(|(bad, good)| Some((*bad.as_ref()?, *good.as_ref()?)));
    whole.fold(Tally::default(), |tally, (bad, good)| Tally {
        all: tally.all + 1,
        flagged: tally.flagged + usize::from(bad && !good),
    })
}

/// Returns the different values of one member, sorted.
pub(super) fn values<'a>(outcomes: &'a [Outcome], member: impl Fn(&'a Row) -> &'a str) -> BTreeSet<&'a str> {
    outcomes.iter().map(|one| member(&one.row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, label: &str, flagged: bool) -> Outcome {
        let row = serde_json::json!({
            "id": name, "kind": "code", "name": name, "label": label, "category": "c", "source": "s",
        });
        let row = serde_json::from_value(row).expect("a row");
        Outcome { row, flagged, verdict: Verdict::Pass, findings: Vec::new(), unread: None }
    }

    #[test]
    fn a_pair_counts_when_the_bad_twin_alone_is_found() {
        let all = [
            outcome("a-vuln.py", "malicious", true),
            outcome("a-safe.py", "benign", false),
            outcome("b-vuln.py", "malicious", true),
            outcome("b-safe.py", "benign", true),
            outcome("c-vuln.py", "malicious", false),
            outcome("c-safe.py", "benign", false),
            outcome("d-vuln.py", "malicious", true),
        ];
        assert_eq!(pairs(&all), Tally { all: 3, flagged: 1 });
    }

    #[test]
    fn figures_are_told_only_where_there_are_any() {
        let tally = Tally { all: 4, flagged: 3 };
        assert_eq!((tally.share(), tally.precision(1), tally.f1(1)), (Some(0.75), Some(0.75), Some(0.75)));
        let none = Tally::default();
        assert_eq!((none.share(), none.precision(0), none.f1(0)), (None, None, None));
    }
}
