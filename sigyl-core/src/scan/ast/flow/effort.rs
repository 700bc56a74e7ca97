//! How much work code does: rounds, calls of itself, and what it holds.

use super::call::Given;
use super::run::Flow;
use super::value::{Object, Source, Value, Weakness, bits};
use crate::scan::ast::form::{Block, Comparison, ExprId, ExprKind, FnId, Part, Span, StmtKind};

/// Rounds of a loop, or parts of a list, that no tool needs.
const VAST: f64 = 5e6;
/// Calls of itself that a stack has no room for.
const DEEP: f64 = 50_000.0;

impl Flow<'_> {
    /// Tells whether a number or length is as large as a caller says.
    pub(super) fn is_boundless(&self, value: &Value) -> bool {
        let open = |known: u32| known & (bits::PIECE | bits::CAPPED | bits::VAGUE) == 0;
        value.ways().iter().any(|entry| entry.source == Source::Argument && open(self.bits_of(entry)))
    }

    /// Looks at a loop before it runs; tells whether it has no end that is known to be near.
    pub(super) fn begins_rounds(
        &mut self,
        bind: Option<(ExprId, ExprId)>,
        over: Option<&Value>,
        condition: Option<ExprId>,
        body: &Block,
    ) -> bool {
        let endless = self.is_endless(over, condition, body);
        self.endless += usize::from(endless);
        if self.counts_to_argument(over, condition)
            && self.adds(body)
            && let (Some(id), true) = (condition, self.handler.is_some())
        {
            let span = self.form.expr(id).span;
            self.act(Weakness::Exhaustion, "as much as it says", "a loop", span);
        }
        let span = bind.map(|(_, over)| over).or(condition).map(|id| self.form.expr(id).span);
        let (Some(span), true) = (span, self.handler.is_some()) else { return endless };
        if endless && over.is_none() && grows(body) {
            self.act(Weakness::Exhaustion, "what it holds", "a loop without an end", span);
        }
        if let Some(over) = over.filter(|over| over.is_path() == Some("range()")) {
            if self.is_boundless(over) && self.adds(body) {
                self.act(Weakness::Exhaustion, "as much as it says", "a loop", span);
            }
            if over.field("(vast)").is_some() {
                self.act(Weakness::Exhaustion, "its rounds", "a loop of millions", span);
            }
        }
        endless
    }

    /// Tells whether a loop goes on for ever, or as long as a caller says.
    fn is_endless(&self, over: Option<&Value>, condition: Option<ExprId>, body: &Block) -> bool {
        if let Some(over) = over {
            let counted = over.is_path() == Some("range()");
            return counted && (self.is_boundless(over) || over.field("(far)").is_some());
        }
        // A server reads messages for as long as it runs.
        if self.frames.last().is_some_and(|frame| self.readers.contains_key(&frame.function)) {
            return false;
        }
        condition.is_some_and(|condition| match &self.form.expr(condition).kind {
            ExprKind::Truth(true) => !leaves(body),
            ExprKind::Number(number) => &**number == "1" && !leaves(body),
            _ => false,
        })
    }

    /// Tells whether a loop goes on until what it keeps is as much as the caller says: `while len(kept) < wanted`.
    fn counts_to_argument(&mut self, over: Option<&Value>, condition: Option<ExprId>) -> bool {
        let form = self.form;
        let Some(condition) = condition.filter(|_| over.is_none()) else { return false };
        let ExprKind::Compare(Comparison::Below | Comparison::Above | Comparison::Order, one, other) =
            form.expr(condition).kind
        else {
            return false;
        };
        let counts = |id: ExprId| matches!(&form.expr(id).kind, ExprKind::Call { callee, .. } if form.name(*callee).is_some_and(|name| &**name == "len"));
        let wanted = match (counts(one), counts(other)) {
            (true, false) => other,
            (false, true) => one,
            _ => return false,
        };
        let wanted = self.eval(wanted);
        let is_number = wanted.taint.iter().all(|entry| self.bits_of(entry) & bits::ALL == bits::ALL);
        is_number && self.is_boundless(&wanted)
    }

    /// Tells whether each round of a loop keeps more than the one before, or computes on what that gave.
    fn adds(&self, body: &Block) -> bool {
        const MORE: &[&str] = &["append", "extend", "push", "add", "write", "insert", "unshift"];
        body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Assign { target, value, adds } => {
                *adds || self.form.name(*target).is_some_and(|name| self.mentions(*value, name, 6))
            }
            StmtKind::Eval(value) => match &self.form.expr(*value).kind {
                ExprKind::Call { callee, .. } => {
                    matches!(&self.form.expr(*callee).kind, ExprKind::Member(_, name) if MORE.contains(&&**name))
                }
                _ => false,
            },
            StmtKind::If { then, other, .. } => self.adds(then) || self.adds(other),
            StmtKind::Try { body, .. } | StmtKind::Loop { body, .. } => self.adds(body),
            _ => false,
        })
    }

    /// Tells whether a name stands in an expression.
    fn mentions(&self, id: ExprId, name: &str, depth: usize) -> bool {
        let any = |parts: &[ExprId]| parts.iter().any(|part| self.mentions(*part, name, depth - 1));
        if depth == 0 {
            return false;
        }
        match &self.form.expr(id).kind {
            ExprKind::Name(known) => &**known == name,
            ExprKind::Member(base, _) | ExprKind::Slice(base) => any(&[*base]),
            ExprKind::Call { callee, args } => {
                any(&[*callee]) || args.iter().any(|arg| self.mentions(arg.value, name, depth - 1))
            }
            ExprKind::Join(parts) | ExprKind::List(parts) => any(parts),
            ExprKind::Binary(_, one, other) => any(&[*one, *other]),
            _ => false,
        }
    }

    /// Marks how many rounds a range has.
    pub(super) fn counted(given: &Given) -> Value {
        let mut value = Value::path("range()");
        for (_, bound) in &given.args {
            value.absorb(&bound.ways());
            let bound = number(bound).unwrap_or_default();
            for (least, mark) in [(500.0, "(far)"), (VAST, "(vast)")] {
                if bound >= least {
                    value.set(mark, Value::default());
                }
            }
        }
        value
    }

    /// A text or list as often as the caller says, or more often than anybody needs.
    pub(super) fn repeats(&mut self, id: ExprId, one: &Value, other: &Value) {
        let span = self.form.expr(id).span;
        for (what, times) in [(one, other), (other, one)] {
            let holds = what.items.is_some() || what.known().is_some_and(|text| !is_sum(text));
            if holds && (self.is_boundless(times) && what.taint.is_empty() || number(times) >= Some(VAST)) {
                self.act(Weakness::Exhaustion, "as much as it says", "*", span);
            }
        }
    }

    /// Looks at a call of a function that runs already.
    pub(super) fn calls_itself(
        &mut self,
        function: FnId,
        args: &[(Option<crate::scan::ast::form::Word>, Value)],
    ) {
        let (Some(span), true) = (self.calling, self.handler.is_some()) else { return };
        let Some(at) = self.frames.iter().position(|frame| frame.function == function) else { return };
        let name = &*self.form.function(function).name;
        self.merges(function, args, span);
        if self.is_by_name(function) {
            return;
        }
        // What makes an instance calls what makes the one that it is made of; what wraps another gives on all it has.
        if matches!(name, "__init__" | "constructor") || self.gives_on_all || self.calls_wrapped() {
            return;
        }
        let round = &self.frames[at..];
        let straight = round.iter().all(|frame| frame.branches == 0 && frame.given.is_none());
        // What walks a tree calls itself for each part, and trees have an end.
        let walks = round.iter().any(|frame| frame.loops > 0);
        let is_number = |value: &Value| value.taint.iter().all(|entry| entry.bits & bits::ALL == bits::ALL);
        let deep = args.iter().any(|(_, value)| {
            !value.taint.is_empty() && is_number(value) && self.is_boundless(value) && value.items.is_none()
        });
        // How often it does is up to whoever answers.
        let asks = round.iter().any(|frame| self.asks_user(&self.form.function(frame.function).body));
        if straight || deep && !walks && !asks {
            self.act(Weakness::Exhaustion, "as deep as it says", "a call of itself", span);
        }
    }

    /// Tells whether a method is taken for one that runs by its name alone: nothing tells what it is called on.
    fn is_by_name(&mut self, function: FnId) -> bool {
        let form = self.form;
        let Some(ExprKind::Call { callee, .. }) = self.calls.last().map(|call| &form.expr(*call).kind) else {
            return false;
        };
        let ExprKind::Member(base, _) = form.expr(*callee).kind else { return false };
        let is_own = form.name(base).is_some_and(|name| matches!(&**name, "self" | "this" | "cls"));
        let base = self.eval(base);
        form.function(function).class.is_some()
            && !is_own
            && !matches!(base.object, Object::Instance(_) | Object::Class(_))
    }

    /// Tells whether the call that is made is of what the function around was given: it wraps that, under the same name.
    fn calls_wrapped(&self) -> bool {
        let form = self.form;
        let callee = self.calls.last().and_then(|call| match &form.expr(*call).kind {
            ExprKind::Call { callee, .. } => form.name(*callee),
            _ => None,
        });
        let (Some(callee), Some(frame)) = (callee, self.frames.last()) else { return false };
        let mut at = form.function(frame.function).outer;
        while let Some(id) = at {
            if form.function(id).params.iter().any(|param| form.name(param.target) == Some(callee)) {
                return true;
            }
            at = form.function(id).outer;
        }
        false
    }

    /// Tells whether a block waits for an answer of the user.
    fn asks_user(&self, block: &Block) -> bool {
        const ASKS: &[&str] = &["elicit", "elicitInput", "elicit_input", "elicit_url", "input", "question"];
        let mut found = false;
        self.form.visit(block, &mut |part| {
            if let Part::Expr(id) = part
                && let ExprKind::Call { callee, .. } = &self.form.expr(id).kind
            {
                let name = crate::scan::ast::handlers::last_name(self.form, *callee);
                found |= name.is_some_and(|name| ASKS.contains(&&*name));
            }
        });
        found
    }

    /// Looks at calls that take as much as they are told.
    pub(super) fn takes_much(&mut self, path: &str, given: &Given, span: Span) {
        let Some(first) = given.at(0) else { return };
        let much = match path {
            "bytearray" | "Buffer.alloc" | "Buffer.allocUnsafe" | "numpy.zeros" | "numpy.ones"
            | "os.urandom" => {
                let counted = first.taint.iter().all(|entry| entry.bits & bits::ALL == bits::ALL);
                counted && self.is_boundless(first) || number(first) >= Some(VAST * 20.0)
            }
            "PIL.Image.new" | "canvas.createCanvas" => {
                let sides = given.args.iter().flat_map(|(_, value)| match &value.items {
                    Some(items) => items.to_vec(),
                    None => vec![value.clone()],
                });
                sides.into_iter().any(|side| self.is_boundless(&side))
            }
            "sys.setrecursionlimit" => number(first) >= Some(DEEP),
            _ => false,
        };
        if much && self.handler.is_some() {
            self.act(Weakness::Exhaustion, "as much as it says", path, span);
        }
    }
}

impl Flow<'_> {
    /// Looks at a fixed expression that goes back over a text as long as a caller says.
    pub(super) fn goes_back(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let known = matches!(
            name,
            "match"
                | "search"
                | "fullmatch"
                | "findall"
                | "finditer"
                | "sub"
                | "subn"
                | "split"
                | "test"
                | "exec"
                | "replace"
                | "replaceAll"
                | "matchAll"
        );
        if !known || self.handler.is_none() {
            return;
        }
        let base = given.base.as_ref().filter(|_| !path.starts_with("re."));
        let texts = || base.into_iter().chain(given.args.iter().map(|(_, value)| value)).take(3);
        let runs = |value: &Value| {
            value.known().is_some_and(|text| super::backtrack::runs_away(text, name == "fullmatch"))
        };
        let pattern = texts().any(runs);
        if pattern && texts().any(|value| self.is_boundless(value)) {
            self.act(Weakness::Runaway, "an expression that goes back again and again", path, span);
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.known()?.replace('_', "").parse().ok()
}

/// Tells whether a reading is that of a number, or of numbers that are computed with.
fn is_sum(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || "._+-*/eE ".contains(c);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_part)
}

/// What two known numbers come to.
pub(super) fn computed(word: &str, one: &Value, other: &Value) -> Option<Value> {
    let (one, other) = (number(one)?, number(other)?);
    let number = match word {
        "*" => one * other,
        "**" => one.powf(other),
        "-" => one - other,
        "//" => (one / other).floor(),
        "<<" => one * 2_f64.powf(other),
        _ => return None,
    };
    number.is_finite().then(|| Value::text(&number.to_string()))
}

/// Tells whether a block puts more and more into what it holds.
fn grows(block: &Block) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Eval(_) | StmtKind::Assign { adds: true, .. } => true,
        StmtKind::If { then, other, .. } => grows(then) || grows(other),
        StmtKind::Try { body, .. } | StmtKind::Loop { body, .. } => grows(body),
        _ => false,
    })
}

/// Tells whether a block can end the loop that it is in.
fn leaves(block: &Block) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(_) | StmtKind::Raise(_) | StmtKind::Leave => true,
        StmtKind::If { then, other, .. } => leaves(then) || leaves(other),
        StmtKind::Try { body, catches, last } => leaves(body) || leaves(last) || catches.iter().any(leaves),
        StmtKind::Loop { body, .. } => leaves(body),
        _ => false,
    })
}
