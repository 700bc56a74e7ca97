//! Go: declarations and statements.

use std::collections::HashMap;

use super::reader::{DEPTH, Lower as _, Reader, chain, children, fields, span};
use crate::scan::ast::form::{
    Block, Class, ClassId, Comparison, ExprId, ExprKind, FnId, Form, Function, Import, Language, Param, Stmt,
    StmtKind, Word,
};
use crate::scan::ast::syntax::{Node, Syntax};

/// Lowers a Go file.
pub(in crate::scan::ast) fn go(text: &str, syntax: &Syntax, form: Form) -> Form {
    let mut reader = Go {
        reader: Reader::new(text, form),
        types: HashMap::new(),
        results: Vec::new(),
        failed: Vec::new(),
    };
    let root = syntax.root();
    let whole = reader.reader.form.add_function(Function { language: Language::Go, ..Function::default() });
    reader.reader.inside = Some(whole);
    let mut body = Block::new();
    reader.types(root, &mut body);
    reader.statements(root, &mut body);
    reader.reader.form.function_mut(whole).body = body;
    reader.reader.form
}

/// Reads Go.
pub(super) struct Go<'t> {
    pub(super) reader: Reader<'t>,
    /// The types of the file, and whether each has methods.
    pub(super) types: HashMap<Word, (ClassId, bool)>,
    /// The names of what the function that is read gives back.
    results: Vec<Word>,
    /// Names that are known to hold a failure where it is read.
    failed: Vec<Word>,
}

impl Go<'_> {
    /// Reads the types first: methods may stand before the type that they belong to.
    fn types(&mut self, root: Node<'_>, body: &mut Block) {
        for node in children(root) {
            match node.kind() {
                "type_declaration" => {
                    for one in children(node) {
                        let Some(name) = one.child_by_field_name("name") else { continue };
                        let id = self.class(self.reader.word(name));
                        let of = one.child_by_field_name("type");
                        self.fields(id, of);
                        body.push(Stmt { kind: StmtKind::DefineClass(id), span: span(one) });
                    }
                }
                "method_declaration" => {
                    if let Some((_, of)) = self.receiver(node) {
                        let id = self.class(of.clone());
                        self.types.insert(of, (id, true));
                    }
                }
                _ => {}
            }
        }
    }

    fn class(&mut self, name: Word) -> ClassId {
        if let Some((id, _)) = self.types.get(&name) {
            return *id;
        }
        let id = self.reader.form.add_class(Class { name: name.clone(), ..Class::default() });
        self.types.insert(name, (id, false));
        id
    }

    fn fields(&mut self, class: ClassId, of: Option<Node<'_>>) {
        let list = of.filter(|of| of.kind() == "struct_type").map(children).unwrap_or_default();
        let mut found = Vec::new();
        for field in list.into_iter().flat_map(children).filter(|one| one.kind() == "field_declaration") {
            let Some(of) = field.child_by_field_name("type").map(|of| self.reader.word(of)) else { continue };
            found.extend(fields(field, "name").into_iter().map(|name| (self.reader.word(name), of.clone())));
        }
        self.reader.form.class_mut(class).fields = found;
    }

    /// Returns the name and the type of what a method is called on.
    fn receiver(&self, node: Node<'_>) -> Option<(Option<Word>, Word)> {
        let one = node.child_by_field_name("receiver").map(children)?.first().copied()?;
        let of = self.reader.slice(one.child_by_field_name("type")?);
        let of = of.trim_start_matches(['*', '(', ' ']);
        let end = of.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(of.len());
        let name = one.child_by_field_name("name").map(|name| self.reader.word(name));
        Some((name, of[..end].into()))
    }

    fn statements(&mut self, node: Node<'_>, block: &mut Block) {
        if self.reader.depth >= DEPTH {
            self.reader.form.cut = true;
            return;
        }
        self.reader.depth += 1;
        children(node).into_iter().for_each(|child| self.statement(child, block));
        self.reader.depth -= 1;
    }

    fn block(&mut self, node: Option<Node<'_>>) -> Block {
        let mut block = Block::new();
        if let Some(node) = node {
            self.statements(node, &mut block);
        }
        block
    }

    fn statement(&mut self, node: Node<'_>, block: &mut Block) {
        let kind = match node.kind() {
            "block" | "statement_list" | "labeled_statement" | "var_declaration" | "const_declaration"
            | "var_spec_list" | "import_spec_list" => return self.statements(node, block),
            "import_declaration" => StmtKind::Import(self.imports(node)),
            "function_declaration" => StmtKind::Define(self.function(node)),
            "method_declaration" => return self.method(node),
            "var_spec" | "const_spec" => return self.declare(node, block),
            "short_var_declaration" | "assignment_statement" | "receive_statement" => {
                return self.assignment(node, block);
            }
            "return_statement" => StmtKind::Return(self.given_back(node)),
            "break_statement" | "continue_statement" | "goto_statement" => StmtKind::Leave,
            "if_statement" => return self.conditional(node, block),
            "for_statement" => return self.round(node, block),
            "expression_switch_statement" | "type_switch_statement" => return self.switch(node, block),
            "select_statement" => self.selection(node),
            "go_statement" | "defer_statement" | "expression_statement" => {
                match children(node).first().copied() {
                    // `panic` comes back no more than a failure does.
                    Some(call) if self.is_end(call) => StmtKind::Raise(Some(self.expr(call))),
                    Some(call) => match self.grown(call) {
                        Some(grown) => grown,
                        None => StmtKind::Eval(self.expr(call)),
                    },
                    None => return,
                }
            }
            "package_clause"
            | "type_declaration"
            | "empty_statement"
            | "label_name"
            | "fallthrough_statement" => return,
            _ => StmtKind::Eval(self.expr(node)),
        };
        block.push(Stmt { kind, span: span(node) });
    }

    fn is_end(&self, call: Node<'_>) -> bool {
        let callee = call.child_by_field_name("function").map(|callee| self.reader.slice(callee));
        matches!(callee, Some("panic" | "os.Exit" | "log.Fatal" | "log.Fatalf" | "log.Fatalln"))
    }

    fn imports(&mut self, node: Node<'_>) -> Vec<Import> {
        let inner = children(node).into_iter();
        let specs = inner.flat_map(|one| if one.kind() == "import_spec" { vec![one] } else { children(one) });
        let one = |spec: Node<'_>| {
            let path = self.reader.slice(spec.child_by_field_name("path")?).trim_matches(['"', '`']);
            let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
            let is_version = |name: &str| {
                name.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            };
            let mut own = last(path);
            if is_version(&own) {
                own = last(path.rsplit_once('/').map_or(path, |(before, _)| before));
            }
            let local = match spec.child_by_field_name("name") {
                Some(name) => self.reader.word(name),
                None => own.split('.').next().unwrap_or(&own).into(),
            };
            // What comes with the language is known by its last name.
            let standard = !path.split('/').next().unwrap_or(path).contains('.') && path != "html/template";
            let module = if standard { own.into() } else { path.into() };
            Some(Import { local, module, name: None })
        };
        specs.filter_map(one).collect()
    }

    fn declare(&mut self, node: Node<'_>, block: &mut Block) {
        let names = fields(node, "name");
        let values = node.child_by_field_name("value").map(children).unwrap_or_default();
        self.assign(names, values, false, node, block);
    }

    fn assignment(&mut self, node: Node<'_>, block: &mut Block) {
        let side = |name: &str| match node.child_by_field_name(name) {
            Some(list) if list.kind() == "expression_list" => children(list),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        let adds = node.child_by_field_name("operator").is_some_and(|word| self.reader.slice(word) == "+=");
        self.assign(side("left"), side("right"), adds, node, block);
    }

    fn assign(
        &mut self,
        left: Vec<Node<'_>>,
        right: Vec<Node<'_>>,
        adds: bool,
        node: Node<'_>,
        block: &mut Block,
    ) {
        let at = span(node);
        let put = |target, value, block: &mut Block| {
            block.push(Stmt { kind: StmtKind::Assign { target, value, adds }, span: at });
        };
        match (&left[..], &right[..]) {
            ([one, ok], [value]) if value.kind() == "index_expression" => {
                // `v, ok := m[k]`: it is there, or it is not.
                let holds = self.is_in(*value);
                let (one, ok) = (self.expr(*one), self.expr(*ok));
                let value = self.expr(*value);
                put(one, value, block);
                put(ok, holds, block);
            }
            ([one, _], [value]) if value.kind() == "type_assertion_expression" => {
                let target = self.expr(*one);
                let value = self.expr(*value);
                put(target, value, block);
            }
            ([_, _, ..], [value]) => {
                let targets = left.iter().map(|one| self.expr(*one)).collect();
                let value = self.expr(*value);
                let target = self.reader.add(ExprKind::Results(targets), node);
                put(target, value, block);
            }
            _ => {
                for (target, value) in left.into_iter().zip(right) {
                    let (target, value) = (self.expr(target), self.expr(value));
                    put(target, value, block);
                }
            }
        }
    }

    fn given_back(&mut self, node: Node<'_>) -> Option<ExprId> {
        let values = children(node).first().map(|list| children(*list)).unwrap_or_default();
        let fails = values.last().is_some_and(|last| {
            last.kind() == "identifier" && self.failed.iter().any(|name| **name == *self.reader.slice(*last))
        });
        let mut values = values.into_iter().map(|value| self.expr(value)).collect::<Vec<_>>();
        if let Some(last) = values.last_mut().filter(|_| fails) {
            *last = self.reader.add(ExprKind::Truth(true), node);
        }
        if values.is_empty() {
            let names = self.results.clone();
            values = names.into_iter().map(|name| self.reader.add(ExprKind::Name(name), node)).collect();
        }
        match values[..] {
            [] => None,
            [one] => Some(one),
            _ => Some(self.reader.add(ExprKind::Results(values), node)),
        }
    }

    fn conditional(&mut self, node: Node<'_>, block: &mut Block) {
        let (mut arms, mut at) = (Vec::new(), node);
        let mut first = Block::new();
        let otherwise = loop {
            if let Some(start) = at.child_by_field_name("initializer") {
                // Those of later arms run first too: they only ask.
                self.statement(start, &mut first);
            }
            let condition = at.child_by_field_name("condition").map(|condition| self.condition(condition));
            let condition = condition.unwrap_or_else(|| self.reader.nothing(at));
            let failed = self.failure(at);
            let known = failed.is_some();
            self.failed.extend(failed);
            let then = self.block(at.child_by_field_name("consequence"));
            if known {
                self.failed.pop();
            }
            arms.push((condition, then, span(at)));
            match at.child_by_field_name("alternative") {
                Some(next) if next.kind() == "if_statement" => at = next,
                other => break self.block(other),
            }
        };
        block.append(&mut first);
        block.extend(chain(arms, otherwise));
    }

    /// The name of the failure that `if err != nil` asks for.
    fn failure(&self, node: Node<'_>) -> Option<Word> {
        let condition = node.child_by_field_name("condition")?;
        let left = condition.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
        let is_nil = condition.child_by_field_name("right")?.kind() == "nil";
        let word = condition.child_by_field_name("operator").map(|word| self.reader.slice(word))?;
        (is_nil && word == "!=").then(|| self.reader.word(left))
    }

    /// `text.WriteString(more)`, `fmt.Fprintf(&text, …)`: a text grows under its name.
    fn grown(&mut self, call: Node<'_>) -> Option<StmtKind> {
        let callee = call.child_by_field_name("function")?;
        let name = self.reader.slice(callee);
        let args = call.child_by_field_name("arguments").map(children)?;
        let (target, value) = if name == "fmt.Fprintf" {
            let (first, rest) = args.split_first()?;
            let target = first.child_by_field_name("operand").filter(|one| one.kind() == "identifier")?;
            (target, self.formatted(call, rest)?)
        } else {
            let base = callee.child_by_field_name("operand").filter(|one| one.kind() == "identifier")?;
            let grows = name.ends_with(".WriteString") && args.len() == 1;
            let value = args.first().copied().filter(|_| grows)?;
            (base, self.expr(value))
        };
        let target = self.expr(target);
        Some(StmtKind::Assign { target, value, adds: true })
    }

    fn round(&mut self, node: Node<'_>, block: &mut Block) {
        let body = node.child_by_field_name("body");
        let head = children(node).into_iter().find(|child| Some(*child) != body);
        let (mut bind, mut condition) = (None, None);
        match head {
            Some(range) if range.kind() == "range_clause" => {
                let left = range.child_by_field_name("left").map(children).unwrap_or_default();
                let over = range.child_by_field_name("right").map(|right| self.expr(right));
                let names = left.into_iter().map(|one| self.expr(one)).collect();
                let target = self.reader.add(ExprKind::Other(names), range);
                bind = over.map(|over| (target, over));
            }
            Some(clause) if clause.kind() == "for_clause" => {
                if let Some(start) = clause.child_by_field_name("initializer") {
                    self.statement(start, block);
                }
                condition = clause.child_by_field_name("condition").map(|one| self.condition(one));
            }
            Some(one) => condition = Some(self.condition(one)),
            None => condition = Some(self.reader.add(ExprKind::Truth(true), node)),
        }
        let body = self.block(body);
        block.push(Stmt { kind: StmtKind::Loop { bind, condition, body }, span: span(node) });
    }

    fn switch(&mut self, node: Node<'_>, block: &mut Block) {
        if let Some(start) = node.child_by_field_name("initializer") {
            self.statement(start, block);
        }
        let subject = node.child_by_field_name("value");
        if let (Some(alias), Some(value)) = (node.child_by_field_name("alias"), subject) {
            let names = children(alias);
            self.assign(names, vec![value], false, node, block);
        }
        let by_type = node.kind() == "type_switch_statement";
        let (mut arms, mut otherwise) = (Vec::new(), Block::new());
        for case in children(node) {
            match case.kind() {
                "default_case" => otherwise = self.case(case),
                "expression_case" | "type_case" => {
                    let values = case
                        .child_by_field_name("value")
                        .map(children)
                        .filter(|_| !by_type)
                        .unwrap_or_default();
                    let any = values.into_iter().map(|value| self.same(subject, value)).collect();
                    let any = self.reader.add(ExprKind::Logic(false, any), case);
                    arms.push((any, self.case(case), span(case)));
                }
                _ => {}
            }
        }
        let condition = self.reader.add(ExprKind::Truth(true), node);
        let then = chain(arms, otherwise);
        block.push(Stmt { kind: StmtKind::If { condition, then, other: Block::new() }, span: span(node) });
    }

    fn same(&mut self, subject: Option<Node<'_>>, value: Node<'_>) -> ExprId {
        let Some(subject) = subject else { return self.condition(value) };
        let (one, other) = (self.expr(subject), self.expr(value));
        self.reader.add(ExprKind::Compare(Comparison::Equal, one, other), value)
    }

    fn case(&mut self, case: Node<'_>) -> Block {
        let mut body = Block::new();
        for inner in children(case).into_iter().filter(|inner| inner.kind() == "statement_list") {
            self.statements(inner, &mut body);
        }
        // A `break` leaves the switch, not what is around it.
        while matches!(body.last().map(|stmt| &stmt.kind), Some(StmtKind::Leave)) {
            body.pop();
        }
        body
    }

    /// Any of the cases of a `select` may be the one.
    fn selection(&mut self, node: Node<'_>) -> StmtKind {
        let mut arms = Vec::new();
        for case in children(node) {
            let mut then = Block::new();
            if let Some(first) = case.child_by_field_name("communication") {
                self.statement(first, &mut then);
            }
            then.extend(self.case(case));
            arms.push((self.reader.nothing(case), then, span(case)));
        }
        let condition = self.reader.add(ExprKind::Truth(true), node);
        StmtKind::If { condition, then: chain(arms, Block::new()), other: Block::new() }
    }

    fn method(&mut self, node: Node<'_>) {
        let Some((name, of)) = self.receiver(node) else { return };
        let Some((class, _)) = self.types.get(&of).copied() else { return };
        self.reader.class = Some(class);
        let id = self.function(node);
        self.reader.class = None;
        self.reader.form.class_mut(class).methods.push(id);
        if let Some(name) = name {
            let target = self.reader.add(ExprKind::Name(name), node);
            let value = self.reader.add(ExprKind::Name("this".into()), node);
            let first = Stmt { kind: StmtKind::Assign { target, value, adds: false }, span: span(node) };
            self.reader.form.function_mut(id).body.insert(0, first);
        }
    }

    pub(super) fn function(&mut self, node: Node<'_>) -> FnId {
        let name = node.child_by_field_name("name").map(|name| self.reader.word(name)).unwrap_or_default();
        let result = node.child_by_field_name("result");
        let id = self.reader.form.add_function(Function {
            name,
            class: self.reader.class,
            outer: self.reader.inside,
            language: Language::Go,
            gives: result.map(|result| self.reader.word(result)),
            ..Function::default()
        });
        let names = result.map(|result| self.names_of(result)).unwrap_or_default();
        let around = (
            self.reader.inside.replace(id),
            self.reader.class.take(),
            std::mem::replace(&mut self.results, names),
        );
        let params = node.child_by_field_name("parameters").map(|list| self.params(list)).unwrap_or_default();
        let body = self.block(node.child_by_field_name("body"));
        (self.reader.inside, self.reader.class, self.results) = around;
        let function = self.reader.form.function_mut(id);
        (function.params, function.body) = (params, body);
        id
    }

    fn names_of(&self, result: Node<'_>) -> Vec<Word> {
        let parts = if result.kind() == "parameter_list" { children(result) } else { Vec::new() };
        let names = parts.into_iter().flat_map(|part| fields(part, "name"));
        names.map(|name| self.reader.word(name)).collect()
    }

    fn params(&mut self, list: Node<'_>) -> Vec<Param> {
        let mut params = Vec::new();
        for part in children(list) {
            let of = part.child_by_field_name("type").map(|of| self.reader.word(of));
            let rest = part.kind() == "variadic_parameter_declaration";
            let names = fields(part, "name");
            let nameless = names.is_empty().then_some(part);
            for name in names.into_iter().chain(nameless) {
                let word = if nameless.is_some() { "_".into() } else { self.reader.word(name) };
                let target = self.reader.add(ExprKind::Name(word), name);
                params.push(Param { target, of: of.clone(), default: None, rest });
            }
        }
        params
    }
}
