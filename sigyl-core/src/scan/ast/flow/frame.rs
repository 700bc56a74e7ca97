//! The variables of a function that runs, and what was made sure of so far.

use std::collections::HashMap;
use std::rc::Rc;

use super::value::{Facts, Value};
use crate::scan::ast::form::{FnId, Word};

/// One function that runs.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) function: FnId,
    pub(super) state: State,
    pub(super) this: Option<Value>,
    /// What it gave back so far.
    pub(super) given: Option<Value>,
    /// What holds in every way in which it gave back something true, or false.
    pub(super) outcome: Option<(Option<Facts>, Option<Facts>)>,
    /// What holds in every way in which it came back.
    pub(super) after: Option<Facts>,
    /// How it is where a loop was left.
    pub(super) left: Option<State>,
    /// Loops that it is in.
    pub(super) loops: usize,
    /// Parts around that need not run.
    pub(super) branches: usize,
    /// Whether nobody takes what it gives.
    pub(super) unheard: bool,
}

impl Frame {
    pub(super) fn of(function: FnId) -> Self {
        Self {
            function,
            state: State::default(),
            this: None,
            given: None,
            outcome: None,
            after: None,
            left: None,
            loops: 0,
            branches: 0,
            unheard: false,
        }
    }
}

/// What holds at one place of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) vars: Rc<HashMap<Word, Value>>,
    pub(super) facts: Facts,
    /// Whether nothing gets here.
    pub(super) dead: bool,
}

impl State {
    pub(super) fn learn(&mut self, more: &[(u32, u32)]) {
        for (origin, bits) in more {
            match self.facts.iter_mut().find(|(known, _)| known == origin) {
                Some((_, known)) => *known |= bits,
                None => self.facts.push((*origin, *bits)),
            }
        }
    }

    /// What holds if one got here from either.
    pub(super) fn or(self, other: Self) -> Self {
        if self.dead {
            return other;
        }
        if other.dead {
            return self;
        }
        let vars =
            if Rc::ptr_eq(&self.vars, &other.vars) { self.vars } else { merge(self.vars, &other.vars) };
        Self { vars, facts: common(&self.facts, &other.facts), dead: false }
    }
}

fn merge(mut one: Rc<HashMap<Word, Value>>, other: &HashMap<Word, Value>) -> Rc<HashMap<Word, Value>> {
    let all = Rc::make_mut(&mut one);
    for (name, value) in other {
        match all.get_mut(name) {
            Some(old) => *old = std::mem::take(old).or(value),
            None => drop(all.insert(name.clone(), value.clone())),
        }
    }
    one
}

/// What holds on both sides.
pub(super) fn common(one: &[(u32, u32)], other: &[(u32, u32)]) -> Facts {
    let both = |(origin, bits): &(u32, u32)| {
        let (_, more) = other.iter().find(|(known, _)| known == origin)?;
        // Doubt on either side is doubt.
        let bits = bits & more;
        (bits != 0).then_some((*origin, bits))
    };
    one.iter().filter_map(both).collect()
}

/// What holds if both hold.
pub(super) fn both(one: &[(u32, u32)], other: &[(u32, u32)]) -> Facts {
    let mut state = State { facts: one.to_vec(), ..State::default() };
    state.learn(other);
    state.facts
}
