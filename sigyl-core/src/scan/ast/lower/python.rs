//! Python.

use super::reader::{Lower as _, Reader, chain, children, fields, span};
use crate::scan::ast::form::{
    ALL, Block, Class, Comparison, ExprId, ExprKind, Form, Function, Import, Param, Stmt, StmtKind, Word,
};
use crate::scan::ast::syntax::{Node, Syntax};

/// Lowers a Python file.
pub(in crate::scan::ast) fn python(text: &str, syntax: &Syntax, form: Form) -> Form {
    let mut reader = Reader::new(text, form);
    let root = syntax.root();
    let whole = reader.form.add_function(Function::default());
    reader.inside = Some(whole);
    let body = reader.block(root);
    reader.form.function_mut(whole).body = body;
    reader.form
}

impl Reader<'_> {
    fn block(&mut self, node: Node<'_>) -> Block {
        let mut block = Block::new();
        self.deeper(|this| children(node).into_iter().for_each(|child| this.statement(child, &mut block)));
        block
    }

    fn block_of(&mut self, node: Node<'_>, field: &str) -> Block {
        node.child_by_field_name(field).map(|body| self.block(body)).unwrap_or_default()
    }

    fn statement(&mut self, node: Node<'_>, block: &mut Block) {
        let kind = match node.kind() {
            "expression_statement" => {
                for child in children(node) {
                    let kind = self.simple(child);
                    block.push(Stmt { kind, span: span(child) });
                }
                return;
            }
            "return_statement" => StmtKind::Return(children(node).first().map(|value| self.expr(*value))),
            "raise_statement" => StmtKind::Raise(children(node).first().map(|value| self.expr(*value))),
            "break_statement" | "continue_statement" => StmtKind::Leave,
            "assert_statement" => match children(node).first() {
                Some(condition) => {
                    let condition = self.expr(*condition);
                    let fails = vec![Stmt { kind: StmtKind::Raise(None), span: span(node) }];
                    StmtKind::If { condition, then: Block::new(), other: fails }
                }
                None => return,
            },
            "if_statement" => self.conditional(node),
            "for_statement" => self.round(node),
            "while_statement" => {
                let condition = node.child_by_field_name("condition").map(|one| self.expr(one));
                StmtKind::Loop { bind: None, condition, body: self.block_of(node, "body") }
            }
            "try_statement" => self.attempt(node),
            "with_statement" => return self.with(node, block),
            "match_statement" => self.matching(node),
            "function_definition" | "class_definition" | "decorated_definition" => {
                return self.definition(node, block);
            }
            "import_statement" | "import_from_statement" | "future_import_statement" => {
                StmtKind::Import(self.imports(node))
            }
            "block" | "else_clause" | "finally_clause" => {
                let inner = self.block(node);
                return block.extend(inner);
            }
            "delete_statement" | "global_statement" | "nonlocal_statement" | "pass_statement" => return,
            _ => {
                let parts = children(node).into_iter().map(|child| self.expr(child)).collect();
                StmtKind::Eval(self.add(ExprKind::Other(parts), node))
            }
        };
        block.push(Stmt { kind, span: span(node) });
    }

    fn simple(&mut self, node: Node<'_>) -> StmtKind {
        let pair = |this: &mut Self| {
            let target = this.expr(node.child_by_field_name("left")?);
            let value = this.expr(node.child_by_field_name("right")?);
            Some((target, value))
        };
        match node.kind() {
            "assignment" => {
                if let (Some(class), Some(left), Some(of)) =
                    (self.class, node.child_by_field_name("left"), node.child_by_field_name("type"))
                {
                    let field = (self.word(left), self.word(of));
                    self.form.class_mut(class).fields.push(field);
                }
                match pair(self) {
                    Some((target, value)) => StmtKind::Assign { target, value, adds: false },
                    None => StmtKind::Eval(self.nothing(node)),
                }
            }
            "augmented_assignment" => match pair(self) {
                Some((target, value)) => StmtKind::Assign { target, value, adds: true },
                None => StmtKind::Eval(self.nothing(node)),
            },
            _ => StmtKind::Eval(self.expr(node)),
        }
    }

    fn conditional(&mut self, node: Node<'_>) -> StmtKind {
        let condition = self.condition(node);
        let then = self.block_of(node, "consequence");
        let (mut arms, mut otherwise) = (Vec::new(), Block::new());
        for clause in fields(node, "alternative") {
            if clause.kind() == "elif_clause" {
                let condition = self.condition(clause);
                arms.push((condition, self.block_of(clause, "consequence"), span(clause)));
            } else {
                otherwise = self.block_of(clause, "body");
            }
        }
        StmtKind::If { condition, then, other: chain(arms, otherwise) }
    }

    fn condition(&mut self, node: Node<'_>) -> ExprId {
        match node.child_by_field_name("condition") {
            Some(condition) => self.expr(condition),
            None => self.nothing(node),
        }
    }

    fn round(&mut self, node: Node<'_>) -> StmtKind {
        let left = node.child_by_field_name("left").map(|left| self.expr(left));
        let right = node.child_by_field_name("right").map(|right| self.expr(right));
        StmtKind::Loop { bind: left.zip(right), condition: None, body: self.block_of(node, "body") }
    }

    fn attempt(&mut self, node: Node<'_>) -> StmtKind {
        let mut body = self.block_of(node, "body");
        let (mut catches, mut last) = (Vec::new(), Block::new());
        for clause in children(node) {
            match clause.kind() {
                "except_clause" | "except_group_clause" => {
                    let inner = children(clause).into_iter().filter(|child| child.kind() == "block");
                    catches.push(inner.flat_map(|inner| self.block(inner)).collect());
                }
                "else_clause" => body.extend(self.block_of(clause, "body")),
                "finally_clause" => last = self.block(clause),
                _ => {}
            }
        }
        StmtKind::Try { body, catches, last }
    }

    fn with(&mut self, node: Node<'_>, block: &mut Block) {
        let items = children(node).into_iter().filter(|child| child.kind() == "with_clause");
        for item in items.flat_map(children) {
            let Some(value) = item.child_by_field_name("value") else { continue };
            let kind = match (value.kind(), children(value)) {
                ("as_pattern", parts) if parts.len() == 2 => {
                    let given = self.expr(parts[0]);
                    let target = children(parts[1]).first().copied().unwrap_or(parts[1]);
                    let target = self.expr(target);
                    StmtKind::Assign { target, value: given, adds: false }
                }
                _ => StmtKind::Eval(self.expr(value)),
            };
            block.push(Stmt { kind, span: span(item) });
        }
        block.extend(self.block_of(node, "body"));
    }

    fn matching(&mut self, node: Node<'_>) -> StmtKind {
        let subject = node.child_by_field_name("subject");
        let body = node.child_by_field_name("body");
        let mut arms = Vec::new();
        let cases = body.map(children).unwrap_or_default();
        for case in cases.into_iter().filter(|case| case.kind() == "case_clause") {
            let patterns = children(case).into_iter().filter(|child| child.kind() == "case_pattern");
            let same = patterns.map(|pattern| {
                let inner = children(pattern).first().copied().unwrap_or(pattern);
                if self.is_capture(inner) {
                    // It takes whatever there is.
                    return self.nothing(pattern);
                }
                let value = self.expr(children(pattern).first().copied().unwrap_or(pattern));
                let subject = match subject {
                    Some(subject) => self.expr(subject),
                    None => self.nothing(node),
                };
                self.add(ExprKind::Compare(Comparison::Equal, subject, value), pattern)
            });
            let same = same.collect::<Vec<_>>();
            let condition = self.add(ExprKind::Logic(false, same), case);
            let mut block = self.captures(subject, case);
            block.append(&mut self.block_of(case, "consequence"));
            arms.push((condition, block, span(case)));
        }
        let fixed = self.add(ExprKind::Truth(true), node);
        StmtKind::If { condition: fixed, then: chain(arms, Block::new()), other: Block::new() }
    }

    /// Tells whether a pattern is a name that is given to what it is asked of.
    fn is_capture(&self, node: Node<'_>) -> bool {
        matches!(node.kind(), "identifier" | "dotted_name") && !self.slice(node).contains('.')
    }

    /// The names that a pattern gives to what it is asked of, or to a part of that.
    fn captures(&mut self, subject: Option<Node<'_>>, case: Node<'_>) -> Block {
        let mut block = Block::new();
        let patterns = children(case).into_iter().filter(|child| child.kind() == "case_pattern");
        let mut waiting = patterns.collect::<Vec<_>>();
        while let Some(node) = waiting.pop() {
            match (self.is_capture(node), subject) {
                (true, Some(subject)) => {
                    let target = ExprKind::Name(self.word(node));
                    let target = self.add(target, node);
                    let value = self.expr(subject);
                    block.push(Stmt {
                        kind: StmtKind::Assign { target, value, adds: false },
                        span: span(node),
                    });
                }
                // The name of a class is none that is given.
                _ if node.kind() == "class_pattern" => waiting.extend(children(node).into_iter().skip(1)),
                _ if matches!(node.kind(), "dotted_name" | "attribute" | "string") => {}
                _ => waiting.extend(children(node)),
            }
        }
        block
    }

    fn imports(&mut self, node: Node<'_>) -> Vec<Import> {
        let module = node.child_by_field_name("module_name");
        let module = module.map(|module| Word::from(self.without_blanks(module)));
        let one = |name: Node<'_>| {
            let (path, alias) = match name.kind() {
                "aliased_import" => (name.child_by_field_name("name"), name.child_by_field_name("alias")),
                _ => (Some(name), None),
            };
            let path = path.map(|path| self.without_blanks(path)).unwrap_or_default();
            let path = path.as_str();
            let alias = alias.map(|alias| self.word(alias));
            match &module {
                // `import a.b` binds `a`.
                None => {
                    let first = if alias.is_some() { path } else { path.split('.').next().unwrap_or(path) };
                    let local = alias.unwrap_or_else(|| first.into());
                    let whole =
                        |local: Word, module: &str| Import { local, module: module.into(), name: None };
                    // What it is reached by is no name of its own.
                    let inner = (first.len() < path.len()).then(|| whole(path.into(), path));
                    std::iter::once(whole(local, first)).chain(inner).collect::<Vec<_>>()
                }
                Some(module) => vec![Import {
                    local: alias.unwrap_or_else(|| path.into()),
                    module: module.clone(),
                    name: Some(path.into()),
                }],
            }
        };
        let mut all = fields(node, "name").into_iter().flat_map(one).collect::<Vec<_>>();
        let is_all = children(node).iter().any(|child| child.kind() == "wildcard_import");
        if let Some(module) = module.filter(|_| is_all) {
            all.push(Import { local: ALL.into(), module, name: None });
        }
        all
    }

    /// Returns the way to a module, which may stand on several lines.
    fn without_blanks(&self, node: Node<'_>) -> String {
        let text = self.word(node);
        text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
    }

    fn definition(&mut self, node: Node<'_>, block: &mut Block) {
        let (decorators, node) = match node.kind() {
            "decorated_definition" => {
                let marks = children(node).into_iter().filter(|child| child.kind() == "decorator");
                let marks = marks.filter_map(|mark| children(mark).first().copied());
                let marks = marks.map(|mark| self.expr(mark)).collect();
                (marks, node.child_by_field_name("definition").unwrap_or(node))
            }
            _ => (Vec::new(), node),
        };
        let kind = match node.kind() {
            "class_definition" => StmtKind::DefineClass(self.class_of(node)),
            "function_definition" => {
                let id = self.function(node, decorators);
                StmtKind::Define(id)
            }
            _ => return,
        };
        block.push(Stmt { kind, span: span(node) });
    }

    fn class_of(&mut self, node: Node<'_>) -> crate::scan::ast::form::ClassId {
        let name = node.child_by_field_name("name").map(|name| self.word(name)).unwrap_or_default();
        let bases = node.child_by_field_name("superclasses").map(children).unwrap_or_default();
        let bases = bases.into_iter().map(|base| self.expr(base)).collect();
        let id = self.form.add_class(Class { name, bases, ..Class::default() });
        let outer = self.class.replace(id);
        let body = self.block_of(node, "body");
        self.class = outer;
        let methods = body.iter().filter_map(|stmt| match stmt.kind {
            StmtKind::Define(method) => Some(method),
            _ => None,
        });
        let methods = methods.collect();
        let class = self.form.class_mut(id);
        class.methods = methods;
        class.body = body;
        id
    }

    pub(super) fn function(
        &mut self,
        node: Node<'_>,
        decorators: Vec<ExprId>,
    ) -> crate::scan::ast::form::FnId {
        let name = node.child_by_field_name("name").map(|name| self.word(name)).unwrap_or_default();
        let is_fixed = |this: &Self, mark: &ExprId| {
            this.form.name(*mark).is_some_and(|name| matches!(&**name, "staticmethod" | "classmethod"))
        };
        let fixed = decorators.iter().any(|mark| is_fixed(self, mark));
        let id = self.form.add_function(Function {
            name,
            class: self.class,
            outer: self.inside,
            decorators,
            fixed,
            ..Function::default()
        });
        let (outer, class) = (self.inside.replace(id), self.class.take());
        let params = node.child_by_field_name("parameters").map(|list| self.params(list));
        let body = match node.child_by_field_name("body") {
            Some(body) if node.kind() == "lambda" => {
                let value = self.expr(body);
                vec![Stmt { kind: StmtKind::Return(Some(value)), span: span(body) }]
            }
            Some(body) => self.block(body),
            None => Block::new(),
        };
        (self.inside, self.class) = (outer, class);
        let doc = match body.first().map(|stmt| &stmt.kind) {
            Some(StmtKind::Eval(first)) => self.form.text(*first).cloned(),
            _ => None,
        };
        let function = self.form.function_mut(id);
        (function.params, function.body, function.doc) = (params.unwrap_or_default(), body, doc);
        id
    }

    fn params(&mut self, list: Node<'_>) -> Vec<Param> {
        let mut params = Vec::new();
        for param in children(list) {
            let inner = children(param);
            let name = match param.kind() {
                "identifier" => Some(param),
                "default_parameter" | "typed_default_parameter" => param.child_by_field_name("name"),
                "typed_parameter" | "list_splat_pattern" | "dictionary_splat_pattern" => {
                    inner.first().copied()
                }
                _ => None,
            };
            let Some(name) = name else { continue };
            let rest = [param.kind(), name.kind()].iter().any(|kind| kind.ends_with("splat_pattern"));
            let name = match name.kind().ends_with("splat_pattern") {
                true => children(name).first().copied().unwrap_or(name),
                false => name,
            };
            let of = param.child_by_field_name("type").map(|of| self.word(of));
            let default = param.child_by_field_name("value").map(|value| self.expr(value));
            params.push(Param { target: self.expr(name), of, default, rest });
        }
        params
    }
}
