//! The one small form that every language is lowered to: functions, statements, expressions.

use std::rc::Rc;

/// A word or text of the source.
pub(super) type Word = Rc<str>;

/// Index of an expression in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ExprId(pub(super) u32);

/// Index of a function in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FnId(pub(super) u32);

/// Index of a class in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ClassId(pub(super) u32);

/// How a language is followed: the libraries that it has, and how its functions fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// Python and scripts: their libraries share few names.
    #[default]
    Dynamic,
    Go,
    Rust,
}

/// The bytes that something stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One file, lowered.
#[derive(Debug, Default)]
pub(super) struct Form {
    exprs: Vec<Expr>,
    /// The first is the body of the file itself.
    functions: Vec<Function>,
    classes: Vec<Class>,
    /// Whether some part was nested too deeply to be read.
    pub(super) cut: bool,
    /// Whether it names what every message of JSON-RPC names.
    pub(super) speaks: bool,
    /// Whether it is a script, in whose language records share a prototype.
    pub(super) script: bool,
}

/// An expression and where it stands.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum ExprKind {
    Name(Word),
    Text(Word),
    Number(Word),
    Truth(bool),
    Nothing,
    Member(ExprId, Word),
    Index(ExprId, ExprId),
    /// A part of a text or list from one place to another.
    Slice(ExprId),
    Call {
        callee: ExprId,
        args: Vec<Arg>,
    },
    /// Texts put together: `+`, `%`, templates.
    Join(Vec<ExprId>),
    List(Vec<ExprId>),
    /// What a function gives back together; the last says whether it failed.
    Results(Vec<ExprId>),
    Record(Vec<(Option<Word>, ExprId)>),
    Compare(Comparison, ExprId, ExprId),
    /// Another operator between two.
    Binary(Word, ExprId, ExprId),
    Not(ExprId),
    /// All of them, or any of them.
    Logic(bool, Vec<ExprId>),
    Choice {
        condition: ExprId,
        yes: ExprId,
        no: ExprId,
    },
    Function(FnId),
    Class(ClassId),
    /// An assignment that is a value itself.
    Bind(ExprId, ExprId),
    /// A comprehension.
    Each {
        binds: Vec<(ExprId, ExprId)>,
        conditions: Vec<ExprId>,
        value: ExprId,
    },
    Spread(ExprId),
    /// Anything else, with what it is made of.
    Other(Vec<ExprId>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    In,
    NotIn,
    /// The first is smaller.
    Below,
    /// The first is larger.
    Above,
    /// By size, in a way that is not told.
    Order,
}

/// What is given to a call.
#[derive(Debug)]
pub(super) struct Arg {
    pub(super) name: Option<Word>,
    pub(super) value: ExprId,
}

/// Statements in their order.
pub(super) type Block = Vec<Stmt>;

/// A statement and where it stands.
#[derive(Debug)]
pub(super) struct Stmt {
    pub(super) kind: StmtKind,
    pub(super) span: Span,
}

/// What stands in a block.
pub(super) enum Part<'f> {
    Expr(ExprId),
    Stmt(&'f Stmt),
}

/// What a statement does.
#[derive(Debug)]
pub(super) enum StmtKind {
    Eval(ExprId),
    Assign {
        target: ExprId,
        value: ExprId,
        /// Whether the value is added to what the target holds.
        adds: bool,
    },
    Return(Option<ExprId>),
    Raise(Option<ExprId>),
    /// `break` and `continue`.
    Leave,
    If {
        condition: ExprId,
        then: Block,
        other: Block,
    },
    Loop {
        /// What each round takes, and of what.
        bind: Option<(ExprId, ExprId)>,
        condition: Option<ExprId>,
        body: Block,
    },
    Try {
        body: Block,
        catches: Vec<Block>,
        last: Block,
    },
    Define(FnId),
    DefineClass(ClassId),
    /// Names and what they stand for.
    Import(Vec<Import>),
}

/// What `export default` gives is called.
pub(super) const DEFAULT: &str = "default";
/// What a script gives others under a name of its own is called so, and then by that name: it is no variable.
pub(super) const GIVEN: &str = "(given) ";
/// What takes all names of a module is called.
pub(super) const ALL: &str = "*";

/// A name that stands for something from elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) local: Word,
    pub(super) module: Word,
    /// What of the module; nothing for all of it.
    pub(super) name: Option<Word>,
}

/// A function, method or arrow.
#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) name: Word,
    pub(super) class: Option<ClassId>,
    /// The function that it stands in.
    pub(super) outer: Option<FnId>,
    pub(super) params: Vec<Param>,
    pub(super) body: Block,
    pub(super) decorators: Vec<ExprId>,
    pub(super) doc: Option<Word>,
    /// Whether it is called on its class alone.
    pub(super) fixed: bool,
    /// The type of what it gives, as it is written.
    pub(super) gives: Option<Word>,
    pub(super) language: Language,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Param {
    /// A name, or a pattern that takes the argument apart.
    pub(super) target: ExprId,
    /// The type, as it is written.
    pub(super) of: Option<Word>,
    pub(super) default: Option<ExprId>,
    /// Whether it takes all the arguments that are left.
    pub(super) rest: bool,
}

/// A class.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) name: Word,
    pub(super) bases: Vec<ExprId>,
    pub(super) methods: Vec<FnId>,
    /// What stands in it besides methods.
    pub(super) body: Block,
    /// Names with a type, as it is written.
    pub(super) fields: Vec<(Word, Word)>,
    /// Whether it is nothing but one of some words.
    pub(super) enumerates: bool,
    /// Whether a client gives what it holds.
    pub(super) given: bool,
}

impl Form {
    pub(super) fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    pub(super) fn function(&self, id: FnId) -> &Function {
        &self.functions[id.0 as usize]
    }

    pub(super) fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    pub(super) fn functions(&self) -> impl Iterator<Item = (FnId, &Function)> {
        (0..).map(FnId).zip(&self.functions)
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        (0..).map(ClassId).zip(&self.classes)
    }

    pub(super) fn exprs(&self) -> impl Iterator<Item = (ExprId, &Expr)> {
        (0..).map(ExprId).zip(&self.exprs)
    }

    pub(super) fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, span });
        ExprId(index(self.exprs.len() - 1))
    }

    pub(super) fn add_function(&mut self, function: Function) -> FnId {
        self.functions.push(function);
        FnId(index(self.functions.len() - 1))
    }

    /// Moves what was added behind these places by some bytes: the text of one file stands behind that of another.
    pub(super) fn shift(&mut self, exprs: usize, functions: usize, by: u32) {
        for expr in self.exprs.iter_mut().skip(exprs) {
            expr.span = expr.span.moved(by);
        }
        for function in self.functions.iter_mut().skip(functions) {
            shift_block(&mut function.body, by);
        }
    }

    /// Returns how many expressions and functions there are.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.exprs.len(), self.functions.len())
    }

    pub(super) fn function_mut(&mut self, id: FnId) -> &mut Function {
        &mut self.functions[id.0 as usize]
    }

    pub(super) fn add_class(&mut self, class: Class) -> ClassId {
        self.classes.push(class);
        ClassId(index(self.classes.len() - 1))
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.classes[id.0 as usize]
    }

    /// Hands over what an expression is made of, in order, besides the functions and classes in it.
    pub(super) fn each_inner(&self, id: ExprId, mut take: impl FnMut(ExprId)) {
        match &self.expr(id).kind {
            ExprKind::Member(one, _) | ExprKind::Slice(one) | ExprKind::Not(one) | ExprKind::Spread(one) => {
                take(*one);
            }
            ExprKind::Index(one, other)
            | ExprKind::Compare(_, one, other)
            | ExprKind::Binary(_, one, other)
            | ExprKind::Bind(one, other) => [*one, *other].into_iter().for_each(take),
            ExprKind::Call { callee, args } => {
                take(*callee);
                args.iter().for_each(|arg| take(arg.value));
            }
            ExprKind::Join(parts)
            | ExprKind::List(parts)
            | ExprKind::Results(parts)
            | ExprKind::Logic(_, parts)
            | ExprKind::Other(parts) => parts.iter().copied().for_each(take),
            ExprKind::Record(parts) => parts.iter().for_each(|(_, value)| take(*value)),
            ExprKind::Choice { condition, yes, no } => [*condition, *yes, *no].into_iter().for_each(take),
            ExprKind::Each { binds, conditions, value } => {
                let binds = binds.iter().flat_map(|(target, over)| [*target, *over]);
                binds.chain(conditions.iter().copied()).chain([*value]).for_each(take);
            }
            ExprKind::Name(_)
            | ExprKind::Text(_)
            | ExprKind::Number(_)
            | ExprKind::Truth(_)
            | ExprKind::Nothing
            | ExprKind::Function(_)
            | ExprKind::Class(_) => {}
        }
    }

    /// Hands over every expression and statement of a block, in order, besides the functions and classes in it: what a
    /// statement is made of comes before it.
    pub(super) fn visit<'f>(&'f self, block: &'f Block, take: &mut dyn FnMut(Part<'f>)) {
        for stmt in block {
            match &stmt.kind {
                StmtKind::Eval(one) | StmtKind::Return(Some(one)) | StmtKind::Raise(Some(one)) => {
                    self.visit_expr(*one, take);
                }
                StmtKind::Assign { target, value, .. } => {
                    self.visit_expr(*value, take);
                    self.visit_expr(*target, take);
                }
                StmtKind::If { condition, then, other } => {
                    self.visit_expr(*condition, take);
                    self.visit(then, take);
                    self.visit(other, take);
                }
                StmtKind::Loop { bind, condition, body } => {
                    bind.iter().for_each(|(_, over)| self.visit_expr(*over, take));
                    condition.iter().for_each(|one| self.visit_expr(*one, take));
                    self.visit(body, take);
                }
                StmtKind::Try { body, catches, last } => {
                    self.visit(body, take);
                    catches.iter().for_each(|caught| self.visit(caught, take));
                    self.visit(last, take);
                }
                _ => {}
            }
            take(Part::Stmt(stmt));
        }
    }

    fn visit_expr<'f>(&'f self, id: ExprId, take: &mut dyn FnMut(Part<'f>)) {
        self.each_inner(id, |part| self.visit_expr(part, take));
        take(Part::Expr(id));
    }

    /// Returns the name that an expression is.
    pub(super) fn name(&self, id: ExprId) -> Option<&Word> {
        match &self.expr(id).kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the text that an expression is.
    pub(super) fn text(&self, id: ExprId) -> Option<&Word> {
        match &self.expr(id).kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Import {
    /// Returns what `from . import a` names if `a` is a file itself.
    pub(super) fn as_module(&self) -> Option<Word> {
        let name = self.name.as_ref()?;
        let dot = if self.module.ends_with('.') { "" } else { "." };
        Some(format!("{}{dot}{name}", self.module).into())
    }
}

impl Span {
    fn moved(self, by: u32) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }
}

fn shift_block(block: &mut Block, by: u32) {
    for stmt in block {
        stmt.span = stmt.span.moved(by);
        match &mut stmt.kind {
            StmtKind::If { then, other, .. } => {
                shift_block(then, by);
                shift_block(other, by);
            }
            StmtKind::Loop { body, .. } => shift_block(body, by),
            StmtKind::Try { body, catches, last } => {
                shift_block(body, by);
                shift_block(last, by);
                catches.iter_mut().for_each(|caught| shift_block(caught, by));
            }
            _ => {}
        }
    }
}

/// A file has fewer bytes than this can count.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
