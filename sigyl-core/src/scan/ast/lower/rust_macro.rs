//! Rust: macros. What they are given is tokens; the few forms that matter are read from these.

use super::reader::{DEPTH, Lower as _, span};
use super::rust::Rust;
use crate::scan::ast::form::{Arg, Block, Comparison, ExprId, ExprKind, Stmt, StmtKind, Word};
use crate::scan::ast::syntax::Node;

impl Rust<'_> {
    pub(super) fn macro_call(&mut self, node: Node<'_>) -> ExprId {
        let name = node.child_by_field_name("macro").map(|name| self.reader.slice(name)).unwrap_or_default();
        let name = name.rsplit("::").next().unwrap_or(name).to_owned();
        let tree = node.named_children().find(|child| child.kind() == "token_tree");
        match tree {
            Some(tree) => self.macro_with(&name, tree, node),
            None => self.reader.nothing(node),
        }
    }

    fn macro_with(&mut self, name: &str, tree: Node<'_>, node: Node<'_>) -> ExprId {
        match name {
            "format" | "format_args" | "concat" => {
                let args = self.arguments(tree);
                self.formatted(args, node)
            }
            "write" | "writeln" => {
                let mut args = self.arguments(tree);
                if args.is_empty() {
                    return self.reader.nothing(node);
                }
                let target = args.remove(0).value;
                let value = self.formatted(args, node);
                self.push(StmtKind::Assign { target, value, adds: true }, node);
                self.reader.nothing(node)
            }
            "bail" | "panic" | "todo" | "unreachable" | "unimplemented" => {
                self.push(StmtKind::Raise(None), node);
                self.reader.nothing(node)
            }
            "anyhow" | "eyre" | "format_err" => self.reader.add(ExprKind::Truth(true), node),
            "ensure" | "assert" => {
                let args = self.arguments(tree);
                if let Some(first) = args.first() {
                    let other: Block = vec![Stmt { kind: StmtKind::Raise(None), span: span(node) }];
                    let condition = first.value;
                    self.push(StmtKind::If { condition, then: Block::new(), other }, node);
                }
                self.reader.nothing(node)
            }
            "matches" => self.matches(tree, node),
            "vec" => {
                let parts = self.arguments(tree).into_iter().map(|arg| arg.value).collect();
                self.reader.add(ExprKind::List(parts), node)
            }
            _ => {
                let parts = self.arguments(tree).into_iter().map(|arg| arg.value).collect();
                self.reader.add(ExprKind::Other(parts), node)
            }
        }
    }

    /// `matches!(value, pattern)`: one of some texts, or a part of a path.
    fn matches(&mut self, tree: Node<'_>, node: Node<'_>) -> ExprId {
        let tokens = inside(tree);
        let at = tokens.iter().position(|token| token.kind() == ",").unwrap_or(tokens.len());
        let (value, pattern) = tokens.split_at(at);
        let value = self.tokens(value, node);
        let text = pattern.iter().map(|token| self.reader.slice(*token)).collect::<String>();
        if let Some(part) = self.part_of_path(&text, value, node) {
            return part;
        }
        let words = pattern.iter().filter(|token| token.kind().ends_with("literal"));
        let words = words.map(|token| self.expr(*token)).collect::<Vec<_>>();
        if words.is_empty() {
            return self.reader.add(ExprKind::Other(vec![value]), node);
        }
        let list = self.reader.add(ExprKind::List(words), node);
        self.reader.add(ExprKind::Compare(Comparison::In, value, list), node)
    }

    /// What it says of a path that a part of it is of a kind.
    pub(super) fn part_of_path(&mut self, text: &str, value: ExprId, node: Node<'_>) -> Option<ExprId> {
        let mut any = Vec::new();
        if text.contains("ParentDir") {
            let up = self.reader.add(ExprKind::Text("..".into()), node);
            any.push(self.reader.add(ExprKind::Compare(Comparison::In, up, value), node));
        }
        if text.contains("RootDir") {
            let callee = self.reader.add(ExprKind::Member(value, "is_absolute".into()), node);
            any.push(self.called(callee, Vec::new(), node));
        }
        if text.contains("Component::Normal(") {
            let callee = self.reader.add(ExprKind::Name("is_plain_part".into()), node);
            return Some(self.called(callee, vec![value], node));
        }
        match any[..] {
            [] => None,
            [one] => Some(one),
            _ => Some(self.reader.add(ExprKind::Logic(false, any), node)),
        }
    }

    /// A text with places in it, and what stands there.
    fn formatted(&mut self, args: Vec<Arg>, node: Node<'_>) -> ExprId {
        let mut args = args.into_iter();
        let Some(first) = args.next() else { return self.reader.nothing(node) };
        let Some(text) = self.reader.form.text(first.value).cloned() else {
            let parts = std::iter::once(first.value).chain(args.map(|arg| arg.value)).collect();
            return self.reader.add(ExprKind::Join(parts), node);
        };
        let args = args.collect::<Vec<_>>();
        let mut parts = Vec::new();
        let (mut rest, mut before, mut next) = (&*text, String::new(), 0);
        while let Some(at) = rest.find(['{', '}']) {
            before.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                before.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                continue;
            }
            let Some(end) = rest.find('}') else { break };
            let place = rest[..end].split(':').next().unwrap_or_default().trim();
            rest = &rest[end + 1..];
            let value = match (place, place.parse::<usize>()) {
                ("", _) => {
                    next += 1;
                    args.get(next - 1).map(|arg| arg.value)
                }
                (_, Ok(number)) => args.get(number).map(|arg| arg.value),
                (name, _) => {
                    let named = args.iter().find(|arg| arg.name.as_deref() == Some(name));
                    Some(named.map(|arg| arg.value).unwrap_or_else(|| self.word_expr(name, node)))
                }
            };
            parts.push(self.reader.add(ExprKind::Text(before.as_str().into()), node));
            before.clear();
            parts.extend(value);
        }
        before.push_str(rest);
        parts.push(self.reader.add(ExprKind::Text(before.as_str().into()), node));
        self.reader.add(ExprKind::Join(parts), node)
    }

    /// The arguments in a tree of tokens, with their names.
    pub(super) fn arguments(&mut self, tree: Node<'_>) -> Vec<Arg> {
        let tokens = inside(tree);
        let mut args = Vec::new();
        for part in tokens.split(|token| matches!(token.kind(), "," | ";")) {
            let (name, value) = match part {
                [] => continue,
                [name, sign, value @ ..] if matches!(sign.kind(), "=" | ":" | "=>") => (Some(*name), value),
                _ => (None, part),
            };
            let node = value.first().copied().unwrap_or(tree);
            let name: Option<Word> = name.map(|name| match self.reader.slice(name) {
                // As the protocol writes it.
                "read_only_hint" => "readOnlyHint".into(),
                name => name.trim_matches('"').into(),
            });
            args.push(Arg { name, value: self.tokens(value, node) });
        }
        args
    }

    /// Reads an expression from tokens.
    fn tokens(&mut self, tokens: &[Node<'_>], node: Node<'_>) -> ExprId {
        if self.reader.depth >= DEPTH {
            self.reader.form.cut = true;
            return self.reader.nothing(node);
        }
        self.reader.depth += 1;
        let id = self.operated(tokens, node);
        self.reader.depth -= 1;
        id
    }

    fn operated(&mut self, tokens: &[Node<'_>], node: Node<'_>) -> ExprId {
        // A closure is read for what stands in it.
        let is_closure = tokens.first().is_some_and(|first| matches!(first.kind(), "|" | "||" | "move"));
        for word in ["||", "&&", "==", "!=", "+"].into_iter().filter(|_| !is_closure) {
            let parts = tokens.split(|token| token.kind() == word).collect::<Vec<_>>();
            if parts.len() > 1 && parts.iter().all(|part| !part.is_empty()) {
                let parts = parts.into_iter().map(|part| self.tokens(part, node)).collect();
                return self.operation(word, parts, node);
            }
        }
        let Some((first, rest)) = tokens.split_first() else { return self.reader.nothing(node) };
        match first.kind() {
            "&" | "*" | "mutable_specifier" | "-" | "ref" => self.tokens(rest, node),
            "!" => {
                let inner = self.tokens(rest, node);
                self.reader.add(ExprKind::Not(inner), node)
            }
            _ => self.chained(tokens, *first),
        }
    }

    /// A name or value, and what is taken from it or called on it.
    fn chained(&mut self, tokens: &[Node<'_>], node: Node<'_>) -> ExprId {
        let mut at = 1;
        let mut way = self.reader.slice(node).to_owned();
        let mut value = self.primary(node);
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            match (token.kind(), next) {
                ("?", _) => at += 1,
                ("::", Some(part)) => {
                    let part = self.reader.slice(*part);
                    if way.len() < 100 {
                        way = format!("{way}::{part}");
                    }
                    if !part.starts_with('<') {
                        value = self.reader.add(ExprKind::Member(value, part.into()), node);
                    }
                    at += 2;
                }
                ("!", Some(tree)) if tree.kind() == "token_tree" => {
                    let name = way.rsplit("::").next().unwrap_or(&way).to_owned();
                    value = self.macro_with(&name, *tree, node);
                    at += 2;
                }
                (".", Some(part)) => {
                    let name = self.reader.word(*part);
                    let list = tokens.get(at + 2).filter(|tree| self.is_list(**tree));
                    value = match list {
                        Some(list) => {
                            let args = self.arguments(*list).into_iter().map(|arg| arg.value).collect();
                            self.method(value, &name, args, "", node)
                        }
                        None if &*name == "await" => value,
                        None => self.reader.add(ExprKind::Member(value, name), node),
                    };
                    at += 2 + usize::from(list.is_some());
                }
                ("token_tree", _) if self.is_list(*token) => {
                    let pairs = self.arguments(*token);
                    if pairs.iter().any(|arg| arg.name.is_some()) {
                        value = self.reader.add(ExprKind::Call { callee: value, args: pairs }, node);
                    } else {
                        let args = pairs.into_iter().map(|arg| arg.value).collect();
                        let callee = value;
                        value = self.function_call(&way, args, node, |_| callee);
                    }
                    at += 1;
                }
                _ => {
                    let rest = tokens[at..].iter().filter(|token| token.is_named()).copied();
                    let rest = rest.collect::<Vec<_>>();
                    let mut parts = vec![value];
                    parts.extend(rest.into_iter().map(|token| self.primary(token)));
                    return self.reader.add(ExprKind::Other(parts), node);
                }
            }
        }
        value
    }

    fn is_list(&self, tree: Node<'_>) -> bool {
        tree.kind() == "token_tree" && self.reader.slice(tree).starts_with('(')
    }

    fn primary(&mut self, token: Node<'_>) -> ExprId {
        match token.kind() {
            "token_tree" => {
                let text = self.reader.slice(token);
                let (list, record) = (text.starts_with('['), text.starts_with('{'));
                if self.reader.depth >= DEPTH {
                    self.reader.form.cut = true;
                    return self.reader.nothing(token);
                }
                self.reader.depth += 1;
                let args = self.arguments(token);
                self.reader.depth -= 1;
                let kind = match (&args[..], list, record) {
                    ([one], false, false) => return one.value,
                    (_, _, true) if args.iter().all(|arg| arg.name.is_some()) => {
                        ExprKind::Record(args.into_iter().map(|arg| (arg.name, arg.value)).collect())
                    }
                    _ => ExprKind::List(args.into_iter().map(|arg| arg.value).collect()),
                };
                self.reader.add(kind, token)
            }
            "identifier" | "self" | "crate" | "super" | "metavariable" | "primitive_type" => {
                self.word_expr(self.reader.slice(token), token)
            }
            kind if kind.ends_with("literal") => self.expr(token),
            _ => self.reader.nothing(token),
        }
    }
}

/// The tokens between the brackets of a tree.
fn inside<'t>(tree: Node<'t>) -> Vec<Node<'t>> {
    let all = tree.children().filter(|child| !child.is_extra()).collect::<Vec<_>>();
    all.get(1..all.len().saturating_sub(1)).unwrap_or_default().to_vec()
}
