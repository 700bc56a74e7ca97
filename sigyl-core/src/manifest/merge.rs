//! Joins what two files say into one; a field that they give differently is a problem.

use super::field::{Shape, children};
use super::node::{Entry, Node, Value};
use super::problem::{Problems, shown};

/// Adds to `first` what only `second` says. Both were checked for their form.
pub(super) fn join(first: &mut Node, second: Node, problems: &mut Problems) {
    tables(first, second, "", "", problems);
}

fn tables(first: &mut Node, second: Node, inside: &str, at: &str, problems: &mut Problems) {
    let (Value::Map(ours), Value::Map(theirs)) = (&mut first.value, second.value) else { return };
    for entry in theirs {
        let path = if at.is_empty() { entry.key.clone() } else { format!("{at}.{}", entry.key) };
        let Some(known) = ours.iter_mut().find(|known| known.key == entry.key) else {
            ours.push(entry);
            continue;
        };
        if known.node.value == Value::Null {
            *known = entry;
            continue;
        }
        let shape = children(inside).find(|field| field.key() == entry.key).map(|field| field.shape);
        match shape {
            Some(Shape::Table) => tables(&mut known.node, entry.node, &path, &path, problems),
            Some(Shape::Settings) => tables(&mut known.node, entry.node, "-", &path, problems),
            _ => same(known, &entry, &path, problems),
        }
    }
}

fn same(known: &mut Entry, other: &Entry, path: &str, problems: &mut Problems) {
    let reported = |node: &Node| node.value == Value::Wrong;
    if other.node.value == Value::Null || reported(&known.node) || known.node.says_the_same(&other.node) {
        return;
    }
    if !reported(&other.node) {
        let (ours, theirs) = (brief(&known.node), brief(&other.node));
        let message = format!("is {ours} here, but {theirs} in {}", other.place);
        problems.error(known.place.problem(path, message).hint("keep one of them"));
    }
    known.node.value = Value::Wrong;
}

fn brief(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => format!("`{}`", shown(text)),
        Value::Truth(_, written) | Value::Number(_, written) => format!("`{}`", shown(written)),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Map(entries) => format!("a map of {}", entries.len()),
        Value::Null | Value::Wrong => "something else".to_owned(),
    }
}
