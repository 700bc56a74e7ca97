//! Functions that are called by way of something else: `call`, `apply`, `bind`, `partial`.

use super::call::Given;
use super::run::Flow;
use super::value::{Object, Value};
use crate::scan::ast::form::Word;
use crate::scan::ast::handlers::REGISTERS;

/// Where a function keeps what it is given before what it is called with.
const BOUND: &str = "(bound)";

impl Flow<'_> {
    /// Returns what a call comes to: what is called in truth, its name, and what it is given.
    pub(super) fn truly_called(&self, target: Value, name: Word, given: Given) -> (Value, Word, Given) {
        let (target, name, mut given) = match (target.is_path(), &*name, &given.base) {
            (Some("Reflect.apply"), ..) if given.args.len() > 2 => {
                let one = |at: usize| given.args[at].1.clone();
                (one(0), last_of(&one(0)), Given { base: Some(one(1)), args: spread(&one(2)) })
            }
            (Some("Reflect.construct"), ..) if given.args.len() > 1 => {
                let one = |at: usize| given.args[at].1.clone();
                (one(0), last_of(&one(0)), Given { base: None, args: spread(&one(1)) })
            }
            (_, "call", Some(base)) if is_called(base) => {
                let mut args = given.args.iter().cloned();
                let this = args.next().map(|(_, this)| this);
                (base.clone(), last_of(base), Given { base: this, args: args.collect() })
            }
            (_, "apply", Some(base)) if is_called(base) => {
                let this = given.args.first().map(|(_, this)| this.clone());
                let args = given.args.get(1).map(|(_, list)| spread(list)).unwrap_or_default();
                (base.clone(), last_of(base), Given { base: this, args })
            }
            _ => (target, name, given),
        };
        if let Some(bound) = target.field(BOUND) {
            let mut args = spread(bound);
            let named = bound.fields.iter().flat_map(|fields| fields.iter());
            // What `methodcaller` was made with comes behind what it is called on.
            if target.field(super::reflected::ATTRIBUTE).is_some() {
                args = given.args.drain(..).chain(args).collect();
            }
            args.append(&mut given.args);
            args.extend(named.map(|(name, value)| (Some(name.clone()), value.clone())));
            given.args = args;
        }
        (target, name, given)
    }

    /// A function with some of what it will be given: all behind the first of what `partial` or `bind` is given.
    pub(super) fn bound(function: &Value, given: &Given) -> Value {
        let mut function = function.clone();
        if given.args.len() > 1 {
            let mut bound = function.field(BOUND).cloned().unwrap_or_default();
            for (name, value) in given.args.iter().skip(1) {
                match name {
                    Some(name) => bound.set(name, value.clone()),
                    None => bound.push(value.clone()),
                }
            }
            function.set(BOUND, bound);
        }
        function
    }
}

/// Tells whether a value is surely a function.
fn is_called(value: &Value) -> bool {
    match (&value.object, value.is_path()) {
        (Object::Functions(_), _) => true,
        (_, Some(path)) => {
            super::sink::is_sink(path)
                || super::sink::is_process(path)
                || path.rsplit('.').next().is_some_and(|last| REGISTERS.contains(&last))
        }
        _ => false,
    }
}

fn last_of(value: &Value) -> Word {
    value.is_path().and_then(|path| path.rsplit('.').next()).unwrap_or_default().into()
}

fn spread(list: &Value) -> Vec<(Option<Word>, Value)> {
    match &list.items {
        Some(items) => items.iter().map(|item| (None, item.clone())).collect(),
        None if list.fields.is_some() && list.taint.is_empty() => Vec::new(),
        None => vec![(None, Value { object: Object::Path("(spread)".into()), ..list.clone() })],
    }
}
