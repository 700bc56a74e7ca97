//! Checks the form of a file against the table of fields: unknown keys and values of another sort.

use super::field::{Field, Shape, children, nearest};
use super::node::{Entry, Node, Value};
use super::problem::{Problem, Problems, is_unseen, shown};

/// What an unknown key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A problem.
    Forbidden,
    /// Something that the author should know.
    Noticed,
}

/// Reports everything out of form; what is reported is marked as wrong or dropped, so that the rest can be checked.
pub(super) fn check(root: &mut Node, unknown: Unknown, problems: &mut Problems) {
    table(root, "", "", unknown, problems);
}

/// `inside` is the path in the table of fields, `at` the path in the file (with numbers for list items).
fn table(node: &mut Node, inside: &str, at: &str, unknown: Unknown, problems: &mut Problems) {
    let Value::Map(entries) = &mut node.value else { return };
    entries.retain_mut(|entry| {
        if is_free(&entry.key) {
            return false;
        }
        let path = if at.is_empty() { entry.key.clone() } else { format!("{at}.{}", entry.key) };
        match children(inside).find(|field| field.key() == entry.key) {
            Some(field) => value(&mut entry.node, field, &path, unknown, problems),
            None => {
                report_unknown(entry, inside, &path, unknown, problems);
                return false;
            }
        }
        true
    });
}

/// Tells whether a key is the author's own.
fn is_free(key: &str) -> bool {
    key.starts_with("x-")
}

fn report_unknown(entry: &Entry, inside: &str, path: &str, unknown: Unknown, problems: &mut Problems) {
    let message = if entry.key == "<<" {
        "merges another map, which is not read here"
    } else if unknown == Unknown::Noticed {
        "is not a field and is not read"
    } else {
        "is not a field"
    };
    let mut problem = entry.place.problem(path, message);
    if !problems.is_full() {
        let other =
            if entry.key == "<<" { "write its fields out" } else { "keys of your own begin with `x-`" };
        problem = problem.hint(nearest(inside, &entry.key).unwrap_or_else(|| other.to_owned()));
    }
    match unknown {
        Unknown::Forbidden => problems.error(problem),
        Unknown::Noticed => problems.notice(problem),
    }
}

fn value(node: &mut Node, field: &Field, path: &str, unknown: Unknown, problems: &mut Problems) {
    if node.value == Value::Null {
        return;
    }
    let wrong = match (field.shape, &mut node.value) {
        (Shape::Table, Value::Map(_)) => {
            table(node, field.path, path, unknown, problems);
            None
        }
        (Shape::Tables, Value::List(items)) => {
            let inside = format!("{}[]", field.path);
            for (at, item) in items.iter_mut().enumerate() {
                let path = format!("{path}[{at}]");
                if matches!(item.value, Value::Map(_)) {
                    table(item, &inside, &path, unknown, problems);
                } else {
                    problems.error(unexpected(item, Shape::Table, &path));
                    item.value = Value::Wrong;
                }
            }
            None
        }
        (Shape::Texts | Shape::Args, Value::List(items)) => {
            let of = if field.shape == Shape::Args { Shape::Prose } else { Shape::Text };
            for (at, item) in items.iter_mut().enumerate() {
                text(item, of, &format!("{path}[{at}]"), problems);
            }
            None
        }
        (Shape::Settings, Value::Map(entries)) => {
            entries.retain(|entry| !is_free(&entry.key));
            entries.iter_mut().for_each(|entry| setting(entry, path, problems));
            None
        }
        (Shape::Text | Shape::Prose, _) => {
            text(node, field.shape, path, problems);
            None
        }
        (Shape::Choice(words), Value::Text(word)) => {
            (!words.contains(&word.as_str())).then(|| unknown_word(node, field.shape, words, path))
        }
        (Shape::Whole(least, most), Value::Number(number, _))
            if number.as_u64().is_some_and(|whole| (least..=most).contains(&whole)) =>
        {
            None
        }
        (Shape::Quantity, Value::Number(..) | Value::Text(_))
        | (Shape::Truth, Value::Truth(..))
        | (Shape::Free, Value::Map(_)) => None,
        _ => Some(unexpected(node, field.shape, path)),
    };
    if let Some(problem) = wrong {
        problems.error(problem);
        node.value = Value::Wrong;
    }
}

fn text(node: &mut Node, shape: Shape, path: &str, problems: &mut Problems) {
    let problem = match &node.value {
        Value::Text(text) if text.is_empty() && shape == Shape::Text => {
            Some(node.place.problem(path, "is empty").hint("remove it, or give it a value"))
        }
        Value::Text(text) => {
            let breaks = |c: char| shape == Shape::Prose && matches!(c, '\n' | '\t');
            let bad = text.chars().find(|&c| c.is_control() && !breaks(c));
            bad.map(|c| {
                let message = format!("holds the control character {}", c.escape_unicode());
                node.place.problem(path, message).hint("remove it")
            })
        }
        _ => Some(unexpected(node, shape, path)),
    };
    if let Some(problem) = problem {
        problems.error(problem);
        node.value = Value::Wrong;
    }
}

/// Takes the text of a number or truth as it was written, since an environment holds text only.
fn setting(entry: &mut Entry, path: &str, problems: &mut Problems) {
    let path = format!("{path}.{}", entry.key);
    let problem = match &mut entry.node.value {
        Value::Truth(_, written) | Value::Number(_, written) => {
            entry.node.value = Value::Text(std::mem::take(written));
            return;
        }
        Value::Text(text) if text.contains('\0') => entry.node.place.problem(&path, "holds a NUL character"),
        Value::Text(_) => return,
        Value::Null => entry.node.place.problem(&path, "has no value").hint("write \"\" for an empty one"),
        _ => unexpected(&entry.node, Shape::Text, &path),
    };
    problems.error(problem);
    entry.node.value = Value::Wrong;
}

fn unexpected(node: &Node, shape: Shape, path: &str) -> Problem {
    let problem =
        node.place.problem(path, format!("expects {}, but holds {}", shape.expects(), node.value.sort()));
    match (&node.value, shape) {
        (Value::Number(_, written) | Value::Truth(_, written), Shape::Text | Shape::Prose) => {
            problem.hint(format!("quote it: \"{}\"", shown(written)))
        }
        (Value::Number(_, written), Shape::Whole(..)) => problem.hint(format!("it is {}", shown(written))),
        (Value::Text(text), Shape::Texts | Shape::Args) if !text.chars().any(is_unseen) => {
            problem.hint(format!("write it as a list: [\"{}\"]", shown(text)))
        }
        _ => problem,
    }
}

fn unknown_word(node: &Node, shape: Shape, words: &[&str], path: &str) -> Problem {
    let word = node.as_text().unwrap_or_default();
    let problem = node.place.problem(path, format!("expects {}, but is `{}`", shape.expects(), shown(word)));
    let near = |known: &&&str| strsim::damerau_levenshtein(known, &word.to_lowercase()) <= 2;
    match words.iter().filter(|_| word.len() <= 20).find(near) {
        Some(known) => problem.hint(format!("did you mean `{known}`?")),
        None => problem,
    }
}
