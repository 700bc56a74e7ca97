//! Which functions of a form are called with what a client gives: handlers of tools, prompts, resources and routes.

use super::form::{Arg, Class, ExprId, ExprKind, FnId, Form, Language, Param, StmtKind, Word};
use super::kept::{Kept, SAFE, schema, typed};

/// A function that a client reaches.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub(super) function: FnId,
    /// Whether only its first parameter is the client's.
    first: bool,
    /// Whether it answers a path of HTTP, and is given the request itself.
    route: bool,
    /// Whether it says that it changes nothing.
    pub(super) reads_only: bool,
    /// Parts of its input that a schema keeps to what is harmless, or small.
    safe: Vec<Kept>,
    /// Parts of what it is given as a whole that their type keeps to what is harmless.
    parts: Vec<Word>,
    /// Parameters before the first that is the client's.
    from: usize,
    /// Whether it is kept for a method, or asks for one, and is given what it answers by beside what the client says.
    messages: bool,
    /// Which of its parameters are the client's, where that is known by what it does with them.
    only: Option<Vec<Word>>,
    /// Whether it reads messages itself, from wherever.
    reads: bool,
    /// What it is called and said to do where it is registered.
    pub(super) told: String,
}

/// What a function that reads messages is given beside them.
const BESIDE: &[&str] = &[
    "res",
    "reply",
    "response",
    "send",
    "respond",
    "resolve",
    "reject",
    "next",
    "done",
    "cb",
    "callback",
    "server",
    "transport",
    "w",
    "rw",
    "session",
    "socket",
    "ws",
    "conn",
    "connection",
    "client",
    "writer",
    "output",
    "stdout",
    "out",
    "log",
    "logger",
    "config",
    "opts",
    "options",
    "env",
    "signal",
];

/// What a client calls by the same name as a server registers it.
pub(super) const CALLED_TOO: &[&str] = &["call_tool", "read_resource", "get_prompt"];

/// Expressions in each other, and names for them, that a schema is read through.
const LEVELS: usize = 8;

/// Names under which decorators and calls register a handler.
pub(super) const REGISTERS: &[&str] = &[
    "tool",
    "call_tool",
    "resource",
    "read_resource",
    "prompt",
    "get_prompt",
    "add_tool",
    "addTool",
    "registerTool",
    "register_tool",
    "registerPrompt",
    "addPrompt",
    "add_prompt",
    "registerResource",
    "addResource",
    "add_resource",
    "mcp_tool",
    "from_function",
    "setRequestHandler",
    "resource_template",
    "addResourceTemplate",
    "defineTool",
    "createTool",
    "custom_route",
];

/// Names under which web frameworks register a route.
pub(super) const ROUTES: &[&str] = &["get", "post", "put", "patch", "delete", "all", "route", "api_route"];

/// Names under which a record that describes a tool holds the schema of its input.
pub(super) const SCHEMAS: &[&str] =
    &["inputSchema", "parameters", "schema", "input_schema", "args", "paramsSchema"];

/// Names under which such a record holds what runs.
pub(super) const RUNS: &[&str] =
    &["execute", "handler", "run", "callback", "func", "fn", "call", "cb", "implementation"];

impl Handler {
    /// Tells whether a parameter is the client's.
    pub(super) fn gives(&self, form: &Form, at: usize, param: &Param) -> bool {
        if self.first && at > 0 || at < self.from {
            return false;
        }
        let of = param.of.as_deref().unwrap_or_default();
        let name = form.name(param.target).map_or("", |name| name);
        if self.messages && BESIDE.contains(&name) {
            return false;
        }
        if let Some(only) = &self.only {
            // What is no name takes a message apart.
            return name.is_empty() || only.iter().any(|one| &**one == name);
        }
        let context = ["Context", "RequestContext", "Request", "ServerSession", "RequestHandlerExtra"];
        if self.asks(param) {
            return true;
        }
        let is_context = of.split(|c: char| !c.is_alphanumeric()).any(|word| context.contains(&word));
        (self.messages || !is_context)
            && !matches!(name, "self" | "cls" | "ctx" | "context" | "extra" | "_ctx" | "mcp_ctx" | "_context")
    }

    /// Tells whether a parameter is a request of HTTP, of which only some parts are the client's.
    pub(super) fn asks(&self, param: &Param) -> bool {
        let of = param.of.as_deref().unwrap_or_default();
        self.route && of.split(|c: char| !c.is_alphanumeric()).next_back() == Some("Request")
    }

    /// Returns what a part of the input is safe for.
    pub(super) fn made_safe(&self, name: &str) -> u32 {
        self.safe.iter().filter(|(safe, _)| &**safe == name).fold(0, |all, (_, bits)| all | bits)
    }

    /// Returns the parts of the one object that it is given, as far as they are known.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&Word, u32)> {
        let given = self.safe.iter().filter(|_| self.first).map(|(name, bits)| (name, *bits));
        given.chain(self.parts.iter().map(|name| (name, SAFE)))
    }

    /// Adds parameters that can do no harm.
    pub(super) fn make_safe(&mut self, names: Vec<Word>) {
        self.safe.extend(names.into_iter().map(|name| (name, SAFE)));
    }

    /// One that reads messages of JSON-RPC itself, or is kept for a method: no schema keeps what they hold to anything.
    pub(super) fn of_messages(function: FnId, only: Option<Vec<Word>>) -> Self {
        let reads = only.is_some();
        Self { messages: true, only, reads, ..Self::plain(function) }
    }

    /// Tells whether it is what a file begins with, rather than a tool: it fetches the messages itself.
    pub(super) fn begins(&self, form: &Form) -> bool {
        let patterns =
            form.function(self.function).params.iter().any(|param| form.name(param.target).is_none());
        self.only.as_ref().is_some_and(Vec::is_empty) && !patterns
    }

    /// Tells whether it reads messages itself, wherever it has them from.
    pub(super) fn reads_messages(&self) -> bool {
        self.reads
    }

    /// One that its signature or its attributes tell, with the parts of its input that can do no harm.
    pub(super) fn signed(function: FnId, reads_only: bool, parts: Vec<Word>, from: usize) -> Self {
        let safe = parts.iter().map(|name| (name.clone(), SAFE)).collect();
        Self { reads_only, safe, parts, from, ..Self::plain(function) }
    }

    /// One of which nothing is known but that a client reaches it.
    fn plain(function: FnId) -> Self {
        Self {
            function,
            first: false,
            route: false,
            reads_only: false,
            safe: Vec::new(),
            parts: Vec::new(),
            from: 0,
            messages: false,
            only: None,
            reads: false,
            told: String::new(),
        }
    }
}

/// Finds every handler.
pub(super) fn find(form: &Form) -> Vec<Handler> {
    let mut found: Vec<Handler> = Vec::new();
    let mut add = |handler: Handler| match found.iter_mut().find(|known| known.function == handler.function) {
        Some(known) => known.reads |= handler.reads,
        None => found.push(handler),
    };
    super::signatures::find(form).into_iter().for_each(&mut add);
    for (id, function) in form.functions().filter(|(_, one)| one.language == Language::Dynamic) {
        if function.decorators.iter().any(|mark| is_mark(form, *mark)) {
            let reads_only = function.decorators.iter().any(|mark| hints_reading(form, *mark, 4))
                || says_reading(function.doc.as_deref());
            let route = function.decorators.iter().any(|mark| is_route(form, *mark));
            add(Handler {
                route,
                reads_only,
                safe: typed(form, id),
                told: function.decorators.iter().map(|mark| told(form, *mark, 3)).collect(),
                ..Handler::plain(id)
            });
        }
    }
    if form.functions().next().is_some_and(|(_, whole)| whole.language != Language::Dynamic) {
        super::dispatch::find(form).into_iter().for_each(&mut add);
        return found;
    }
    for (_, expr) in form.exprs() {
        match &expr.kind {
            ExprKind::Call { callee, args } => registered(form, *callee, args).into_iter().for_each(&mut add),
            ExprKind::Record(parts) => described(form, parts).into_iter().for_each(&mut add),
            _ => {}
        }
    }
    for (_, class) in form.classes() {
        let is_tool =
            class.bases.iter().any(|base| last_name(form, *base).is_some_and(|name| name.ends_with("Tool")));
        let is_tool = is_tool || describes_itself(form, class);
        let is_run = |name: &str| {
            matches!(
                name,
                "execute" | "run" | "_run" | "_arun" | "invoke" | "call" | "handle" | "handler" | "__call__"
            )
        };
        let named = |id: &&FnId| is_run(&form.function(**id).name);
        let held = class.body.iter().filter_map(|stmt| match &stmt.kind {
            StmtKind::Assign { target, value, .. } => Some((form.name(*target)?, *value)),
            _ => None,
        });
        // `_run = run`.
        let held =
            held.filter(|(name, _)| is_tool && is_run(name)).filter_map(|(_, value)| function(form, value));
        let methods = class.methods.iter().filter(named).filter(|_| is_tool).copied();
        for method in methods.chain(held) {
            let safe = typed(form, method);
            add(Handler { safe, ..Handler::plain(method) });
        }
    }
    super::dispatch::find(form).into_iter().for_each(&mut add);
    found
}

/// Tells whether a class says of itself what a tool is described by: a name, what it does, and what it takes.
fn describes_itself(form: &Form, class: &Class) -> bool {
    let set = class.body.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, .. } => form.name(*target),
        _ => None,
    });
    // Some are worked out when they are asked for.
    let made = class.methods.iter().map(|id| &form.function(*id).name);
    let names: Vec<&Word> = class.fields.iter().map(|(name, _)| name).chain(set).chain(made).collect();
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&&***name));
    has(&["name"]) && has(&["description"]) && has(&["inputSchema", "input_schema", "parameters"])
}

fn is_mark(form: &Form, mark: ExprId) -> bool {
    let (callee, args) = match &form.expr(mark).kind {
        ExprKind::Call { callee, args } => (*callee, &args[..]),
        _ => (mark, &[][..]),
    };
    let Some(name) = last_name(form, callee) else { return false };
    let is_member = matches!(form.expr(callee).kind, ExprKind::Member(..));
    REGISTERS.contains(&&*name) || is_member && ROUTES.contains(&&*name) && begins_path(form, args)
}

/// Tells whether a decorator answers a path of HTTP.
fn is_route(form: &Form, mark: ExprId) -> bool {
    let (callee, args) = match &form.expr(mark).kind {
        ExprKind::Call { callee, args } => (*callee, &args[..]),
        _ => return false,
    };
    last_name(form, callee).is_some_and(|name| ROUTES.contains(&&*name) || &*name == "custom_route")
        && begins_path(form, args)
}

/// Tells whether a name is one under which a tool says what it is.
fn tells(name: &str) -> bool {
    matches!(name, "name" | "title" | "description")
}

/// Returns what a tool is called and said to do: texts that stand where it is registered.
fn told(form: &Form, id: ExprId, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else { return String::new() };
    match &form.expr(id).kind {
        ExprKind::Text(text) => format!("{text} "),
        ExprKind::Join(parts) => parts.iter().map(|part| told(form, *part, depth)).collect(),
        ExprKind::Call { args, .. } => {
            let own = args.iter().filter(|arg| arg.name.as_deref().is_none_or(tells));
            own.map(|arg| told(form, arg.value, depth)).collect()
        }
        ExprKind::Record(parts) => {
            let own = parts.iter().filter(|(name, _)| name.as_deref().is_some_and(tells));
            own.map(|(_, value)| told(form, *value, depth)).collect()
        }
        _ => String::new(),
    }
}

/// Tells whether annotations say that a tool only reads.
fn hints_reading(form: &Form, id: ExprId, depth: usize) -> bool {
    let is_hint = |name: &Word, value: ExprId| {
        &**name == "readOnlyHint" && matches!(form.expr(value).kind, ExprKind::Truth(true))
    };
    if depth == 0 {
        return false;
    }
    match &form.expr(id).kind {
        ExprKind::Call { args, .. } => args.iter().any(|arg| {
            arg.name.as_ref().is_some_and(|name| is_hint(name, arg.value))
                || hints_reading(form, arg.value, depth - 1)
        }),
        ExprKind::Record(parts) => parts.iter().any(|(name, value)| {
            name.as_ref().is_some_and(|name| is_hint(name, *value)) || hints_reading(form, *value, depth - 1)
        }),
        _ => false,
    }
}

pub(super) fn says_reading(text: Option<&str>) -> bool {
    let text = text.unwrap_or_default().to_ascii_lowercase();
    [
        "read-only",
        "read only",
        "readonly",
        "never writes",
        "does not modify",
        "does not change",
        "without changing",
    ]
    .iter()
    .any(|words| text.contains(words))
}

fn begins_path(form: &Form, args: &[Arg]) -> bool {
    args.first().and_then(|arg| form.text(arg.value)).is_some_and(|text| text.starts_with('/'))
}

/// Returns the last word of the way to a thing.
pub(super) fn last_name(form: &Form, id: ExprId) -> Option<Word> {
    match &form.expr(id).kind {
        ExprKind::Call { callee, .. } => own_name(form, *callee),
        _ => own_name(form, id),
    }
}

fn own_name(form: &Form, id: ExprId) -> Option<Word> {
    match &form.expr(id).kind {
        ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name.clone()),
        // `server["tool"]`.
        ExprKind::Index(_, key) => form.text(*key).cloned(),
        _ => None,
    }
}

/// Tells whether something may register what only shows when the file runs.
pub(super) fn may_register(form: &Form) -> bool {
    let is_register = |name: Option<Word>| name.is_some_and(|name| REGISTERS.contains(&&*name));
    form.functions().next().is_some_and(|(_, whole)| whole.language == Language::Dynamic)
        && form.exprs().any(|(id, expr)| match &expr.kind {
            ExprKind::Member(..) | ExprKind::Index(..) => is_register(own_name(form, id)),
            ExprKind::Record(parts) => {
                let has = |wanted: &[&str]| {
                    parts.iter().any(|(name, _)| name.as_deref().is_some_and(|name| wanted.contains(&name)))
                };
                has(RUNS) && has(SCHEMAS) && has(&["name", "description"])
            }
            ExprKind::Call { callee, .. } => match &form.expr(*callee).kind {
                ExprKind::Name(name) => &**name == "getattr" || is_register(Some(name.clone())),
                // `server["to" + "ol"](…)`.
                ExprKind::Index(_, key) => {
                    matches!(form.expr(*key).kind, ExprKind::Join(_) | ExprKind::Name(_))
                }
                _ => false,
            },
            _ => false,
        })
}

/// A function that was found to be registered by some calls, one in the other, while the file ran.
pub(super) fn found_running(form: &Form, function: FnId, name: &str, calls: &[ExprId]) -> Handler {
    let args = calls.iter().filter_map(|call| match &form.expr(*call).kind {
        ExprKind::Call { args, .. } => Some(args),
        _ => None,
    });
    let args = args.flatten().collect::<Vec<_>>();
    let safe =
        args.iter().flat_map(|arg| schema(form, arg.value, LEVELS)).chain(typed(form, function)).collect();
    Handler {
        first: is_script(form, function) && name != "registerResource" && name != "resource",
        route: ROUTES.contains(&name),
        reads_only: args.iter().any(|arg| hints_reading(form, arg.value, 4)),
        safe,
        told: args.iter().map(|arg| told(form, arg.value, 2)).collect(),
        ..Handler::plain(function)
    }
}

/// The handlers that a call registers.
fn registered(form: &Form, callee: ExprId, args: &[Arg]) -> Vec<Handler> {
    // `mcp.tool()(function)` is a call of what a call gave.
    let Some(name) = last_name(form, callee) else { return Vec::new() };
    let is_member = matches!(form.expr(callee).kind, ExprKind::Member(..) | ExprKind::Index(..));
    let route = is_member && ROUTES.contains(&&*name) && begins_path(form, args);
    if !REGISTERS.contains(&&*name) && !route {
        return Vec::new();
    }
    if &*name == "setRequestHandler" {
        let schema = args.first().and_then(|arg| last_name(form, arg.value)).unwrap_or_default();
        let calls = ["CallTool", "ReadResource", "GetPrompt", "Complete"];
        let by_text = args
            .first()
            .and_then(|arg| form.text(arg.value))
            .is_some_and(|text| text.contains("/call") || text.contains("/read") || text.contains("/get"));
        if !by_text && !calls.iter().any(|call| schema.contains(call)) {
            return Vec::new();
        }
    }
    let safe = args.iter().flat_map(|arg| schema(form, arg.value, LEVELS)).collect::<Vec<_>>();
    let functions = args.iter().filter_map(|arg| function(form, arg.value));
    let reads_only = args.iter().any(|arg| {
        hints_reading(form, arg.value, 4) || says_reading(form.text(arg.value).map(|text| &**text))
    });
    let said = args.iter().map(|arg| told(form, arg.value, 2)).collect::<String>();
    let handler = |function: FnId| {
        let safe = safe.iter().cloned().chain(typed(form, function)).collect();
        // Python gives each argument by its name; scripts give one object, then what is around the call.
        let first = is_script(form, function) && &*name != "registerResource" && &*name != "resource";
        Handler { first, route, reads_only, safe, told: said.clone(), ..Handler::plain(function) }
    };
    functions.map(handler).collect()
}

/// A tool that is described as a record, with its function in it.
fn described(form: &Form, parts: &[(Option<Word>, ExprId)]) -> Vec<Handler> {
    let has = |wanted: &[&str]| {
        parts.iter().any(|(name, _)| name.as_deref().is_some_and(|name| wanted.contains(&name)))
    };
    if !has(&["description", "name"]) || !has(SCHEMAS) {
        return Vec::new();
    }
    let safe = parts.iter().filter(|(name, _)| {
        name.as_deref().is_some_and(|name| name.ends_with("chema") || matches!(name, "parameters" | "args"))
    });
    let safe = safe.flat_map(|(_, value)| schema(form, *value, LEVELS)).collect::<Vec<_>>();
    let names = parts.iter().filter(|(name, _)| name.as_deref().is_some_and(tells));
    let said = names.map(|(_, value)| told(form, *value, 1)).collect::<String>();
    let runs = |name: &str| RUNS.contains(&name);
    let functions = parts.iter().filter(|(name, _)| name.as_deref().is_some_and(runs));
    let functions = functions.filter_map(|(_, value)| function(form, *value));
    functions
        .map(|function| Handler {
            first: is_script(form, function),
            safe: safe.clone(),
            told: said.clone(),
            ..Handler::plain(function)
        })
        .collect()
}

/// Tells whether a function takes one object, as those of scripts do.
fn is_script(form: &Form, function: FnId) -> bool {
    let params = &form.function(function).params;
    params.first().is_some_and(|param| {
        matches!(form.expr(param.target).kind, ExprKind::Record(_))
            || form.name(param.target).is_some_and(|name| {
                // A bundle leaves a letter or two of a name.
                params.len() == 1 && name.len() <= 2
                    || matches!(
                        &**name,
                        "args" | "input" | "params" | "request" | "req" | "arguments" | "_args"
                    )
            })
    })
}

/// Returns the function that an argument is or names.
pub(super) fn function(form: &Form, id: ExprId) -> Option<FnId> {
    match &form.expr(id).kind {
        ExprKind::Function(function) => Some(*function),
        ExprKind::Name(name) | ExprKind::Member(_, name) => {
            let mut named = form.functions().skip(1).filter(|(_, function)| function.name == *name);
            let one = named.next()?.0;
            named.next().is_none().then_some(one)
        }
        // `handler.bind(this)`, `wrap(handler)`.
        ExprKind::Call { callee, args } => match &form.expr(*callee).kind {
            ExprKind::Member(base, name) if &**name == "bind" => function(form, *base),
            _ => args.iter().find_map(|arg| match &form.expr(arg.value).kind {
                ExprKind::Function(function) => Some(*function),
                _ => None,
            }),
        },
        _ => None,
    }
}
