//! Rust: blocks, conditions, loops, patterns.

use super::reader::{DEPTH, Lower as _, chain, children, span};
use super::rust::Rust;
use crate::scan::ast::form::{Block, Comparison, ExprId, ExprKind, Stmt, StmtKind, Word};
use crate::scan::ast::syntax::Node;

/// What becomes of the value of a block.
#[derive(Clone, Debug)]
pub(super) enum To {
    Nothing,
    Return,
    /// A name that was made up for it.
    Name(Word),
}

impl<'t> Rust<'t> {
    pub(super) fn push(&mut self, kind: StmtKind, node: Node<'_>) {
        self.out.push(Stmt { kind, span: span(node) });
    }

    /// Reads with an own block, and returns that.
    fn apart(&mut self, read: impl FnOnce(&mut Self)) -> Block {
        let around = std::mem::take(&mut self.out);
        read(self);
        std::mem::replace(&mut self.out, around)
    }

    pub(super) fn fresh(&mut self) -> Word {
        self.count += 1;
        format!("(value {})", self.count).into()
    }

    pub(super) fn name(&mut self, word: &Word, node: Node<'_>) -> ExprId {
        self.reader.add(ExprKind::Name(word.clone()), node)
    }

    /// Keeps a value under a name, unless it has one.
    fn held(&mut self, value: ExprId, node: Node<'_>) -> Word {
        if let Some(name) = self.reader.form.name(value) {
            return name.clone();
        }
        let word = self.fresh();
        let target = self.name(&word, node);
        self.push(StmtKind::Assign { target, value, adds: false }, node);
        word
    }

    /// Reads what gives a value, and puts that where it goes.
    pub(super) fn value_to(&mut self, node: Node<'_>, to: &To) {
        if self.reader.depth >= DEPTH {
            self.reader.form.cut = true;
            return;
        }
        self.reader.depth += 1;
        match node.kind() {
            "block" => self.block(node, to),
            "unsafe_block" | "async_block" | "try_block" | "const_block" | "parenthesized_expression" => {
                match children(node).last() {
                    Some(inner) => self.value_to(*inner, to),
                    None => self.put(None, node, to),
                }
            }
            "if_expression" => self.conditional(node, to),
            "match_expression" => self.matching(node, to),
            "loop_expression" | "while_expression" | "for_expression" => self.round(node),
            "return_expression" => {
                let inner = children(node).first().copied();
                match inner {
                    Some(inner) => self.value_to(inner, &To::Return),
                    None => self.push(StmtKind::Return(None), node),
                }
            }
            "break_expression" | "continue_expression" => self.push(StmtKind::Leave, node),
            "expression_statement" => {
                if let Some(inner) = children(node).first() {
                    self.value_to(*inner, &To::Nothing);
                }
            }
            "call_expression" if matches!(to, To::Return) && self.is_failure(node) => {
                let inner = node.child_by_field_name("arguments").map(children).unwrap_or_default();
                let inner = inner.first().map(|inner| self.expr(*inner));
                self.push(StmtKind::Raise(inner), node);
            }
            _ => {
                let value = self.expr(node);
                self.put(Some(value), node, to);
            }
        }
        self.reader.depth -= 1;
    }

    /// Tells whether a call makes a failure.
    pub(super) fn is_failure(&self, node: Node<'_>) -> bool {
        let callee = node.child_by_field_name("function").map(|callee| self.reader.slice(callee));
        matches!(callee, Some("Err" | "Result::Err"))
    }

    fn put(&mut self, value: Option<ExprId>, node: Node<'_>, to: &To) {
        match (value, to) {
            (Some(value), To::Nothing) => self.push(StmtKind::Eval(value), node),
            (value, To::Return) => self.push(StmtKind::Return(value), node),
            (Some(value), To::Name(word)) => {
                let target = self.name(word, node);
                self.push(StmtKind::Assign { target, value, adds: false }, node);
            }
            (None, _) => {}
        }
    }

    fn block(&mut self, node: Node<'_>, to: &To) {
        let parts = children(node);
        let count = parts.len();
        for (at, part) in parts.into_iter().enumerate() {
            match part.kind() {
                "let_declaration" => self.declare(part),
                // A condition at the end needs no semicolon to be a statement, and is the value without one.
                "expression_statement" if at + 1 == count && !self.reader.slice(part).ends_with(';') => {
                    match children(part).first() {
                        Some(inner) => self.value_to(*inner, to),
                        None => self.put(None, part, to),
                    }
                }
                "expression_statement" | "empty_statement" | "label" | "attribute_item" => {
                    self.value_to(part, &To::Nothing);
                }
                kind if Self::is_item(kind) => self.inner_item(part),
                "macro_invocation" if at + 1 < count => self.value_to(part, &To::Nothing),
                _ if at + 1 == count => self.value_to(part, to),
                _ => self.value_to(part, &To::Nothing),
            }
        }
    }

    fn declare(&mut self, node: Node<'_>) {
        let (Some(pattern), Some(value)) =
            (node.child_by_field_name("pattern"), node.child_by_field_name("value"))
        else {
            return;
        };
        let Some(otherwise) = node.child_by_field_name("alternative") else {
            let value = self.expr(value);
            let target = self.pattern(pattern);
            return self.push(StmtKind::Assign { target, value, adds: false }, node);
        };
        let kind = self.variant(pattern);
        let bind = |this: &mut Self| {
            let value = this.expr(value);
            let target = this.pattern(pattern);
            this.push(StmtKind::Assign { target, value, adds: false }, node);
        };
        if kind == "Ok" {
            let body = self.apart(bind);
            let caught = self.apart(|this| this.value_to(otherwise, &To::Nothing));
            self.push(StmtKind::Try { body, catches: vec![caught], last: Block::new() }, node);
            return;
        }
        let value = self.expr(value);
        let word = self.held(value, node);
        let (value, target) = (self.name(&word, node), self.pattern(pattern));
        self.push(StmtKind::Assign { target, value, adds: false }, node);
        let condition = if kind == "Some" { self.name(&word, node) } else { self.reader.nothing(node) };
        let other = self.apart(|this| this.value_to(otherwise, &To::Nothing));
        self.push(StmtKind::If { condition, then: Block::new(), other }, node);
    }

    /// The last name of the type that a pattern asks for.
    fn variant(&self, pattern: Node<'_>) -> &'t str {
        let of = match pattern.kind() {
            "tuple_struct_pattern" | "struct_pattern" => pattern.child_by_field_name("type"),
            "match_pattern" => return children(pattern).first().map_or("", |inner| self.variant(*inner)),
            _ => Some(pattern),
        };
        let text = of.map(|of| self.reader.slice(of)).unwrap_or_default();
        text.rsplit("::").next().unwrap_or(text)
    }

    fn conditional(&mut self, node: Node<'_>, to: &To) {
        let condition = node.child_by_field_name("condition");
        let then = node.child_by_field_name("consequence");
        let other = node.child_by_field_name("alternative");
        let other = other.and_then(|other| children(other).first().copied());
        let read = |this: &mut Self, block: Option<Node<'_>>| match block {
            Some(block) => this.value_to(block, to),
            None => this.put(None, node, if matches!(to, To::Return) { &To::Nothing } else { to }),
        };
        if let Some(asked) = condition.filter(|one| one.kind() == "let_condition")
            && let (Some(pattern), Some(value)) =
                (asked.child_by_field_name("pattern"), asked.child_by_field_name("value"))
            && matches!(self.variant(pattern), "Ok" | "Err")
        {
            let fails = self.variant(pattern) == "Err";
            let body = self.apart(|this| {
                let value = this.expr(value);
                match fails {
                    true => {
                        this.push(StmtKind::Eval(value), node);
                        read(this, other);
                    }
                    false => {
                        let target = this.pattern(pattern);
                        this.push(StmtKind::Assign { target, value, adds: false }, node);
                        read(this, then);
                    }
                }
            });
            let caught = self.apart(|this| read(this, if fails { then } else { other }));
            return self.push(StmtKind::Try { body, catches: vec![caught], last: Block::new() }, node);
        }
        let mut binds = Block::new();
        let condition = match condition {
            Some(condition) => self.asked(condition, &mut binds),
            None => self.reader.nothing(node),
        };
        let mut then = self.apart(|this| read(this, then));
        then.splice(0..0, binds);
        let other = self.apart(|this| read(this, other));
        self.push(StmtKind::If { condition, then, other }, node);
    }

    /// A condition, with what it binds where it holds.
    fn asked(&mut self, node: Node<'_>, binds: &mut Block) -> ExprId {
        match node.kind() {
            "let_condition" => {
                let (Some(pattern), Some(value)) =
                    (node.child_by_field_name("pattern"), node.child_by_field_name("value"))
                else {
                    return self.reader.nothing(node);
                };
                let value = self.expr(value);
                let word = self.held(value, node);
                let (value, target) = (self.name(&word, node), self.pattern(pattern));
                binds.push(Stmt { kind: StmtKind::Assign { target, value, adds: false }, span: span(node) });
                self.fits(pattern, &word)
            }
            "let_chain" => {
                let parts = children(node).into_iter().map(|part| {
                    // What one part binds the next may ask.
                    let mut own = Block::new();
                    let asked = self.asked(part, &mut own);
                    self.out.extend(own);
                    asked
                });
                let parts = parts.collect();
                self.reader.add(ExprKind::Logic(true, parts), node)
            }
            _ => self.expr(node),
        }
    }

    /// What it takes for a pattern to fit what a name holds.
    fn fits(&mut self, pattern: Node<'_>, word: &Word) -> ExprId {
        let subject = self.name(word, pattern);
        let text = self.reader.slice(pattern);
        if pattern.kind() != "match_pattern"
            && text.contains("Component::")
            && let Some(part) = self.part_of_path(text, subject, pattern)
        {
            return part;
        }
        match pattern.kind() {
            "match_pattern" => {
                // `_` is no node of its own.
                let Some(inner) = children(pattern).first().copied() else {
                    return self.reader.add(ExprKind::Truth(true), pattern);
                };
                let fits = self.fits(inner, word);
                let Some(guard) = pattern.child_by_field_name("condition") else { return fits };
                // What the pattern names is what the guard asks of.
                let value = self.name(word, inner);
                let target = self.pattern(inner);
                self.push(StmtKind::Assign { target, value, adds: false }, inner);
                let guard = self.expr(guard);
                match self.reader.form.expr(fits).kind {
                    ExprKind::Truth(true) => guard,
                    _ => self.reader.add(ExprKind::Logic(true, vec![fits, guard]), pattern),
                }
            }
            "string_literal" | "raw_string_literal" | "char_literal" | "integer_literal"
            | "boolean_literal" | "negative_literal" => {
                let value = self.expr(pattern);
                self.reader.add(ExprKind::Compare(Comparison::Equal, subject, value), pattern)
            }
            "or_pattern" => {
                let parts = children(pattern).into_iter().map(|part| self.fits(part, word)).collect();
                self.reader.add(ExprKind::Logic(false, parts), pattern)
            }
            "identifier" if self.reader.slice(pattern) == "None" => {
                self.reader.add(ExprKind::Not(subject), pattern)
            }
            "identifier" | "_" => self.reader.add(ExprKind::Truth(true), pattern),
            "tuple_struct_pattern" => {
                let inner = children(pattern).last().copied().filter(|_| self.variant(pattern) == "Some");
                match inner {
                    Some(inner) if inner.kind().ends_with("literal") => self.fits(inner, word),
                    Some(_) => subject,
                    None => self.reader.nothing(pattern),
                }
            }
            _ if self.reader.slice(pattern) == "_" => self.reader.add(ExprKind::Truth(true), pattern),
            _ => self.reader.nothing(pattern),
        }
    }

    fn matching(&mut self, node: Node<'_>, to: &To) {
        let arms = node.child_by_field_name("body").map(children).unwrap_or_default();
        let arms = arms.into_iter().filter(|arm| arm.kind() == "match_arm");
        let arms = arms
            .filter_map(|arm| Some((arm.child_by_field_name("pattern")?, arm.child_by_field_name("value")?)));
        let arms = arms.collect::<Vec<_>>();
        let Some(subject) = node.child_by_field_name("value") else { return };
        let result = |pattern: Node<'_>| matches!(self.variant(pattern), "Ok" | "Err");
        if arms.iter().any(|(pattern, _)| result(*pattern)) {
            return self.attempt(node, subject, &arms, to);
        }
        let value = self.expr(subject);
        let word = self.held(value, node);
        let mut all = Vec::new();
        let mut otherwise = Block::new();
        for (pattern, body) in arms {
            let condition = self.fits(pattern, &word);
            let then = self.apart(|this| {
                let value = this.name(&word, pattern);
                let inner = children(pattern).first().copied().unwrap_or(pattern);
                let target = this.pattern(inner);
                this.push(StmtKind::Assign { target, value, adds: false }, pattern);
                this.value_to(body, to);
            });
            match self.reader.form.expr(condition).kind {
                ExprKind::Truth(true) => otherwise = then,
                _ => all.push((condition, then, span(pattern))),
            }
        }
        let then = chain(all, otherwise);
        let condition = self.reader.add(ExprKind::Truth(true), node);
        self.push(StmtKind::If { condition, then, other: Block::new() }, node);
    }

    /// A match over what may have failed is an attempt.
    fn attempt(&mut self, node: Node<'_>, subject: Node<'_>, arms: &[(Node<'_>, Node<'_>)], to: &To) {
        let mut catches = Vec::new();
        let mut body = self.apart(|this| {
            let value = this.expr(subject);
            this.push(StmtKind::Eval(value), node);
        });
        let mut first = true;
        for (pattern, arm) in arms {
            if self.variant(*pattern) == "Ok" && first {
                first = false;
                body = self.apart(|this| {
                    let value = this.expr(subject);
                    let inner = children(*pattern).first().copied().unwrap_or(*pattern);
                    let target = this.pattern(inner);
                    this.push(StmtKind::Assign { target, value, adds: false }, *pattern);
                    this.value_to(*arm, to);
                });
            } else {
                catches.push(self.apart(|this| this.value_to(*arm, to)));
            }
        }
        self.push(StmtKind::Try { body, catches, last: Block::new() }, node);
    }

    fn round(&mut self, node: Node<'_>) {
        let body = node.child_by_field_name("body");
        let (mut bind, mut condition) = (None, None);
        let asked = node.child_by_field_name("condition");
        match (node.kind(), asked) {
            ("for_expression", _) => {
                let over = node.child_by_field_name("value").map(|value| self.expr(value));
                let target = node.child_by_field_name("pattern").map(|pattern| self.pattern(pattern));
                bind = target.zip(over);
            }
            (_, Some(asked)) if asked.kind() == "let_condition" => {
                let over = asked.child_by_field_name("value").map(|value| self.expr(value));
                let target = asked.child_by_field_name("pattern").map(|pattern| self.pattern(pattern));
                bind = target.zip(over);
            }
            (_, Some(asked)) => condition = Some(self.expr(asked)),
            _ => condition = Some(self.reader.add(ExprKind::Truth(true), node)),
        }
        let body = self.apart(|this| {
            if let Some(body) = body {
                this.value_to(body, &To::Nothing);
            }
        });
        self.push(StmtKind::Loop { bind, condition, body }, node);
    }

    /// Reads a pattern as what is assigned to.
    pub(super) fn pattern(&mut self, node: Node<'_>) -> ExprId {
        if self.reader.depth >= DEPTH {
            self.reader.form.cut = true;
            return self.reader.nothing(node);
        }
        self.reader.depth += 1;
        let id = self.pattern_of(node);
        self.reader.depth -= 1;
        id
    }

    fn pattern_of(&mut self, node: Node<'_>) -> ExprId {
        let inner = children(node);
        let kind = match node.kind() {
            "identifier" | "shorthand_field_identifier" => ExprKind::Name(self.reader.word(node)),
            "tuple_struct_pattern" => {
                let of = node.child_by_field_name("type");
                let parts = inner.into_iter().filter(|part| Some(*part) != of).collect::<Vec<_>>();
                match parts[..] {
                    [one] => return self.pattern(one),
                    _ => ExprKind::Other(parts.into_iter().map(|part| self.pattern(part)).collect()),
                }
            }
            "tuple_pattern" => ExprKind::List(inner.into_iter().map(|part| self.pattern(part)).collect()),
            "struct_pattern" => {
                let fields = inner.into_iter().filter(|part| part.kind() == "field_pattern");
                let fields = fields.filter_map(|field| {
                    let name = field.child_by_field_name("name")?;
                    let word = self.reader.slice(name).into();
                    let target = match field.child_by_field_name("pattern") {
                        Some(pattern) => self.pattern(pattern),
                        None => self.name(&word, name),
                    };
                    Some((Some(word), target))
                });
                ExprKind::Record(fields.collect())
            }
            "mut_pattern" | "ref_pattern" | "reference_pattern" | "captured_pattern" | "match_pattern"
            | "or_pattern" => match inner.into_iter().rfind(|part| part.kind() != "mutable_specifier") {
                Some(part) => return self.pattern(part),
                None => ExprKind::Other(Vec::new()),
            },
            _ => ExprKind::Other(Vec::new()),
        };
        self.reader.add(kind, node)
    }
}
