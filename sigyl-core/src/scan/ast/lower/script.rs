//! JavaScript and TypeScript: statements and declarations.

use super::reader::{Lower as _, Reader, chain, children, span};
use crate::scan::ast::form::{
    ALL, Block, Class, ClassId, Comparison, DEFAULT, ExprKind, FnId, Form, Function, GIVEN, Import, Param,
    Stmt, StmtKind, Word,
};
use crate::scan::ast::syntax::{Node, Syntax};

/// Lowers a JavaScript or TypeScript file.
pub(in crate::scan::ast) fn script(text: &str, syntax: &Syntax, form: Form) -> Form {
    let mut reader = Script(Reader::new(text, form));
    let root = syntax.root();
    let whole = reader.0.form.add_function(Function::default());
    reader.0.inside = Some(whole);
    reader.0.form.script = true;
    let body = reader.block(root);
    reader.0.form.function_mut(whole).body = body;
    reader.0.form
}

/// Reads a script.
pub(super) struct Script<'t>(pub(super) Reader<'t>);

impl Script<'_> {
    pub(super) fn block(&mut self, node: Node<'_>) -> Block {
        let mut block = Block::new();
        if self.0.depth < super::reader::DEPTH {
            self.0.depth += 1;
            children(node).into_iter().for_each(|child| self.statement(child, &mut block));
            self.0.depth -= 1;
        } else {
            self.0.form.cut = true;
        }
        block
    }

    /// Reads a block, or a statement that stands alone.
    fn body(&mut self, node: Option<Node<'_>>) -> Block {
        let mut block = Block::new();
        match node {
            Some(node) if matches!(node.kind(), "statement_block" | "else_clause" | "finally_clause") => {
                return self.block(node);
            }
            // A statement may stand in a statement without a block between them.
            Some(_) if self.0.depth >= super::reader::DEPTH => self.0.form.cut = true,
            Some(node) => {
                self.0.depth += 1;
                self.statement(node, &mut block);
                self.0.depth -= 1;
            }
            None => {}
        }
        block
    }

    fn statement(&mut self, node: Node<'_>, block: &mut Block) {
        let first = node.named_children().find(|child| !child.is_extra());
        let kind = match node.kind() {
            "expression_statement" => match first {
                Some(value) => return self.simple(value, block),
                None => return,
            },
            "lexical_declaration" | "variable_declaration" => return self.declare(node, block),
            "export_statement" => return self.export(node, block),
            "function_declaration" | "generator_function_declaration" => {
                StmtKind::Define(self.function(node, None))
            }
            "class_declaration" | "abstract_class_declaration" => StmtKind::DefineClass(self.class(node)),
            "return_statement" => StmtKind::Return(first.map(|value| self.expr(value))),
            "throw_statement" => StmtKind::Raise(first.map(|value| self.expr(value))),
            "break_statement" | "continue_statement" => StmtKind::Leave,
            "if_statement" => {
                let condition = self.expr_of(node, "condition");
                let then = self.body(node.child_by_field_name("consequence"));
                let other = self.body(node.child_by_field_name("alternative"));
                StmtKind::If { condition, then, other }
            }
            "for_in_statement" => {
                let bind = (self.expr_of(node, "left"), self.expr_of(node, "right"));
                let body = self.body(node.child_by_field_name("body"));
                StmtKind::Loop { bind: Some(bind), condition: None, body }
            }
            "for_statement" => {
                if let Some(first) = node.child_by_field_name("initializer") {
                    self.statement(first, block);
                }
                let condition = node.child_by_field_name("condition").map(|condition| self.expr(condition));
                let body = self.body(node.child_by_field_name("body"));
                StmtKind::Loop { bind: None, condition, body }
            }
            "while_statement" | "do_statement" => {
                let condition = Some(self.expr_of(node, "condition"));
                let body = self.body(node.child_by_field_name("body"));
                StmtKind::Loop { bind: None, condition, body }
            }
            "try_statement" => {
                let body = self.body(node.child_by_field_name("body"));
                let caught = node.child_by_field_name("handler");
                let caught = caught.map(|caught| self.body(caught.child_by_field_name("body")));
                let last = self.body(node.child_by_field_name("finalizer"));
                StmtKind::Try { body, catches: caught.into_iter().collect(), last }
            }
            "switch_statement" => self.switch(node),
            "import_statement" => StmtKind::Import(self.imports(node)),
            "statement_block" | "labeled_statement" | "else_clause" | "internal_module" | "module" => {
                let inner = match node.child_by_field_name("body") {
                    Some(body) => self.body(Some(body)),
                    None => self.block(node),
                };
                return block.extend(inner);
            }
            "interface_declaration"
            | "type_alias_declaration"
            | "enum_declaration"
            | "ambient_declaration"
            | "empty_statement"
            | "statement_identifier" => return,
            _ => StmtKind::Eval(self.expr(node)),
        };
        block.push(Stmt { kind, span: span(node) });
    }

    fn simple(&mut self, node: Node<'_>, block: &mut Block) {
        let kind = match node.kind() {
            "assignment_expression" | "augmented_assignment_expression" => {
                let target = self.expr_of(node, "left");
                let value = self.assigned(node);
                let adds = node.kind().starts_with("augmented") && !self.keeps_old(node);
                StmtKind::Assign { target, value, adds }
            }
            "internal_module" => return self.statement(node, block),
            _ => StmtKind::Eval(self.expr(node)),
        };
        block.push(Stmt { kind, span: span(node) });
    }

    fn declare(&mut self, node: Node<'_>, block: &mut Block) {
        for one in children(node).into_iter().filter(|one| one.kind() == "variable_declarator") {
            let Some(value) = one.child_by_field_name("value") else { continue };
            let target = self.expr_of(one, "name");
            let name = self.0.form.name(target).cloned();
            let value = match value.kind() {
                "arrow_function" | "function_expression" => {
                    let function = self.function(value, name);
                    self.0.add(ExprKind::Function(function), value)
                }
                _ => self.expr(value),
            };
            block.push(Stmt { kind: StmtKind::Assign { target, value, adds: false }, span: span(one) });
        }
    }

    fn export(&mut self, node: Node<'_>, block: &mut Block) {
        let named = children(node).into_iter().filter(|child| child.kind() == "export_clause");
        let named = named.flat_map(children).collect::<Vec<_>>();
        if node.child_by_field_name("source").is_some() {
            block.push(Stmt { kind: StmtKind::Import(self.handed_on(node, &named)), span: span(node) });
            return;
        }
        let is_default = node.children().any(|child| child.kind() == "default");
        if let Some(inner) = node.child_by_field_name("declaration") {
            self.statement(inner, block);
            if let Some(name) = inner.child_by_field_name("name").filter(|_| is_default) {
                self.gives(node, &given(DEFAULT), name, block);
            }
        } else if let Some(value) = node.child_by_field_name("value") {
            self.gives(node, &given(DEFAULT), value, block);
        } else if let (true, Some(value)) =
            (node.children().any(|child| child.kind() == "="), children(node).first())
        {
            // `export = run`.
            self.gives(node, &given(DEFAULT), *value, block);
        }
        for one in named {
            if let (Some(name), Some(alias)) =
                (one.child_by_field_name("name"), one.child_by_field_name("alias"))
            {
                let alias = given(&self.0.word(alias));
                self.gives(node, &alias, name, block);
            }
        }
    }

    /// A name under which others get a value.
    fn gives(&mut self, node: Node<'_>, name: &str, value: Node<'_>, block: &mut Block) {
        let target = self.0.add(ExprKind::Name(name.into()), node);
        let value = self.expr(value);
        block.push(Stmt { kind: StmtKind::Assign { target, value, adds: false }, span: span(node) });
    }

    /// What a file gives that it has from another one: `export { a } from './b'`.
    fn handed_on(&mut self, node: Node<'_>, named: &[Node<'_>]) -> Vec<Import> {
        let module = node.child_by_field_name("source").map(|source| self.string(source)).unwrap_or_default();
        let one = |local: Word, name: Option<Word>| Import { local, module: module.clone(), name };
        let spaces = children(node).into_iter().filter(|child| child.kind() == "namespace_export");
        let spaces = spaces.filter_map(|space| children(space).first().copied()).collect::<Vec<_>>();
        if named.is_empty() && spaces.is_empty() {
            return vec![one(given(ALL), None)];
        }
        let mut all = spaces.into_iter().map(|name| one(given(&self.0.word(name)), None)).collect::<Vec<_>>();
        for part in named {
            let Some(name) = part.child_by_field_name("name") else { continue };
            let local = given(&self.0.word(part.child_by_field_name("alias").unwrap_or(name)));
            let name = Some(self.0.word(name)).filter(|name| &**name != DEFAULT);
            all.push(one(local, name));
        }
        all
    }

    /// A switch is one condition after the other; what falls through is read with its own case alone.
    fn switch(&mut self, node: Node<'_>) -> StmtKind {
        let subject = node.child_by_field_name("value");
        let cases = node.child_by_field_name("body").map(children).unwrap_or_default();
        let (mut conditions, mut arms) = (Vec::new(), Vec::new());
        let mut otherwise = Block::new();
        for case in cases {
            let value = case.child_by_field_name("value");
            let mut body = Block::new();
            for stmt in children(case).into_iter().filter(|stmt| Some(*stmt) != value) {
                self.statement(stmt, &mut body);
            }
            // A `break` leaves the switch, not what is around it.
            while matches!(body.last().map(|stmt| &stmt.kind), Some(StmtKind::Leave)) {
                body.pop();
            }
            let Some(value) = value else {
                otherwise = body;
                continue;
            };
            let subject = match subject {
                Some(subject) => self.expr(subject),
                None => self.0.nothing(node),
            };
            let value = self.expr(value);
            conditions.push(self.0.add(ExprKind::Compare(Comparison::Equal, subject, value), case));
            if !body.is_empty() {
                let any = self.0.add(ExprKind::Logic(false, std::mem::take(&mut conditions)), case);
                arms.push((any, body, span(case)));
            }
        }
        let otherwise = chain(arms, otherwise);
        let fixed = self.0.add(ExprKind::Truth(true), node);
        StmtKind::If { condition: fixed, then: otherwise, other: Block::new() }
    }

    fn imports(&mut self, node: Node<'_>) -> Vec<Import> {
        let required = children(node).into_iter().find(|child| child.kind() == "import_require_clause");
        let source = node.child_by_field_name("source");
        let Some(source) = source.or_else(|| required?.child_by_field_name("source")) else {
            return Vec::new();
        };
        let module = self.string(source);
        let whole = |local: Word| Import { local, module: module.clone(), name: None };
        let mut names = Vec::new();
        // `import a = require('./b')`.
        names.extend(
            required.and_then(|clause| children(clause).first().map(|name| whole(self.0.word(*name)))),
        );
        let clauses = children(node).into_iter().filter(|child| child.kind() == "import_clause");
        for part in clauses.flat_map(children) {
            match part.kind() {
                "identifier" => names.push(whole(self.0.word(part))),
                "namespace_import" => {
                    let name = children(part).first().map(|name| self.0.word(*name));
                    names.extend(name.map(whole));
                }
                "named_imports" => {
                    for one in children(part) {
                        let Some(name) = one.child_by_field_name("name") else { continue };
                        let local = self.0.word(one.child_by_field_name("alias").unwrap_or(name));
                        let name = Some(self.0.word(name)).filter(|name| &**name != "default");
                        names.push(Import { local, module: module.clone(), name });
                    }
                }
                _ => {}
            }
        }
        names
    }

    pub(super) fn class(&mut self, node: Node<'_>) -> ClassId {
        let name = node.child_by_field_name("name").map(|name| self.0.word(name)).unwrap_or_default();
        let id = self.0.form.add_class(Class { name, ..Class::default() });
        let heritage = children(node).into_iter().filter(|child| child.kind() == "class_heritage");
        let bases = heritage.flat_map(children).map(|base| self.expr(base)).collect::<Vec<_>>();
        let outer = self.0.class.replace(id);
        let mut body = Block::new();
        let mut methods = Vec::new();
        for member in node.child_by_field_name("body").map(children).unwrap_or_default() {
            match member.kind() {
                "method_definition" => methods.push(self.function(member, None)),
                "field_definition" | "public_field_definition" => {
                    self.field(member, &mut body, &mut methods);
                }
                _ => {}
            }
        }
        self.0.class = outer;
        let class = self.0.form.class_mut(id);
        (class.bases, class.methods, class.body) = (bases, methods, body);
        id
    }

    fn field(&mut self, member: Node<'_>, body: &mut Block, methods: &mut Vec<FnId>) {
        let name = member.child_by_field_name("property").or_else(|| member.child_by_field_name("name"));
        let (Some(name), Some(value)) = (name, member.child_by_field_name("value")) else { return };
        if value.kind() == "arrow_function" {
            let name = self.0.word(name);
            methods.push(self.function(value, Some(name)));
            return;
        }
        let target = ExprKind::Name(self.0.word(name));
        let target = self.0.add(target, name);
        let value = self.expr(value);
        body.push(Stmt { kind: StmtKind::Assign { target, value, adds: false }, span: span(member) });
    }

    pub(super) fn function(&mut self, node: Node<'_>, name: Option<Word>) -> FnId {
        let own = node.child_by_field_name("name").map(|name| self.0.word(name));
        let fixed = node.children().any(|child| child.kind() == "static");
        let id = self.0.form.add_function(Function {
            name: own.or(name).unwrap_or_default(),
            class: self.0.class,
            outer: self.0.inside,
            fixed,
            ..Function::default()
        });
        let (outer, class) = (self.0.inside.replace(id), self.0.class.take());
        let params = match (node.child_by_field_name("parameters"), node.child_by_field_name("parameter")) {
            (Some(list), _) => children(list).into_iter().filter_map(|param| self.param(param)).collect(),
            (None, Some(one)) => self.param(one).into_iter().collect(),
            (None, None) => Vec::new(),
        };
        let body = match node.child_by_field_name("body") {
            Some(body) if body.kind() == "statement_block" => self.block(body),
            Some(body) => {
                let value = self.expr(body);
                vec![Stmt { kind: StmtKind::Return(Some(value)), span: span(body) }]
            }
            None => Block::new(),
        };
        (self.0.inside, self.0.class) = (outer, class);
        // `get a() {}` is read like a property.
        let reads = node.children().any(|child| child.kind() == "get");
        let marks = reads.then(|| self.0.add(ExprKind::Name("property".into()), node));
        let function = self.0.form.function_mut(id);
        (function.params, function.body) = (params, body);
        function.decorators.extend(marks);
        id
    }

    fn param(&mut self, node: Node<'_>) -> Option<Param> {
        let (pattern, of, default) = match node.kind() {
            "required_parameter" | "optional_parameter" => (
                node.child_by_field_name("pattern")?,
                node.child_by_field_name("type"),
                node.child_by_field_name("value"),
            ),
            "assignment_pattern" => {
                (node.child_by_field_name("left")?, None, node.child_by_field_name("right"))
            }
            _ => (node, None, None),
        };
        let rest = pattern.kind() == "rest_pattern";
        let pattern = if rest { children(pattern).first().copied()? } else { pattern };
        let of = of.map(|of| self.0.slice(of).trim_start_matches(':').trim().into());
        let default = default.map(|default| self.expr(default));
        Some(Param { target: self.expr(pattern), of, default, rest })
    }
}

fn given(name: &str) -> Word {
    format!("{GIVEN}{name}").into()
}
