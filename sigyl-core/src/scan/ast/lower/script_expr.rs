//! JavaScript and TypeScript: expressions.

use super::reader::{Lower, Reader, children, operands, span, unescape};
use super::script::Script;
use crate::scan::ast::form::{Arg, Comparison, ExprId, ExprKind, Word};
use crate::scan::ast::syntax::Node;

impl<'t> Lower<'t> for Script<'t> {
    fn reader(&mut self) -> &mut Reader<'t> {
        &mut self.0
    }

    fn lower(&mut self, node: Node<'_>) -> ExprId {
        self.expression(node)
    }
}

impl Script<'_> {
    fn expression(&mut self, node: Node<'_>) -> ExprId {
        let kind = match node.kind() {
            "identifier"
            | "this"
            | "super"
            | "import"
            | "property_identifier"
            | "shorthand_property_identifier"
            | "shorthand_property_identifier_pattern"
            | "private_property_identifier" => ExprKind::Name(self.0.word(node)),
            "sequence_expression" => self.sequence(node),
            "yield_expression" => self.yields(node),
            "undefined" | "null" => ExprKind::Nothing,
            "string" => ExprKind::Text(self.string(node)),
            "template_string" => return self.template(node),
            "number" => ExprKind::Number(self.0.word(node)),
            "true" => ExprKind::Truth(true),
            "false" => ExprKind::Truth(false),
            "regex" => return self.regex(node),
            "member_expression" => {
                let base = self.expr_of(node, "object");
                let name = node.child_by_field_name("property").map(|name| self.0.word(name));
                ExprKind::Member(base, name.unwrap_or_default())
            }
            "subscript_expression" => {
                ExprKind::Index(self.expr_of(node, "object"), self.expr_of(node, "index"))
            }
            "call_expression" => self.call(node, "function"),
            "new_expression" => self.call(node, "constructor"),
            "binary_expression" => self.binary(node),
            "unary_expression" => {
                let negates = self.operator(node) == "!";
                let inner = self.expr_of(node, "argument");
                if negates { ExprKind::Not(inner) } else { ExprKind::Other(vec![inner]) }
            }
            "ternary_expression" => ExprKind::Choice {
                condition: self.expr_of(node, "condition"),
                yes: self.expr_of(node, "consequence"),
                no: self.expr_of(node, "alternative"),
            },
            "assignment_expression" | "augmented_assignment_expression" => {
                ExprKind::Bind(self.expr_of(node, "left"), self.assigned(node))
            }
            "arrow_function" | "function_expression" | "generator_function" | "method_definition" => {
                ExprKind::Function(self.function(node, None))
            }
            "class" => ExprKind::Class(self.class(node)),
            "object" | "object_pattern" => ExprKind::Record(self.pairs(node)),
            "array" | "array_pattern" => ExprKind::List(self.all(children(node))),
            // A default of a pattern.
            "assignment_pattern" | "object_assignment_pattern" => return self.expr_of(node, "left"),
            "lexical_declaration" | "variable_declaration" | "variable_declarator" => {
                match children(node).first() {
                    Some(inner) => return self.expr(*inner),
                    None => ExprKind::Other(Vec::new()),
                }
            }
            "spread_element" | "rest_pattern" => match children(node).first() {
                Some(inner) => ExprKind::Spread(self.expr(*inner)),
                None => ExprKind::Other(Vec::new()),
            },
            "parenthesized_expression"
            | "await_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "instantiation_expression" => match children(node).first() {
                Some(inner) => return self.expr(*inner),
                None => ExprKind::Other(Vec::new()),
            },
            "type_assertion" => match children(node).last() {
                Some(inner) => return self.expr(*inner),
                None => ExprKind::Other(Vec::new()),
            },
            "statement_block" => ExprKind::Other(Vec::new()),
            _ => ExprKind::Other(self.all(children(node))),
        };
        self.0.add(kind, node)
    }

    /// `(0, exports.run)(a)`: the last of them is what it comes to.
    fn sequence(&mut self, node: Node<'_>) -> ExprKind {
        let parts = self.all(children(node));
        let last = ExprKind::Text((parts.len().saturating_sub(1)).to_string().into());
        let (list, last) = (self.0.add(ExprKind::List(parts), node), self.0.add(last, node));
        ExprKind::Index(list, last)
    }

    /// What a generator gives.
    fn yields(&mut self, node: Node<'_>) -> ExprKind {
        let args = children(node).into_iter().map(|one| Arg { name: None, value: self.expr(one) });
        let args = args.collect();
        ExprKind::Call { callee: self.0.add(ExprKind::Name("(yield)".into()), node), args }
    }

    fn call(&mut self, node: Node<'_>, field: &str) -> ExprKind {
        let callee = self.expr_of(node, field);
        let args = match node.child_by_field_name("arguments") {
            Some(list) if list.kind() == "template_string" => vec![list],
            Some(list) => children(list),
            None => Vec::new(),
        };
        let args = args.into_iter().map(|arg| Arg { name: None, value: self.expr(arg) });
        ExprKind::Call { callee, args: args.collect() }
    }

    /// What an assignment gives its target; `a ??= b` keeps what is there.
    pub(super) fn assigned(&mut self, node: Node<'_>) -> ExprId {
        let value = self.expr_of(node, "right");
        if !self.keeps_old(node) {
            return value;
        }
        let old = self.expr_of(node, "left");
        self.0.form.add(ExprKind::Logic(false, vec![old, value]), span(node))
    }

    /// Tells whether an assignment may leave its target as it is.
    pub(super) fn keeps_old(&self, node: Node<'_>) -> bool {
        matches!(self.operator(node), "??=" | "||=" | "&&=")
    }

    fn operator(&self, node: Node<'_>) -> &str {
        node.child_by_field_name("operator").map(|word| self.0.slice(word)).unwrap_or_default()
    }

    fn binary(&mut self, node: Node<'_>) -> ExprKind {
        let word = self.operator(node).to_owned();
        if matches!(word.as_str(), "+" | "&&" | "||" | "??") {
            let same = |at: &Node<'_>| at.kind() == "binary_expression" && self.operator(*at) == word;
            let parts = operands(node, same);
            let parts = self.all(parts);
            return match word.as_str() {
                "+" => ExprKind::Join(parts),
                "&&" => ExprKind::Logic(true, parts),
                _ => ExprKind::Logic(false, parts),
            };
        }
        let left = self.expr_of(node, "left");
        let right = self.expr_of(node, "right");
        match word.as_str() {
            "==" | "===" => ExprKind::Compare(Comparison::Equal, left, right),
            "!=" | "!==" => ExprKind::Compare(Comparison::Unequal, left, right),
            "in" => ExprKind::Compare(Comparison::In, left, right),
            "<" | "<=" => ExprKind::Compare(Comparison::Below, left, right),
            ">" | ">=" => ExprKind::Compare(Comparison::Above, left, right),
            _ => ExprKind::Binary(word.into(), left, right),
        }
    }

    fn pairs(&mut self, node: Node<'_>) -> Vec<(Option<Word>, ExprId)> {
        let mut pairs = Vec::new();
        for pair in children(node) {
            let (key, value) = match pair.kind() {
                "pair" | "pair_pattern" => {
                    let key = pair.child_by_field_name("key");
                    (key.and_then(|key| self.key(key)), self.expr_of(pair, "value"))
                }
                "method_definition" => {
                    let key = pair.child_by_field_name("name");
                    (key.and_then(|key| self.key(key)), self.expr(pair))
                }
                "object_assignment_pattern" => {
                    let value = self.expr_of(pair, "left");
                    (self.0.form.name(value).cloned(), value)
                }
                _ => {
                    let value = self.expr(pair);
                    (self.0.form.name(value).cloned(), value)
                }
            };
            pairs.push((key, value));
        }
        pairs
    }

    fn key(&self, key: Node<'_>) -> Option<Word> {
        match key.kind() {
            "property_identifier" | "number" | "private_property_identifier" => Some(self.0.word(key)),
            "string" => Some(self.string(key)),
            // `{ ['name']: a }`.
            "computed_property_name" => children(key).first().and_then(|inner| match inner.kind() {
                "string" => Some(self.string(*inner)),
                _ => None,
            }),
            _ => None,
        }
    }

    pub(super) fn string(&self, node: Node<'_>) -> Word {
        let text = self.0.slice(node);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        Reader::bounded(&unescape(inner))
    }

    fn template(&mut self, node: Node<'_>) -> ExprId {
        let mut parts = Vec::new();
        let mut text = String::new();
        for part in children(node) {
            if part.kind() == "template_substitution" {
                if !text.is_empty() {
                    let kept = Reader::bounded(&std::mem::take(&mut text));
                    parts.push(self.0.add(ExprKind::Text(kept), part));
                }
                let inner = children(part).first().copied();
                parts.extend(inner.map(|inner| self.expr(inner)));
            } else {
                text.push_str(&unescape(self.0.slice(part)));
            }
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(self.0.add(ExprKind::Text(Reader::bounded(&text)), node));
        }
        match parts[..] {
            [one] if self.0.form.text(one).is_some() => one,
            _ => self.0.add(ExprKind::Join(parts), node),
        }
    }

    /// A regular expression is a call that makes one.
    fn regex(&mut self, node: Node<'_>) -> ExprId {
        let pattern = node.child_by_field_name("pattern").map(|pattern| self.0.slice(pattern).into());
        let pattern = self.0.add(ExprKind::Text(pattern.unwrap_or_default()), node);
        let callee = self.0.add(ExprKind::Name("RegExp".into()), node);
        self.0.add(ExprKind::Call { callee, args: vec![Arg { name: None, value: pattern }] }, node)
    }
}
