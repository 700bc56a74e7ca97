//! Which expressions can match in a text, and where in it: by the places of the literals that one pass has found.

use std::cell::OnceCell;
use std::ops::Range;

use super::literal::Literal;
use super::secret::Anchor;
use super::starts::may_start;
use super::window::windows;

/// How long a match is at most, and of which literals each holds one, for several such groups.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) units: usize,
    pub(super) groups: Vec<Vec<u32>>,
}

/// Which expressions can match, each with the stretches in which, in order.
#[derive(Debug, Default)]
pub(super) struct Able {
    pub(super) list: Vec<(u32, u32)>,
    /// Where the literals are that the expressions know places by, by their number, in order; nothing when their places
    /// do not matter.
    pub(super) places: Vec<(u32, u32)>,
    /// Whether any literal was found where its place matters.
    pub(super) placed: bool,
    /// Where the search for secrets begins, if that was looked for.
    pub(super) anchors: Option<Vec<Anchor>>,
}

/// Where the matches of one expression can lie.
#[derive(Debug)]
pub(super) struct Near {
    /// How long a match is at most.
    units: usize,
    /// The places of which each match holds one, in order: those of the rarest group.
    places: Vec<u32>,
    /// The same for its other groups.
    others: Vec<Vec<u32>>,
}

/// One expression that can match.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// Which of its pattern.
    pub(super) index: usize,
    /// Whether it needs no literal, so that nothing is known of where it can match.
    pub(super) always: bool,
    pub(super) stretches: &'a [(u32, u32)],
    pub(super) able: &'a Able,
    pub(super) reach: Option<&'a Reach>,
    pub(super) thin: &'a [Literal],
    pub(super) near: OnceCell<Option<Near>>,
    /// The places at which its matches begin, if that is known.
    pub(super) starts: Option<Vec<u32>>,
}

impl Run<'_> {
    /// Yields the numbers of the stretches in which it can match.
    pub(super) fn stretches(&self) -> impl Iterator<Item = usize> + '_ {
        self.stretches.iter().map(|&(_, at)| at as usize)
    }

    /// Returns the places in a stretch of `text` at which its matches begin, if no others need be looked at.
    pub(super) fn starts(&self, text: &[u8], within: Range<usize>) -> Option<Vec<u32>> {
        let all = self.starts.as_ref()?;
        let from = all.partition_point(|&place| (place as usize) < within.start);
        let rest = &all[from..];
        let own = &rest[..rest.partition_point(|&place| (place as usize) < within.end)];
        may_start(&text[within], own).then(|| own.to_vec())
    }

    /// Returns the parts of a stretch of `text` in which its matches lie.
    pub(super) fn windows(&self, text: &[u8], within: Range<usize>) -> Vec<Range<usize>> {
        let mut all = match self.near.get_or_init(|| self.able.near(self.reach?)) {
            Some(near) => {
                let from = near.places.partition_point(|&place| (place as usize) < within.start);
                let mut all = windows(text, within, &near.places[from..], near.units);
                all.retain(|window| near.others.iter().all(|places| has_place(places, window)));
                all
            }
            None => vec![within],
        };
        let is_there = |window: &Range<usize>| self.thin.iter().any(|one| one.is_in(&text[window.clone()]));
        all.retain(|window| !self.able.placed || self.thin.is_empty() || is_there(window));
        all
    }
}

impl Able {
    /// Tells whether nothing can match.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the entries of one literal.
    fn of(&self, literal: u32) -> &[(u32, u32)] {
        let from = self.places.partition_point(|(known, _)| *known < literal);
        let rest = &self.places[from..];
        &rest[..rest.partition_point(|(known, _)| *known <= literal)]
    }

    /// Returns the places of some literals, in order.
    pub(super) fn places_of(&self, literals: &[u32]) -> Option<Vec<u32>> {
        if !self.placed {
            return None;
        }
        let mut places = self.in_order(literals);
        places.dedup();
        Some(places)
    }

    fn in_order(&self, literals: &[u32]) -> Vec<u32> {
        let places = literals.iter().flat_map(|literal| self.of(*literal)).map(|(_, place)| *place);
        let mut places: Vec<u32> = places.collect();
        places.sort_unstable();
        places
    }

    /// Returns the places of the groups of an expression, those of the rarest apart.
    fn near(&self, reach: &Reach) -> Option<Near> {
        if !self.placed {
            return None;
        }
        let count = |group: &Vec<u32>| group.iter().map(|literal| self.of(*literal).len()).sum::<usize>();
        let (rarest, group) = reach.groups.iter().enumerate().min_by_key(|(_, group)| count(group))?;
        let others = reach.groups.iter().enumerate().filter(|(at, _)| *at != rarest);
        let others = others.map(|(_, group)| self.in_order(group)).collect();
        Some(Near { units: reach.units, places: self.in_order(group), others })
    }
}

/// Tells whether one of some places, which are in order, lies in a window.
fn has_place(places: &[u32], window: &Range<usize>) -> bool {
    let from = places.partition_point(|&place| (place as usize) < window.start);
    places.get(from).is_some_and(|&place| (place as usize) < window.end)
}
