//! What comes of a session being there: who is let in, and who is taken for whom.

use std::collections::HashMap;
use std::rc::Rc;

use super::names::{asks_who, carries, goes_on, is_identity, is_known, is_request, proves, refuses};
use super::reading::{Names, Reading, texts};
use crate::scan::ast::flow::{Grade, Seen, Weakness};
use crate::scan::ast::form::{Block, Comparison, ExprId, ExprKind, FnId, Form, Part, Span, Stmt, StmtKind};

/// Returns every place where the id of a session alone decides who somebody is.
pub(in crate::scan::ast) fn decisions(form: &Form) -> Vec<Seen> {
    let texts = texts(form);
    let mut told = Told::default();
    let mut scopes: HashMap<FnId, (Rc<Names>, bool)> = HashMap::new();
    let mut seen: Vec<Seen> = Vec::new();
    // What a function stands in comes before it.
    for (id, function) in form.functions() {
        let outer = function.outer.and_then(|outer| scopes.get(&outer)).cloned();
        let proved = outer.as_ref().is_some_and(|(_, proved)| *proved);
        let names = Names::within(outer.map(|(names, _)| names));
        let mut reading = Reading { form, texts: &texts, names };
        reading.parameters(id);
        let facts = facts(&mut reading, &function.body, &mut told);
        // The body of a file proves nothing for the functions in it.
        let proved = proved || facts.proves && function.outer.is_some();
        let names = Rc::new(reading.names);
        scopes.insert(id, (Rc::clone(&names), proved));
        if proved || function.outer.is_none() {
            continue;
        }
        let reading = Reading { form, texts: &texts, names: Names::within(Some(names)) };
        let mut walk = Walk { reading, name: &function.name, refuses: facts.refuses, found: None };
        walk.block(&function.body, false);
        seen.extend(walk.found.map(|span| Seen {
            weakness: Weakness::SessionDecides,
            grade: Grade::Sure,
            span,
            from: "the id of a session".to_owned(),
            sink: if function.name.is_empty() { "a function".to_owned() } else { function.name.to_string() },
            tool: String::new(),
        }));
    }
    seen
}

/// What is told by the words of a function.
#[derive(Default)]
struct Facts {
    /// Whether something that proves who calls is read.
    proves: bool,
    /// Whether somebody whom nobody knows is refused.
    refuses: bool,
}

/// What names tell, each of which is asked once: few make up most of a file.
#[derive(Default)]
struct Told<'f>(HashMap<&'f str, (bool, bool)>);

impl<'f> Told<'f> {
    /// Tells whether a name is one of what proves who somebody is, and whether it refuses.
    fn of(&mut self, name: &'f str) -> (bool, bool) {
        *self.0.entry(name).or_insert_with(|| (proves(name), refuses(name)))
    }
}

/// Learns what the names of a function stand for, and what its words tell.
fn facts<'f>(reading: &mut Reading<'f>, body: &'f Block, told: &mut Told<'f>) -> Facts {
    let form = reading.form;
    let mut facts = Facts::default();
    form.visit(body, &mut |part| match part {
        Part::Stmt(Stmt { kind: StmtKind::Assign { target, value, .. }, .. }) => {
            reading.learn(*target, *value)
        }
        Part::Stmt(_) => {}
        Part::Expr(id) => facts.take(reading, id, told),
    });
    facts
}

impl Facts {
    fn take<'f>(&mut self, reading: &mut Reading<'f>, id: ExprId, told: &mut Told<'f>) {
        let form = reading.form;
        match &form.expr(id).kind {
            ExprKind::Name(name) => self.name(told.of(name)),
            ExprKind::Member(base, name) => {
                self.name(told.of(name));
                // `req.auth` was made by what checked a token.
                let made = || matches!(&**name, "auth" | "authInfo");
                let of_request = || reading.last(*base).is_some_and(|base| is_request(&base));
                self.proves = self.proves || made() && of_request();
            }
            ExprKind::Text(text) | ExprKind::Number(text) => {
                self.proves = self.proves || !text.contains(' ') && proves(text);
                self.refuses = self.refuses || refuses(text);
            }
            ExprKind::Bind(target, value) => reading.learn(*target, *value),
            ExprKind::Call { callee, args } => {
                reading.hands_on(*callee, args);
                // Whoever else is asked who calls may ask for more than the session.
                let asks = || reading.last(*callee).is_some_and(|name| asks_who(&name) && !fails(&name));
                let given = || args.iter().any(|arg| reading.is_id(arg.value) || reading.is_held(arg.value));
                self.proves = self.proves || !args.is_empty() && asks() && !given();
            }
            _ => {}
        }
    }

    fn name(&mut self, (proves, refuses): (bool, bool)) {
        self.proves |= proves;
        self.refuses |= refuses;
    }
}

/// Tells whether a function is one that makes a failure.
fn fails(name: &str) -> bool {
    refuses(name) || ["Error", "Exception", "Failed", "Response"].iter().any(|end| name.ends_with(end))
}

/// Goes through one function, with what is known to be there at each place.
struct Walk<'f> {
    reading: Reading<'f>,
    name: &'f str,
    refuses: bool,
    found: Option<Span>,
}

impl Walk<'_> {
    /// Goes through statements; tells whether the session is known to be there behind them.
    fn block(&mut self, block: &Block, known: bool) -> bool {
        let mut known = known;
        for stmt in block {
            known = self.statement(stmt, known);
        }
        known
    }

    fn statement(&mut self, stmt: &Stmt, known: bool) -> bool {
        match &stmt.kind {
            StmtKind::If { condition, then, other } => {
                self.expr(*condition, known);
                let (yes, no) = (self.implies(*condition, true), self.implies(*condition, false));
                self.block(then, known || yes);
                self.block(other, known || no);
                return known || no && leaves(then) || yes && leaves(other);
            }
            StmtKind::Loop { bind, condition, body } => {
                bind.iter().for_each(|(_, over)| self.expr(*over, known));
                condition.iter().for_each(|condition| self.expr(*condition, known));
                self.block(body, known);
            }
            StmtKind::Try { body, catches, last } => {
                let after = self.block(body, known);
                for caught in catches {
                    self.block(caught, known);
                }
                let after = after && catches.iter().all(leaves);
                return self.block(last, known || after);
            }
            StmtKind::Assign { target, value, .. } => {
                self.expr(*value, known);
                self.sets(*target, *value, known);
            }
            StmtKind::Return(Some(value)) => {
                self.expr(*value, known);
                self.gives(*value, known);
            }
            StmtKind::Eval(value) | StmtKind::Raise(Some(value)) => self.expr(*value, known),
            _ => {}
        }
        known
    }

    fn expr(&mut self, id: ExprId, known: bool) {
        let form = self.reading.form;
        match &form.expr(id).kind {
            ExprKind::Choice { condition, yes, no } => {
                self.expr(*condition, known);
                self.expr(*yes, known || self.implies(*condition, true));
                self.expr(*no, known || self.implies(*condition, false));
            }
            ExprKind::Logic(all, parts) => {
                let mut known = known;
                for part in parts {
                    self.expr(*part, known);
                    known |= self.implies(*part, *all);
                }
            }
            ExprKind::Bind(target, value) => {
                self.expr(*value, known);
                self.sets(*target, *value, known);
            }
            ExprKind::Record(parts) => {
                for (name, value) in parts {
                    self.expr(*value, known);
                    let says = name.as_deref().is_some_and(is_known);
                    self.grant(says && self.tells(*value, known), *value);
                }
            }
            ExprKind::Call { callee, args } => {
                let lets_in = known && self.refuses && self.goes_on(*callee);
                let named =
                    args.first().and_then(|arg| form.text(arg.value)).is_some_and(|name| is_identity(name));
                let sets = named && self.reading.last(*callee).is_some_and(|name| &*name == "set");
                let sets = sets && args.get(1).is_some_and(|arg| self.reading.is_held(arg.value));
                self.grant(lets_in || sets, id);
                form.each_inner(id, |part| self.expr(part, known));
            }
            ExprKind::Member(base, name) => {
                self.grant(self.refuses && is_identity(name) && self.reading.is_held(*base), id);
                self.expr(*base, known);
            }
            _ => form.each_inner(id, |part| self.expr(part, known)),
        }
    }

    /// A user of the request, or a flag that somebody is known.
    fn sets(&mut self, target: ExprId, value: ExprId, known: bool) {
        let form = self.reading.form;
        let grants = match &form.expr(target).kind {
            ExprKind::Name(name) => is_known(name) && self.tells(value, known),
            ExprKind::Member(base, name) if is_identity(name) => {
                let truth = matches!(form.expr(value).kind, ExprKind::Truth(true)) && known;
                self.of_request(*base) && (truth || self.reading.is_held(value))
            }
            _ => false,
        };
        self.grant(grants, value);
    }

    /// What a function gives that tells who calls.
    fn gives(&mut self, value: ExprId, known: bool) {
        let held = self.reading.is_held(value);
        let user = || self.reading.last(value).is_some_and(|name| is_identity(&name));
        let grants = match asks_who(self.name) {
            true => held || self.tells(value, known),
            false => held && self.refuses && user(),
        };
        let carries = self.reading.last(value).is_some_and(|name| carries(&name));
        self.grant(grants && !carries, value);
    }

    /// Tells whether a value says that the session is there.
    fn tells(&self, value: ExprId, known: bool) -> bool {
        matches!(self.reading.form.expr(value).kind, ExprKind::Truth(true)) && known
            || self.implies(value, true)
    }

    /// Tells whether a condition that came to `truth` says that the session is there, or named at least.
    fn implies(&self, condition: ExprId, truth: bool) -> bool {
        let form = self.reading.form;
        let is_nothing = |id: ExprId| matches!(form.expr(id).kind, ExprKind::Nothing);
        let here = |id: ExprId| self.reading.is_held(id) || self.reading.is_id(id);
        match &form.expr(condition).kind {
            ExprKind::Not(inner) => self.implies(*inner, !truth),
            ExprKind::Logic(all, parts) if *all == truth => {
                parts.iter().any(|part| self.implies(*part, truth))
            }
            ExprKind::Logic(_, parts) => parts.iter().all(|part| self.implies(*part, truth)),
            ExprKind::Compare(Comparison::In, one, _) => truth && self.reading.is_id(*one),
            ExprKind::Compare(Comparison::NotIn, one, _) => !truth && self.reading.is_id(*one),
            ExprKind::Compare(Comparison::Equal, one, other) => !truth && here(*one) && is_nothing(*other),
            ExprKind::Compare(Comparison::Unequal, one, other) => truth && here(*one) && is_nothing(*other),
            ExprKind::Compare(..) => false,
            // `!!x` is two of them; a call of anything else, and a name, are true if what they hold is there.
            _ => truth && here(condition),
        }
    }

    /// Tells whether a call goes on to what stands behind a middleware.
    fn goes_on(&self, callee: ExprId) -> bool {
        let form = self.reading.form;
        match &form.expr(callee).kind {
            ExprKind::Name(name) => goes_on(name),
            ExprKind::Member(base, name) => match &form.expr(*base).kind {
                ExprKind::Name(base) => {
                    goes_on(base) || matches!(&**base, "self" | "this") && &**name == "app"
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Tells whether something is a request, or a part of one.
    fn of_request(&self, id: ExprId) -> bool {
        let mut at = id;
        for _ in 0..4 {
            match &self.reading.form.expr(at).kind {
                ExprKind::Name(name) => return is_request(name) || matches!(&**name, "res" | "g" | "scope"),
                ExprKind::Member(base, _) | ExprKind::Index(base, _) => at = *base,
                _ => return false,
            }
        }
        false
    }

    fn grant(&mut self, grants: bool, id: ExprId) {
        if grants && self.found.is_none() {
            self.found = Some(self.reading.form.expr(id).span);
        }
    }
}

/// Tells whether nothing goes on behind some statements.
fn leaves(block: &Block) -> bool {
    block.iter().any(|stmt| matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Raise(_)))
}
