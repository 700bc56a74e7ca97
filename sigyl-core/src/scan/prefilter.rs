//! One pass over a text that tells which patterns can hit at all.
//!
//! From each expression follow literals without which it cannot match: groups, of each of which one must occur. The
//! literals of all patterns are searched together; an expression whose groups are not all met is not run.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::pattern::Pattern;

/// Literals of which one must occur.
type Group = BTreeSet<String>;

/// Shorter literals say too little.
const SHORTEST: usize = 3;
/// Larger groups cost more than they save.
const LARGEST: usize = 40;

/// Which expressions of which patterns can match a text.
#[derive(Debug)]
pub(super) struct Prefilter {
    search: AhoCorasick,
    /// For each pattern its alternatives, each a list of groups of literals.
    needs: Vec<Vec<Vec<Vec<usize>>>>,
}

/// For each pattern which of its expressions can match.
#[derive(Clone, Debug, Default)]
pub(super) struct Enabled(Vec<Vec<bool>>);

impl Enabled {
    /// Yields each pattern that can hit, with those of its expressions that can match.
    pub(super) fn among<'a>(
        &'a self,
        patterns: &'a [Pattern],
    ) -> impl Iterator<Item = (&'a Pattern, Vec<&'a Regex>)> {
        patterns.iter().zip(&self.0).filter_map(|(pattern, can)| {
            let (any, _) = pattern.expressions();
            let able: Vec<_> = any.iter().zip(can).filter(|(_, can)| **can).map(|(one, _)| one).collect();
            (!able.is_empty()).then_some((pattern, able))
        })
    }

    /// Adds those of another text.
    pub(super) fn add(&mut self, other: &Self) {
        let (ours, theirs) = (self.0.iter_mut().flatten(), other.0.iter().flatten());
        ours.zip(theirs).for_each(|(ours, theirs)| *ours |= theirs);
    }
}

impl Prefilter {
    /// Builds the filter for patterns, each given as `(any of, all of)` expressions.
    pub(super) fn new(patterns: &[(Vec<&str>, Vec<&str>)]) -> Result<Self, String> {
        let mut literals = Vec::new();
        let needs = patterns.iter().map(|(any, all)| needs(any, all, &mut literals)).collect();
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&literals)
            .map_err(|error| error.to_string())?;
        Ok(Self { search, needs })
    }

    /// Returns what can match in `text`.
    pub(super) fn enabled(&self, text: &[u8]) -> Enabled {
        let mut met = vec![false; self.search.patterns_len()];
        for found in self.search.find_overlapping_iter(text) {
            met[found.pattern().as_usize()] = true;
        }
        let fulfilled = |groups: &Vec<Vec<usize>>| groups.iter().all(|group| group.iter().any(|&at| met[at]));
        Enabled(self.needs.iter().map(|alternatives| alternatives.iter().map(fulfilled).collect()).collect())
    }
}

/// Numbers the literals that a pattern needs; an expression without any gives an alternative without groups.
fn needs(any: &[&str], all: &[&str], literals: &mut Vec<String>) -> Vec<Vec<Vec<usize>>> {
    let mut number = |group: Group| -> Vec<usize> {
        let one = |literal: String| match literals.iter().position(|known| *known == literal) {
            Some(at) => at,
            None => {
                literals.push(literal);
                literals.len() - 1
            }
        };
        group.into_iter().map(one).collect()
    };
    let common: Vec<Group> = all.iter().flat_map(|text| groups_of(text)).collect();
    any.iter()
        .map(|text| groups_of(text).into_iter().chain(common.iter().cloned()).map(&mut number).collect())
        .collect()
}

fn groups_of(expression: &str) -> Vec<Group> {
    let parsed = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(true)
        .ignore_whitespace(true)
        .build()
        .parse(expression);
    let mut groups = match parsed {
        Ok(hir) => Walk::of(&hir),
        // It was compiled before; without groups the pattern merely always runs.
        Err(_) => Vec::new(),
    };
    // A few long groups filter as well as many.
    groups.sort_by_key(|group| (group.len(), std::cmp::Reverse(shortest(group))));
    groups.truncate(4);
    groups
}

fn shortest(group: &Group) -> usize {
    group.iter().map(String::len).min().unwrap_or(0)
}

/// Walks an expression and gathers what it cannot do without.
#[derive(Default)]
struct Walk {
    run: Vec<u8>,
    groups: Vec<Group>,
}

impl Walk {
    fn of(hir: &Hir) -> Vec<Group> {
        let mut walk = Self::default();
        walk.visit(hir);
        walk.flush();
        walk.groups
    }

    fn visit(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.run.extend(literal.0.iter().map(u8::to_ascii_lowercase)),
            HirKind::Class(class) => match letter(class) {
                Some(letter) => self.run.push(letter),
                None => self.flush(),
            },
            HirKind::Capture(capture) => self.visit(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.visit(part)),
            HirKind::Repetition(repetition) => {
                self.flush();
                if repetition.min > 0 {
                    self.groups.extend(Self::of(&repetition.sub));
                }
            }
            HirKind::Alternation(branches) => {
                self.flush();
                self.groups.extend(alternation(branches));
            }
        }
    }

    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        if let Ok(literal) = String::from_utf8(run)
            && literal.len() >= SHORTEST
        {
            self.groups.push(Group::from([literal]));
        }
    }
}

/// Returns the group of an alternation: the best group of every branch, unless one has none.
fn alternation(branches: &[Hir]) -> Option<Group> {
    let mut all = Group::new();
    for branch in branches {
        let groups = Walk::of(branch);
        all.extend(groups.into_iter().max_by_key(shortest)?);
    }
    (all.len() <= LARGEST).then_some(all)
}

/// Returns the letter that a class of its two cases stands for.
fn letter(class: &Class) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    let members: Vec<u8> =
        class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(3).collect();
    match members[..] {
        [one] => Some(one.to_ascii_lowercase()),
        [upper, lower] if upper.to_ascii_lowercase() == lower => Some(lower),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(expression: &str) -> Vec<Vec<String>> {
        let mut groups: Vec<Vec<String>> =
            groups_of(expression).into_iter().map(|group| group.into_iter().collect()).collect();
        groups.sort();
        groups
    }

    #[test]
    fn what_an_expression_needs_follows_from_it() {
        assert_eq!(
            groups(r"\b(?:ignore|disregard)\s+(?:all\s+)?previous\s+rules?\b"),
            [vec!["disregard", "ignore"], vec!["previous"], vec!["rule"]]
        );
        assert_eq!(groups(r"<important>.*?</important>"), [["</important>"], ["<important>"]]);
        assert!(groups(r"a|bcd").is_empty());
        assert!(groups(r"(?:bcd)?").is_empty());
        assert_eq!(groups(r"(?:bcd)+x"), [["bcd"]]);
    }

    #[test]
    fn overlapping_literals_all_count() {
        let filter = Prefilter::new(&[
            (vec!["forgetting"], vec![]),
            (vec!["get"], vec![]),
            (vec!["tingle"], vec![]),
            (vec!["forge"], vec![]),
            (vec!["absent"], vec![]),
            (vec!["x"], vec![]),
        ])
        .unwrap();
        let enabled = filter.enabled(b"FORGETTINGLE");
        let seen: Vec<bool> = enabled.0.into_iter().flatten().collect();
        assert_eq!(seen, [true, true, true, true, false, true]);
    }

    #[test]
    fn all_groups_must_occur() {
        let filter = Prefilter::new(&[(vec!["ignore.*rules"], vec!["please"])]).unwrap();
        assert_eq!(filter.enabled(b"ignore the rules").0, [[false]]);
        assert_eq!(filter.enabled(b"please: Ignore the RULES").0, [[true]]);
    }

    #[test]
    fn each_expression_runs_by_its_own_literals_and_two_texts_add_up() {
        let filter = Prefilter::new(&[(vec!["ignore.*rules", "forget", "x"], vec![])]).unwrap();
        let mut both = filter.enabled(b"forget it");
        assert_eq!(both.0, [[false, true, true]]);
        both.add(&filter.enabled(b"ignore the rules"));
        assert_eq!(both.0, [[true, true, true]]);
    }
}
