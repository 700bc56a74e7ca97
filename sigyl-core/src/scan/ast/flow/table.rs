//! Functions that are kept under a name, and called by the name that a caller gives: in tables that a file fills itself,
//! and as methods of an object.

use std::rc::Rc;

use super::call::Given;
use super::effects::NAMED;
use super::run::Flow;
use super::statement::function_value;
use super::value::{Entry, Object, PARTS, Source, Value, bits};
use crate::scan::ast::form::{ExprId, ExprKind, FnId, Word};

/// Classes above a class whose methods it has.
const ABOVE: usize = 8;

impl Flow<'_> {
    /// Lets the decorators of a function have it that stand in the form themselves: most keep it in a table. What they make of
    /// it is not taken for it, since it mostly gives on what it is given.
    pub(super) fn marked(&mut self, function: FnId) {
        if self.handler.is_some() {
            return;
        }
        let form = self.form;
        for mark in &form.function(function).decorators {
            let callee = match &form.expr(*mark).kind {
                ExprKind::Call { callee, .. } => *callee,
                _ => *mark,
            };
            if !matches!(self.eval(callee).object, Object::Functions(_)) {
                continue;
            }
            let decorator = self.eval(*mark);
            if matches!(decorator.object, Object::Functions(_)) {
                let given = Given { args: vec![(None, function_value(function))], base: None };
                self.apply(*mark, &decorator, &Word::from(""), given);
            }
        }
    }

    /// Sets what something is held by once something was put into it. A table of functions is the same for all functions of
    /// the file, wherever it stands.
    pub(super) fn hold(&mut self, base: ExprId, value: Value) {
        if let ExprKind::Name(name) = &self.form.expr(base).kind
            && self.handler.is_none()
            && keeps_functions(&value)
            && self.hold_outside(name, &value)
        {
            return;
        }
        self.assign(base, value);
    }

    /// Sets a variable of what the function that runs stands in. Tells whether there is one.
    fn hold_outside(&mut self, name: &Word, value: &Value) -> bool {
        if self.state().vars.contains_key(name) {
            return false;
        }
        let mut at = self.form.function(self.frame().function).outer;
        while let Some(outer) = at {
            let running = self.frames.iter_mut().rev().find(|frame| frame.function == outer);
            let vars = running.map(|frame| &mut frame.state.vars).or_else(|| self.finals.get_mut(&outer));
            if let Some(vars) = vars.filter(|vars| vars.contains_key(name)) {
                Rc::make_mut(vars).insert(name.clone(), value.clone());
                return true;
            }
            at = self.form.function(outer).outer;
        }
        false
    }

    /// Returns what a name that a caller gives may stand for in an object: any of its methods that are for others and are
    /// called so, unless the name was looked at.
    pub(super) fn any_method(&self, holder: &Value, name: &Value) -> Option<Value> {
        let Object::Instance(class) = holder.object else { return None };
        let open = |entry: &Entry| {
            let known = self.bits_of(entry);
            known & bits::CODE == 0 && known & NAMED != NAMED
        };
        if name.known().is_some()
            || !name.ways().iter().any(|entry| entry.source == Source::Argument && open(entry))
        {
            return None;
        }
        let begins: Vec<&str> = name.shapes.iter().filter_map(|shape| shape.split('\0').next()).collect();
        let fits = |name: &str| begins.is_empty() || begins.iter().any(|begin| name.starts_with(begin));
        let mut all: Vec<FnId> = Vec::new();
        let mut at = Some(class);
        for _ in 0..ABOVE {
            let Some(class) = at else { break };
            let methods = self.form.class(class).methods.iter().copied();
            all.extend(
                methods
                    .filter(|id| is_open(&self.form.function(*id).name, &begins))
                    .filter(|id| fits(&self.form.function(*id).name)),
            );
            at = self.base_of(class);
        }
        all.truncate(PARTS);
        (!all.is_empty()).then(|| Value { object: Object::Functions(all.into()), ..Value::default() })
    }
}

/// Tells whether a method is for others by its name.
fn is_open(name: &str, begins: &[&str]) -> bool {
    let asked = begins.iter().any(|begin| begin.starts_with('_') && !begin.starts_with("__"));
    (asked || !name.starts_with(['_', '#'])) && !name.starts_with("__") && name != "constructor"
}

/// Tells whether a value is a table of functions, or of things that have some.
fn keeps_functions(value: &Value) -> bool {
    let acts =
        |value: &Value| matches!(value.object, Object::Functions(_) | Object::Class(_) | Object::Instance(_));
    let items = value.items.iter().flat_map(|items| items.iter());
    let fields = value.fields.iter().flat_map(|fields| fields.iter().map(|(_, value)| value));
    items.chain(fields).any(acts)
}
