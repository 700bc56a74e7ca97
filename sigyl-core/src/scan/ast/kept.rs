//! What types and schemas make sure of: parts of an input that leave room for nothing harmful, or are small.

use super::form::{Arg, ExprId, ExprKind, FnId, Form, Param, StmtKind, Word};
use super::handlers::last_name;

/// Makes a value safe for everything.
pub(super) const SAFE: u32 = (1 << 10) - 1;
/// Says of a value that it is no larger, or longer, than something fixed.
const CAPPED: u32 = 1 << 17;

/// Says of a value that it may be a record or list where a text is meant.
const LOOSE: u32 = 1 << 23;

/// A part of an input, and what its type makes sure of.
pub(super) type Kept = (Word, u32);

/// Parameters whose type leaves room for nothing harmful.
pub(super) fn typed(form: &Form, function: FnId) -> Vec<Kept> {
    let kept = |param: &Param| {
        let of = param.of.as_deref().unwrap_or_default();
        let safe = if is_safe_type(form, of) { SAFE } else { 0 };
        let counts = ["int", "float", "Decimal", "number"].iter().any(|word| unquoted(of).contains(word));
        let limits = |name: &str| matches!(name, "le" | "lt" | "max_length");
        let limited = ["le=", "lt=", "max_length="].iter().any(|word| of.contains(word))
            || param.default.is_some_and(|default| match &form.expr(default).kind {
                ExprKind::Call { args, .. } => args.iter().any(|arg| arg.name.as_deref().is_some_and(limits)),
                _ => false,
            });
        let loose = if is_loose_type(of) { LOOSE } else { 0 };
        let bits = safe | loose | if limited || safe != 0 && !counts { CAPPED } else { 0 };
        Some((form.name(param.target)?.clone(), bits)).filter(|(_, bits)| *bits != 0)
    };
    form.function(function).params.iter().filter_map(kept).collect()
}

/// Tells whether a type lets a caller give a record of his own.
fn is_loose_type(of: &str) -> bool {
    let text = unquoted(of);
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words
        .find(|word| {
            !word.is_empty()
                && !matches!(*word, "Optional" | "Annotated" | "Union" | "typing" | "list" | "List")
        })
        .is_some_and(|word| matches!(word, "dict" | "Dict" | "Any" | "object" | "Mapping" | "MutableMapping"))
}

fn is_safe_type(form: &Form, of: &str) -> bool {
    const KEPT: &[&str] = &[
        "int",
        "float",
        "bool",
        "Literal",
        "UUID",
        "UUID4",
        "datetime",
        "date",
        "Decimal",
        "PositiveInt",
        "NonNegativeInt",
        "number",
        "boolean",
    ];
    const AROUND: &[&str] = &[
        "Optional",
        "Annotated",
        "Union",
        "List",
        "list",
        "Sequence",
        "None",
        "typing",
        "Tuple",
        "tuple",
        "Set",
        "set",
        "undefined",
        "null",
        "Array",
        "uuid",
    ];
    let text = unquoted(of);
    let fields = text.find("Field(").unwrap_or(text.len());
    let mut kept = false;
    for word in
        text[..fields].split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
    {
        let known = KEPT.contains(&word) || is_enum(form, word);
        kept |= known;
        if !known && !AROUND.contains(&word) && !word.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
    }
    kept
}

/// Drops the contents of strings.
fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut within = None;
    for c in text.chars() {
        match within {
            Some(quote) if c == quote => within = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => within = Some(c),
            None => out.push(c),
        }
    }
    out
}

fn is_enum(form: &Form, name: &str) -> bool {
    form.classes().filter(|(_, class)| &*class.name == name).any(|(_, class)| {
        class.bases.iter().any(|base| last_name(form, *base).is_some_and(|base| base.ends_with("Enum")))
    })
}

/// The parts of an input that a schema of zod keeps to what is harmless.
pub(super) fn schema(form: &Form, id: ExprId, depth: usize) -> Vec<Kept> {
    if depth == 0 {
        return Vec::new();
    }
    match &form.expr(id).kind {
        ExprKind::Record(parts) => {
            let mut safe = Vec::new();
            for (name, value) in parts {
                match name {
                    Some(name) if kept_by(form, *value) != 0 => {
                        safe.push((name.clone(), kept_by(form, *value)));
                    }
                    Some(name)
                        if matches!(&**name, "inputSchema" | "parameters" | "schema" | "input_schema") =>
                    {
                        safe.extend(schema(form, *value, depth - 1))
                    }
                    // `{ ...more }`.
                    None => safe.extend(schema(form, *value, depth - 1)),
                    _ => {}
                }
            }
            safe
        }
        ExprKind::Call { callee, args } => {
            let inner = args.iter().flat_map(|arg| schema(form, arg.value, depth - 1));
            match &form.expr(*callee).kind {
                ExprKind::Member(base, _) => inner.chain(schema(form, *base, depth - 1)).collect(),
                ExprKind::Name(name) => inner.chain(made_by(form, name, depth - 1)).collect(),
                _ => inner.collect(),
            }
        }
        ExprKind::Spread(inner) => schema(form, *inner, depth - 1),
        ExprKind::Name(name) => assigned(form, name)
            .or_else(|| assigned_around(form, id, name))
            .map(|value| schema(form, value, depth - 1))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The same of a record that the one function of that name gives back.
fn made_by(form: &Form, name: &Word, depth: usize) -> Vec<Kept> {
    let mut named = form.functions().skip(1).filter(|(_, function)| function.name == *name);
    let (Some((_, function)), None) = (named.next(), named.next()) else { return Vec::new() };
    let given = function.body.iter().filter_map(|stmt| match stmt.kind {
        StmtKind::Return(Some(value)) if matches!(form.expr(value).kind, ExprKind::Record(_)) => Some(value),
        _ => None,
    });
    given.flat_map(|value| schema(form, value, depth)).collect()
}

/// Returns what a name of the function that an expression stands in stands for: the last that it was given before.
fn assigned_around(form: &Form, id: ExprId, name: &Word) -> Option<ExprId> {
    let at = form.expr(id).span.start;
    let before = |stmt: &&super::form::Stmt| stmt.span.start <= at;
    let around = form.functions().skip(1).filter(|(_, function)| {
        let (first, last) = (function.body.first(), function.body.last());
        first.is_some_and(|stmt| stmt.span.start <= at) && last.is_some_and(|stmt| at <= stmt.span.end)
    });
    let inner = around.min_by_key(|(_, function)| {
        let (first, last) = (function.body.first(), function.body.last());
        last.map_or(0, |stmt| stmt.span.end) - first.map_or(0, |stmt| stmt.span.start)
    });
    let (_, function) = inner?;
    function.body.iter().rev().filter(before).find_map(|stmt| match stmt.kind {
        StmtKind::Assign { target, value, adds: false } if form.name(target) == Some(name) => Some(value),
        _ => None,
    })
}

/// Returns what a name of the file itself stands for.
fn assigned(form: &Form, name: &Word) -> Option<ExprId> {
    form.function(FnId(0)).body.iter().find_map(|stmt| match stmt.kind {
        StmtKind::Assign { target, value, adds: false } if form.name(target) == Some(name) => Some(value),
        _ => None,
    })
}

/// What a chain such as `z.string().regex(/^a$/).optional()` makes sure of.
fn kept_by(form: &Form, id: ExprId) -> u32 {
    const KEPT: &[&str] = &[
        "enum",
        "nativeEnum",
        "boolean",
        "literal",
        "uuid",
        "date",
        "number",
        "int",
        "int32",
        "bigint",
        "float64",
    ];
    const SMALL: &[&str] =
        &["enum", "nativeEnum", "boolean", "literal", "uuid", "max", "lte", "lt", "length"];
    // `const side = z.number().max(10)`, said once and used for several.
    let id = form.name(id).and_then(|name| assigned(form, name)).unwrap_or(id);
    let (mut at, mut bits, mut of_zod) = (id, 0, false);
    for _ in 0..24 {
        match &form.expr(at).kind {
            ExprKind::Call { callee, args } => {
                if let ExprKind::Member(base, name) = &form.expr(*callee).kind {
                    let first = args.first().map(|arg| arg.value);
                    let safe = KEPT.contains(&&**name) && (is_zod(form, *base) || matches!(&**name, "uuid"))
                        || &**name == "regex" && first.is_some_and(|first| is_strict_regex(form, first));
                    bits |= if safe { SAFE } else { 0 };
                    bits |= if SMALL.contains(&&**name) { CAPPED } else { 0 };
                    let loose =
                        matches!(&**name, "any" | "unknown" | "record" | "passthrough" | "looseObject");
                    bits |= if loose { LOOSE } else { 0 };
                    if matches!(&**name, "array" | "optional") && is_zod(form, *base) {
                        bits |= first.map_or(0, |first| kept_by(form, first));
                    }
                }
                // In a bundle the functions of zod have other names.
                if let ExprKind::Name(name) = &form.expr(*callee).kind
                    && makes_enum(form, name)
                {
                    return bits | SAFE | CAPPED;
                }
                at = *callee;
            }
            ExprKind::Member(base, _) => {
                of_zod |= is_zod(form, *base);
                at = *base;
            }
            _ => break,
        }
    }
    if of_zod { bits } else { 0 }
}

/// Tells whether the one function of that name gives back what zod takes for a choice of fixed texts.
fn makes_enum(form: &Form, name: &Word) -> bool {
    let mut named = form.functions().skip(1).filter(|(_, function)| function.name == *name);
    let (Some((_, function)), None) = (named.next(), named.next()) else { return false };
    let is_choice = |arg: &Arg| match &form.expr(arg.value).kind {
        ExprKind::Record(parts) => {
            let part = |wanted: &str| parts.iter().find(|(name, _)| name.as_deref() == Some(wanted));
            let kind = part("type").and_then(|(_, kind)| form.text(*kind));
            kind.is_some_and(|kind| &**kind == "enum") && part("entries").is_some()
        }
        _ => false,
    };
    function.body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => match &form.expr(*value).kind {
            ExprKind::Call { args, .. } => args.iter().any(is_choice),
            _ => false,
        },
        _ => false,
    })
}

fn is_zod(form: &Form, id: ExprId) -> bool {
    match &form.expr(id).kind {
        ExprKind::Name(name) => matches!(&**name, "z" | "zod" | "Type" | "v"),
        ExprKind::Member(base, name) => &**name == "coerce" && is_zod(form, *base),
        _ => false,
    }
}

fn is_strict_regex(form: &Form, id: ExprId) -> bool {
    match &form.expr(id).kind {
        ExprKind::Call { args, .. } => args
            .first()
            .and_then(|arg| form.text(arg.value))
            .is_some_and(|text| super::flow::is_strict(text, false)),
        _ => false,
    }
}
