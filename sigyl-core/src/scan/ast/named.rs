//! Which other files a file names: by imports anywhere in it, and by calls that load them.

use std::collections::HashMap;

use super::form::{Block, ExprId, ExprKind, Form, Import, Part, Span, Stmt, StmtKind, Word};
use super::parse::Grammar;

/// Levels of a name that is put together.
const DEPTH: usize = 8;
/// Texts that one name may be.
const CHOICES: usize = 16;
/// Bytes of a name.
const LENGTH: usize = 1_000;

/// How a file names another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// As a module of that name.
    Module(Word),
    /// By a call that loads it, and stands there.
    Call(Span),
    /// By a call that may load it, and stands there.
    Given(Span),
}

/// What a file names.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) all: Vec<(How, Word)>,
    /// Whether it also loads something by a name that is not known.
    pub(super) unknown: bool,
}

/// Returns what the part of a form names that stands behind so many expressions and functions.
pub(super) fn named(grammar: Grammar, form: &Form, (exprs, functions): (usize, usize)) -> Named {
    let mut named = Named::default();
    // What Python takes from a module may be a file itself.
    let inner = grammar == Grammar::Python;
    for (_, function) in form.functions().skip(functions) {
        imports(form, &function.body, inner, &mut named.all);
    }
    let fixed = Fixed::of(form, functions);
    for (id, expr) in form.exprs().skip(exprs) {
        let ExprKind::Call { callee, args } = &form.expr(id).kind else { continue };
        let Some(first) = args.first() else { continue };
        let loads = loads(form, *callee);
        let Some(texts) = fixed.texts(form, first.value, DEPTH) else {
            named.unknown |= loads;
            continue;
        };
        // A loader may have another name: it is given what is a file.
        let texts =
            texts.into_iter().filter(|name| loads || name.starts_with("./") || name.starts_with("../"));
        let how = if loads { How::Call(expr.span) } else { How::Given(expr.span) };
        named.all.extend(texts.map(|name| (how.clone(), name.into())));
    }
    named.all.sort();
    named.all.dedup();
    named
}

/// The modules that a block names, and those that `from . import a` may name.
fn imports(form: &Form, block: &Block, inner: bool, names: &mut Vec<(How, Word)>) {
    let mut add = |imports: &[Import]| {
        for import in imports {
            let inner = import.as_module().filter(|_| inner);
            let all = std::iter::once(import.module.clone()).chain(inner);
            names.extend(all.map(|name| (How::Module(name.clone()), name)));
        }
    };
    form.visit(block, &mut |part| {
        if let Part::Stmt(stmt) = part
            && let StmtKind::Import(imports) = &stmt.kind
        {
            add(imports);
        }
    });
}

/// Tells whether a call loads a file of code.
fn loads(form: &Form, callee: ExprId) -> bool {
    match &form.expr(callee).kind {
        ExprKind::Name(name) => matches!(&**name, "require" | "import" | "__import__" | "import_module"),
        ExprKind::Member(base, name) => match &**name {
            "import_module" => true,
            "require" => form.name(*base).is_some_and(|base| &**base == "module"),
            _ => false,
        },
        _ => false,
    }
}

/// Names that stand for fixed texts: by what each is set to, or goes through.
struct Fixed<'f>(HashMap<&'f Word, Option<ExprId>>);

impl<'f> Fixed<'f> {
    fn of(form: &'f Form, functions: usize) -> Self {
        let mut all = HashMap::new();
        let mut set = |target: ExprId, value: Option<ExprId>| {
            if let Some(name) = form.name(target) {
                all.entry(name).and_modify(|one| *one = None).or_insert(value);
            }
        };
        for (_, function) in form.functions().skip(functions) {
            function.params.iter().for_each(|param| set(param.target, None));
            form.visit(&function.body, &mut |part| match part {
                Part::Stmt(Stmt { kind: StmtKind::Assign { target, value, adds }, .. }) => {
                    set(*target, (!adds).then_some(*value));
                }
                Part::Stmt(Stmt { kind: StmtKind::Loop { bind: Some((target, over)), .. }, .. }) => {
                    set(*target, Some(*over));
                }
                _ => {}
            });
        }
        Self(all)
    }

    /// Returns the texts that an expression may be, if they are known; the folder of the file that runs is `.`.
    fn texts(&self, form: &Form, id: ExprId, depth: usize) -> Option<Vec<String>> {
        let depth = depth.checked_sub(1)?;
        let texts = |id: &ExprId| self.texts(form, *id, depth);
        match &form.expr(id).kind {
            ExprKind::Text(text) => Some(vec![text.to_string()]),
            ExprKind::Name(name) if &**name == "__dirname" => Some(vec![".".to_owned()]),
            ExprKind::Name(name) => self.0.get(name).copied().flatten().and_then(|value| texts(&value)),
            ExprKind::Join(parts) => joined(parts.iter().map(texts), ""),
            ExprKind::List(parts) => {
                let all = parts.iter().map(texts).collect::<Option<Vec<_>>>()?.concat();
                (!all.is_empty() && all.len() <= CHOICES).then_some(all)
            }
            ExprKind::Call { callee, args } => {
                let mut parts = args.iter().map(|arg| arg.value);
                match super::handlers::last_name(form, *callee).as_deref() {
                    Some("join" | "resolve") if args.len() > 1 => {
                        joined(parts.map(|part| self.texts(form, part, depth)), "/")
                    }
                    // `require.resolve('./a')`.
                    Some("resolve") => texts(&parts.next()?),
                    // `new URL('./a', import.meta.url)`.
                    Some("URL") if args.len() == 2 => texts(&parts.next()?),
                    Some("dirname") => self.is_here(form, parts.next()?, depth).then(|| vec![".".to_owned()]),
                    _ => None,
                }
            }
            // `new URL('./a', import.meta.url).href`.
            ExprKind::Member(base, name) if matches!(&**name, "href" | "pathname") => texts(base),
            _ => None,
        }
    }

    /// Tells whether an expression is the file that runs.
    fn is_here(&self, form: &Form, id: ExprId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &form.expr(id).kind {
            ExprKind::Name(name) if &**name == "__filename" => true,
            ExprKind::Name(name) => {
                self.0.get(name).copied().flatten().is_some_and(|value| self.is_here(form, value, depth))
            }
            ExprKind::Member(_, name) => matches!(&**name, "url" | "filename"),
            ExprKind::Call { args, .. } => {
                args.first().is_some_and(|arg| self.is_here(form, arg.value, depth))
            }
            _ => false,
        }
    }
}

/// Puts parts together, each of which may be one of some texts.
fn joined(parts: impl Iterator<Item = Option<Vec<String>>>, between: &str) -> Option<Vec<String>> {
    let mut all: Option<Vec<String>> = None;
    for part in parts {
        let part = part?;
        let made = match all {
            None => part,
            Some(all) if all.len() * part.len() > CHOICES => return None,
            Some(all) => {
                let behind =
                    |one: &String| part.iter().map(|two| format!("{one}{between}{two}")).collect::<Vec<_>>();
                all.iter().flat_map(behind).collect()
            }
        };
        if made.iter().any(|made| made.len() > LENGTH) {
            return None;
        }
        all = Some(made);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::analysis::lower;
    use super::super::parse::parse;
    use super::*;

    fn names(grammar: Grammar, text: &str) -> (Vec<String>, bool) {
        let form = lower(grammar, text, &parse(grammar, text).unwrap(), Form::default());
        let named = named(grammar, &form, (0, 0));
        let mut names = named.all.into_iter().map(|(_, name)| name.to_string()).collect::<Vec<_>>();
        names.sort();
        names.dedup();
        (names, named.unknown)
    }

    #[test]
    fn a_script_names_files_wherever_and_however_it_loads_them() {
        for text in [
            "import { a } from './h.js'",
            "import a from '\\x2e/h.js'",
            "export * from './h.js'",
            "export { a } from './h.js'",
            "function f() { return require('./h.js').a; }",
            "async function f() { const { a } = await import('./h.js'); }",
            "const n = './h.js'; require(n)",
            "require('./' + 'h.js')",
            "require(__dirname + '/h.js')",
            "require(path.join(__dirname, 'h.js'))",
            "require(require.resolve('./h.js'))",
            "import(new URL('./h.js', import.meta.url).href)",
            "const r = require; r('./h.js')",
            "for (const n of ['./h.js']) require(n)",
            "const d = path.dirname(fileURLToPath(import.meta.url)); import(path.join(d, 'h.js'))",
        ] {
            assert_eq!(names(Grammar::Typed, text), (vec!["./h.js".to_owned()], false), "{text}");
        }
        assert_eq!(
            names(Grammar::Typed, "import h = require('./h.js');"),
            (vec!["./h.js".to_owned()], false)
        );
        assert_eq!(names(Grammar::Script, "require(name)"), (Vec::new(), true));
        assert_eq!(
            names(Grammar::Script, "let n = './h.js'; n = process.argv[2]; require(n)"),
            (Vec::new(), true)
        );
        assert_eq!(names(Grammar::Script, "load(name); read('a.txt')"), (Vec::new(), false));
    }

    #[test]
    fn python_names_modules_wherever_it_imports_them() {
        for text in [
            "try:\n    from h import a\nexcept ImportError:\n    pass\n",
            "def f():\n    if 1:\n        from h import a\n",
            "with x:\n    from h import a\n",
        ] {
            assert_eq!(names(Grammar::Python, text).0, ["h", "h.a"], "{text}");
        }
        assert_eq!(names(Grammar::Python, "from h import *\n").0, ["h"]);
        assert_eq!(names(Grammar::Python, "import p . h\n").0, ["p", "p.h"]);
        assert_eq!(names(Grammar::Python, "importlib.import_module('h')\n").0, ["h"]);
        assert!(names(Grammar::Python, "importlib.import_module(name)\n").1);
    }
}
