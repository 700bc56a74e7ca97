//! Several values that a function gives back together, the last of which says whether it failed.

use super::run::Flow;
use super::value::Value;
use crate::scan::ast::form::ExprId;

/// What the last of them is called.
pub(super) const LAST: &str = "(last)";

impl Flow<'_> {
    /// Puts what a function gives back together, with what was made sure of where it does.
    pub(super) fn results(&mut self, parts: &[ExprId]) -> Value {
        let mut value = Value::default();
        for (at, part) in parts.iter().enumerate() {
            let one = self.eval(*part);
            let when = one.when.clone();
            let kept = Value { when, ..self.keep(one) };
            match at + 1 == parts.len() {
                true => value.set(LAST, kept),
                false => value.set(&at.to_string(), kept),
            }
        }
        value
    }

    /// Takes apart what a function gave: of one that is not known the first is what it made.
    pub(super) fn assign_results(&mut self, parts: &[ExprId], value: &Value) {
        let own = value.field(LAST).is_some();
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            let name = at.to_string();
            let one = match value.field(if last { LAST } else { &name }) {
                Some(one) if last => {
                    Value { when: value.when.clone().or_else(|| one.when.clone()), ..one.clone() }
                }
                Some(one) => one.clone(),
                None if at == 0 => value.clone(),
                None if last && !own => Value::default(),
                None => value.element(),
            };
            self.assign(*part, one);
        }
    }
}
