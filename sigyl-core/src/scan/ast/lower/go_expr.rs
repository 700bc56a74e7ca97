//! Go: expressions.

use super::go::Go;
use super::reader::{Lower, Reader, children, operands, unescape};
use crate::scan::ast::form::{Arg, Comparison, ExprId, ExprKind, Word};
use crate::scan::ast::syntax::Node;

/// Functions that fill what they are given the address of.
const FILLERS: &[&str] = &[
    "Unmarshal",
    "UnmarshalStrict",
    "Decode",
    "BindArguments",
    "UnmarshalArguments",
    "UnmarshalJSON",
    "Bind",
    "Scan",
    "Sscanf",
    "Sscan",
];

impl<'t> Lower<'t> for Go<'t> {
    fn reader(&mut self) -> &mut Reader<'t> {
        &mut self.reader
    }

    fn lower(&mut self, node: Node<'_>) -> ExprId {
        self.expression(node)
    }
}

impl Go<'_> {
    fn expression(&mut self, node: Node<'_>) -> ExprId {
        let kind = match node.kind() {
            "identifier" | "blank_identifier" | "package_identifier" | "field_identifier"
            | "type_identifier" => ExprKind::Name(self.reader.word(node)),
            "nil" => ExprKind::Nothing,
            "true" => ExprKind::Truth(true),
            "false" => ExprKind::Truth(false),
            "int_literal" | "float_literal" | "iota" => ExprKind::Number(self.reader.word(node)),
            "interpreted_string_literal" | "raw_string_literal" | "rune_literal" => {
                ExprKind::Text(self.string(node))
            }
            "selector_expression" => {
                let base = self.expr_of(node, "operand");
                let name = node.child_by_field_name("field").map(|name| self.reader.word(name));
                ExprKind::Member(base, name.unwrap_or_default())
            }
            "index_expression" => ExprKind::Index(self.expr_of(node, "operand"), self.expr_of(node, "index")),
            "slice_expression" => ExprKind::Slice(self.expr_of(node, "operand")),
            "call_expression" => return self.call(node),
            "binary_expression" => return self.binary(node),
            "unary_expression" => {
                let word = self.operator(node).to_owned();
                match (word.as_str(), node.child_by_field_name("operand")) {
                    ("!", Some(inner)) => ExprKind::Not(self.condition(inner)),
                    (_, Some(inner)) => return self.expr(inner),
                    _ => ExprKind::Other(Vec::new()),
                }
            }
            "func_literal" => ExprKind::Function(self.function(node)),
            "composite_literal" => return self.composite(node),
            "literal_value" => self.literal(node),
            "literal_element" | "parenthesized_expression" => match children(node).first() {
                Some(inner) => return self.expr(*inner),
                None => ExprKind::Other(Vec::new()),
            },
            "type_assertion_expression" | "type_conversion_expression" => {
                return self.expr_of(node, "operand");
            }
            "variadic_argument" => match children(node).first() {
                Some(inner) => ExprKind::Spread(self.expr(*inner)),
                None => ExprKind::Other(Vec::new()),
            },
            _ => ExprKind::Other(self.all(children(node))),
        };
        self.reader.add(kind, node)
    }

    fn string(&self, node: Node<'_>) -> Word {
        let text = self.reader.slice(node);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        match node.kind() {
            "raw_string_literal" => Reader::bounded(inner),
            _ => Reader::bounded(&unescape(inner)),
        }
    }

    fn operator(&self, node: Node<'_>) -> &str {
        node.child_by_field_name("operator").map(|word| self.reader.slice(word)).unwrap_or_default()
    }

    /// Reads what is asked: a part of a table of truths is true for what is in the table.
    pub(super) fn condition(&mut self, node: Node<'_>) -> ExprId {
        match node.kind() {
            "index_expression" => self.is_in(node),
            "parenthesized_expression" => match children(node).first() {
                Some(inner) => self.condition(*inner),
                None => self.reader.nothing(node),
            },
            _ => self.expr(node),
        }
    }

    pub(super) fn is_in(&mut self, node: Node<'_>) -> ExprId {
        let holder = self.expr_of(node, "operand");
        let part = self.expr_of(node, "index");
        self.reader.add(ExprKind::Compare(Comparison::In, part, holder), node)
    }

    fn binary(&mut self, node: Node<'_>) -> ExprId {
        let word = self.operator(node).to_owned();
        if matches!(word.as_str(), "+" | "&&" | "||") {
            let same = |at: &Node<'_>| at.kind() == "binary_expression" && self.operator(*at) == word;
            let parts = operands(node, same);
            let kind = match word.as_str() {
                "+" => ExprKind::Join(self.all(parts)),
                _ => {
                    let parts = parts.into_iter().map(|part| self.condition(part)).collect();
                    ExprKind::Logic(word == "&&", parts)
                }
            };
            return self.reader.add(kind, node);
        }
        let left = self.expr_of(node, "left");
        let right = self.expr_of(node, "right");
        let kind = match (word.as_str(), &self.reader.form.expr(right).kind) {
            // A failure that is there is true.
            ("!=", ExprKind::Nothing) => return left,
            ("==", ExprKind::Nothing) => ExprKind::Not(left),
            ("==", _) => ExprKind::Compare(Comparison::Equal, left, right),
            ("!=", _) => ExprKind::Compare(Comparison::Unequal, left, right),
            ("<" | ">" | "<=" | ">=", _) => ExprKind::Compare(Comparison::Order, left, right),
            _ => ExprKind::Binary(word.into(), left, right),
        };
        self.reader.add(kind, node)
    }

    fn call(&mut self, node: Node<'_>) -> ExprId {
        let named = node.child_by_field_name("function");
        let name = named.map(|named| self.reader.slice(named)).unwrap_or_default();
        let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
        match name {
            "errors.New" | "fmt.Errorf" | "errors.Errorf" | "errors.Wrap" | "errors.Wrapf" => {
                return self.reader.add(ExprKind::Truth(true), node);
            }
            "fmt.Sprintf" => {
                if let Some(joined) = self.formatted(node, &list) {
                    return joined;
                }
            }
            _ => {}
        }
        if let (Some((_, false)), [one]) = (self.types.get(name), &list[..]) {
            // What is seen as another type stays what it is.
            return self.expr(*one);
        }
        if FILLERS.contains(&name.rsplit('.').next().unwrap_or(name))
            && let Some(filled) = self.fills(node, named, &list)
        {
            return filled;
        }
        let callee = self.expr_of(node, "function");
        let args = list.into_iter().map(|arg| Arg { name: None, value: self.expr(arg) }).collect();
        self.reader.add(ExprKind::Call { callee, args }, node)
    }

    /// What is read into a variable is what it is read from.
    fn fills(&mut self, node: Node<'_>, named: Option<Node<'_>>, list: &[Node<'_>]) -> Option<ExprId> {
        let is_address = |arg: &&Node<'_>| arg.kind() == "unary_expression" && self.operator(**arg) == "&";
        let target = list.iter().rfind(is_address)?.child_by_field_name("operand")?;
        let from = match list.first().filter(|first| !is_address(first)) {
            Some(first) => self.expr(*first),
            None => {
                let base = named.and_then(|named| named.child_by_field_name("operand"))?;
                self.expr(base)
            }
        };
        let target = self.expr(target);
        Some(self.reader.add(ExprKind::Bind(target, from), node))
    }

    /// A text with places in it, and what stands there.
    pub(super) fn formatted(&mut self, node: Node<'_>, list: &[Node<'_>]) -> Option<ExprId> {
        let (format, values) = list.split_first()?;
        let format = self.expr(*format);
        let text = self.reader.form.text(format)?.clone();
        let mut values = values.iter();
        let mut parts = Vec::new();
        let mut rest = &*text;
        let mut before = String::new();
        while let Some(at) = rest.find('%') {
            before.push_str(&rest[..at]);
            let verb = rest[at + 1..].find(|c: char| c.is_alphabetic() || c == '%');
            let Some(end) = verb.map(|verb| at + 1 + verb) else { break };
            let verb = rest[end..].chars().next().unwrap_or('%');
            rest = &rest[end + verb.len_utf8()..];
            if verb == '%' {
                before.push('%');
                continue;
            }
            let Some(value) = values.next() else { continue };
            parts.push(self.reader.add(ExprKind::Text(before.as_str().into()), node));
            before.clear();
            let value = self.expr(*value);
            parts.push(if matches!(verb, 'd' | 'x' | 'X' | 'f' | 'g' | 't' | 'o' | 'b' | 'p') {
                self.number(value, node)
            } else {
                value
            });
        }
        before.push_str(rest);
        parts.push(self.reader.add(ExprKind::Text(before.as_str().into()), node));
        Some(self.reader.add(ExprKind::Join(parts), node))
    }

    fn number(&mut self, value: ExprId, node: Node<'_>) -> ExprId {
        let callee = self.reader.add(ExprKind::Name("int64".into()), node);
        self.reader.add(ExprKind::Call { callee, args: vec![Arg { name: None, value }] }, node)
    }

    fn composite(&mut self, node: Node<'_>) -> ExprId {
        let of = node.child_by_field_name("type");
        let name = of.map(|of| self.reader.slice(of)).unwrap_or_default();
        let body = node.child_by_field_name("body");
        let has_methods = self.types.get(name).is_some_and(|(_, methods)| *methods);
        let is_client = of.is_some_and(|of| of.kind() == "qualified_type")
            && (name.ends_with("Client") || name == "exec.Cmd");
        if has_methods || is_client {
            let callee = self.expr_of(node, "type");
            let callee = match name.split_once('.') {
                Some((package, name)) => {
                    let package = self.reader.add(ExprKind::Name(package.into()), node);
                    self.reader.add(ExprKind::Member(package, name.into()), node)
                }
                None => callee,
            };
            let parts = body.map(|body| self.parts(body)).unwrap_or_default();
            let args = parts.into_iter().map(|(name, value)| Arg { name, value }).collect();
            return self.reader.add(ExprKind::Call { callee, args }, node);
        }
        match body {
            Some(body) => self.expr(body),
            None => self.reader.nothing(node),
        }
    }

    fn literal(&mut self, node: Node<'_>) -> ExprKind {
        let parts = self.parts(node);
        match parts.iter().all(|(name, _)| name.is_none()) && !has_keys(node) {
            true => ExprKind::List(parts.into_iter().map(|(_, value)| value).collect()),
            false => ExprKind::Record(parts),
        }
    }

    fn parts(&mut self, body: Node<'_>) -> Vec<(Option<Word>, ExprId)> {
        let mut parts = Vec::new();
        for part in children(body) {
            let name = part.child_by_field_name("key").and_then(|key| self.key(key));
            let value = match part.child_by_field_name("value") {
                Some(value) => self.expr(value),
                None => self.expr(part),
            };
            parts.push((name, value));
        }
        parts
    }

    fn key(&self, key: Node<'_>) -> Option<Word> {
        let inner = if key.kind() == "literal_element" { children(key).first().copied()? } else { key };
        match inner.kind() {
            "identifier" | "field_identifier" | "int_literal" => Some(self.reader.word(inner)),
            "interpreted_string_literal" | "raw_string_literal" => Some(self.string(inner)),
            _ => None,
        }
    }
}

fn has_keys(node: Node<'_>) -> bool {
    children(node).first().is_some_and(|part| part.kind() == "keyed_element")
}
