//! Rust: expressions.

use super::reader::{Lower, Reader, children, operands, unescape};
use super::rust::Rust;
use super::rust_stmt::To;
use crate::scan::ast::form::{Arg, Comparison, ExprId, ExprKind, StmtKind, Word};
use crate::scan::ast::syntax::Node;

/// Methods that give what they are called on, for what is looked at here.
const SAME: &[&str] = &[
    "unwrap",
    "expect",
    "unwrap_or_default",
    "clone",
    "cloned",
    "copied",
    "to_string",
    "to_owned",
    "as_str",
    "as_ref",
    "as_mut",
    "as_deref",
    "into",
    "to_path_buf",
    "as_path",
    "as_bytes",
    "into_bytes",
    "as_os_str",
    "into_owned",
    "into_string",
    "ok",
    "ok_or",
    "ok_or_else",
    "map_err",
    "context",
    "with_context",
    "wrap_err",
    "borrow",
    "as_object",
    "as_array",
    "to_vec",
    "iter",
    "into_iter",
    "into_boxed_str",
    "to_lowercase",
    "to_uppercase",
    "to_ascii_lowercase",
    "trim",
    "into_inner",
    "inspect_err",
];
/// Functions that give what they are given.
const WRAPPERS: &[&str] = &[
    "Ok",
    "Some",
    "Box::new",
    "Arc::new",
    "Rc::new",
    "String::from",
    "Cow::from",
    "Cow::Borrowed",
    "Cow::Owned",
    "OsStr::new",
    "OsString::from",
    "Parameters",
    "Json",
    "Path::new",
    "PathBuf::from",
    "std::path::Path::new",
    "std::path::PathBuf::from",
    "Box::pin",
    "Mutex::new",
    "RwLock::new",
];
/// Methods that change what they are called on and give it back.
const BUILDERS: &[&str] =
    &["arg", "args", "env", "envs", "current_dir", "stdin", "stdout", "stderr", "kill_on_drop"];

impl<'t> Lower<'t> for Rust<'t> {
    fn reader(&mut self) -> &mut Reader<'t> {
        &mut self.reader
    }

    fn lower(&mut self, node: Node<'_>) -> ExprId {
        self.expression(node)
    }
}

impl Rust<'_> {
    fn expression(&mut self, node: Node<'_>) -> ExprId {
        let inner = children(node);
        let kind = match node.kind() {
            "identifier" | "self" | "type_identifier" | "field_identifier" | "primitive_type" => {
                return self.word_expr(self.reader.slice(node), node);
            }
            "scoped_identifier" | "scoped_type_identifier" => {
                return self.path(self.reader.slice(node), node);
            }
            "string_literal" | "raw_string_literal" | "char_literal" => ExprKind::Text(self.string(node)),
            "integer_literal" | "float_literal" | "negative_literal" => {
                ExprKind::Number(self.reader.word(node))
            }
            "boolean_literal" => ExprKind::Truth(self.reader.slice(node) == "true"),
            "field_expression" => {
                let base = self.expr_of(node, "value");
                let name = node.child_by_field_name("field").map(|name| self.reader.word(name));
                ExprKind::Member(base, name.unwrap_or_default())
            }
            "index_expression" => match inner[..] {
                [base, index] if index.kind() == "range_expression" => ExprKind::Slice(self.expr(base)),
                [base, index] => ExprKind::Index(self.expr(base), self.expr(index)),
                _ => ExprKind::Other(self.all(inner)),
            },
            "call_expression" => return self.call(node),
            "macro_invocation" => return self.macro_call(node),
            "binary_expression" => return self.binary(node),
            "unary_expression" => match inner.first() {
                Some(one) if self.reader.slice(node).starts_with('!') => ExprKind::Not(self.expr(*one)),
                Some(one) => return self.expr(*one),
                None => ExprKind::Other(Vec::new()),
            },
            "try_expression" => match inner.first() {
                Some(one) if one.kind() == "call_expression" && self.is_failure(*one) => {
                    self.value_to(*one, &To::Return);
                    ExprKind::Nothing
                }
                Some(one) => return self.expr(*one),
                None => ExprKind::Other(Vec::new()),
            },
            "reference_expression" | "type_cast_expression" => return self.expr_of(node, "value"),
            "await_expression" | "parenthesized_expression" => match inner.first() {
                Some(one) => return self.expr(*one),
                None => ExprKind::Other(Vec::new()),
            },
            "closure_expression" => ExprKind::Function(self.function(node)),
            "tuple_expression" | "array_expression" => ExprKind::List(self.all(inner)),
            "struct_expression" => return self.structure(node),
            "assignment_expression" | "compound_assignment_expr" => {
                let target = self.expr_of(node, "left");
                let value = self.expr_of(node, "right");
                let adds = node.kind() == "compound_assignment_expr";
                self.push(StmtKind::Assign { target, value, adds }, node);
                ExprKind::Other(Vec::new())
            }
            "if_expression"
            | "match_expression"
            | "block"
            | "unsafe_block"
            | "async_block"
            | "try_block"
            | "loop_expression"
            | "while_expression"
            | "for_expression"
            | "return_expression"
            | "break_expression"
            | "continue_expression"
            | "const_block" => {
                let word = self.fresh();
                self.value_to(node, &To::Name(word.clone()));
                return self.name(&word, node);
            }
            _ => ExprKind::Other(self.all(inner)),
        };
        self.reader.add(kind, node)
    }

    pub(super) fn word_expr(&mut self, word: &str, node: Node<'_>) -> ExprId {
        let kind = match word {
            "None" => ExprKind::Nothing,
            "Self" => ExprKind::Name("this".into()),
            _ => ExprKind::Name(word.into()),
        };
        self.reader.add(kind, node)
    }

    /// `a::b::c` as parts of each other.
    pub(super) fn path(&mut self, text: &str, node: Node<'_>) -> ExprId {
        let plain = |part: &&str| {
            let part = part.trim();
            !part.is_empty() && !matches!(part, "crate" | "self" | "super") && !part.starts_with('<')
        };
        let parts = text.split("::").filter(plain).take(12).collect::<Vec<_>>();
        let Some((first, rest)) = parts.split_first() else { return self.reader.nothing(node) };
        let mut at = self.word_expr(first.trim(), node);
        for part in rest {
            at = self.reader.add(ExprKind::Member(at, part.trim().into()), node);
        }
        at
    }

    pub(super) fn string(&self, node: Node<'_>) -> Word {
        let text = self.reader.slice(node);
        let start = text.find(['"', '\'']).map_or(0, |at| at + 1);
        let end = text.rfind(['"', '\'']).filter(|end| *end >= start).unwrap_or(text.len());
        let inner = text.get(start..end).unwrap_or_default();
        match node.kind() {
            "raw_string_literal" => Reader::bounded(inner),
            _ => Reader::bounded(&unescape(inner)),
        }
    }

    fn binary(&mut self, node: Node<'_>) -> ExprId {
        let operator = |this: &Self, node: Node<'_>| {
            node.child_by_field_name("operator")
                .map(|word| this.reader.slice(word))
                .unwrap_or_default()
                .to_owned()
        };
        let word = operator(self, node);
        if matches!(word.as_str(), "+" | "&&" | "||") {
            let parts = operands(node, |at| at.kind() == "binary_expression" && operator(self, *at) == word);
            let parts = self.all(parts);
            return self.operation(&word, parts, node);
        }
        let parts = vec![self.expr_of(node, "left"), self.expr_of(node, "right")];
        self.operation(&word, parts, node)
    }

    pub(super) fn operation(&mut self, word: &str, parts: Vec<ExprId>, node: Node<'_>) -> ExprId {
        let kind = match (word, &parts[..]) {
            ("+", _) => ExprKind::Join(parts),
            ("&&", _) => ExprKind::Logic(true, parts),
            ("||", _) => ExprKind::Logic(false, parts),
            ("==" | "!=", [left, right]) => {
                let same = match &self.reader.form.expr(*right).kind {
                    // A part of a path that leads up.
                    ExprKind::Member(_, name) if &**name == "ParentDir" => {
                        let up = self.reader.add(ExprKind::Text("..".into()), node);
                        ExprKind::Compare(Comparison::In, up, *left)
                    }
                    _ => ExprKind::Compare(Comparison::Equal, *left, *right),
                };
                match (word, same) {
                    ("!=", ExprKind::Compare(Comparison::Equal, left, right)) => {
                        ExprKind::Compare(Comparison::Unequal, left, right)
                    }
                    ("!=", same) => {
                        let same = self.reader.add(same, node);
                        ExprKind::Not(same)
                    }
                    (_, same) => same,
                }
            }
            ("<" | ">" | "<=" | ">=", [left, right]) => ExprKind::Compare(Comparison::Order, *left, *right),
            (_, [left, right]) => ExprKind::Binary(word.into(), *left, *right),
            _ => ExprKind::Other(parts),
        };
        self.reader.add(kind, node)
    }

    fn call(&mut self, node: Node<'_>) -> ExprId {
        let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
        let Some(named) = node.child_by_field_name("function") else { return self.reader.nothing(node) };
        let (named, of) = match named.kind() {
            "generic_function" => {
                let of = named.child_by_field_name("type_arguments").map(|of| self.reader.slice(of));
                (named.child_by_field_name("function").unwrap_or(named), of.unwrap_or_default())
            }
            _ => (named, ""),
        };
        if named.kind() == "field_expression" {
            let name = named.child_by_field_name("field").map(|name| self.reader.word(name));
            let name = name.unwrap_or_default();
            let Some(value) = named.child_by_field_name("value") else { return self.reader.nothing(node) };
            let base = self.expr(value);
            if SAME.contains(&&*name) {
                return base;
            }
            let args = self.all(list);
            return self.method(base, &name, args, of, node);
        }
        let text = self.reader.slice(named).to_owned();
        let args = self.all(list);
        self.function_call(&text, args, node, |this| this.expr(named))
    }

    /// A call of a function by its way.
    pub(super) fn function_call(
        &mut self,
        text: &str,
        args: Vec<ExprId>,
        node: Node<'_>,
        callee: impl FnOnce(&mut Self) -> ExprId,
    ) -> ExprId {
        if let ([one], true) = (&args[..], WRAPPERS.contains(&text)) {
            return *one;
        }
        if matches!(text, "Err" | "Result::Err") {
            return self.reader.add(ExprKind::Other(args), node);
        }
        let callee = callee(self);
        self.called(callee, args, node)
    }

    pub(super) fn called(&mut self, callee: ExprId, args: Vec<ExprId>, node: Node<'_>) -> ExprId {
        let args = args.into_iter().map(|value| Arg { name: None, value }).collect();
        self.reader.add(ExprKind::Call { callee, args }, node)
    }

    /// A call of a method; `of` is the type that it is told.
    pub(super) fn method(
        &mut self,
        base: ExprId,
        name: &Word,
        args: Vec<ExprId>,
        of: &str,
        node: Node<'_>,
    ) -> ExprId {
        if SAME.contains(&&**name) {
            return base;
        }
        let is_false =
            |this: &Self, id: ExprId| matches!(this.reader.form.expr(id).kind, ExprKind::Truth(false));
        match (&**name, &args[..]) {
            ("unwrap_or", [other]) if is_false(self, *other) => return base,
            ("map_or", [other, next]) if is_false(self, *other) => {
                return self.called(*next, vec![base], node);
            }
            ("is_some" | "is_ok", []) => return base,
            ("is_none" | "is_err", []) => return self.reader.add(ExprKind::Not(base), node),
            ("unwrap_or" | "or" | "unwrap_or_else" | "or_else", [other]) => {
                let other = match self.reader.form.expr(*other).kind {
                    ExprKind::Function(_) => self.called(*other, Vec::new(), node),
                    _ => *other,
                };
                return self.reader.add(ExprKind::Logic(false, vec![base, other]), node);
            }
            ("and_then" | "map", [next]) if self.named_method(*next).is_some() => {
                // `map(Value::as_str)` calls that method.
                let name = self.named_method(*next).unwrap_or_default();
                return self.method(base, &name, Vec::new(), "", node);
            }
            ("from" | "into_iter" | "as_slice", []) => return base,
            ("and_then" | "is_some_and" | "is_ok_and", [next]) => {
                return self.called(*next, vec![base], node);
            }
            ("push_str", [more]) | ("push", [more]) => {
                self.push(StmtKind::Assign { target: base, value: *more, adds: true }, node);
                return self.reader.nothing(node);
            }
            ("parse", []) if is_plain(of) => {
                let callee = self.reader.add(ExprKind::Name("int64".into()), node);
                return self.called(callee, vec![base], node);
            }
            _ => {}
        }
        let callee = self.reader.add(ExprKind::Member(base, name.clone()), node);
        let call = self.called(callee, args, node);
        // What is changed stays under its name.
        if BUILDERS.contains(&&**name)
            && let Some(word) = self.reader.form.name(base).cloned()
        {
            let target = self.name(&word, node);
            self.push(StmtKind::Assign { target, value: call, adds: false }, node);
            return self.name(&word, node);
        }
        call
    }

    /// The method that a way such as `Value::as_str` names.
    fn named_method(&self, id: ExprId) -> Option<Word> {
        let ExprKind::Member(base, name) = &self.reader.form.expr(id).kind else { return None };
        let of = self.reader.form.name(*base)?;
        let of_type = of.starts_with(|c: char| c.is_ascii_uppercase()) || &**of == "str";
        (of_type && !self.known_class(of)).then(|| name.clone())
    }

    fn structure(&mut self, node: Node<'_>) -> ExprId {
        let name = node.child_by_field_name("name").map(|name| self.reader.slice(name)).unwrap_or_default();
        let mut parts = Vec::new();
        for field in node.child_by_field_name("body").map(children).unwrap_or_default() {
            let named = field.child_by_field_name("field").map(|name| self.reader.word(name));
            match (field.child_by_field_name("value"), children(field).last()) {
                (Some(value), _) => parts.push((named, self.expr(value))),
                (None, Some(inner)) => {
                    let name = Some(self.reader.word(*inner));
                    let name = name.filter(|_| field.kind() == "shorthand_field_initializer");
                    parts.push((name, self.expr(*inner)));
                }
                _ => {}
            }
        }
        if self.known_class(name) {
            let callee = self.word_expr(name, node);
            let args = parts.into_iter().map(|(name, value)| Arg { name, value }).collect();
            return self.reader.add(ExprKind::Call { callee, args }, node);
        }
        self.reader.add(ExprKind::Record(parts), node)
    }
}

/// Tells whether a type that a text is read as has room for nothing that means something elsewhere.
fn is_plain(of: &str) -> bool {
    let of = of.trim_start_matches("::").trim_matches(['<', '>', ' ']);
    let of = of.rsplit("::").next().unwrap_or(of);
    matches!(
        of,
        "i8" | "i16"
            | "i32"
            | "i64"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "usize"
            | "isize"
            | "f32"
            | "f64"
            | "bool"
            | "Uuid"
            | "u128"
            | "i128"
    )
}
