//! Python: expressions.

use super::reader::{Lower, Reader, children, fields, operands, unescape};
use crate::scan::ast::form::{Arg, Comparison, ExprId, ExprKind, Word};
use crate::scan::ast::syntax::Node;

impl<'t> Lower<'t> for Reader<'t> {
    fn reader(&mut self) -> &mut Self {
        self
    }

    fn lower(&mut self, node: Node<'_>) -> ExprId {
        self.expression(node)
    }
}

impl Reader<'_> {
    fn expression(&mut self, node: Node<'_>) -> ExprId {
        let kind = match node.kind() {
            "identifier" => ExprKind::Name(self.word(node)),
            "string" => return self.string(node),
            "concatenated_string" => ExprKind::Join(self.all(children(node))),
            "integer" | "float" => ExprKind::Number(self.word(node)),
            "true" => ExprKind::Truth(true),
            "false" => ExprKind::Truth(false),
            "none" => ExprKind::Nothing,
            "attribute" => {
                let base = self.expr_of(node, "object");
                let name = node.child_by_field_name("attribute").map(|name| self.word(name));
                ExprKind::Member(base, name.unwrap_or_default())
            }
            "subscript" => {
                let base = self.expr_of(node, "value");
                match fields(node, "subscript").first() {
                    Some(slice) if slice.kind() == "slice" => ExprKind::Slice(base),
                    Some(index) => ExprKind::Index(base, self.expr(*index)),
                    None => ExprKind::Slice(base),
                }
            }
            "call" => {
                let callee = self.expr_of(node, "function");
                let list = node.child_by_field_name("arguments");
                ExprKind::Call { callee, args: list.map(|list| self.args(list)).unwrap_or_default() }
            }
            "binary_operator" => self.binary(node),
            "boolean_operator" => {
                let word = operator(self, node);
                let same = |at: &Node<'_>| at.kind() == "boolean_operator" && operator(self, *at) == word;
                let parts = operands(node, same);
                ExprKind::Logic(word == "and", self.all(parts))
            }
            "not_operator" => ExprKind::Not(self.expr_of(node, "argument")),
            "comparison_operator" => self.comparison(node),
            "conditional_expression" => match children(node)[..] {
                [yes, condition, no] => ExprKind::Choice {
                    condition: self.expr(condition),
                    yes: self.expr(yes),
                    no: self.expr(no),
                },
                _ => ExprKind::Other(Vec::new()),
            },
            "lambda" => ExprKind::Function(self.function(node, Vec::new())),
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" | "tuple_pattern"
            | "list_pattern" => ExprKind::List(self.all(children(node))),
            "dictionary" => ExprKind::Record(self.pairs(node)),
            "list_comprehension"
            | "set_comprehension"
            | "generator_expression"
            | "dictionary_comprehension" => self.each(node),
            // `a = b = c`.
            "assignment" => ExprKind::Bind(self.expr_of(node, "left"), self.expr_of(node, "right")),
            "yield" => {
                let args = children(node).into_iter().map(|one| Arg { name: None, value: self.expr(one) });
                let args = args.collect();
                ExprKind::Call { callee: self.add(ExprKind::Name("(yield)".into()), node), args }
            }
            "named_expression" => ExprKind::Bind(self.expr_of(node, "name"), self.expr_of(node, "value")),
            "list_splat" | "dictionary_splat" | "list_splat_pattern" => match children(node).first() {
                Some(inner) => ExprKind::Spread(self.expr(*inner)),
                None => ExprKind::Other(Vec::new()),
            },
            "parenthesized_expression"
            | "await"
            | "type"
            | "keyword_separator"
            | "case_pattern"
            | "dotted_name" => match children(node)[..] {
                [inner] => return self.expr(inner),
                _ => ExprKind::Other(Vec::new()),
            },
            _ => ExprKind::Other(self.all(children(node))),
        };
        self.add(kind, node)
    }

    fn binary(&mut self, node: Node<'_>) -> ExprKind {
        let word = operator(self, node);
        if matches!(word, "+" | "%") {
            let same = |at: &Node<'_>| at.kind() == "binary_operator" && operator(self, *at) == word;
            let parts = operands(node, same);
            return ExprKind::Join(self.all(parts));
        }
        let left = self.expr_of(node, "left");
        let right = self.expr_of(node, "right");
        ExprKind::Binary(word.into(), left, right)
    }

    fn comparison(&mut self, node: Node<'_>) -> ExprKind {
        let operators = node.children_by_field_name("operators");
        let words = operators.map(|word| self.slice(word)).collect::<Vec<_>>();
        let parts = self.all(children(node));
        let how = |word: &str| match word {
            "==" | "is" => Comparison::Equal,
            "!=" | "<>" | "is not" => Comparison::Unequal,
            "in" => Comparison::In,
            "not in" => Comparison::NotIn,
            "<" | "<=" => Comparison::Below,
            ">" | ">=" => Comparison::Above,
            _ => Comparison::Order,
        };
        match (&words[..], &parts[..]) {
            ([word], [left, right]) => ExprKind::Compare(how(word), *left, *right),
            _ => {
                let pairs = parts.windows(2).zip(words);
                let all =
                    pairs.map(|(pair, word)| self.add(ExprKind::Compare(how(word), pair[0], pair[1]), node));
                ExprKind::Logic(true, all.collect())
            }
        }
    }

    fn args(&mut self, list: Node<'_>) -> Vec<Arg> {
        if list.kind() == "generator_expression" {
            return vec![Arg { name: None, value: self.expr(list) }];
        }
        let mut args = Vec::new();
        for arg in children(list) {
            args.push(match arg.kind() {
                "keyword_argument" => {
                    let name = arg.child_by_field_name("name").map(|name| self.word(name));
                    Arg { name, value: self.expr_of(arg, "value") }
                }
                _ => Arg { name: None, value: self.expr(arg) },
            });
        }
        args
    }

    fn pairs(&mut self, node: Node<'_>) -> Vec<(Option<Word>, ExprId)> {
        let mut pairs = Vec::new();
        for pair in children(node) {
            if pair.kind() == "pair" {
                let key = self.expr_of(pair, "key");
                pairs.push((self.form.text(key).cloned(), self.expr_of(pair, "value")));
            } else {
                pairs.push((None, self.expr(pair)));
            }
        }
        pairs
    }

    fn each(&mut self, node: Node<'_>) -> ExprKind {
        let (mut binds, mut conditions) = (Vec::new(), Vec::new());
        for clause in children(node) {
            match clause.kind() {
                "for_in_clause" => {
                    let target = self.expr_of(clause, "left");
                    binds.push((target, self.expr_of(clause, "right")));
                }
                "if_clause" => conditions.extend(self.all(children(clause))),
                _ => {}
            }
        }
        let value = match node.child_by_field_name("body") {
            Some(body) if body.kind() == "pair" => {
                let parts = self.all(children(body));
                self.add(ExprKind::Other(parts), body)
            }
            Some(body) => self.expr(body),
            None => self.nothing(node),
        };
        ExprKind::Each { binds, conditions, value }
    }

    fn string(&mut self, node: Node<'_>) -> ExprId {
        let raw =
            children(node).first().is_some_and(|start| self.slice(*start).to_ascii_lowercase().contains('r'));
        let mut parts = Vec::new();
        for part in children(node) {
            match part.kind() {
                "string_content" => {
                    let text = match raw {
                        true => Self::bounded(self.slice(part)),
                        false => Self::bounded(&unescape(self.slice(part))),
                    };
                    parts.push(self.add(ExprKind::Text(text), part));
                }
                "interpolation" => parts.push(self.expr_of(part, "expression")),
                _ => {}
            }
        }
        match parts[..] {
            [] => self.add(ExprKind::Text("".into()), node),
            [one] if self.form.text(one).is_some() => one,
            _ => self.add(ExprKind::Join(parts), node),
        }
    }
}

fn operator<'t>(reader: &Reader<'t>, node: Node<'_>) -> &'t str {
    node.child_by_field_name("operator").map(|word| reader.slice(word)).unwrap_or_default()
}
