//! Handlers of Go and Rust: by their signature, by their attributes, and by what registers them.

use std::collections::HashMap;

use super::form::{
    Arg, ClassId, ExprId, ExprKind, FnId, Form, Function, Language, Param, Stmt, StmtKind, Word,
};
use super::handlers::{Handler, last_name, says_reading};

/// Names under which Go registers a handler.
const REGISTERS: &[&str] = &[
    "AddTool",
    "AddTools",
    "RegisterTool",
    "MustTool",
    "ConvertTool",
    "AddPrompt",
    "RegisterPrompt",
    "AddResource",
    "AddResourceTemplate",
    "RegisterResource",
    "NewTypedToolHandler",
    "NewStructuredToolHandler",
    "NewServerTool",
    "NewTool",
];

/// What a client asks for, as the libraries name it.
const REQUESTS: &[&str] = &[
    "CallToolRequest",
    "CallToolRequestParam",
    "CallToolRequestParams",
    "CallToolParams",
    "CallToolParamsFor",
    "CallToolParamsRaw",
    "ReadResourceRequest",
    "ReadResourceRequestParam",
    "ReadResourceRequestParams",
    "ReadResourceParams",
    "GetPromptRequest",
    "GetPromptRequestParam",
    "GetPromptRequestParams",
    "GetPromptParams",
];

/// Levels of what a tool is described by that are read.
const DEPTH: usize = 6;

/// Finds the handlers of a form of Go or Rust.
pub(super) fn find(form: &Form) -> Vec<Handler> {
    match form.functions().next().map(|(_, whole)| whole.language) {
        Some(Language::Go) => go(form),
        Some(Language::Rust) => rust(form),
        _ => Vec::new(),
    }
}

fn go(form: &Form) -> Vec<Handler> {
    let assigned = Names::of(form);
    let mut found = Vec::new();
    for (id, expr) in form.exprs() {
        match &expr.kind {
            ExprKind::Call { callee, args } => {
                let name = last_name(form, *callee).unwrap_or_default();
                if REGISTERS.contains(&&*name) {
                    let reads = args.iter().any(|arg| assigned.says(form, arg.value, DEPTH));
                    let named = args.iter().flat_map(|arg| assigned.functions(form, arg.value, 3));
                    found.extend(named.map(|function| assigned.handler(form, function, reads)));
                }
            }
            // A tool and its handler side by side.
            ExprKind::Record(parts) if parts.iter().any(|(name, _)| name.as_deref() == Some("Handler")) => {
                let reads = assigned.says(form, id, DEPTH);
                let named = parts.iter().filter(|(name, _)| name.as_deref() == Some("Handler"));
                let named = named.flat_map(|(_, value)| assigned.functions(form, *value, 3));
                let asked = named.filter(|function| is_asked(form, form.function(*function)));
                found.extend(asked.map(|function| assigned.handler(form, function, reads)));
            }
            // What describes a tool is given back with what it does.
            ExprKind::Results(parts) => {
                let reads = parts.iter().any(|part| assigned.says(form, *part, DEPTH));
                let own = parts.iter().filter_map(|part| match form.expr(*part).kind {
                    ExprKind::Function(function) => Some(function),
                    _ => None,
                });
                let own = own.filter(|function| is_asked(form, form.function(*function)));
                found.extend(own.map(|function| assigned.handler(form, function, reads)));
            }
            _ => {}
        }
    }
    let signed = form.functions().filter(|(_, function)| is_asked(form, function));
    found.extend(signed.map(|(id, _)| assigned.handler(form, id, false)));
    found
}

/// Tells whether a function takes what a client asks for, and answers it.
fn is_asked(form: &Form, function: &Function) -> bool {
    let types = function.params.iter().map(|param| param.of.as_deref().unwrap_or_default());
    let types = types.collect::<Vec<_>>();
    let asks = |of: &&str| words(of).any(|word| REQUESTS.contains(&word));
    let first = types.first().is_some_and(|of| of.ends_with("Context"));
    let by_context = form.function(FnId(0)).language != Language::Go || first;
    function.gives.is_some() && (2..=4).contains(&types.len()) && by_context && types.iter().any(asks)
}

/// Types that have room for nothing that means something elsewhere.
const KEPT: &[&str] = &[
    "int", "int8", "int16", "int32", "int64", "uint", "uint16", "uint32", "uint64", "float32", "float64",
    "bool", "i8", "i16", "i32", "i64", "u16", "u32", "u64", "usize", "isize", "f32", "f64", "Uuid", "UUID",
    "Duration",
];
/// Types that stand around others.
const AROUND: &[&str] = &["Option", "Vec", "uuid", "time", "std"];

fn is_self(form: &Form, param: &Param) -> bool {
    form.name(param.target).is_some_and(|name| &**name == "self")
}

fn words(of: &str) -> impl Iterator<Item = &str> {
    of.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// What the names of a form stand for.
struct Names {
    /// What they were set to, in the order of the text.
    assigned: HashMap<Word, Vec<(u32, ExprId)>>,
    /// The one function of each name.
    functions: HashMap<Word, Option<FnId>>,
    /// The type of each name.
    classes: HashMap<Word, ClassId>,
}

impl Names {
    fn of(form: &Form) -> Self {
        let classes = form.classes().map(|(id, class)| (class.name.clone(), id)).collect();
        let mut all = Self { assigned: HashMap::new(), functions: HashMap::new(), classes };
        for (id, function) in form.functions().skip(1) {
            let one = all.functions.entry(function.name.clone()).and_modify(|one| *one = None);
            one.or_insert(Some(id));
        }
        for (_, function) in form.functions() {
            all.block(form, &function.body);
        }
        all.assigned.values_mut().for_each(|values| values.sort_unstable());
        all
    }

    fn handler(&self, form: &Form, function: FnId, reads_only: bool) -> Handler {
        let params = &form.function(function).params;
        let types = params.iter().filter_map(|param| param.of.as_deref());
        let parts = types.flat_map(|of| self.harmless(form, of)).collect();
        // What stands before the request comes from the server.
        let asks = |of: &str| words(of).any(|word| REQUESTS.contains(&word));
        let given = params.iter().filter(|param| !is_self(form, param));
        let from = given.enumerate().find(|(_, param)| param.of.as_deref().is_some_and(asks));
        Handler::signed(function, reads_only, parts, from.map_or(0, |(at, _)| at))
    }

    /// The parts of a type of the file that hold nothing but numbers and truths.
    fn harmless(&self, form: &Form, of: &str) -> Vec<Word> {
        let classes = words(of).filter_map(|name| self.classes.get(name));
        let fields = classes.flat_map(|class| form.class(*class).fields.iter());
        fields.filter(|(_, of)| self.is_plain(form, of)).map(|(name, _)| name.clone()).collect()
    }

    /// Tells whether a type has room for nothing that means something elsewhere.
    fn is_plain(&self, form: &Form, of: &str) -> bool {
        let mut kept = false;
        for word in words(of) {
            // An enumeration holds nothing but its own words.
            let enumerates = |id: &ClassId| form.class(*id).enumerates;
            let known = KEPT.contains(&word) || self.classes.get(word).is_some_and(enumerates);
            kept |= known;
            if !known && !AROUND.contains(&word) {
                return false;
            }
        }
        kept
    }

    /// The parameters that hold nothing but numbers and truths.
    fn plain_params(&self, form: &Form, function: &Function) -> Vec<Word> {
        let params = function.params.iter();
        let plain = params.filter(|param| param.of.as_deref().is_some_and(|of| self.is_plain(form, of)));
        plain.filter_map(|param| form.name(param.target).cloned()).collect()
    }

    fn block(&mut self, form: &Form, block: &[Stmt]) {
        for stmt in block {
            match &stmt.kind {
                StmtKind::Assign { target, value, adds: false } => {
                    if let Some(name) = form.name(*target) {
                        self.assigned.entry(name.clone()).or_default().push((stmt.span.start, *value));
                    }
                }
                StmtKind::If { then, other, .. } => {
                    self.block(form, then);
                    self.block(form, other);
                }
                StmtKind::Loop { body, .. } => self.block(form, body),
                _ => {}
            }
        }
    }

    /// Returns what a name was set to last before a place.
    fn get(&self, name: &Word, before: u32) -> Option<ExprId> {
        let values = self.assigned.get(name)?;
        let at = values.partition_point(|(start, _)| *start < before);
        values.get(at.checked_sub(1)?).map(|(_, value)| *value)
    }

    /// The functions that an argument is or names.
    fn functions(&self, form: &Form, id: ExprId, depth: usize) -> Vec<FnId> {
        if depth == 0 {
            return Vec::new();
        }
        let expr = form.expr(id);
        match &expr.kind {
            ExprKind::Function(function) => vec![*function],
            ExprKind::Name(name) | ExprKind::Member(_, name) => match self.functions.get(name) {
                Some(Some(one)) => vec![*one],
                Some(None) => Vec::new(),
                None => {
                    let value = self.get(name, expr.span.start);
                    value.map(|value| self.functions(form, value, depth - 1)).unwrap_or_default()
                }
            },
            ExprKind::Call { args, .. } => {
                args.iter().flat_map(|arg| self.functions(form, arg.value, depth - 1)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Tells whether what describes a tool says that it only reads.
    fn says(&self, form: &Form, id: ExprId, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        let expr = form.expr(id);
        let hint =
            |name: &str, value: ExprId| name.eq_ignore_ascii_case("readOnlyHint") && is_true(form, value);
        let described = |name: &str, value: ExprId| {
            name == "Description" && says_reading(form.text(value).map(|text| &**text))
        };
        match &expr.kind {
            ExprKind::Text(text) => depth == DEPTH && says_reading(Some(text)),
            ExprKind::Name(name) => {
                self.get(name, expr.span.start).is_some_and(|value| self.says(form, value, depth - 1))
            }
            ExprKind::Record(parts) => parts.iter().any(|(name, value)| {
                let name = name.as_deref().unwrap_or_default();
                hint(name, *value) || described(name, *value) || self.says(form, *value, depth - 1)
            }),
            ExprKind::Call { callee, args } => match (last_name(form, *callee).as_deref(), &args[..]) {
                (Some("WithReadOnlyHintAnnotation"), [Arg { value, .. }, ..]) => is_true(form, *value),
                (Some("WithDescription"), [Arg { value, .. }, ..]) => {
                    says_reading(form.text(*value).map(|text| &**text))
                }
                _ => args.iter().any(|arg| {
                    let name = arg.name.as_deref().unwrap_or_default();
                    hint(name, arg.value) || self.says(form, arg.value, depth - 1)
                }),
            },
            _ => false,
        }
    }
}

/// Tells whether a value is true as it is written, or the address of what is.
fn is_true(form: &Form, id: ExprId) -> bool {
    match &form.expr(id).kind {
        ExprKind::Truth(truth) => *truth,
        ExprKind::Call { args, .. } => matches!(&args[..], [one] if is_true(form, one.value)),
        _ => false,
    }
}

fn rust(form: &Form) -> Vec<Handler> {
    const MARKS: &[&str] =
        &["tool", "prompt", "resource", "mcp_tool", "Tools", "Prompts", "Resources", "mcp_tools"];
    const NAMES: &[&str] = &["call_tool", "handle_call_tool_request", "read_resource", "get_prompt"];
    let names = Names::of(form);
    let mut found = Vec::new();
    for (id, function) in form.functions().skip(1) {
        let marks = || {
            let named = function.decorators.iter().filter_map(|mark| last_name(form, *mark));
            named.filter(|name| MARKS.contains(&&**name)).count() > 0
        };
        let named = NAMES.contains(&&*function.name) && function.gives.is_some();
        let own = function.class.map(|class| form.class(class)).filter(|class| class.given);
        if marks() || own.is_some() || named && function.class.is_some() || is_asked(form, function) {
            let reads = says_reading(function.doc.as_deref())
                || function.decorators.iter().any(|mark| hints(form, *mark, DEPTH));
            let mut handler = names.handler(form, id, reads);
            handler.make_safe(names.plain_params(form, function));
            if let Some(own) = own {
                let plain = own.fields.iter().filter(|(_, of)| names.is_plain(form, of));
                handler.make_safe(plain.map(|(name, _)| name.clone()).collect());
            }
            found.push(handler);
        }
    }
    found
}

/// Tells whether an attribute says that a tool only reads.
fn hints(form: &Form, id: ExprId, depth: usize) -> bool {
    let ExprKind::Call { args, .. } = &form.expr(id).kind else { return false };
    depth > 0
        && args.iter().any(|arg| {
            arg.name.as_deref() == Some("readOnlyHint") && is_true(form, arg.value)
                || hints(form, arg.value, depth - 1)
        })
}
