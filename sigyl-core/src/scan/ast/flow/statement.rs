//! Statements: what they change, and which way goes on.

use std::rc::Rc;

use super::frame::{State, common};
use super::run::Flow;
use super::value::{Facts, Object, Source, Value, Weakness};
use crate::scan::ast::form::{Block, ClassId, Comparison, ExprId, ExprKind, FnId, Stmt, StmtKind, Word};

/// Loops in loops whose rounds are run twice, so that what one round leaves reaches the next.
const ROUNDS: usize = 3;

impl Flow<'_> {
    pub(super) fn block(&mut self, block: &Block) {
        for stmt in block {
            if self.state().dead || self.steps == 0 {
                return;
            }
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Eval(value) => {
                let (unused, silent) = self.unheard(*value);
                self.unused = Some(unused);
                self.swallows += usize::from(silent);
                self.eval(*value);
                self.swallows -= usize::from(silent);
            }
            StmtKind::Assign { target, value, adds } => {
                let is_set = matches!(self.form.expr(*value).kind, ExprKind::Truth(true));
                let mut value = self.eval(*value);
                if is_set && !self.state().facts.is_empty() {
                    // What was made sure of here holds wherever the flag is found set.
                    let facts = self.state().facts.clone();
                    value.when = Some(Rc::new((facts, Facts::new())));
                }
                if *adds {
                    let old = self.eval(*target);
                    value = self.added(old, value);
                }
                self.assign(*target, value);
            }
            StmtKind::Return(value) => {
                if let Some(value) = value.filter(|_| self.frame().unheard) {
                    self.unused = Some(self.unheard(value).0);
                }
                let value = value.map(|value| self.eval(value)).unwrap_or_default();
                let here = self.frame().function;
                if self.handler == Some(here) {
                    self.answer(&value, stmt.span);
                }
                self.give(value);
            }
            StmtKind::Raise(value) => {
                if let Some(value) = value {
                    self.eval(*value);
                }
                self.state().dead = true;
            }
            StmtKind::Leave => {
                let frame = self.frame();
                let here = frame.state.clone();
                frame.left = Some(match frame.left.take() {
                    Some(left) => left.or(here),
                    None => here,
                });
                frame.state.dead = true;
            }
            StmtKind::If { condition, then, other } => self.branch(*condition, then, other),
            StmtKind::Loop { bind, condition, body } => self.rounds(*bind, *condition, body),
            StmtKind::Try { body, catches, last } => self.attempt(body, catches, last),
            StmtKind::Define(function) => {
                self.define(*function);
                self.marked(*function);
            }
            StmtKind::DefineClass(class) => self.define_class(*class),
            StmtKind::Import(names) => names.iter().for_each(|import| self.import(import)),
        }
    }

    fn give(&mut self, value: Value) {
        let decides = value.field(super::results::LAST).unwrap_or(&value);
        let when = decides.when.clone().or_else(|| value.when.clone());
        let truth = decides.known().map(|text| text == "\u{1}true").filter(|_| is_truth(decides));
        let frame = self.frame();
        let facts = frame.state.facts.clone();
        let side = |more: Option<&Facts>| match more {
            Some(more) => super::frame::both(&facts, more),
            None => facts.clone(),
        };
        let (yes, no) = match truth {
            Some(true) => (Some(facts.clone()), None),
            Some(false) => (None, Some(facts.clone())),
            None => (Some(side(when.as_ref().map(|w| &w.0))), Some(side(when.as_ref().map(|w| &w.1)))),
        };
        let join = |old: Option<Facts>, new: Option<Facts>| match (old, new) {
            (Some(old), Some(new)) => Some(common(&old, &new)),
            (old, new) => old.or(new),
        };
        let (old_yes, old_no) = frame.outcome.take().unwrap_or_default();
        frame.outcome = Some((join(old_yes, yes), join(old_no, no)));
        frame.after = join(frame.after.take(), Some(facts));
        frame.given = Some(match frame.given.take() {
            Some(given) => given.or(&value),
            None => value,
        });
        frame.state.dead = true;
    }

    fn branch(&mut self, condition: ExprId, then: &Block, other: &Block) {
        let value = self.eval(condition);
        let start = self.state().clone();
        let fixed = matches!(self.form.expr(condition).kind, ExprKind::Truth(true));
        self.frame().branches += usize::from(!fixed);
        if let Some(when) = &value.when {
            self.state().learn(&when.0);
        }
        self.take_sides(condition, true);
        let sets_up = self.handler.is_none() && self.asks_for_setup(condition);
        self.setups += usize::from(sets_up);
        self.block(then);
        self.setups -= usize::from(sets_up);
        let after = std::mem::replace(self.state(), start);
        if let Some(when) = &value.when {
            self.state().learn(&when.1);
        }
        self.take_sides(condition, false);
        // What is always true has no other way.
        self.state().dead |= fixed;
        self.block(other);
        self.frame().branches -= usize::from(!fixed);
        let other = std::mem::take(self.state());
        *self.state() = after.or(other);
    }

    /// Tells whether a condition compares a word of the command line with one that sets something up.
    fn asks_for_setup(&self, condition: ExprId) -> bool {
        const WORDS: &[&str] = &["init", "install", "setup", "configure", "register", "enable", "add"];
        let ExprKind::Compare(Comparison::Equal, one, other) = self.form.expr(condition).kind else {
            return false;
        };
        let is_word =
            |id: ExprId| self.form.text(id).is_some_and(|text| WORDS.contains(&text.trim_start_matches('-')));
        let reads_line = || {
            self.form.exprs().any(|(_, expr)| match &expr.kind {
                ExprKind::Member(base, name) => {
                    let of = self.form.name(*base).map(|of| &**of);
                    &**name == "argv" && matches!(of, Some("process" | "sys"))
                        || &**name == "parse_args" && of.is_some()
                }
                _ => false,
            })
        };
        (is_word(one) || is_word(other)) && reads_line()
    }

    fn rounds(&mut self, bind: Option<(ExprId, ExprId)>, condition: Option<ExprId>, body: &Block) {
        let around = self.frame().left.take();
        let times = if self.frame().loops < ROUNDS { 2 } else { 1 };
        self.frame().loops += 1;
        self.frame().branches += 1;
        let before = self.state().clone();
        let over = bind.map(|(_, over)| self.eval(over));
        let endless = self.begins_rounds(bind, over.as_ref(), condition, body);
        let mut checked = Facts::new();
        for _ in 0..times {
            let start = self.state().clone();
            if let (Some((target, _)), Some(over)) = (bind, &over) {
                let element = self.element(over);
                self.assign(target, element);
            }
            if let Some(condition) = condition
                && let Some(when) = self.eval(condition).when
            {
                self.state().learn(&when.0);
            }
            self.block(body);
            let end = std::mem::take(self.state());
            checked = if end.dead { Facts::new() } else { end.facts.clone() };
            let left = self.frame().left.take();
            let joined = start.or(end);
            *self.state() = match left {
                Some(left) => joined.or(left),
                None => joined,
            };
        }
        self.endless -= usize::from(endless);
        let end = std::mem::take(self.state());
        // What each round made sure of holds for all that there were.
        let ways = over.map(|over| over.ways()).unwrap_or_default();
        let of_each = |fact: &&(u32, u32)| ways.iter().any(|entry| entry.origin == fact.0);
        let of_each = checked.iter().filter(of_each).copied().collect::<Facts>();
        *self.state() = before.or(end);
        self.state().learn(&of_each);
        let frame = self.frame();
        frame.loops -= 1;
        frame.branches -= 1;
        frame.left = around;
    }

    fn attempt(&mut self, body: &Block, catches: &[Block], last: &Block) {
        let start = self.state().clone();
        let silent = !catches.is_empty() && catches.iter().all(|caught| self.is_silent(caught));
        self.swallows += usize::from(silent);
        self.block(body);
        self.swallows -= usize::from(silent);
        let end = self.state().clone();
        // It may fail anywhere: with the variables of either end and the facts of both.
        let mut failed = State { dead: false, ..end.clone() };
        failed = start.or(failed);
        let mut after = end;
        for caught in catches {
            *self.state() = failed.clone();
            self.block(caught);
            let caught = std::mem::take(self.state());
            after = after.or(caught);
        }
        *self.state() = after;
        if self.state().dead && !last.is_empty() {
            self.state().dead = false;
            self.block(last);
            self.state().dead = true;
        } else {
            self.block(last);
        }
    }

    /// Tells whether a handler of failures neither says nor does anything.
    pub(super) fn is_silent(&self, block: &Block) -> bool {
        block.iter().all(|stmt| match &stmt.kind {
            StmtKind::Leave => true,
            StmtKind::Return(value) => value.is_none_or(|value| {
                matches!(
                    self.form.expr(value).kind,
                    ExprKind::Nothing | ExprKind::Truth(_) | ExprKind::Text(_)
                )
            }),
            StmtKind::Eval(value) => {
                matches!(self.form.expr(*value).kind, ExprKind::Text(_) | ExprKind::Other(_))
            }
            _ => false,
        })
    }

    pub(super) fn define(&mut self, function: FnId) {
        let name = self.form.function(function).name.clone();
        self.bind(&name, function_value(function));
    }

    fn define_class(&mut self, class: ClassId) {
        let form = self.form;
        let shape = form.class(class);
        self.bind(&shape.name, Value { object: Object::Class(class), ..Value::default() });
        // What stands in the body of a class is held by the class.
        let mine = self.state().clone();
        for stmt in &shape.body {
            match &stmt.kind {
                StmtKind::Assign { target, value, .. } => {
                    let value = self.eval(*value);
                    if let Some(name) = form.name(*target) {
                        self.attributes.entry(class).or_default().insert(name.clone(), value.clone());
                        self.bind(name, value);
                    }
                }
                StmtKind::DefineClass(inner) => self.define_class(*inner),
                _ => {}
            }
        }
        *self.state() = mine;
    }

    pub(super) fn bind(&mut self, name: &Word, value: Value) {
        let vars = Rc::make_mut(&mut self.state().vars);
        vars.insert(name.clone(), value);
    }

    pub(super) fn assign(&mut self, target: ExprId, value: Value) {
        let form = self.form;
        match &form.expr(target).kind {
            ExprKind::Name(name) => {
                self.ages(name);
                self.names_token(name, &value, form.expr(target).span);
                self.bind(name, value);
            }
            ExprKind::Member(base, name) => self.assign_part(*base, Some(name), value),
            ExprKind::Index(base, key) => {
                let name = form.text(*key).cloned();
                if name.is_none() {
                    self.pollutes(*base, *key, form.expr(target).span);
                }
                self.assign_part(*base, name.as_ref(), value);
            }
            ExprKind::List(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let one = match &value.items {
                        Some(items) if items.len() == parts.len() => items[at].clone(),
                        _ => self.element(&value),
                    };
                    self.assign(*part, one);
                }
            }
            ExprKind::Record(parts) => {
                for (name, part) in parts {
                    let one = match name {
                        Some(name) => self.member(&value, name),
                        None => value.clone(),
                    };
                    self.assign(*part, one);
                }
            }
            ExprKind::Results(parts) => self.assign_results(parts, &value),
            ExprKind::Spread(inner) => self.assign(*inner, value),
            ExprKind::Other(parts) => parts.iter().for_each(|part| self.assign(*part, value.clone())),
            _ => {}
        }
    }

    fn assign_part(&mut self, base: ExprId, name: Option<&Word>, mut value: Value) {
        let mut holder = self.eval(base);
        if let Some(name) = name {
            self.ages(name);
            self.sets(base, &holder, name, &value);
        }
        if let (Object::Instance(class) | Object::Class(class), Some(name)) = (&holder.object, name) {
            let held = self.attributes.entry(*class).or_default();
            let old = held.remove(name);
            held.insert(name.clone(), old.map_or_else(|| value.clone(), |old| old.or(&value)));
            return;
        }
        match name {
            Some(name) => holder.set(name, value),
            None => {
                // What is put into a record was picked; the record was not.
                value.taint.retain(|entry| entry.source != Source::Picked);
                holder.push(value);
            }
        }
        if let ExprKind::Name(_) | ExprKind::Member(..) = self.form.expr(base).kind {
            self.hold(base, holder);
        }
    }

    /// Looks at names that mean something when they are set.
    fn sets(&mut self, base: ExprId, holder: &Value, name: &Word, value: &Value) {
        let span = self.form.expr(base).span;
        let is_handler = |id: &FnId| self.handler == Some(*id);
        let of_tool = matches!(&holder.object, Object::Functions(all) if all.iter().any(is_handler))
            || self.is_named_tool(base);
        match &**name {
            // A function that was made here just now is no tool that anybody approved.
            "__doc__" if self.handler.is_some() && !self.is_made_here(holder) => {
                self.act(Weakness::ChangingTool, "__doc__", "a tool", span)
            }
            "description" if self.handler.is_some() && of_tool => {
                self.act(Weakness::ChangingTool, "description", "a tool", span);
            }
            "LD_PRELOAD" | "DYLD_INSERT_LIBRARIES" | "HISTFILE" if holder.comes_from(Source::Environment) => {
                self.act(Weakness::Evasion, name, "the environment", span);
            }
            "Stdin" | "stdin" if value.is_path().is_some_and(|path| path.starts_with("net.Dial")) => {
                self.act(Weakness::RemoteShell, "a socket as standard input", "a process", span);
            }
            name if name.eq_ignore_ascii_case("bcc") => self.copy(value, span, "a message"),
            _ => {}
        }
    }

    /// Tells whether a value is a function that stands in the one that runs.
    fn is_made_here(&mut self, value: &Value) -> bool {
        let here = Some(self.frame().function);
        let form = self.form;
        match &value.object {
            Object::Functions(functions) => functions.iter().all(|id| form.function(*id).outer == here),
            _ => false,
        }
    }

    fn is_named_tool(&self, base: ExprId) -> bool {
        let mut at = base;
        for _ in 0..6 {
            let (inner, name) = match &self.form.expr(at).kind {
                ExprKind::Name(name) => (None, Some(name)),
                ExprKind::Member(inner, name) => (Some(*inner), Some(name)),
                ExprKind::Index(inner, _) => (Some(*inner), None),
                ExprKind::Call { callee, .. } => (Some(*callee), None),
                _ => (None, None),
            };
            if name.is_some_and(|name| name.to_ascii_lowercase().contains("tool")) {
                return true;
            }
            match inner {
                Some(inner) => at = inner,
                None => return false,
            }
        }
        false
    }
}

/// Tells whether a value is `true` or `false` as it is written.
fn is_truth(value: &Value) -> bool {
    value.known().is_some_and(|text| matches!(text, "\u{1}true" | "\u{1}false"))
}

pub(super) fn function_value(function: FnId) -> Value {
    Value { object: Object::Functions([function].into()), ..Value::default() }
}
