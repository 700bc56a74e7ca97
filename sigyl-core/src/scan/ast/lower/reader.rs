//! What lowering any language needs: the text, the form that grows, and how deep it is.

use crate::scan::ast::form::{Block, ClassId, ExprId, ExprKind, FnId, Form, Span, Stmt, StmtKind, Word};
use crate::scan::ast::syntax::Node;
use crate::scan::spelling;

/// Levels of nesting that are read; what is deeper is taken for nothing known, and told.
pub(super) const DEPTH: usize = 220;
/// Conditions of one chain that exclude each other; those behind are each asked alone.
const ARMS: usize = 120;
/// Bytes of one text that are kept.
const TEXT: usize = 2_000;

/// Reads one syntax tree.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) form: Form,
    pub(super) depth: usize,
    /// The function that is read.
    pub(super) inside: Option<FnId>,
    /// The class that is read.
    pub(super) class: Option<ClassId>,
}

impl<'t> Reader<'t> {
    /// Reads a text whose form is added to what is in `form`.
    pub(super) fn new(text: &'t str, form: Form) -> Self {
        Self { text, form, depth: 0, inside: None, class: None }
    }

    /// Goes one level down, unless it is deep enough.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.form.cut = true;
            return None;
        }
        self.depth += 1;
        let got = read(self);
        self.depth -= 1;
        Some(got)
    }

    /// Returns a name as it is read, whatever letters or escapes it is spelled with.
    pub(super) fn word(&self, node: Node<'_>) -> Word {
        let text = self.slice(node);
        match text.is_ascii() {
            true => spelling::script(text).into(),
            false => spelling::python(&spelling::script(text)).into(),
        }
    }

    pub(super) fn slice(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Returns a text that is not longer than what is kept of one.
    pub(super) fn bounded(text: &str) -> Word {
        text[..text.floor_char_boundary(TEXT)].into()
    }

    pub(super) fn add(&mut self, kind: ExprKind, node: Node<'_>) -> ExprId {
        self.form.add(kind, span(node))
    }

    pub(super) fn nothing(&mut self, node: Node<'_>) -> ExprId {
        self.add(ExprKind::Other(Vec::new()), node)
    }
}

/// How the expressions of a language are read: each by its own kinds, and all within the depth.
pub(super) trait Lower<'t> {
    fn reader(&mut self) -> &mut Reader<'t>;

    /// Reads an expression that is not too deep.
    fn lower(&mut self, node: Node<'_>) -> ExprId;

    fn expr(&mut self, node: Node<'_>) -> ExprId {
        if self.reader().depth >= DEPTH {
            self.reader().form.cut = true;
            return self.reader().nothing(node);
        }
        self.reader().depth += 1;
        let id = self.lower(node);
        self.reader().depth -= 1;
        id
    }

    fn expr_of(&mut self, node: Node<'_>, field: &str) -> ExprId {
        match node.child_by_field_name(field) {
            Some(child) => self.expr(child),
            None => self.reader().nothing(node),
        }
    }

    fn all(&mut self, nodes: Vec<Node<'_>>) -> Vec<ExprId> {
        nodes.into_iter().map(|node| self.expr(node)).collect()
    }
}

pub(super) fn span(node: Node<'_>) -> Span {
    let to = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: to(node.start_byte()), end: to(node.end_byte()) }
}

/// Returns the named children that are no comments.
pub(super) fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    node.named_children().filter(|child| !child.is_extra()).collect()
}

/// Returns the children under one field.
pub(super) fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    node.children_by_field_name(name).filter(|child| child.is_named()).collect()
}

/// Returns the chain of a binary operator that leans to the left, from the innermost on: long sums are not nested.
pub(super) fn operands<'t>(node: Node<'t>, same: impl Fn(&Node<'t>) -> bool) -> Vec<Node<'t>> {
    let mut parts = Vec::new();
    let mut at = node;
    while same(&at) {
        parts.extend(at.child_by_field_name("right"));
        match at.child_by_field_name("left") {
            Some(left) => at = left,
            None => break,
        }
    }
    parts.push(at);
    parts.reverse();
    parts
}

/// Reads the usual escapes of a string; others stay as they are.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\n') | None => {}
            Some('x') => out.extend(code_point(&mut rest, 2)),
            Some('u') if rest.as_str().starts_with('{') => match spelling::escaped(rest.as_str()) {
                Some((c, length)) => {
                    out.push(c);
                    rest = rest.as_str()[length..].chars();
                }
                None => out.push_str("\\u"),
            },
            Some('u') => out.extend(code_point(&mut rest, 4)),
            Some(c @ ('\\' | '\'' | '"' | '`' | '/' | '$')) => out.push(c),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}

fn code_point(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text = rest.as_str().get(..digits)?;
    let read = u32::from_str_radix(text, 16).ok().and_then(char::from_u32)?;
    rest.nth(digits - 1);
    Some(read)
}

/// Makes one statement of conditions that are asked one after the other.
pub(super) fn chain(arms: Vec<(ExprId, Block, Span)>, otherwise: Block) -> Block {
    let long = arms.len() > ARMS;
    let mut rest = otherwise;
    let mut all = Block::new();
    let mut count = 0;
    for (condition, then, span) in arms.into_iter().rev() {
        let other = std::mem::take(&mut rest);
        rest = vec![Stmt { kind: StmtKind::If { condition, then, other }, span }];
        count += 1;
        if long && count % ARMS == 0 {
            all.append(&mut rest);
        }
    }
    rest.append(&mut all);
    rest
}
