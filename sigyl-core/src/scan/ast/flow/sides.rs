//! Values that are one thing or another by a condition that is asked again later: `x = old ? a : b; if (!old) f(x)`.

use std::rc::Rc;

use super::run::Flow;
use super::value::Value;
use crate::scan::ast::form::{ExprId, ExprKind, Word};

/// What a value is if a place holds something true, and if not.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    place: Word,
    /// How often places of that name had been set.
    age: usize,
    yes: Value,
    no: Value,
}

/// Members of members that are read as one place.
const CHAIN: usize = 6;

impl Flow<'_> {
    /// Remembers which side of a condition gives which value, if the condition asks for a place and nothing more.
    pub(super) fn sided(&self, condition: ExprId, yes: &Value, no: &Value) -> Option<Rc<Sides>> {
        let (place, truth) = self.asked_place(condition)?;
        let age = self.age(&place);
        let bare = |value: &Value| Value { sides: None, ..value.clone() };
        let (yes, no) = if truth { (bare(yes), bare(no)) } else { (bare(no), bare(yes)) };
        Some(Rc::new(Sides { place, age, yes, no }))
    }

    /// Takes of each variable the side that is left once `condition` came to `truth`.
    pub(super) fn take_sides(&mut self, condition: ExprId, truth: bool) {
        if !self.state().vars.values().any(|value| value.sides.is_some()) {
            return;
        }
        let mut known = Vec::new();
        self.decided_places(condition, truth, &mut known);
        let side = |sides: &Sides| {
            let fits = |(place, _): &&(Word, bool)| *place == sides.place && self.age(place) == sides.age;
            let (_, truth) = known.iter().find(fits)?;
            Some(if *truth { sides.yes.clone() } else { sides.no.clone() })
        };
        let vars = self.frames.last().map(|frame| Rc::clone(&frame.state.vars)).unwrap_or_default();
        let left = vars.iter().filter_map(|(name, value)| Some((name, side(value.sides.as_deref()?)?)));
        for (name, value) in left.map(|(name, value)| (name.clone(), value)).collect::<Vec<_>>() {
            self.bind(&name, value);
        }
    }

    /// Remembers that a place was set.
    pub(super) fn ages(&mut self, name: &Word) {
        *self.ages.entry(name.clone()).or_default() += 1;
    }

    fn age(&self, place: &str) -> usize {
        let last = place.rsplit('.').next().unwrap_or(place);
        self.ages.get(last).copied().unwrap_or_default()
    }

    /// The places that a condition decided about by coming to `truth`.
    fn decided_places(&self, condition: ExprId, truth: bool, known: &mut Vec<(Word, bool)>) {
        match &self.form.expr(condition).kind {
            ExprKind::Not(inner) => self.decided_places(*inner, !truth, known),
            ExprKind::Logic(all, parts) if *all == truth => {
                parts.iter().for_each(|part| self.decided_places(*part, truth, known));
            }
            _ => known.extend(self.place(condition, CHAIN).map(|place| (place, truth))),
        }
    }

    fn asked_place(&self, condition: ExprId) -> Option<(Word, bool)> {
        match &self.form.expr(condition).kind {
            ExprKind::Not(inner) => self.place(*inner, CHAIN).map(|place| (place, false)),
            _ => self.place(condition, CHAIN).map(|place| (place, true)),
        }
    }

    fn place(&self, id: ExprId, left: usize) -> Option<Word> {
        match &self.form.expr(id).kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Member(base, name) if left > 0 => {
                let base = self.place(*base, left - 1)?;
                Some(format!("{base}.{name}").into())
            }
            _ => None,
        }
    }
}
