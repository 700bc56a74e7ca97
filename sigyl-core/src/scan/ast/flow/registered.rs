//! Functions that are registered while a file runs, under whatever names the file calls them and what registers them.

use super::call::Given;
use super::run::Flow;
use super::value::{Object, Value};
use crate::scan::ast::form::{Block, ExprId, ExprKind, FnId, Language, Part, Word};
use crate::scan::ast::handlers::{self, CALLED_TOO, Handler, REGISTERS, ROUTES, RUNS, SCHEMAS};

/// What a server answers by that gives a caller's words to a handler.
const ANSWERED: &[&str] = &["CallTool", "ReadResource", "GetPrompt", "Complete"];
/// Levels of what a registration is given that are looked into.
const DEPTH: usize = 3;

impl Flow<'_> {
    /// Looks at a call that may register functions.
    pub(super) fn registers(&mut self, target: &Value, name: &str, given: &Given) {
        if self.handler.is_some() || matches!(target.object, Object::Functions(_) | Object::Class(_)) {
            return;
        }
        let path = target.is_path().unwrap_or_default();
        // `server.tool()(run)` is a call of what a call gave.
        let last = path.rsplit('.').next().unwrap_or_default().trim_end_matches("()");
        let known = |name: &&&str| REGISTERS.contains(*name);
        let first = given.at(0);
        let text = first.and_then(Value::known);
        let route = given.base.is_some() && text.is_some_and(|text| text.starts_with('/'));
        let word = [last, name].iter().find(known).copied();
        let word = word.or_else(|| ROUTES.iter().find(|one| route && **one == name).copied());
        let Some(word) = word else { return };
        let is_called = CALLED_TOO.contains(&word) && text.is_some();
        if is_called || word == "setRequestHandler" && first.is_some_and(|first| !is_answered(first)) {
            return;
        }
        let mut found = Vec::new();
        given.args.iter().for_each(|(_, value)| functions(value, DEPTH, &mut found));
        self.add_registered(word, found);
    }

    /// Looks at a record that may describe a tool.
    pub(super) fn describes_tool(&mut self, value: &Value) {
        let Some(fields) = value.fields.as_ref().filter(|_| self.handler.is_none()) else { return };
        let has = |wanted: &[&str]| fields.iter().any(|(name, _)| wanted.contains(&&**name));
        if has(RUNS) && has(SCHEMAS) && has(&["name", "description"]) {
            let mut found = Vec::new();
            functions(value, 2, &mut found);
            self.add_registered("tool", found);
        }
    }

    fn add_registered(&mut self, word: &str, found: Vec<FnId>) {
        for function in found {
            if self.registered.iter().all(|(known, ..)| *known != function) {
                self.registered.push((function, word.into(), self.calls.clone()));
            }
        }
    }

    /// Runs what registers something and was not run, and returns what was registered and is none of the known handlers.
    pub(super) fn found_running(&mut self, known: &[Handler]) -> Vec<Handler> {
        let form = self.form;
        let waiting = form.functions().filter(|(id, function)| {
            function.language == Language::Dynamic
                && !self.finals.contains_key(id)
                && self.names_register(&function.body)
        });
        for id in waiting.map(|(id, _)| id).collect::<Vec<_>>() {
            self.prepare(id);
            if !self.finals.contains_key(&id) {
                let this = form.function(id).class.map(super::run::instance);
                self.enter(id, this, Vec::new());
            }
        }
        let new = std::mem::take(&mut self.registered);
        let new = new.into_iter().filter(|(function, ..)| known.iter().all(|one| one.function != *function));
        new.map(|(function, word, calls)| handlers::found_running(form, function, &word, &calls)).collect()
    }

    fn names_register(&self, block: &Block) -> bool {
        let mut found = false;
        self.form.visit(block, &mut |part| {
            if let Part::Expr(id) = part {
                found |= self.is_register(id);
            }
        });
        found
    }

    fn is_register(&self, id: ExprId) -> bool {
        let named = |name: &Word| REGISTERS.contains(&&**name);
        match &self.form.expr(id).kind {
            ExprKind::Member(_, name) => named(name),
            ExprKind::Index(_, key) => self.form.text(*key).is_some_and(named),
            ExprKind::Call { callee, .. } => self.form.name(*callee).is_some_and(named),
            _ => false,
        }
    }
}

/// Tells whether what a server answers gives a caller's words; what is not known may.
fn is_answered(schema: &Value) -> bool {
    match (schema.is_path(), schema.known()) {
        (Some(path), _) => {
            !path.contains("Schema") || ANSWERED.iter().any(|answered| path.contains(answered))
        }
        (None, Some(text)) => ["/call", "/read", "/get"].iter().any(|way| text.contains(way)),
        _ => true,
    }
}

/// Takes the functions that a value is, or holds where what runs is held.
fn functions(value: &Value, depth: usize, found: &mut Vec<FnId>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Object::Functions(functions) = &value.object {
        found.extend(functions.iter().filter(|one| !found.contains(one)).copied().collect::<Vec<_>>());
    }
    value.items.iter().flat_map(|items| items.iter()).for_each(|item| functions(item, depth, found));
    let fields = value.fields.iter().flat_map(|fields| fields.iter());
    for (_, field) in fields.filter(|(name, _)| RUNS.contains(&&**name)) {
        functions(field, depth, found);
    }
}
