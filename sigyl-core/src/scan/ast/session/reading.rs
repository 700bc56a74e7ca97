//! What an expression of one function is: the id of a session that a client sends, or what is held under it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::names::{is_request, is_sent, is_session_id, looks_up};
use crate::scan::ast::form::{Arg, Comparison, ExprId, ExprKind, FnId, Form, StmtKind, Word};

/// Expressions in each other that are asked for one thing.
const DEPTH: usize = 12;

/// What the names of a function, and of those around it, stand for.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The id of a session.
    ids: HashSet<Word>,
    /// What is held under one, or whether anything is.
    held: HashSet<Word>,
    /// Those of the function around it: kept once, however many functions stand in it.
    outer: Option<Rc<Self>>,
}

impl Names {
    /// Begins the names of a function within another.
    pub(super) fn within(outer: Option<Rc<Self>>) -> Self {
        Self { outer, ..Self::default() }
    }

    fn layers(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |names| names.outer.as_deref())
    }

    fn is_id(&self, name: &Word) -> bool {
        self.layers().any(|names| names.ids.contains(name))
    }

    fn is_held(&self, name: &Word) -> bool {
        self.layers().any(|names| names.held.contains(name))
    }
}

/// Reads the expressions of one function.
pub(super) struct Reading<'f> {
    pub(super) form: &'f Form,
    /// Texts that the file gives a name.
    pub(super) texts: &'f HashMap<Word, Word>,
    pub(super) names: Names,
}

impl Reading<'_> {
    /// Takes the parameters that a framework fills with a header or a part of the query.
    pub(super) fn parameters(&mut self, function: FnId) {
        let shape = self.form.function(function);
        for param in &shape.params {
            let Some(name) = self.form.name(param.target) else { continue };
            let default = param.default.map(|default| &self.form.expr(default).kind);
            let filled = match default {
                Some(ExprKind::Call { callee, args }) => {
                    let from =
                        self.last(*callee).is_some_and(|name| matches!(&*name, "Header" | "Query" | "Body"));
                    let alias =
                        args.iter().filter_map(|arg| self.key(arg.value)).any(|text| is_session_id(&text));
                    from && (alias || is_session_id(name))
                }
                _ => false,
            };
            // `authenticate(session_id)` is asked by others who it is.
            let asked = is_session_id(name) && super::names::asks_who(&shape.name) && default.is_none();
            if filled || asked {
                self.names.ids.insert(name.clone());
            }
        }
    }

    /// Takes what a name, or several, are given.
    pub(super) fn learn(&mut self, target: ExprId, value: ExprId) {
        let of_request = self.is_sent_part(value, DEPTH);
        if let ExprKind::Record(parts) = &self.form.expr(target).kind {
            let named = parts.iter().filter(|(name, _)| name.as_deref().is_some_and(is_session_id));
            let held = self.is_held(value);
            let known = |names: &mut HashSet<Word>, part: ExprId| names.extend(self.form.name(part).cloned());
            named.filter(|_| of_request).for_each(|(_, part)| known(&mut self.names.ids, *part));
            parts.iter().filter(|_| held).for_each(|(_, part)| known(&mut self.names.held, *part));
            return;
        }
        let targets = match &self.form.expr(target).kind {
            ExprKind::List(parts) | ExprKind::Results(parts) => parts.clone(),
            _ => vec![target],
        };
        let (is_id, is_held) = (self.is_id(value), self.is_held(value));
        for name in targets.into_iter().filter_map(|target| self.form.name(target)) {
            if is_id {
                self.names.ids.insert(name.clone());
            } else if is_held {
                self.names.held.insert(name.clone());
            }
        }
    }

    /// What is called with what is held under an id: `store.get(id, (error, session) => …)`, `.then(session => …)`.
    pub(super) fn hands_on(&mut self, callee: ExprId, args: &[Arg]) {
        let functions = args.iter().filter_map(|arg| match self.form.expr(arg.value).kind {
            ExprKind::Function(function) => Some(function),
            _ => None,
        });
        let of_held = match &self.form.expr(callee).kind {
            ExprKind::Member(base, name) => &**name == "then" && self.is_held(*base),
            _ => false,
        };
        let by_id = self.last(callee).is_some_and(|name| looks_up(&name));
        let by_id = by_id && args.first().is_some_and(|arg| self.is_id(arg.value));
        for function in functions.filter(|_| of_held || by_id).collect::<Vec<_>>() {
            let params = self.form.function(function).params.iter();
            let names = params.filter_map(|param| self.form.name(param.target));
            let names = names.filter(|name| !name.starts_with("err")).cloned().collect::<Vec<_>>();
            self.names.held.extend(names);
        }
    }

    /// Tells whether an expression is the id of a session that a client sends.
    pub(super) fn is_id(&self, id: ExprId) -> bool {
        self.is_id_within(id, DEPTH)
    }

    fn is_id_within(&self, id: ExprId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let is_id = |id: &ExprId| self.is_id_within(*id, depth);
        match &self.form.expr(id).kind {
            ExprKind::Name(name) => self.names.is_id(name),
            ExprKind::Member(base, name) => is_session_id(name) && self.is_sent_part(*base, depth),
            ExprKind::Index(base, key) => is_id(base) || self.is_key(*key) && self.is_sent_part(*base, depth),
            ExprKind::Logic(false, parts) => parts.iter().any(is_id),
            ExprKind::Choice { yes, no, .. } => is_id(yes) || is_id(no),
            ExprKind::Call { callee, args } => self.calls_for_id(*callee, args, depth),
            _ => false,
        }
    }

    /// `headers.get("mcp-session-id")`, `req.header(…)`, `header(req, …)`, `String(id)`, `id.trim()`.
    fn calls_for_id(&self, callee: ExprId, args: &[Arg], depth: usize) -> bool {
        let Some(name) = self.last(callee) else { return false };
        let keyed = args.iter().take(2).any(|arg| self.is_key(arg.value));
        match &self.form.expr(callee).kind {
            ExprKind::Member(base, _) if keyed => {
                let asks = matches!(
                    &*name,
                    "get" | "Get" | "header" | "getHeader" | "get_header" | "query" | "first"
                );
                let request = self.last(*base).is_some_and(|name| is_request(&name));
                asks && (self.is_sent_part(*base, depth) || request)
            }
            ExprKind::Member(base, _) => {
                matches!(&*name, "trim" | "strip" | "lower" | "toString" | "decode" | "toLowerCase")
                    && self.is_id_within(*base, depth)
            }
            _ if keyed => name.to_ascii_lowercase().contains("header"),
            _ => {
                matches!(&*name, "String" | "str")
                    && args.first().is_some_and(|arg| self.is_id_within(arg.value, depth))
            }
        }
    }

    /// Tells whether an expression is what a client sends with a request.
    fn is_sent_part(&self, id: ExprId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.form.expr(id).kind {
            ExprKind::Name(name) => is_sent(name) && !matches!(&**name, "params" | "args"),
            ExprKind::Member(_, name) => is_sent(name),
            ExprKind::Call { callee, args } => match self.last(*callee) {
                // `dict(scope["headers"])`.
                Some(name) if matches!(&*name, "dict" | "Headers" | "Object") => {
                    args.iter().any(|arg| self.is_sent_part(arg.value, depth))
                }
                Some(name) => is_sent(&name),
                None => false,
            },
            ExprKind::Index(_, key) => self.key(*key).is_some_and(|key| is_sent(&key)),
            ExprKind::Logic(false, parts) => parts.iter().any(|part| self.is_sent_part(*part, depth)),
            _ => false,
        }
    }

    /// Tells whether an expression is what is held under the id of a session, a part of it, or whether it is there.
    pub(super) fn is_held(&self, id: ExprId) -> bool {
        self.is_held_within(id, DEPTH)
    }

    fn is_held_within(&self, id: ExprId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let is_held = |id: &ExprId| self.is_held_within(*id, depth);
        match &self.form.expr(id).kind {
            ExprKind::Name(name) => self.names.is_held(name),
            ExprKind::Index(base, key) => {
                self.is_id(*key) && !self.is_sent_part(*base, depth) || is_held(base)
            }
            ExprKind::Member(base, _) => is_held(base),
            ExprKind::Compare(Comparison::In, one, _) => self.is_id(*one),
            ExprKind::Logic(_, parts) => parts.iter().any(is_held),
            ExprKind::Choice { yes, no, .. } => is_held(yes) || is_held(no),
            ExprKind::Call { callee, args } => {
                let wraps = self.last(*callee).is_some_and(|name| matches!(&*name, "Boolean" | "bool"));
                let asks = self.last(*callee).is_some_and(|name| looks_up(&name));
                args.iter().any(|arg| asks && self.is_id(arg.value) || wraps && is_held(&arg.value))
            }
            _ => false,
        }
    }

    /// Returns the last word of the way to a thing.
    pub(super) fn last(&self, id: ExprId) -> Option<Word> {
        crate::scan::ast::handlers::last_name(self.form, id)
    }

    /// Returns the text that a key is, or that its name stands for.
    pub(super) fn key(&self, id: ExprId) -> Option<Word> {
        match &self.form.expr(id).kind {
            ExprKind::Text(text) => Some(text.clone()),
            ExprKind::Name(name) | ExprKind::Member(_, name) => self.texts.get(name).cloned(),
            _ => None,
        }
    }

    fn is_key(&self, id: ExprId) -> bool {
        self.key(id).is_some_and(|key| is_session_id(&key))
    }
}

/// Returns the texts that the body of a file gives a name.
pub(super) fn texts(form: &Form) -> HashMap<Word, Word> {
    let body = form.functions().next().map(|(_, whole)| &whole.body);
    let named = body.into_iter().flatten().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, value, .. } => {
            Some((form.name(*target)?.clone(), form.text(*value)?.clone()))
        }
        _ => None,
    });
    named.collect()
}
