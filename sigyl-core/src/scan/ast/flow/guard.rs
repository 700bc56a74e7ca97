//! Conditions: what is known of a value on either side of them.

use std::rc::Rc;

use super::run::Flow;
use super::value::{Entry, Facts, Source, Value, bits};
use crate::scan::ast::form::{Comparison, ExprId, ExprKind};

/// Judges a comparison.
pub(super) fn compare(
    flow: &mut Flow<'_>,
    how: Comparison,
    (left, one): (ExprId, &Value),
    (right, other): (ExprId, &Value),
) -> Value {
    if matches!(how, Comparison::Equal | Comparison::Unequal) {
        flow.compares(left, right);
        flow.knows_password(one, other, flow.form.expr(left).span);
    }
    flow.asks_kind |= !matches!(how, Comparison::Order) && [one, other].into_iter().any(is_part_of_argument);
    let (yes, no) = match how {
        Comparison::Equal => (equal(flow, (left, one), (right, other)), Facts::new()),
        Comparison::Unequal => (Facts::new(), equal(flow, (left, one), (right, other))),
        Comparison::In => contained(flow, one, other),
        Comparison::NotIn => {
            let (yes, no) = contained(flow, one, other);
            (no, yes)
        }
        Comparison::Below => (capped(one, other), capped(other, one)),
        Comparison::Above => (capped(other, one), capped(one, other)),
        Comparison::Order => (Facts::new(), Facts::new()),
    };
    // Whether something compares equal is nothing that the caller wrote.
    decided(yes, no)
}

/// Tells whether a value is a part of what the caller gives: the ending of a name, its first bytes.
fn is_part_of_argument(value: &Value) -> bool {
    // How long something is tells nothing of what it is.
    let part = |known: u32| known & bits::PIECE != 0 && known & bits::SQL == 0;
    value.taint.iter().any(|entry| entry.source == Source::Argument && part(entry.bits))
}

/// Makes the value of a condition.
pub(super) fn decided(yes: Facts, no: Facts) -> Value {
    let when = (!yes.is_empty() || !no.is_empty()).then(|| Rc::new((yes, no)));
    Value { when, ..Value::default() }
}

/// What it says that a value is one of those that are allowed, or the one.
pub(super) fn allowed(value: &Value) -> Facts {
    let fact = |entry: &Entry| {
        if entry.bits & bits::HOST != 0 {
            return Some((entry.origin, bits::URL));
        }
        (entry.bits & bits::PIECE == 0).then_some((entry.origin, bits::ALL))
    };
    value.taint.iter().filter(|entry| entry.source != Source::Network).filter_map(fact).collect()
}

/// What it says of every way of a value.
pub(super) fn every(value: &Value, bits: u32) -> Facts {
    value.taint.iter().map(|entry| (entry.origin, bits)).collect()
}

/// What it says of a value that it is smaller than one that the caller does not choose.
fn capped(value: &Value, bound: &Value) -> Facts {
    if bound.comes_from(Source::Argument) { Facts::new() } else { every(value, bits::CAPPED) }
}

/// What it says of those ways whose text was resolved.
pub(super) fn resolved(value: &Value) -> Facts {
    let resolved = value.taint.iter().filter(|entry| entry.bits & bits::RESOLVED != 0);
    resolved.map(|entry| (entry.origin, bits::PATH)).collect()
}

fn equal(flow: &mut Flow<'_>, (left, one): (ExprId, &Value), (right, other): (ExprId, &Value)) -> Facts {
    let digest = super::archive::vouched(one, other);
    if !digest.is_empty() {
        return digest;
    }
    for (id, value, against) in [(left, one, other), (right, other, one)] {
        // `os.path.commonpath([p, root]) == root`, `path.dirname(p) === root`.
        if let Some(common) = &value.is_path().filter(|path| path.ends_with("commonpath()"))
            && common.len() > 1
        {
            return resolved(value);
        }
        if is_first_part_of_prefix(flow, id) && against.known().is_none() {
            continue;
        }
        if !value.taint.is_empty() && against.taint.is_empty() {
            // A path that was resolved and is one that the caller did not give leads nowhere else.
            return if fixed(against) { allowed(value) } else { resolved(value) };
        }
    }
    Facts::new()
}

/// Tells whether a value is known to be fixed, rather than not known at all.
fn fixed(value: &Value) -> bool {
    let fixed = |shape: &crate::scan::ast::form::Word| !shape.contains('\0') && !shape.starts_with('\u{1}');
    let read = value.taint.is_empty() && !value.shapes.is_empty() && value.shapes.iter().all(fixed);
    read || value.is_path().is_some()
}

fn is_first_part_of_prefix(flow: &Flow<'_>, id: ExprId) -> bool {
    matches!(flow.form.expr(id).kind, ExprKind::Slice(_))
}

fn contained(flow: &mut Flow<'_>, one: &Value, other: &Value) -> (Facts, Facts) {
    // A resolved path whose parents hold the root.
    if other.is_path().is_some_and(|path| path.ends_with(".parents")) {
        return (resolved(other), Facts::new());
    }
    // A text in a text: only what is known of `..` helps.
    if let Some(text) = one.known() {
        let facts = lacks(flow, text, other);
        return (Facts::new(), facts);
    }
    if other.comes_from(Source::Argument) || one.taint.is_empty() {
        return (Facts::new(), Facts::new());
    }
    // In a text, any part of it would be found.
    if other.known().is_some() && other.items.is_none() {
        return (Facts::new(), Facts::new());
    }
    (allowed(one), Facts::new())
}

/// What it says that a value does not hold a text.
pub(super) fn lacks(_: &mut Flow<'_>, text: &str, value: &Value) -> Facts {
    match text {
        ".." | "../" => {
            let whole = value.taint.iter().filter(|entry| entry.bits & bits::HOST == 0);
            whole.map(|entry| (entry.origin, bits::NO_PARENT)).collect()
        }
        // Without a separator there is no way out of a folder.
        "/" => every(value, bits::NO_PARENT | bits::NO_ROOT),
        _ => Facts::new(),
    }
}

/// Tells whether an expression that matches a whole text leaves room for nothing that means something elsewhere.
pub(in crate::scan::ast) fn is_strict(pattern: &str, whole: bool) -> bool {
    let anchored = whole
        || (pattern.starts_with('^') || pattern.starts_with("\\A"))
            && (pattern.ends_with('$') || pattern.ends_with("\\Z") || pattern.ends_with("\\z"));
    anchored && !is_loose(pattern)
}

/// Tells whether an expression may match nearly any text, or signs that a shell, a path or a query reads.
fn is_loose(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let (mut at, mut class) = (0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                if matches!(bytes.get(at + 1), Some(b'S' | b'W' | b'D')) {
                    return true;
                }
                at += 1;
            }
            b'[' if !class => {
                class = true;
                if bytes.get(at + 1) == Some(&b'^') {
                    return true;
                }
            }
            b']' => class = false,
            b'.' if !class && !matches!(bytes.get(at + 1), Some(b'?')) => return true,
            b';' | b'|' | b'$' | b'`' | b'&' | b'\'' | b'"' | b'<' | b'>' if class => return true,
            _ => {}
        }
        at += 1;
    }
    false
}
