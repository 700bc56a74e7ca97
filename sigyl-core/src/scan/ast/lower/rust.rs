//! Rust: items.

use std::collections::HashMap;

use super::reader::{DEPTH, Lower as _, Reader, children, span};
use crate::scan::ast::form::{
    Block, Class, ClassId, ExprId, ExprKind, FnId, Form, Function, Import, Language, Param, Stmt, StmtKind,
    Word,
};
use crate::scan::ast::syntax::{Node, Syntax};

/// Lowers a Rust file.
pub(in crate::scan::ast) fn rust(text: &str, syntax: &Syntax, form: Form) -> Form {
    let mut this =
        Rust { reader: Reader::new(text, form), types: HashMap::new(), out: Block::new(), count: 0 };
    let whole = this.reader.form.add_function(Function { language: Language::Rust, ..Function::default() });
    this.reader.inside = Some(whole);
    this.items(syntax.root());
    let body = std::mem::take(&mut this.out);
    this.reader.form.function_mut(whole).body = body;
    this.reader.form
}

/// Reads Rust. Whatever is a block there is no expression here: it runs before what it stands in.
pub(super) struct Rust<'t> {
    pub(super) reader: Reader<'t>,
    /// The types of the file.
    types: HashMap<Word, ClassId>,
    /// The statements of the block that is read.
    pub(super) out: Block,
    /// How many names were made up.
    pub(super) count: usize,
}

/// What stands before an item.
#[derive(Default)]
struct Before<'t> {
    attributes: Vec<Node<'t>>,
    doc: String,
}

impl<'t> Rust<'t> {
    pub(super) fn items(&mut self, node: Node<'_>) {
        if self.reader.depth >= DEPTH {
            self.reader.form.cut = true;
            return;
        }
        self.reader.depth += 1;
        let mut before = Before::default();
        for child in node.named_children() {
            match child.kind() {
                "line_comment" | "block_comment" => self.comment(child, &mut before.doc),
                "attribute_item" => before.attributes.push(child),
                _ => {
                    self.item(child, &before);
                    before = Before::default();
                }
            }
        }
        self.reader.depth -= 1;
    }

    fn comment(&self, node: Node<'_>, doc: &mut String) {
        if let Some(text) = self.reader.slice(node).strip_prefix("///")
            && doc.len() < 2_000
        {
            doc.push_str(text);
            doc.push('\n');
        }
    }

    /// Reads an item, if it is one; tells whether it was.
    fn item(&mut self, node: Node<'_>, before: &Before<'_>) {
        let at = span(node);
        let is_test = |one: &Node<'_>| self.reader.slice(*one).replace(' ', "").contains("cfg(test)");
        if before.attributes.iter().any(is_test) {
            return;
        }
        match node.kind() {
            "function_item" => {
                let id = self.function_with(node, before);
                self.out.push(Stmt { kind: StmtKind::Define(id), span: at });
            }
            "impl_item" => self.implementation(node, before),
            "mod_item" => {
                if let Some(body) = node.child_by_field_name("body") {
                    self.items(body);
                }
            }
            "use_declaration" => {
                let mut names = Vec::new();
                if let Some(tree) = node.child_by_field_name("argument") {
                    self.uses(tree, "", &mut names, 8);
                }
                self.out.push(Stmt { kind: StmtKind::Import(names), span: at });
            }
            "struct_item" | "enum_item" | "union_item" => {
                let Some(name) = node.child_by_field_name("name") else { return };
                let id = self.class(self.reader.word(name));
                self.fields(id, node);
                let marked = |one: &Node<'_>| self.reader.slice(*one).contains("mcp_tool");
                self.reader.form.class_mut(id).given = before.attributes.iter().any(marked);
                self.out.push(Stmt { kind: StmtKind::DefineClass(id), span: at });
            }
            "const_item" | "static_item" => {
                let (Some(name), Some(value)) =
                    (node.child_by_field_name("name"), node.child_by_field_name("value"))
                else {
                    return;
                };
                let target = ExprKind::Name(self.reader.word(name));
                let target = self.reader.add(target, name);
                let value = self.expr(value);
                self.out.push(Stmt { kind: StmtKind::Assign { target, value, adds: false }, span: at });
            }
            _ => {}
        }
    }

    /// Tells whether a node is an item that may stand in a block too.
    pub(super) fn is_item(kind: &str) -> bool {
        kind.ends_with("_item") || kind == "use_declaration"
    }

    /// Reads an item that stands in a block.
    pub(super) fn inner_item(&mut self, node: Node<'_>) {
        self.item(node, &Before::default());
    }

    fn class(&mut self, name: Word) -> ClassId {
        if let Some(id) = self.types.get(&name) {
            return *id;
        }
        let id = self.reader.form.add_class(Class { name: name.clone(), ..Class::default() });
        self.types.insert(name, id);
        id
    }

    /// Tells whether a type of the file has methods, as far as they were read.
    pub(super) fn known_class(&self, name: &str) -> bool {
        let id = self.types.get(name);
        id.is_some_and(|id| !self.reader.form.class(*id).methods.is_empty())
    }

    fn fields(&mut self, id: ClassId, node: Node<'_>) {
        let list = node.child_by_field_name("body").map(children).unwrap_or_default();
        let mut found = Vec::new();
        for field in list.iter().filter(|field| field.kind() == "field_declaration") {
            if let (Some(name), Some(of)) =
                (field.child_by_field_name("name"), field.child_by_field_name("type"))
            {
                found.push((self.reader.word(name), self.reader.word(of)));
            }
        }
        let variants = list.iter().filter(|one| one.kind() == "enum_variant").collect::<Vec<_>>();
        let enumerates =
            !variants.is_empty() && variants.iter().all(|one| one.child_by_field_name("body").is_none());
        let class = self.reader.form.class_mut(id);
        (class.fields, class.enumerates) = (found, enumerates);
    }

    fn implementation(&mut self, node: Node<'_>, before: &Before<'_>) {
        let of = node.child_by_field_name("type").map(|of| self.reader.slice(of)).unwrap_or_default();
        let name = of.split('<').next().unwrap_or(of).rsplit("::").next().unwrap_or(of).trim();
        let class = self.class(name.into());
        // Some libraries mark the whole, and each method in it is a tool.
        let all = before.attributes.iter().copied().filter(|one| {
            let text = self.reader.slice(*one);
            ["#[Tools", "#[Prompts", "#[Resources", "#[mcp_tools"].iter().any(|mark| text.starts_with(mark))
        });
        let all = all.collect::<Vec<_>>();
        let Some(body) = node.child_by_field_name("body") else { return };
        let mut inner = Before { attributes: all.clone(), doc: String::new() };
        for child in body.named_children() {
            match child.kind() {
                "line_comment" | "block_comment" => self.comment(child, &mut inner.doc),
                "attribute_item" => inner.attributes.push(child),
                "function_item" => {
                    self.reader.class = Some(class);
                    let id = self.function_with(child, &inner);
                    self.reader.class = None;
                    self.reader.form.class_mut(class).methods.push(id);
                    inner = Before { attributes: all.clone(), doc: String::new() };
                }
                _ => inner = Before { attributes: all.clone(), doc: String::new() },
            }
        }
    }

    fn function_with(&mut self, node: Node<'_>, before: &Before<'_>) -> FnId {
        let outer = std::mem::take(&mut self.out);
        let marks = before.attributes.iter().filter_map(|one| self.attribute(*one)).collect::<Vec<_>>();
        let mut doc = before.doc.clone();
        for mark in &marks {
            if let ExprKind::Call { args, .. } = &self.reader.form.expr(*mark).kind {
                let named = args.iter().filter(|arg| arg.name.as_deref() == Some("description"));
                let texts = named.filter_map(|arg| self.reader.form.text(arg.value));
                texts.for_each(|text| doc.push_str(text));
            }
        }
        self.out = outer;
        let id = self.function(node);
        let function = self.reader.form.function_mut(id);
        function.decorators = marks;
        function.doc = (!doc.is_empty()).then(|| doc.into());
        id
    }

    /// `#[tool(description = "…")]` is read as a call.
    fn attribute(&mut self, node: Node<'_>) -> Option<ExprId> {
        let inner = children(node).into_iter().find(|child| child.kind() == "attribute")?;
        let path = children(inner).first().map(|path| self.reader.slice(*path))?;
        let name = path.rsplit("::").next().unwrap_or(path);
        let args =
            inner.child_by_field_name("arguments").map(|tree| self.arguments(tree)).unwrap_or_default();
        let callee = self.reader.add(ExprKind::Name(name.into()), inner);
        Some(self.reader.add(ExprKind::Call { callee, args }, inner))
    }

    /// Reads a function or a closure.
    pub(super) fn function(&mut self, node: Node<'_>) -> FnId {
        let name = node.child_by_field_name("name").map(|name| self.reader.word(name)).unwrap_or_default();
        let gives = node.child_by_field_name("return_type").map(|of| self.reader.word(of));
        let id = self.reader.form.add_function(Function {
            name,
            class: self.reader.class,
            outer: self.reader.inside,
            language: Language::Rust,
            gives,
            ..Function::default()
        });
        let (inside, class) = (self.reader.inside.replace(id), self.reader.class.take());
        let around = std::mem::take(&mut self.out);
        let params = node.child_by_field_name("parameters").map(|list| self.params(list)).unwrap_or_default();
        if let Some(body) = node.child_by_field_name("body") {
            self.value_to(body, &super::rust_stmt::To::Return);
        }
        let body = std::mem::replace(&mut self.out, around);
        (self.reader.inside, self.reader.class) = (inside, class);
        let function = self.reader.form.function_mut(id);
        function.fixed = !params.first().is_some_and(|param: &(Param, bool)| param.1);
        (function.params, function.body) = (params.into_iter().map(|(param, _)| param).collect(), body);
        id
    }

    /// The parameters, and of each whether it is what the method is called on.
    fn params(&mut self, list: Node<'_>) -> Vec<(Param, bool)> {
        let mut params = Vec::new();
        for part in children(list) {
            let of = part.child_by_field_name("type").map(|of| self.reader.word(of));
            let (target, is_self) = match part.kind() {
                "self_parameter" => (self.reader.add(ExprKind::Name("self".into()), part), true),
                "attribute_item" => continue,
                "parameter" => match part.child_by_field_name("pattern") {
                    Some(pattern) => (self.pattern(pattern), false),
                    None => (self.reader.nothing(part), false),
                },
                _ => (self.pattern(part), false),
            };
            params.push((Param { target, of, default: None, rest: false }, is_self));
        }
        params
    }

    fn uses(&self, node: Node<'_>, before: &str, names: &mut Vec<Import>, depth: usize) {
        let join = |before: &str, path: &str| {
            let path = path.replace("::", ".");
            if before.is_empty() { path } else { format!("{before}.{path}") }
        };
        if depth == 0 {
            return;
        }
        match node.kind() {
            "use_list" => children(node).into_iter().for_each(|one| self.uses(one, before, names, depth - 1)),
            "scoped_use_list" => {
                let path = node.child_by_field_name("path").map(|path| self.reader.slice(path));
                let before = path.map_or_else(|| before.to_owned(), |path| join(before, path));
                if let Some(list) = node.child_by_field_name("list") {
                    self.uses(list, &before, names, depth - 1);
                }
            }
            "self" => {
                let local = before.rsplit('.').next().unwrap_or(before);
                names.push(Import { local: local.into(), module: before.into(), name: None });
            }
            "use_as_clause" | "identifier" | "scoped_identifier" => {
                let path = node.child_by_field_name("path").filter(|_| node.kind() == "use_as_clause");
                let path = join(before, self.reader.slice(path.unwrap_or(node)));
                let last = path.rsplit('.').next().unwrap_or(&path);
                let local = node.child_by_field_name("alias").map(|alias| self.reader.word(alias));
                names.push(Import {
                    local: local.unwrap_or_else(|| last.into()),
                    module: path.as_str().into(),
                    name: None,
                });
            }
            _ => {}
        }
    }
}
