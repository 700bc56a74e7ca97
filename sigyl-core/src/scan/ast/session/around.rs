//! What stands around a function and may ask who calls, so that the function need not.

use super::names::{asks_who, is_identity, proves};
use crate::scan::ast::form::{Arg, ExprId, ExprKind, FnId, Form, Function, Word};
use crate::scan::ast::handlers::last_name;

/// What a file tells of all its functions.
pub(super) struct Around {
    /// Whether it speaks of MCP at all.
    pub(super) of_mcp: bool,
    /// What asks who calls, and for which function alone, if not for all.
    pub(super) asks: Vec<(Word, Option<FnId>)>,
}

/// Names under which a middleware is put before what comes.
const PUTS: &[&str] =
    &["use", "add_middleware", "addHook", "register", "middleware", "Use", "layer", "Middleware"];

impl Around {
    pub(super) fn of(form: &Form) -> Self {
        let is_mcp = |text: &str| text.to_ascii_lowercase().contains("mcp");
        let mut all = Self { of_mcp: false, asks: Vec::new() };
        for (_, expr) in form.exprs() {
            match &expr.kind {
                ExprKind::Text(text) | ExprKind::Name(text) | ExprKind::Member(_, text) => {
                    all.of_mcp |= is_mcp(text);
                }
                ExprKind::Call { callee, args } => all.call(form, *callee, args),
                _ => {}
            }
        }
        all
    }

    fn call(&mut self, form: &Form, callee: ExprId, args: &[Arg]) {
        let Some(name) = last_name(form, callee) else { return };
        // Something of the file knows how to ask for proof.
        let lower = name.to_ascii_lowercase();
        let words = ["verif", "jwt", "bearer", "introspect", "passport", "requireauth"];
        if words.iter().any(|word| lower.contains(word)) && !lower.contains("session") {
            self.asks.push((name.clone(), None));
        }
        let askers = args.iter().flat_map(|arg| askers(form, arg.value)).collect::<Vec<_>>();
        if PUTS.contains(&&*name) {
            self.asks.extend(askers.iter().cloned().map(|asker| (asker, None)));
        }
        // `app.post("/mcp", requireAuth, (req, res) => …)`.
        let functions = args.iter().filter_map(|arg| match form.expr(arg.value).kind {
            ExprKind::Function(function) => Some(function),
            _ => None,
        });
        for function in functions {
            self.asks.extend(askers.iter().cloned().map(|asker| (asker, Some(function))));
        }
    }
}

/// What asks who calls among what a call is given.
fn askers(form: &Form, id: ExprId) -> Vec<Word> {
    match &form.expr(id).kind {
        ExprKind::List(parts) => parts.iter().filter_map(|part| asker(form, *part)).collect(),
        _ => asker(form, id).into_iter().collect(),
    }
}

fn asker(form: &Form, id: ExprId) -> Option<Word> {
    let name = match &form.expr(id).kind {
        ExprKind::Name(_) | ExprKind::Member(..) | ExprKind::Call { .. } => last_name(form, id)?,
        _ => return None,
    };
    // `passport.authenticate("jwt")`, `auth.required`.
    let whole = match &form.expr(id).kind {
        ExprKind::Member(base, _) => last_name(form, *base),
        ExprKind::Call { callee, .. } => match &form.expr(*callee).kind {
            ExprKind::Member(base, _) => last_name(form, *base),
            _ => None,
        },
        _ => None,
    };
    let asks = |name: &Word| asks_who(name) || proves(name) || name.to_ascii_lowercase().contains("protect");
    (asks(&name) || whole.as_ref().is_some_and(asks)).then_some(name)
}

/// Tells whether a function is given somebody whom others found out, or is marked to be called by such only.
pub(super) fn signed(form: &Form, function: &Function) -> bool {
    let marked = function.decorators.iter().filter_map(|mark| last_name(form, *mark));
    let given = function.params.iter().any(|param| {
        let of = param.of.as_deref().unwrap_or_default();
        let default = param.default.and_then(|default| last_name(form, default));
        let depends = default.is_some_and(|name| matches!(&*name, "Depends" | "Security"));
        depends
            || ["Depends", "Security("].iter().any(|word| of.contains(word))
            || form.name(param.target).is_some_and(|name| is_identity(name))
    });
    given
        || marked
            .into_iter()
            .any(|mark| asks_who(&mark) || mark.contains("login") || mark.contains("permission"))
}
