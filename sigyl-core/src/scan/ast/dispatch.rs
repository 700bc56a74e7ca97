//! Servers without a library: functions that read messages of JSON-RPC themselves, and do what a client asks for.

use std::collections::HashSet;

use super::form::{Arg, Comparison, ExprId, ExprKind, FnId, Form, Part, StmtKind, Word};
use super::handlers::{Handler, function, last_name};

/// Methods of the protocol whose parameters hold words of a client.
pub(super) const METHODS: &[&str] = &["tools/call", "resources/read", "prompts/get", "completion/complete"];
/// What every message names.
pub(super) const PROTOCOL: &str = "jsonrpc";
/// The part of a message that is the client's, and the part of that which a tool is called with.
pub(super) const PARAMS: &str = "params";
pub(super) const ARGUMENTS: &str = "arguments";

/// Finds the functions that read messages: those that ask whether a method is one of these, or that are kept under one; and
/// those that take a message apart as a call of a tool is.
pub(super) fn find(form: &Form) -> Vec<Handler> {
    let names = Names::of(form);
    let mut found: Vec<FnId> = Vec::new();
    for (_, expr) in form.exprs() {
        match &expr.kind {
            ExprKind::Record(parts) => {
                let kept = parts.iter().filter(|(name, _)| name.as_deref().is_some_and(is_method));
                found.extend(kept.filter_map(|(_, value)| function(form, *value)));
            }
            ExprKind::Call { args, .. } => found.extend(names.registered(args)),
            _ => {}
        }
    }
    for (target, value) in names.assigned.iter().copied() {
        if let ExprKind::Index(_, key) = &form.expr(target).kind
            && names.means_method(*key)
        {
            found.extend(function(form, value));
        }
    }
    for (id, one) in form.functions() {
        let marked = one.decorators.iter().any(|mark| match &form.expr(*mark).kind {
            ExprKind::Call { args, .. } => args.iter().any(|arg| names.means_method(arg.value)),
            _ => false,
        });
        if marked || names.reads_messages(id) {
            found.push(id);
        }
    }
    found.into_iter().map(Handler::of_messages).collect()
}

fn is_method(text: &str) -> bool {
    METHODS.contains(&text)
}

/// Returns every assignment of a form: to what, and what.
fn assigned(form: &Form) -> Vec<(ExprId, ExprId)> {
    let bodies =
        form.functions().map(|(_, one)| &one.body).chain(form.classes().map(|(_, class)| &class.body));
    let mut all = Vec::new();
    for body in bodies {
        form.visit(body, &mut |part| {
            if let Part::Stmt(stmt) = part
                && let StmtKind::Assign { target, value, .. } = &stmt.kind
            {
                all.push((*target, *value));
            }
        });
    }
    all
}

/// The names that a form has for methods, and whether it speaks of messages at all.
struct Names<'f> {
    form: &'f Form,
    names: HashSet<Word>,
    /// Every assignment: to what, and what.
    assigned: Vec<(ExprId, ExprId)>,
    speaks: bool,
}

impl<'f> Names<'f> {
    fn of(form: &'f Form) -> Self {
        let mut names = HashSet::new();
        let is_text = |id: ExprId| form.text(id).is_some_and(|text| is_method(text));
        let mut speaks = false;
        for (_, expr) in form.exprs() {
            match &expr.kind {
                ExprKind::Record(parts) => {
                    speaks |= parts.iter().any(|(name, _)| name.as_deref() == Some(PROTOCOL));
                    // What a client sends is called so too.
                    let own = parts
                        .iter()
                        .filter(|(name, value)| name.as_deref() != Some("method") && is_text(*value));
                    names.extend(own.filter_map(|(name, _)| name.clone()));
                }
                ExprKind::Text(text) => speaks |= &**text == PROTOCOL,
                ExprKind::Member(_, name) => speaks |= name.eq_ignore_ascii_case(PROTOCOL),
                _ => {}
            }
        }
        let assigned = assigned(form);
        let held = assigned.iter().filter(|(_, value)| is_text(*value));
        let held = held.filter_map(|(target, _)| form.name(*target));
        names.extend(held.filter(|name| &***name != "method").cloned());
        Self { form, names, assigned, speaks }
    }

    /// Tells whether an expression is one of the methods, by its text or by a name for it.
    fn means_method(&self, id: ExprId) -> bool {
        match &self.form.expr(id).kind {
            ExprKind::Text(text) => is_method(text),
            ExprKind::Name(_) | ExprKind::Member(..) => {
                last_name(self.form, id).is_some_and(|name| self.names.contains(&name))
            }
            ExprKind::List(parts) => parts.iter().any(|part| self.means_method(*part)),
            _ => false,
        }
    }

    /// The functions that something keeps for a method: `on("tools/call", run)`.
    fn registered(&self, args: &[Arg]) -> Vec<FnId> {
        if !args.iter().any(|arg| self.means_method(arg.value)) {
            return Vec::new();
        }
        args.iter().filter_map(|arg| function(self.form, arg.value)).collect()
    }

    /// Tells whether a function asks itself which method is named, or takes the arguments of a call out of a message.
    fn reads_messages(&self, id: FnId) -> bool {
        let (mut asks, mut params, mut arguments) = (false, false, false);
        let mut take = |name: &str| {
            params |= name.eq_ignore_ascii_case(PARAMS);
            arguments |= name.eq_ignore_ascii_case(ARGUMENTS);
        };
        self.form.visit(&self.form.function(id).body, &mut |part| match part {
            Part::Expr(id) => match &self.form.expr(id).kind {
                ExprKind::Compare(how, one, other) => asks |= self.compares(*how, *one, *other),
                ExprKind::Member(_, name) => take(name),
                ExprKind::Index(_, key) => self.form.text(*key).into_iter().for_each(|name| take(name)),
                ExprKind::Call { callee, args } => match last_name(self.form, *callee).as_deref() {
                    // `message.get("params", {})`.
                    Some("get") => {
                        let key = args.first().and_then(|arg| self.form.text(arg.value));
                        key.into_iter().for_each(|name| take(name));
                    }
                    // `method.startsWith("tools/call")`, `METHODS.includes(…)`.
                    Some("startsWith" | "startswith" | "endsWith" | "endswith" | "includes" | "has") => {
                        asks |= args.iter().any(|arg| self.means_method(arg.value));
                    }
                    _ => {}
                },
                _ => {}
            },
            Part::Stmt(stmt) => {
                if let StmtKind::Assign { target, .. } = &stmt.kind
                    && let ExprKind::Record(parts) = &self.form.expr(*target).kind
                {
                    parts.iter().filter_map(|(name, _)| name.as_deref()).for_each(&mut take);
                }
            }
        });
        asks || self.speaks && params && arguments
    }

    fn compares(&self, how: Comparison, one: ExprId, other: ExprId) -> bool {
        let same =
            matches!(how, Comparison::Equal | Comparison::Unequal | Comparison::In | Comparison::NotIn);
        same && (self.means_method(one) || self.means_method(other))
    }
}
