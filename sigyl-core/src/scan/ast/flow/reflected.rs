//! What is reached by its name as a text, by the names of its type, or is handed to something that calls it.

use std::rc::Rc;

use super::call::Given;
use super::effects::canonical;
use super::run::Flow;
use super::sinks::SHELLS;
use super::value::{Object, Value, Weakness, bits};
use crate::scan::ast::form::{Span, Word};

/// What takes a part out of what it is given, by a name that it was made with.
pub(super) const ATTRIBUTE: &str = "(attribute)";
/// What reads a program from what is written to it.
const READS: &str = "(reads a program)";
/// What surely calls what it is given.
const CALLS: &[&str] = &[
    "then",
    "map",
    "forEach",
    "flatMap",
    "filter",
    "some",
    "every",
    "find",
    "reduce",
    "from",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "nextTick",
    "queueMicrotask",
    "starmap",
    "Timer",
    "register",
    "call_soon",
    "call_later",
    "start_soon",
    "submit",
    "run_in_executor",
    "imap",
    "apply_async",
];

/// Tells whether a value is a function, of the form or one that acts.
pub(super) fn is_callable(value: &Value) -> bool {
    match &value.object {
        Object::Functions(_) => true,
        Object::Path(path) => super::sink::is_process(path) || super::sink::is_code(path),
        _ => false,
    }
}

impl Flow<'_> {
    /// Returns a part that every value of a kind has.
    pub(super) fn reflected_member(&mut self, base: &Value, name: &str) -> Option<Value> {
        match name {
            "__dict__" if base.is_path().is_some() => Some(base.clone()),
            "constructor" => match &base.object {
                Object::Functions(_) => Some(Value::path("Function")),
                Object::Path(path) if &**path == "(constructor)" => Some(Value::path("Function")),
                _ if base.items.is_some() || base.known().is_some() => Some(Value::path("(constructor)")),
                _ => None,
            },
            "stdin" => base.field(READS).map(|_| base.clone()),
            _ => None,
        }
    }

    /// Calls that look something up by its name.
    pub(super) fn reflected(&mut self, path: &str, name: &Word, given: &Given, span: Span) -> Option<Value> {
        let first = given.at(0);
        match (path, &**name) {
            ("globals" | "locals" | "vars", _) if given.args.is_empty() => {
                let whole = self.whole();
                Some(super::module::module(whole))
            }
            ("vars", _) => first.filter(|value| value.is_path().is_some()).cloned(),
            (_, "__getattribute__") => {
                let (base, name) = (given.base.clone()?, first?.known()?.into());
                Some(self.member(&base, &name))
            }
            ("Reflect.get", _) => Some(self.index(&first?.clone(), &given.at(1)?.clone())),
            ("Object.getPrototypeOf", _) => first.filter(|value| is_callable(value)).cloned(),
            ("dict", _) if given.args.iter().any(|(name, value)| name.is_some() && is_callable(value)) => {
                let mut table = Value::default();
                let named = given.args.iter().filter_map(|(name, value)| Some((name.as_deref()?, value)));
                named.for_each(|(name, value)| table.set(name, value.clone()));
                Some(table)
            }
            ("Object.values", _) => {
                let fields = first?.fields.as_ref().filter(|_| holds_callable(first))?;
                let items: Rc<[Value]> = fields.iter().map(|(_, value)| value.clone()).collect();
                Some(Value { items: Some(items), deep: first?.deep, ..Value::default() })
            }
            ("operator.attrgetter" | "operator.methodcaller", _) => {
                let mut made = Value::default();
                made.set(ATTRIBUTE, first?.clone());
                Some(if path.ends_with("caller") { Self::bound(&made, given) } else { made })
            }
            (_, "write" | "end" | "communicate" | "writelines" | "send")
                if given.base.as_ref().is_some_and(|base| base.field(READS).is_some()) =>
            {
                if let Some(text) = given.get("input", 0) {
                    self.reach(
                        Weakness::Command,
                        &text.clone(),
                        &[super::value::Source::Argument],
                        span,
                        name,
                    );
                }
                None
            }
            ("(yield)", _) => {
                let one = first.cloned().unwrap_or_default();
                let deep = one.deep || !one.taint.is_empty();
                let list = Value { items: Some([one].into()), deep, ..Value::default() };
                let frame = self.frame();
                frame.given = Some(match frame.given.take() {
                    Some(given) => given.or(&list),
                    None => list,
                });
                Some(Value::default())
            }
            _ => None,
        }
    }

    /// What is taken by its name, as a text, from elsewhere.
    pub(super) fn loaded(&mut self, path: &str, given: &Given) -> Option<Value> {
        if path != "getattr" {
            if let Some(file) = self.loads() {
                return Some(file);
            }
            let module = given.at(0).and_then(Value::known);
            return Some(module.map(|module| Value::path(canonical(module))).unwrap_or_default());
        }
        let (holder, name) = (given.at(0)?.clone(), given.at(1)?);
        let name = name.clone();
        let Some(name) = name.known() else {
            if let Some(methods) = self.any_method(&holder, &name) {
                return Some(methods);
            }
            let path = holder.is_path().filter(|path| super::sink::is_sink(&format!("{path}[]")))?;
            return Some(Value::path(format!("{path}[]")));
        };
        let name: Word = name.into();
        Some(self.member(&holder, &name))
    }

    /// What is called on an instance, or takes a part by the name that it was made with.
    pub(super) fn apply_reflected(&mut self, target: &Value, name: &Word, given: &Given) -> Option<Value> {
        if let Some(attribute) = target.field(ATTRIBUTE) {
            let attribute: Word = attribute.known()?.into();
            let base = given.at(0)?.clone();
            let part = self.member(&base, &attribute);
            // What `methodcaller` was made with comes behind what it is given.
            let behind = given.args.get(1..).unwrap_or_default().to_vec();
            if behind.is_empty() {
                return Some(part);
            }
            let span = self.calling?;
            let path = part.is_path().map(ToOwned::to_owned)?;
            let given = Given { args: behind, base: Some(base) };
            self.sinks(&path, &attribute, &given, span);
            return Some(self.known(&path, name, &given, span));
        }
        match target.object {
            Object::Instance(class) => {
                let method = self.method(class, "__call__")?;
                Some(self.enter(method, Some(target.clone()), given.args.clone()))
            }
            _ => None,
        }
    }

    /// Something that acts is handed to what calls it, with what else is given.
    pub(super) fn hands_on(&mut self, name: &str, given: &Given, span: Span) {
        let acting = given.args.iter().filter_map(|(_, value)| match &value.object {
            Object::Path(path) if is_callable(value) => Some(path.clone()),
            _ => None,
        });
        for path in acting.take(4).collect::<Vec<_>>() {
            let mut any = Value::default();
            for value in given.values().filter(|value| !is_callable(value)) {
                any = any.or(value).or(&value.element());
            }
            let known = CALLS.contains(&name);
            let any =
                Value::of(any.ways()).with(|known_of| if known { known_of } else { known_of | bits::VAGUE });
            let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
            self.sinks(&path, &last, &Given { args: vec![(None, any)], base: None }, span);
        }
    }

    /// Marks a program that runs what is written to it.
    pub(super) fn reads_program(given: &Given, mut value: Value) -> Value {
        let mut words: Vec<&Value> = Vec::new();
        for (name, one) in given.args.iter().take(2) {
            match (&one.items, name.as_deref()) {
                (Some(items), None | Some("args")) => words.extend(items.iter()),
                (None, None | Some("args"))
                    if one.fields.is_none() && !matches!(one.object, Object::Functions(_)) =>
                {
                    words.push(one);
                }
                _ => {}
            }
        }
        if reads_program(&words) {
            value.set(READS, Value::default());
        }
        value
    }
}

/// Tells whether the words of a program leave what it runs to what it reads.
pub(super) fn reads_program(words: &[&Value]) -> bool {
    let known = words.iter().map(|word| word.known()).collect::<Option<Vec<_>>>().unwrap_or_default();
    let mut words = known.iter().flat_map(|word| word.split_whitespace());
    let program = words.next().map(|program| program.rsplit('/').next().unwrap_or(program));
    program.is_some_and(|program| SHELLS.contains(&program))
        && words.all(|word| word.starts_with('-') && !matches!(word, "-c" | "-e" | "-m" | "-lc" | "-ic"))
}

fn holds_callable(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.fields.as_ref())
        .is_some_and(|fields| fields.iter().any(|(_, one)| is_callable(one)))
}

/// Tells whether a value holds functions under names, or beside them.
pub(super) fn holds_functions(value: &Value) -> bool {
    let is_function = is_callable;
    let in_pair = |item: &Value| item.items.iter().flat_map(|items| items.iter()).any(is_function);
    value.fields.iter().flat_map(|fields| fields.iter()).any(|(_, value)| is_function(value))
        || value.items.iter().flat_map(|items| items.iter()).any(in_pair)
}

/// A table of functions as pairs, or pairs as a table.
pub(super) fn dispatched(path: &str, table: &Value) -> Value {
    let mut made = Value::default();
    if path != "Object.entries" {
        made.fields.clone_from(&table.fields);
        for item in table.items.iter().flat_map(|items| items.iter()) {
            if let Some([key, value]) = item.items.as_deref() {
                made.set(key.known().unwrap_or("(any)"), value.clone());
            }
        }
        return made;
    }
    for (name, value) in table.fields.iter().flat_map(|fields| fields.iter()) {
        made.push(Value {
            items: Some([Value::text(name), value.clone()].into()),
            deep: value.deep,
            ..Value::default()
        });
    }
    made
}
