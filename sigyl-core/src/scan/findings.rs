//! What rules find in one part, gathered and bounded.

use std::collections::{BTreeMap, HashMap};

use super::evidence::{Masker, said};
use super::file::FileText;
use super::rule::RuleMeta;
use super::trial::weighed;
use crate::domain::{Confidence, Finding, Location, Policy, RuleId, Severity};

/// Findings of one rule in one part that are listed one by one; the last of them says how many more there are.
pub(super) const PER_RULE: usize = 20;
/// The same where a baseline has to hold them.
pub(super) const PER_RULE_AT_MOST: usize = 1_000;
/// What ends what is said of the last that is listed, where others are not.
const UNLISTED: &str = " more here that are not listed)";

/// Takes what rules find in one part of the subject.
#[derive(Debug)]
pub struct Findings<'a> {
    masker: &'a Masker,
    list: Vec<Finding>,
    /// How many of one rule are listed.
    most: usize,
    rules: HashMap<RuleId, Found>,
    /// The file that most findings are in: its path need not be kept with each line.
    path: Option<String>,
    /// Things said of a file as a whole.
    wholes: usize,
}

/// What one rule found, each place once.
#[derive(Debug, Default)]
struct Found {
    /// The places that are listed, with their index in the list.
    listed: HashMap<Spot, usize>,
    spots: HashMap<Spot, Weight>,
    /// What nothing that is listed is milder than, once the list is full.
    floor: Option<Weight>,
}

/// How bad and how sure a finding is.
pub(super) type Weight = (Severity, Confidence);

/// A place at which a rule is heard once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Spot {
    /// A line of the file.
    Line(u32),
    /// A line of another file, a field of a tool, or the subject as a whole.
    Place(Option<Location>),
    /// A file as a whole, of which there may be several things to say.
    Each(usize),
}

/// Where in a file or tool a rule found something.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The text that holds it.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

impl<'a> Hit<'a> {
    /// Takes a whole text as what was found.
    pub fn whole(text: &'a str) -> Self {
        Self { text, start: 0, end: text.len() }
    }
}

impl<'a> Findings<'a> {
    pub(super) fn new(masker: &'a Masker) -> Self {
        Self { masker, list: Vec::new(), most: PER_RULE, rules: HashMap::new(), path: None, wholes: 0 }
    }

    /// Lists as many findings of one rule.
    pub(super) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Adds a finding of `rule` at `location`, with `hit` as evidence; `message` replaces the reason the rule gives.
    pub fn add(
        &mut self,
        rule: &RuleMeta,
        location: Option<Location>,
        hit: Hit<'_>,
        message: Option<String>,
    ) {
        self.add_as(rule, rule.severity, rule.confidence, location, hit, message);
    }

    /// Adds a finding that is worse or milder, more or less sure than the rule usually is.
    pub fn add_as(
        &mut self,
        rule: &RuleMeta,
        severity: Severity,
        confidence: Confidence,
        location: Option<Location>,
        hit: Hit<'_>,
        message: Option<String>,
    ) {
        let weight = weighed(rule.category, location.as_ref(), (severity, confidence));
        let (severity, confidence) = weight;
        let spot = self.spot(location.as_ref());
        let found = self.rules.entry(rule.id.clone()).or_default();
        // A milder finding must not stand for a worse one, neither on its line nor where the list is full.
        if found.spots.get(&spot).is_some_and(|known| *known >= weight) {
            return;
        }
        found.spots.insert(spot.clone(), weight);
        let Some(at) = found.room(&spot, weight, self.list.len(), self.most) else { return };
        let finding = Finding {
            rule: rule.id.clone(),
            category: rule.category,
            severity,
            confidence,
            message: said(&self.masker.mask(&message.unwrap_or_else(|| rule.why.clone()))),
            location,
            evidence: self.masker.evidence(hit.text, hit.start, hit.end),
            fix: Some(rule.fix.clone()),
        };
        match self.list.get_mut(at) {
            Some(instead) => *instead = finding,
            None => self.list.push(finding),
        }
    }

    /// Returns what tells a place from others.
    fn spot(&mut self, location: Option<&Location>) -> Spot {
        match location {
            Some(Location::File { line: None, .. }) => {
                self.wholes += 1;
                Spot::Each(self.wholes)
            }
            Some(Location::File { path, line: Some(line), .. }) => {
                match self.path.get_or_insert_with(|| path.clone()) == path {
                    true => Spot::Line(*line),
                    false => {
                        let (path, line) = (path.clone(), Some(*line));
                        Spot::Place(Some(Location::File { path, line, column: None }))
                    }
                }
            }
            other => Spot::Place(other.cloned()),
        }
    }

    /// Returns what was found, in the order it was found in, and what is not listed.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Unlisted) {
        let mut unlisted = Unlisted::default();
        for found in self.rules.values().filter(|found| found.spots.len() > found.listed.len()) {
            let more = found.spots.len() - found.listed.len();
            let last = found.listed.values().copied().max();
            if let Some(last) = last.and_then(|at| self.list.get_mut(at)) {
                last.message = format!("{} (and {more}{UNLISTED}", last.message);
            }
            for (_, weight) in found.spots.iter().filter(|(spot, _)| !found.listed.contains_key(spot)) {
                unlisted.add(*weight, 1);
            }
        }
        (self.list, unlisted)
    }
}

impl Found {
    /// Returns the index in the list that a finding at `spot` gets: its own, the next, or that of a milder one.
    fn room(&mut self, spot: &Spot, weight: Weight, next: usize, most: usize) -> Option<usize> {
        if let Some(at) = self.listed.get(spot) {
            return Some(*at);
        }
        if self.listed.len() < most {
            self.listed.insert(spot.clone(), next);
            return Some(next);
        }
        // Weights in the list only grow, so that what was no more than the mildest never is.
        if self.floor.is_some_and(|floor| floor >= weight) {
            return None;
        }
        let weighed = self.listed.iter().map(|(listed, at)| (self.spots.get(listed).copied(), *at, listed));
        let (mildest, at, instead) = weighed.min_by_key(|(weight, at, _)| (*weight, *at))?;
        if mildest.is_some_and(|known| known >= weight) {
            self.floor = mildest;
            return None;
        }
        let instead = instead.clone();
        self.listed.remove(&instead);
        self.listed.insert(spot.clone(), at);
        Some(at)
    }
}

/// How many findings are counted and not listed, by how bad and how sure they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unlisted(BTreeMap<Weight, usize>);

impl Unlisted {
    pub(super) fn add(&mut self, weight: Weight, count: usize) {
        *self.0.entry(weight).or_default() += count;
    }

    /// Adds those of another part.
    pub(super) fn extend(&mut self, other: &Self) {
        other.0.iter().for_each(|(weight, count)| self.add(*weight, *count));
    }

    /// Yields how bad and how sure, with the count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Weight, usize)> + '_ {
        self.0.iter().map(|(weight, count)| (*weight, *count))
    }

    /// Yields each severity with its count.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Severity, usize)> + '_ {
        self.0.iter().map(|((severity, _), count)| (*severity, *count))
    }

    /// Counts those that would stop a release if they were listed.
    pub(super) fn stopping(&self, policy: &Policy) -> usize {
        let stops = |weight: &Weight| policy.may_stop(weight.0, weight.1);
        self.0.iter().filter(|(weight, _)| stops(weight)).map(|(_, count)| count).sum()
    }
}

/// Tells whether a finding says that its rule found more there than is listed.
pub(super) fn is_last_listed(finding: &Finding) -> bool {
    finding.message.ends_with(UNLISTED)
}

/// Makes the location of a byte of a file.
pub(super) fn in_file(file: &FileText<'_>, at: usize) -> Option<Location> {
    let (line, column) = file.place(at);
    Some(Location::File { path: file.path().to_owned(), line: Some(line), column: Some(column) })
}

#[cfg(test)]
mod tests {
    use super::super::proof::builtin;
    use super::*;

    fn rule() -> &'static RuleMeta {
        builtin().meta(&RuleId::parse("important-tag").unwrap()).unwrap()
    }

    fn at(path: &str, line: Option<u32>) -> Option<Location> {
        Some(Location::File { path: path.to_owned(), line, column: Some(1) })
    }

    #[test]
    fn what_is_not_listed_is_counted_by_severity_and_each_line_once() {
        let mut found = Findings::new(&builtin().masker);
        for line in (0..30).chain(0..30) {
            found.add_as(
                rule(),
                Severity::Warning,
                Confidence::Low,
                at("a", Some(line)),
                Hit::whole("x"),
                None,
            );
        }
        for line in [25, 40] {
            found.add_as(
                rule(),
                Severity::Block,
                Confidence::High,
                at("a", Some(line)),
                Hit::whole("y"),
                None,
            );
        }
        let (list, unlisted) = found.finish();
        assert_eq!(list.len(), PER_RULE);
        assert_eq!(list.iter().filter(|one| one.severity == Severity::Block).count(), 2);
        assert_eq!(unlisted.counts().collect::<Vec<_>>(), [(Severity::Warning, 11)]);
        assert!(list.iter().any(|one| one.message.contains("and 11 more here")), "{list:?}");
    }

    #[test]
    fn a_full_list_takes_what_is_worse_in_the_place_of_what_is_mildest() {
        let mut found = Findings::new(&builtin().masker).at_most(3);
        let rising = [Severity::Info, Severity::Warning, Severity::Info, Severity::Error, Severity::Info];
        for (line, severity) in (0..).zip(rising.into_iter().chain([Severity::Block; 2])) {
            found.add_as(rule(), severity, Confidence::Low, at("a", Some(line)), Hit::whole("x"), None);
        }
        let (list, unlisted) = found.finish();
        let listed: Vec<Severity> = list.iter().map(|one| one.severity).collect();
        assert_eq!(listed, [Severity::Error, Severity::Block, Severity::Block]);
        assert_eq!(unlisted.counts().collect::<Vec<_>>(), [(Severity::Info, 3), (Severity::Warning, 1)]);
    }

    #[test]
    fn a_line_of_another_file_and_a_file_as_a_whole_are_places_of_their_own() {
        let mut found = Findings::new(&builtin().masker);
        for (path, line) in [("a", Some(1)), ("b", Some(1)), ("a", Some(1)), ("a", None), ("a", None)] {
            found.add(rule(), at(path, line), Hit::whole("x"), None);
        }
        assert_eq!(found.finish().0.len(), 4);
    }
}
