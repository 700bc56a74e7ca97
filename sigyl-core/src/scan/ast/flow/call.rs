//! Calls: into the form, or to what is known of elsewhere.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use super::effects::vouches;
use super::frame::Frame;
use super::run::{Flow, Memory, instance};
use super::value::{Object, SIGNS, Source, Value, bits};
use crate::scan::ast::form::{Arg, ClassId, ExprId, ExprKind, FnId, Language, StmtKind, Word};

/// Calls in each other that are followed.
const CALLS: usize = 12;

/// What a call is given, evaluated.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) args: Vec<(Option<Word>, Value)>,
    /// What its method is called on.
    pub(super) base: Option<Value>,
}

impl Given {
    /// Returns the argument at a place, counted without those that have a name.
    pub(super) fn at(&self, at: usize) -> Option<&Value> {
        self.args.iter().filter(|(name, _)| name.is_none()).nth(at).map(|(_, value)| value)
    }

    pub(super) fn named(&self, wanted: &str) -> Option<&Value> {
        self.args.iter().find(|(name, _)| name.as_deref() == Some(wanted)).map(|(_, value)| value)
    }

    /// Returns the argument of that name, or else at that place.
    pub(super) fn get(&self, name: &str, at: usize) -> Option<&Value> {
        self.named(name).or_else(|| self.at(at))
    }

    /// Returns a setting: by its name, or in a record that is given.
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.named(name).or_else(|| self.args.iter().rev().find_map(|(_, value)| value.field(name)))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.base.iter().chain(self.args.iter().map(|(_, value)| value))
    }
}

/// Tells whether a function says that what it gives may be shown.
fn veils(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["redact", "mask", "censor"].iter().any(|word| name.contains(word)) && !name.contains("unmask")
}

impl Flow<'_> {
    pub(super) fn call(&mut self, id: ExprId, callee: ExprId, args: &[Arg]) -> Value {
        let form = self.form;
        let (base, target, name) = match &form.expr(callee).kind {
            ExprKind::Member(base, name) => {
                let base = self.eval(*base);
                let target = self.member(&base, name);
                (Some(base), target, name.clone())
            }
            ExprKind::Name(name) => (None, self.eval(callee), name.clone()),
            // `server["tool"](…)`.
            ExprKind::Index(base, key) => {
                let base = self.eval(*base);
                let key = self.eval(*key);
                self.calling = Some(form.expr(callee).span);
                // `api[name](…)`: in Python that asks the object instead.
                let method = self.form.script.then(|| self.any_method(&base, &key)).flatten();
                let target = method.unwrap_or_else(|| self.index(&base, &key));
                let is_list = base.items.is_some();
                let name = key.known().filter(|_| !is_list).unwrap_or_default().into();
                ((!is_list).then_some(base), target, name)
            }
            _ => (None, self.eval(callee), "".into()),
        };
        let is_spread = |arg: &Arg| matches!(form.expr(arg.value).kind, ExprKind::Spread(_));
        let gives_on_all = args.len() == 2 && args.iter().all(is_spread);
        let args = args.iter().map(|arg| (arg.name.clone(), self.eval(arg.value))).collect();
        let given = Given { args, base };
        let (target, name, given) = self.truly_called(target, name, given);
        self.calls.push(id);
        self.registers(&target, &name, &given);
        self.gives_on_all = gives_on_all;
        self.changed = None;
        self.calling = Some(form.expr(id).span);
        self.never = false;
        let value = self.apply(id, &target, &name, given);
        self.calls.pop();
        let value = if veils(&name) { value.with(|known| known | bits::VEILED) } else { value };
        // `fail(…)` as a statement: what stands behind it is reached by nobody.
        let fails = self.never && self.unused == Some(form.expr(id).span);
        self.never = false;
        self.state().dead |= fails && matches!(&target.object, Object::Functions(all) if all.len() == 1);
        if let (Some(changed), ExprKind::Member(base, _)) = (self.changed.take(), &form.expr(callee).kind)
            && matches!(form.expr(*base).kind, ExprKind::Name(_) | ExprKind::Member(..))
        {
            self.hold(*base, changed);
        }
        value
    }

    pub(super) fn apply(&mut self, id: ExprId, target: &Value, name: &Word, given: Given) -> Value {
        if let Some(value) = self.file_call(name, &given) {
            return value;
        }
        if let Some(value) = self.apply_reflected(target, name, &given) {
            return value;
        }
        match &target.object {
            Object::Functions(functions) => {
                let functions = functions.clone();
                let mut all: Option<Value> = None;
                for function in functions.iter() {
                    let this = given
                        .base
                        .clone()
                        .filter(|base| matches!(base.object, Object::Instance(_) | Object::Class(_)));
                    let this = this.or_else(|| self.inherits_this(*function));
                    let one = self.enter(*function, this, given.args.clone());
                    all = Some(match all {
                        Some(all) => all.or(&one),
                        None => one,
                    });
                }
                all.unwrap_or_default()
            }
            Object::Class(class) => self.construct(*class, given.args),
            Object::Module(file) => match self.default_of(*file) {
                Some(whole) if !matches!(whole.object, Object::Module(_)) => {
                    self.apply(id, &whole, name, given)
                }
                _ => Value::default(),
            },
            _ => {
                let path = match target.is_path() {
                    Some(path) => path.to_owned(),
                    None => format!(".{name}"),
                };
                let span = self.form.expr(id).span;
                if self.language() != Language::Dynamic {
                    return self.compiled(&path, name, &given, span);
                }
                if !(matches!(&*path, "import" | "require") && self.loads_data(id)) {
                    self.sinks(&path, name, &given, span);
                }
                self.acts(&path, name, &given, span);
                self.known(&path, name, &given, span)
            }
        }
    }

    /// Tells whether a call loads what is data by its ending, whatever else its name is: JSON holds no code.
    fn loads_data(&self, call: ExprId) -> bool {
        let ExprKind::Call { args, .. } = &self.form.expr(call).kind else { return false };
        let name = args.first().map(|arg| &self.form.expr(arg.value).kind);
        let Some(ExprKind::Join(parts)) = name else { return false };
        let last = parts.last().and_then(|last| self.form.text(*last));
        last.is_some_and(|last| last.ends_with(".json"))
    }

    /// A method that is handed on as a value keeps what it was taken from, as far as its class tells.
    fn inherits_this(&self, function: FnId) -> Option<Value> {
        self.form.function(function).class.map(instance)
    }

    /// Makes an instance.
    pub(super) fn construct(&mut self, class: ClassId, args: Vec<(Option<Word>, Value)>) -> Value {
        let form = self.form;
        let value = instance(class);
        let first = self.attributes.insert(class, self.attributes.get(&class).cloned().unwrap_or_default());
        if first.is_none() || !args.is_empty() {
            for stmt in &form.class(class).body {
                if let StmtKind::Assign { target, value, .. } = &stmt.kind
                    && let Some(name) = form.name(*target)
                {
                    let value = self.eval(*value);
                    self.attributes.entry(class).or_default().entry(name.clone()).or_insert(value);
                }
            }
        }
        let constructor = ["__init__", "constructor"].iter().find_map(|name| self.method(class, name));
        match constructor {
            Some(constructor) => drop(self.enter(constructor, Some(value.clone()), args)),
            // Classes that only hold data name what they hold.
            None => {
                let mut fields = form.class(class).fields.iter().map(|(name, _)| name.clone());
                for (name, value) in args {
                    if let Some(name) = name.or_else(|| fields.next()) {
                        self.attributes.entry(class).or_default().insert(name, value);
                    }
                }
            }
        }
        value
    }

    pub(super) fn method(&self, class: ClassId, name: &str) -> Option<FnId> {
        let mut at = Some(class);
        for _ in 0..8 {
            let shape = self.form.class(at?);
            let found = shape.methods.iter().find(|id| &*self.form.function(**id).name == name);
            if let Some(found) = found {
                return Some(*found);
            }
            at = self.base_of(at?);
        }
        None
    }

    pub(super) fn attribute(&self, class: ClassId, name: &str) -> Option<Value> {
        let mut at = Some(class);
        for _ in 0..8 {
            let held = self.attributes.get(&at?).and_then(|held| held.get(name));
            if let Some(value) = held {
                return Some(value.clone());
            }
            at = self.base_of(at?);
        }
        None
    }

    pub(super) fn base_of(&self, class: ClassId) -> Option<ClassId> {
        let base = self.form.class(class).bases.first()?;
        let name = self.form.name(*base)?;
        self.form.classes().find(|(id, other)| other.name == *name && *id != class).map(|(id, _)| id)
    }

    /// Runs a function of the form.
    pub(super) fn enter(
        &mut self,
        function: FnId,
        this: Option<Value>,
        args: Vec<(Option<Word>, Value)>,
    ) -> Value {
        let again = self.frames.iter().any(|frame| frame.function == function);
        if again || self.frames.len() >= CALLS || self.steps == 0 {
            self.cut |= !again;
            if again {
                self.calls_itself(function, &args);
            }
            let mut all = Value::default();
            args.iter().for_each(|(_, value)| all.absorb(&value.ways()));
            return all.with(|bits| bits | bits::VAGUE);
        }
        let key = self.key(function, this.as_ref(), &args);
        if let Some(known) = key.and_then(|key| self.memory.get(&key)).cloned() {
            self.state().learn(&known.after);
            self.never = known.never;
            return known.given;
        }
        let mut frame = Frame::of(function);
        frame.state.facts = self.frames.last().map(|frame| frame.state.facts.clone()).unwrap_or_default();
        frame.this.clone_from(&this);
        frame.unheard = self.unused.is_some() && self.unused == self.calling;
        self.frames.push(frame);
        let form = self.form;
        let said = vouches(&form.function(function).name);
        let given = args.iter().filter(|_| said).flat_map(|(_, value)| value.ways()).collect::<Vec<_>>();
        let before = self.fences;
        self.take(function, this, args);
        for stmt in &form.function(function).body {
            if let StmtKind::Define(inner) = stmt.kind {
                self.define(inner);
            }
        }
        self.block(&form.function(function).body);
        let value = self.leave(function, key);
        let fenced = self.fences.0 > before.0 && self.fences.1 > before.1;
        if fenced { self.trusts(&given, value) } else { value }
    }

    /// A function that says that it checks, resolves a path and compares whole folders is believed, where what it does
    /// cannot be followed to the end.
    fn trusts(&mut self, given: &[super::value::Entry], value: Value) -> Value {
        let mine = |entry: &super::value::Entry| given.iter().any(|one| one.origin == entry.origin);
        let facts = given.iter().map(|entry| (entry.origin, bits::VOUCHED)).collect::<Vec<_>>();
        self.state().learn(&facts);
        let mut value = value;
        value.taint.iter_mut().filter(|entry| mine(entry)).for_each(|entry| entry.bits |= bits::VOUCHED);
        value
    }

    fn leave(&mut self, function: FnId, key: Option<u64>) -> Value {
        let Some(frame) = self.frames.pop() else { return Value::default() };
        self.finals.insert(function, Rc::clone(&frame.state.vars));
        let falls = !frame.state.dead;
        // A method that only fails is mostly one that others write anew.
        let never = !falls && frame.given.is_none() && self.form.function(function).class.is_none();
        let after = match frame.after {
            Some(after) if falls => super::frame::common(&after, &frame.state.facts),
            Some(after) => after,
            None if falls => frame.state.facts,
            // It never comes back.
            None => super::value::Facts::new(),
        };
        let mut given = Value { sides: None, ..frame.given.unwrap_or_default() };
        if let Some((yes, no)) = frame.outcome {
            let fallen = if falls { super::value::Facts::new() } else { no.unwrap_or_default() };
            let yes = yes.unwrap_or_default();
            given.when = (!yes.is_empty() || !fallen.is_empty()).then(|| Rc::new((yes, fallen)));
        }
        if let Some(caller) = self.frames.last_mut() {
            caller.state.learn(&after);
        }
        if let Some(key) = key {
            self.memory.insert(key, Memory { given: given.clone(), after, never });
        }
        self.never = never;
        given
    }

    /// Returns what tells this call from others, unless it is given too much for that.
    fn key(&mut self, function: FnId, this: Option<&Value>, args: &[(Option<Word>, Value)]) -> Option<u64> {
        let mut state = DefaultHasher::new();
        let mut left = SIGNS;
        (function, self.handler).hash(&mut state);
        if let Some(this) = this {
            this.object.hash(&mut state);
        }
        for (name, value) in args {
            name.hash(&mut state);
            value.sign(&mut state, &mut left);
        }
        self.steps = self.steps.saturating_sub((SIGNS - left) / 8);
        if left == 0 {
            return None;
        }
        if let Some(frame) = self.frames.last() {
            frame.state.facts.hash(&mut state);
        }
        // What an instance holds may have changed.
        for (class, held) in &self.attributes {
            (class, held.len()).hash(&mut state);
        }
        Some(state.finish())
    }

    /// Gives parameters what was passed for them.
    fn take(&mut self, function: FnId, this: Option<Value>, args: Vec<(Option<Word>, Value)>) {
        let form = self.form;
        let shape = form.function(function);
        let mut params = shape.params.iter().peekable();
        if shape.class.is_some()
            && self.takes_self(function)
            && let Some(param) = params.next()
        {
            self.assign(param.target, this.unwrap_or_default());
        }
        if self.names_arguments {
            let mut all = Value { items: Some(Rc::default()), ..Value::default() };
            args.iter().for_each(|(_, value)| all.push(value.clone()));
            self.bind(&"arguments".into(), all);
        }
        let (named, placed): (Vec<_>, Vec<_>) = args.into_iter().partition(|(name, _)| name.is_some());
        let mut placed = placed.into_iter().map(|(_, value)| value);
        for param in params {
            let name = form.name(param.target);
            let by_name = || named.iter().find(|(given, _)| given.is_some() && given.as_ref() == name);
            let value = if param.rest {
                let mut rest = Value { items: Some(Rc::default()), ..Value::default() };
                placed.by_ref().for_each(|value| rest.push(value));
                for (name, value) in &named {
                    rest.set(name.as_deref().unwrap_or_default(), value.clone());
                }
                // What a caller of a tool gives for all of them.
                rest.absorb(
                    &rest
                        .items
                        .iter()
                        .flat_map(|items| items.iter())
                        .flat_map(|one| one.taint.clone())
                        .collect::<Vec<_>>(),
                );
                Some(rest)
            } else {
                match by_name() {
                    Some((_, value)) => Some(value.clone()),
                    None => match placed.next() {
                        // What is spread may fill every place.
                        Some(value) if value.is_path() == Some("(spread)") => {
                            Some(Value { object: Object::Unknown, ..value })
                        }
                        other => other,
                    },
                }
            };
            let value = match (value, param.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default),
                (None, None) => Value::default(),
            };
            self.assign(param.target, Value { sides: None, ..value });
        }
    }

    /// Runs the functions that something unknown is given, with what else it is given.
    pub(super) fn call_back(&mut self, given: &Given) -> Option<Value> {
        self.call_back_with(given, None)
    }

    /// Calls the functions that something is given; what it `heard` is what they are given, if it hears anything.
    pub(super) fn call_back_with(&mut self, given: &Given, heard: Option<Value>) -> Option<Value> {
        let functions = given.args.iter().filter_map(|(_, value)| match &value.object {
            Object::Functions(functions) => Some(functions.clone()),
            _ => None,
        });
        let functions = functions.collect::<Vec<_>>();
        if functions.is_empty() {
            return None;
        }
        let hears = heard.is_some();
        let mut any = heard.unwrap_or_default();
        if let Some(base) = given.base.as_ref().filter(|_| !hears) {
            any = any.or(&base.element());
        }
        for (_, value) in given
            .args
            .iter()
            .filter(|_| !hears)
            .filter(|(_, value)| !matches!(value.object, Object::Functions(_)))
        {
            any = any.or(&value.element());
        }
        // Of what is called for each of a list, only functions are told apart.
        if !super::reflected::is_callable(&any) {
            any.object = Object::Unknown;
        }
        let mut all: Option<Value> = None;
        // It is called for each of them, or not at all.
        self.frame().loops += 1;
        self.frame().branches += 1;
        for function in functions.iter().flat_map(|functions| functions.iter()) {
            let places = self.form.function(*function).params.len();
            let placed = given.args.iter().map(|(_, value)| value);
            let placed = placed.skip_while(|value| !matches!(value.object, Object::Functions(_))).skip(1);
            let mut args: Vec<_> = placed.map(|value| (None, value.clone())).collect();
            // `to_thread(f, a, b)` gives what stands behind; `map(f)` gives what it is called on.
            if args.is_empty() {
                args = (0..places).map(|_| (None, any.clone())).collect();
            }
            let this = self.inherits_this(*function);
            let one = self.enter(*function, this, args);
            all = Some(match all {
                Some(all) => all.or(&one),
                None => one,
            });
        }
        self.frame().loops -= 1;
        self.frame().branches -= 1;
        all
    }

    pub(super) fn is_argument(value: &Value) -> bool {
        value.comes_from(Source::Argument)
    }
}
