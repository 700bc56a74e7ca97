//! Expressions: what is known of what they come to.

use std::rc::Rc;

use super::before::Before;
use super::guard;
use super::module::STEPS;
use super::run::{Flow, instance};
use super::statement::function_value;
use super::value::{Entry, Object, Source, Value, bits, concat};
use crate::scan::ast::form::{ExprId, ExprKind, Language, Word};

/// Levels of calls and expressions in each other that are followed.
const DEPTH: usize = 1_200;

impl Flow<'_> {
    pub(super) fn eval(&mut self, id: ExprId) -> Value {
        if self.steps == 0 || self.depth >= DEPTH {
            self.cut = true;
            return Value::default();
        }
        self.steps -= 1;
        self.depth += 1;
        let value = self.evaluate(id);
        self.depth -= 1;
        value
    }

    fn evaluate(&mut self, id: ExprId) -> Value {
        let form = self.form;
        match &form.expr(id).kind {
            ExprKind::Name(name) => self.lookup(name),
            ExprKind::Text(text) => Value::text(text),
            ExprKind::Number(text) => Value::text(text),
            ExprKind::Truth(truth) => Value::text(if *truth { "\u{1}true" } else { "\u{1}false" }),
            ExprKind::Nothing => Value::text("\u{1}false"),
            ExprKind::Member(base, name) => {
                let base = self.eval(*base);
                self.member(&base, name)
            }
            ExprKind::Index(base, key) => {
                let base = self.eval(*base);
                let key = self.eval(*key);
                self.calling = Some(form.expr(id).span);
                self.taking = true;
                let value = self.index(&base, &key);
                self.taking = false;
                value
            }
            ExprKind::Slice(base) => {
                let base = self.eval(*base);
                Value { items: base.items.clone(), ..base.made(|bits| bits | bits::PIECE | bits::CAPPED) }
            }
            ExprKind::Call { callee, args } => self.call(id, *callee, args),
            ExprKind::Join(parts) => {
                let parts = parts.iter().map(|part| self.eval(*part)).collect::<Vec<_>>();
                self.joined(&parts)
            }
            ExprKind::List(parts) => self.list(parts),
            ExprKind::Results(parts) => self.results(parts),
            ExprKind::Record(parts) => self.record(parts),
            ExprKind::Compare(how, left, right) => {
                let one = self.eval(*left);
                let other = self.eval(*right);
                guard::compare(self, *how, (*left, &one), (*right, &other))
            }
            ExprKind::Binary(word, left, right) => {
                let one = self.eval(*left);
                let other = self.eval(*right);
                if &**word == "*" {
                    self.repeats(id, &one, &other);
                }
                self.binary(word, &one, &other)
            }
            ExprKind::Not(inner) => {
                let value = self.eval(*inner);
                let when = value.when.map(|when| Rc::new((when.1.clone(), when.0.clone())));
                Value { when, ..Value::default() }
            }
            ExprKind::Logic(all, parts) => self.logic(*all, parts),
            ExprKind::Choice { condition, yes, no } => self.choice(*condition, *yes, *no),
            ExprKind::Function(function) => function_value(*function),
            ExprKind::Class(class) => Value { object: Object::Class(*class), ..Value::default() },
            ExprKind::Bind(target, value) => {
                let value = self.eval(*value);
                self.assign(*target, value.clone());
                value
            }
            ExprKind::Each { binds, conditions, value } => self.each(binds, conditions, *value),
            ExprKind::Spread(inner) => self.eval(*inner),
            ExprKind::Other(parts) => {
                let parts = parts.iter().map(|part| self.eval(*part)).collect::<Vec<_>>();
                let mut all = Value::default();
                parts.iter().for_each(|part| all.absorb(&part.ways()));
                all.with(|bits| bits | bits::PIECE)
            }
        }
    }

    fn lookup(&mut self, name: &Word) -> Value {
        if let Some(value) = self.state().vars.get(name) {
            return value.clone();
        }
        let mut at = Some(self.frame().function);
        if &**name == "this" {
            return self.this();
        }
        while let Some(id) = at {
            let outer = self.form.function(id).outer;
            if let Some(outer) = outer {
                let running = self.frames.iter().rev().find(|frame| frame.function == outer);
                let vars = running.map(|frame| &frame.state.vars).or_else(|| self.finals.get(&outer));
                if let Some(value) = vars.and_then(|vars| vars.get(name)) {
                    return value.clone();
                }
            }
            at = outer;
        }
        self.starred(name).unwrap_or_else(|| Value::path(super::effects::canonical(name)))
    }

    fn this(&mut self) -> Value {
        if let Some(this) = &self.frame().this {
            return this.clone();
        }
        let mut at = Some(self.frame().function);
        while let Some(id) = at {
            let function = self.form.function(id);
            if let Some(class) = function.class {
                return instance(class);
            }
            at = function.outer;
        }
        Value::default()
    }

    /// Returns a part of a value by its name.
    pub(super) fn member(&mut self, base: &Value, name: &Word) -> Value {
        self.identifies(base, name);
        if let Some(value) = base.field(name) {
            return value.clone();
        }
        if let Some(params) = self.params_of(base, name) {
            return params;
        }
        let special = match self.language() {
            Language::Dynamic => {
                self.reflected_member(base, name).or_else(|| self.special_member(base, name))
            }
            Language::Go => self.go_member(base, name).or_else(|| self.typed_field(base, name)),
            Language::Rust => self.typed_field(base, name),
        };
        if let Some(known) = special {
            return known;
        }
        if let Object::Instance(class) | Object::Class(class) = base.object {
            if let Some(method) = self.method(class, name) {
                let marks = &self.form.function(method).decorators;
                let is_part = |mark: &ExprId| {
                    self.form
                        .name(*mark)
                        .is_some_and(|name| matches!(&**name, "property" | "cached_property"))
                };
                if matches!(base.object, Object::Instance(_)) && marks.iter().any(is_part) {
                    return self.enter(method, Some(base.clone()), Vec::new());
                }
                return function_value(method);
            }
            if let Some(value) = self.attribute(class, name) {
                return value;
            }
        }
        if let Object::Module(module) = base.object {
            return self.exported(module, name, STEPS).unwrap_or_default();
        }
        let mut value = Value::of(self.parts_of(&base.taint, name));
        if let Some(path) = base.is_path() {
            // What a module gives as a whole is the module.
            let path = path.strip_suffix(".default").unwrap_or(path);
            let path = super::effects::canonical(&format!("{path}.{name}"));
            value.object = self.linked(&path).map_or(Object::Path(path), Object::Module);
        }
        value
    }

    /// Returns how the part of that name of what came these ways came.
    fn parts_of(&mut self, taint: &[Entry], name: &Word) -> Vec<Entry> {
        let part = |this: &mut Self, entry: &Entry| match entry.source {
            Source::Argument if entry.bits & bits::HOST != 0 => *entry,
            Source::Argument if entry.bits & (bits::PIECE | bits::RESOLVED) == 0 => {
                Entry { origin: this.origins.part(entry.origin, name), ..*entry }
            }
            _ => Entry { bits: entry.bits | bits::PIECE, ..*entry },
        };
        taint.iter().map(|entry| part(self, entry)).collect()
    }

    pub(super) fn index(&mut self, base: &Value, key: &Value) -> Value {
        if let Some(name) = key.known() {
            let name: Word = name.into();
            if let (Some(items), Ok(at)) = (&base.items, name.parse::<usize>()) {
                return items.get(at).cloned().unwrap_or_else(|| self.element(base));
            }
            return self.member(base, &name);
        }
        if base.is_path() == Some("process.env") || base.comes_from(Source::Environment) {
            return Value::of(base.taint.iter().map(|e| Entry { source: Source::Key, ..*e }).collect());
        }
        // Which part is taken may be up to the caller; what it holds is not.
        let mut element = self.element(base);
        self.picks(&element, key);
        self.picked(&mut element, base, key);
        // In Python a record that lacks what it is asked for fails.
        let fixed = base.fields.as_ref().is_some_and(|fields| !fields.is_empty())
            && base.taint.is_empty()
            && base.items.is_none()
            && matches!(base.object, Object::Unknown);
        if fixed && self.language() == Language::Dynamic && !self.form.script && self.taking {
            // What else it could hold is not known for sure, so that it is made safe as a name alone.
            let whole = |entry: &&Entry| entry.bits & bits::PIECE == 0;
            let facts = key.taint.iter().filter(whole).map(|entry| (entry.origin, super::effects::NAMED));
            let facts = facts.collect::<Vec<_>>();
            self.state().learn(&facts);
        }
        self.of_session(&mut element, key);
        if let (Some(path), Object::Unknown) = (base.is_path(), &element.object) {
            element.object = Object::Path(format!("{path}[]").into());
        }
        element
    }

    /// Returns what any part of a value is.
    pub(super) fn element(&mut self, value: &Value) -> Value {
        value.element()
    }

    pub(super) fn list(&mut self, parts: &[ExprId]) -> Value {
        let mut value = Value { items: Some(Rc::default()), ..Value::default() };
        for part in parts {
            let spreads = matches!(self.form.expr(*part).kind, ExprKind::Spread(_));
            let one = self.eval(*part);
            match (spreads, &one.items) {
                (true, Some(items)) => items.iter().for_each(|item| value.push(item.clone())),
                // A list that is not known may be any number of parts.
                (true, None) => value.push(Value { object: Object::Path("(spread)".into()), ..one }),
                (false, _) => value.push(one),
            }
        }
        value
    }

    fn record(&mut self, parts: &[(Option<Word>, ExprId)]) -> Value {
        let mut value = Value { fields: Some(Rc::default()), ..Value::default() };
        for (name, part) in parts {
            let one = self.eval(*part);
            match name {
                Some(name) => {
                    // What has such a name already was looked at when it was set.
                    if !self.form.name(*part).is_some_and(|own| super::chance::bears_secret(own)) {
                        self.names_token(name, &one, self.form.expr(*part).span);
                    }
                    value.set(name, one);
                }
                None => {
                    let fields = one.fields.clone();
                    value.absorb(&one.taint);
                    for (name, part) in fields.iter().flat_map(|fields| fields.iter()) {
                        value.set(name, part.clone());
                    }
                    match one.object {
                        Object::Functions(_) => value.set("(function)", one),
                        Object::Module(file) => {
                            let all = self.all_of(file);
                            all.into_iter().for_each(|(name, part)| value.set(&name, part));
                        }
                        _ => {}
                    }
                }
            }
        }
        self.describes_tool(&value);
        value
    }

    /// Puts texts together: what stands behind something fixed cannot begin an option, or name a host.
    pub(super) fn joined(&mut self, parts: &[Value]) -> Value {
        if parts.first().is_some_and(|one| one.items.is_some()) {
            return self.lists_joined(parts);
        }
        // `text % (a, b)`.
        if parts.iter().any(|part| part.items.is_some()) {
            let flat = parts.iter().flat_map(|part| match &part.items {
                Some(items) => items.to_vec(),
                None => vec![part.clone()],
            });
            let flat = flat.filter(|part| part.items.is_none()).collect::<Vec<_>>();
            return self.joined(&flat);
        }
        let mut value = Value { shapes: concat(parts), ..Value::default() };
        // With the separator behind it, a path that was resolved still is.
        let closed = matches!(parts, [_, end] if end.known() == Some("/"));
        let mut before = Before::default();
        let mut first = true;
        for part in parts {
            let (fixed, led) = (before.is_fixed(), before.leads());
            let mark = |known: u32| {
                let lost = if closed { bits::HOST } else { bits::RESOLVED | bits::HOST };
                let known = known & !lost;
                let known = if led { known | bits::LED } else { known };
                if fixed { known | bits::HOSTED } else { known }
            };
            self.leads(before.end(), part);
            let ways =
                if first && parts.len() == 1 { part.ways() } else { Value::of(part.ways()).with(mark).taint };
            value.absorb(&ways);
            before.push(part.shapes.first().map_or("\0", |shape| shape));
            // What the caller gives at the beginning is nothing fixed.
            if first && part.comes_from(Source::Argument) {
                let checked = |entry: &Entry| self.bits_of(entry) & (bits::HOSTED | bits::URL) != 0;
                let hosted = part.ways().iter().all(checked);
                before = Before::default();
                before.push(if hosted { "/" } else { "x" });
            }
            first = first && before.is_empty();
        }
        value
    }

    fn lists_joined(&mut self, parts: &[Value]) -> Value {
        let mut value = Value { items: Some(Rc::default()), ..Value::default() };
        for part in parts {
            value.absorb(&part.taint);
            match &part.items {
                Some(items) => items.iter().for_each(|item| value.push(item.clone())),
                None => value.push(part.clone()),
            }
        }
        value
    }

    /// What a variable holds once something is added to it.
    pub(super) fn added(&mut self, old: Value, more: Value) -> Value {
        self.joined(&[old, more])
    }

    fn binary(&mut self, word: &str, one: &Value, other: &Value) -> Value {
        if word == "/"
            && (!one.shapes.is_empty() || one.is_path().is_some() || other.comes_from(Source::Argument))
        {
            // A path and what is under it.
            let slash = Value::text("/");
            let joined = self.joined(&[one.clone(), slash, other.clone()]);
            return Value { object: Object::Path("pathlib.Path()".into()), ..joined };
        }
        if let Some(number) = super::effort::computed(word, one, other) {
            return number;
        }
        let mut all = Value::of(one.ways());
        all.absorb(&other.ways());
        // Numbers come of these.
        if matches!(word, "-" | "*" | "//" | "**" | "<<" | ">>" | "&" | "^" | "|") && word != "|" {
            return all.with(|bits| bits | bits::ALL);
        }
        all.with(|bits| bits | bits::PIECE)
    }

    fn logic(&mut self, all: bool, parts: &[ExprId]) -> Value {
        let start = self.state().facts.clone();
        let mut value: Option<Value> = None;
        let mut known: Option<(super::value::Facts, super::value::Facts)> = None;
        for part in parts {
            let one = self.eval(*part);
            if value.is_none() {
                self.frame().branches += 1;
            }
            let (yes, no) = one.when.as_deref().cloned().unwrap_or_default();
            let here = if all { &yes } else { &no };
            // The next part is asked only if this one did not decide.
            self.state().learn(here);
            known = Some(match known {
                None => (yes, no),
                Some((old, not)) if all => (super::frame::both(&old, &yes), super::frame::common(&not, &no)),
                Some((old, not)) => (super::frame::common(&old, &yes), super::frame::both(&not, &no)),
            });
            value = Some(match value {
                Some(value) => value.or(&one),
                None => one,
            });
        }
        self.frame().branches -= usize::from(value.is_some());
        self.state().facts = start;
        let known = known.filter(|(yes, no)| !yes.is_empty() || !no.is_empty());
        Value { when: known.map(Rc::new), ..value.unwrap_or_default() }
    }

    fn choice(&mut self, condition: ExprId, yes: ExprId, no: ExprId) -> Value {
        let when = self.eval(condition).when;
        let start = self.state().facts.clone();
        self.frame().branches += 1;
        if let Some(when) = &when {
            self.state().learn(&when.0);
        }
        // What was made sure of on one side stays with the value of that side.
        let one = self.eval(yes);
        let one = self.keep(one);
        self.state().facts = start.clone();
        if let Some(when) = &when {
            self.state().learn(&when.1);
        }
        let other = self.eval(no);
        let other = self.keep(other);
        self.frame().branches -= 1;
        self.state().facts = start;
        let sides = self.sided(condition, &one, &other);
        Value { sides, ..one.or(&other) }
    }

    /// Writes what is known of each way now into the value.
    pub(super) fn keep(&mut self, mut value: Value) -> Value {
        for at in 0..value.taint.len() {
            value.taint[at].bits = self.bits_of(&value.taint[at]);
        }
        value
    }

    fn each(&mut self, binds: &[(ExprId, ExprId)], conditions: &[ExprId], value: ExprId) -> Value {
        let start = self.state().clone();
        let frame = self.frame();
        (frame.loops, frame.branches) = (frame.loops + 1, frame.branches + 1);
        for (target, over) in binds {
            let over = self.eval(*over);
            let element = self.element(&over);
            self.assign(*target, element);
        }
        for condition in conditions {
            if let Some(when) = self.eval(*condition).when {
                self.state().learn(&when.0);
            }
        }
        let one = self.eval(value);
        let one = self.keep(one);
        let when = one.when.clone();
        let deep = one.deep || !one.taint.is_empty();
        *self.state() = start;
        let frame = self.frame();
        (frame.loops, frame.branches) = (frame.loops - 1, frame.branches - 1);
        Value { when, deep, items: Some([one].into()), ..Value::default() }
    }
}
