//! Servers without a library: functions that read messages of JSON-RPC themselves, and do what a client asks for.

use std::collections::HashSet;

use super::form::{Arg, ClassId, Comparison, ExprId, ExprKind, FnId, Form, Part, StmtKind, Word};
use super::handlers::{Handler, function, last_name};

/// Methods of the protocol whose parameters hold words of a client.
pub(super) const METHODS: &[&str] = &["tools/call", "resources/read", "prompts/get", "completion/complete"];
/// What every message names.
const PROTOCOL: &str = "jsonrpc";
/// What a server for this protocol says that it has; others speak JSON-RPC too, and name parameters and arguments.
const OFFERS: &str = "tools";
/// The part of a message that is the client's, and the part of that which a tool is called with.
pub(super) const PARAMS: &str = "params";
pub(super) const ARGUMENTS: &str = "arguments";
/// The part of a message that says what it is for.
const METHOD: &str = "method";

/// What a parameter is called that is a message, or what is the client's of one.
const MESSAGES: &[&str] = &[PARAMS, ARGUMENTS, "message", "msg", "request", "req"];
/// Names that stand for too much to be that of a method.
const COMMON: &[&str] = &[
    "name", "type", "key", "value", "op", "label", "title", "id", METHOD, "action", "kind", "path", "url",
    "tool",
];
/// What asks or tests something by a method, with a function for what comes of it.
const ASKS: &[&str] = &[
    "request",
    "call",
    "send",
    "sendRequest",
    "send_request",
    "notify",
    "invoke",
    "emit",
    "describe",
    "it",
    "test",
    "bench",
    "parametrize",
];

/// Finds the functions that read messages: those that ask whether a method is one of these, or that are kept under one; and
/// those that take a message apart as a call of a tool is.
pub(super) fn find(form: &Form) -> Vec<Handler> {
    let names = Names::of(form);
    let mut kept: Vec<FnId> = Vec::new();
    for (_, expr) in form.exprs() {
        match &expr.kind {
            ExprKind::Record(parts) => {
                let own = parts.iter().filter(|(name, _)| name.as_deref().is_some_and(is_method));
                kept.extend(own.filter_map(|(_, value)| function(form, *value)));
            }
            // `new Map([["tools/call", run]])`.
            ExprKind::List(parts) => match parts[..] {
                [method, value] if form.text(method).is_some_and(|text| is_method(text)) => {
                    kept.extend(function(form, value));
                }
                _ => {}
            },
            ExprKind::Call { callee, args } => kept.extend(names.registered(*callee, args)),
            _ => {}
        }
    }
    for (target, value) in names.assigned.iter().copied() {
        if let ExprKind::Index(_, key) = &form.expr(target).kind
            && names.means_method(*key)
        {
            kept.extend(function(form, value));
        }
    }
    for (id, one) in form.functions() {
        let marks = one.decorators.iter().any(|mark| match &form.expr(*mark).kind {
            ExprKind::Call { callee, args } => names.is_for_method(*callee, args),
            _ => false,
        });
        if marks || is_method(&one.name) {
            kept.push(id);
        }
    }
    let readers = form.functions().filter_map(|(id, _)| Some((id, names.read_by(id)?)));
    let readers = readers.map(|(id, given)| Handler::of_messages(id, Some(given)));
    kept.iter().map(|id| Handler::of_messages(*id, None)).chain(readers).collect()
}

/// Tells whether a file may speak of messages of this protocol.
pub(super) fn speaks(text: &str) -> bool {
    text.contains(PROTOCOL) && text.contains(OFFERS)
}

fn is_method(text: &str) -> bool {
    METHODS.contains(&text)
}

/// Returns every assignment of a form: to what, and what.
fn assigned(form: &Form) -> Vec<(ExprId, ExprId)> {
    let mut all = Vec::new();
    for (_, one) in form.functions() {
        form.visit(&one.body, &mut |part| all.extend(assignment(&part)));
    }
    all
}

fn assignment(part: &Part<'_>) -> Option<(ExprId, ExprId)> {
    match part {
        Part::Stmt(stmt) => match &stmt.kind {
            StmtKind::Assign { target, value, .. } => Some((*target, *value)),
            _ => None,
        },
        Part::Expr(_) => None,
    }
}

/// The names that a form has for methods.
struct Names<'f> {
    form: &'f Form,
    /// Variables that hold a method.
    names: HashSet<Word>,
    /// What holds methods under names, and these names.
    held: HashSet<(Word, Word)>,
    /// Every assignment: to what, and what.
    assigned: Vec<(ExprId, ExprId)>,
}

impl<'f> Names<'f> {
    fn of(form: &'f Form) -> Self {
        let assigned = assigned(form);
        let (mut names, mut held) = (HashSet::new(), HashSet::new());
        let is_text = |id: ExprId| form.text(id).is_some_and(|text| is_method(text));
        for (target, value) in &assigned {
            let Some(owner) = form.name(*target) else { continue };
            match &form.expr(*value).kind {
                ExprKind::Record(parts) => {
                    let own = parts.iter().filter(|(_, value)| is_text(*value));
                    held.extend(own.filter_map(|(name, _)| Some((owner.clone(), name.clone()?))));
                }
                _ if is_text(*value) && owner.len() > 2 && !COMMON.contains(&&**owner) => {
                    names.insert(owner.clone());
                }
                _ => {}
            }
        }
        for (id, class) in form.classes() {
            let own = constants(form, id).filter(|(_, value)| is_text(*value));
            held.extend(own.map(|(name, _)| (class.name.clone(), name)));
        }
        Self { form, names, held, assigned }
    }

    /// Tells whether an expression is one of the methods, by its text or by a name for it.
    fn means_method(&self, id: ExprId) -> bool {
        match &self.form.expr(id).kind {
            ExprKind::Text(text) => is_method(text),
            ExprKind::Name(name) => self.names.contains(name),
            // `Method.CALL`, `Method.CALL.value`.
            ExprKind::Member(base, name) => match &self.form.expr(*base).kind {
                ExprKind::Name(owner) => self.held.contains(&(owner.clone(), name.clone())),
                ExprKind::Member(..) => &**name == "value" && self.means_method(*base),
                _ => false,
            },
            _ => false,
        }
    }

    fn means_some(&self, id: ExprId) -> bool {
        match &self.form.expr(id).kind {
            ExprKind::List(parts) => parts.iter().any(|part| self.means_method(*part)),
            _ => self.means_method(id),
        }
    }

    /// Tells whether a call keeps something for a method: its first argument is one, or the one that is called so.
    fn is_for_method(&self, callee: ExprId, args: &[Arg]) -> bool {
        let named = |arg: &&Arg| matches!(arg.name.as_deref(), Some("name" | METHOD));
        let first = args.iter().find(named).or_else(|| args.first().filter(|arg| arg.name.is_none()));
        first.is_some_and(|arg| self.means_method(arg.value))
            && !last_name(self.form, callee).is_some_and(|name| ASKS.contains(&&*name))
    }

    /// The functions that something keeps for a method: `on("tools/call", run)`.
    fn registered(&self, callee: ExprId, args: &[Arg]) -> Vec<FnId> {
        let sends = args.iter().any(|arg| matches!(self.form.expr(arg.value).kind, ExprKind::Record(_)));
        if sends || !self.is_for_method(callee, args) {
            return Vec::new();
        }
        args.iter().filter_map(|arg| function(self.form, arg.value)).collect()
    }

    /// Returns which parameters of a function are the client's, where it asks itself which method is named, or takes the
    /// arguments of a call out of a message.
    fn read_by(&self, id: FnId) -> Option<Vec<Word>> {
        let mut read = Read {
            names: self,
            asks: false,
            params: false,
            arguments: false,
            roots: Vec::new(),
            requests: Vec::new(),
        };
        let one = self.form.function(id);
        for param in &one.params {
            self.form.name(param.target).into_iter().for_each(|name| read.takes(name, None));
            read.pattern(param.target);
        }
        self.form.visit(&one.body, &mut |part| match part {
            Part::Expr(id) => read.expr(id),
            Part::Stmt(_) => {
                if let Some((target, value)) = assignment(&part)
                    && read.pattern(target)
                {
                    read.roots.extend(self.form.name(value).cloned());
                }
            }
        });
        let reads = read.asks || self.form.speaks && read.params && read.arguments;
        let roots = read.roots;
        let requests = read.requests;
        let is_given =
            |name: &Word| roots.contains(name) || MESSAGES.contains(&&**name) && !requests.contains(name);
        let given = one.params.iter().filter_map(|param| self.form.name(param.target));
        reads.then(|| given.filter(|name| is_given(name)).cloned().collect())
    }
}

/// Returns what stands in the body of a class under a name.
fn constants(form: &Form, id: ClassId) -> impl Iterator<Item = (Word, ExprId)> {
    form.class(id).body.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, value, .. } => Some((form.name(*target)?.clone(), *value)),
        _ => None,
    })
}

/// What a function does with a message.
struct Read<'n, 'f> {
    names: &'n Names<'f>,
    /// Whether it asks for a method.
    asks: bool,
    params: bool,
    arguments: bool,
    /// What it takes the parts of a message from.
    roots: Vec<Word>,
    /// Requests of HTTP, whose body is the message.
    requests: Vec<Word>,
}

impl Read<'_, '_> {
    fn expr(&mut self, id: ExprId) {
        let form = self.names.form;
        match &form.expr(id).kind {
            ExprKind::Compare(how, one, other) => self.compares(*how, *one, *other),
            ExprKind::Call { callee, args } => match last_name(form, *callee).as_deref() {
                // `method.startsWith("tools/call")`, `METHODS.includes(…)`.
                Some("startsWith" | "startswith" | "endsWith" | "endswith" | "includes" | "has") => {
                    self.asks |= args.iter().any(|arg| self.names.means_method(arg.value));
                }
                _ => self.part(id),
            },
            _ => self.part(id),
        }
    }

    /// Takes notice of a part of a message: `m.params`, `m["params"]`, `m.get("params", {})`.
    fn part(&mut self, id: ExprId) {
        if let Some((base, name)) = part_of(self.names.form, id) {
            self.takes(&name, Some(base));
        }
    }

    fn takes(&mut self, name: &str, from: Option<ExprId>) {
        self.params |= name.eq_ignore_ascii_case(PARAMS);
        self.arguments |= name.eq_ignore_ascii_case(ARGUMENTS);
        if name.eq_ignore_ascii_case(PARAMS) {
            self.roots.extend(from.and_then(|from| self.names.form.name(from)).cloned());
        }
    }

    /// A pattern that takes something apart, and patterns in it. Tells whether that is a message.
    fn pattern(&mut self, target: ExprId) -> bool {
        let form = self.names.form;
        let (mut waiting, mut of_message) = (vec![target], false);
        while let Some(one) = waiting.pop() {
            if let ExprKind::Record(parts) = &form.expr(one).kind {
                for (name, inner) in parts {
                    name.iter().for_each(|name| self.takes(name, None));
                    of_message |= one == target && name.as_deref() == Some(PARAMS);
                    waiting.push(*inner);
                }
            }
        }
        of_message
    }

    fn compares(&mut self, how: Comparison, one: ExprId, other: ExprId) {
        let same =
            matches!(how, Comparison::Equal | Comparison::Unequal | Comparison::In | Comparison::NotIn);
        for (side, method) in [(one, other), (other, one)] {
            if same && self.names.means_some(method) {
                self.asks = true;
                let message =
                    part_of(self.names.form, side).filter(|(_, name)| name.eq_ignore_ascii_case(METHOD));
                let Some((base, _)) = message else { continue };
                self.roots.extend(self.names.form.name(base).cloned());
                let request = part_of(self.names.form, base).filter(|(_, name)| &**name == "body");
                self.requests.extend(request.and_then(|(base, _)| self.names.form.name(base)).cloned());
            }
        }
    }
}

/// Returns what a part is taken from, and by which name.
fn part_of(form: &Form, id: ExprId) -> Option<(ExprId, Word)> {
    match &form.expr(id).kind {
        ExprKind::Member(base, name) => Some((*base, name.clone())),
        ExprKind::Index(base, key) => Some((*base, form.text(*key)?.clone())),
        ExprKind::Call { callee, args } => match &form.expr(*callee).kind {
            ExprKind::Member(base, name) if &**name == "get" => {
                Some((*base, form.text(args.first()?.value)?.clone()))
            }
            // `request.method.as_str()`, `(message.method || "").trim()`.
            ExprKind::Member(base, name) if matches!(&**name, "as_str" | "as_ref" | "trim" | "strip") => {
                part_of(form, *base)
            }
            _ => None,
        },
        ExprKind::Other(parts) => match parts[..] {
            [inner] => part_of(form, inner),
            _ => None,
        },
        _ => None,
    }
}
