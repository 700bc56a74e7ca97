//! Writes values as YAML that reads back as the same values.

use super::node::{Entry, Node, Value};

/// Longest list that is written on one line.
const WIDTH: usize = 80;

/// Longest key, quotes included, that a reader takes before its colon on one line; a longer one is marked with `?`.
const KEY: usize = 1_000;

/// Writes `key: value` lines at an indent.
pub(super) fn entry(out: &mut String, key: &str, node: &Node, indent: usize) {
    let key = text(key);
    if key.len() > KEY {
        push(out, indent, &format!("? {key}\n"));
        push(out, indent, ":");
    } else {
        push(out, indent, &format!("{key}:"));
    }
    after_key(out, node, indent);
}

/// Writes a value after its key: on the same line, or on lines of its own.
fn after_key(out: &mut String, node: &Node, indent: usize) {
    match (inline(node), &node.value) {
        (Some(line), _) => out.push_str(&format!(" {line}\n")),
        (None, Value::List(items)) => {
            out.push('\n');
            items.iter().for_each(|each| item(out, each, indent + 2));
        }
        (None, _) => {
            out.push('\n');
            map(out, node.entries(), indent + 2);
        }
    }
}

fn map(out: &mut String, entries: &[Entry], indent: usize) {
    for each in entries {
        entry(out, &each.key, &each.node, indent);
    }
}

/// Writes one item of a list; a map begins on the line of its dash.
fn item(out: &mut String, node: &Node, indent: usize) {
    if let Some(line) = inline(node) {
        return push(out, indent, &format!("- {line}\n"));
    }
    let mut inner = String::new();
    match &node.value {
        Value::List(items) => items.iter().for_each(|each| item(&mut inner, each, indent + 2)),
        _ => map(&mut inner, node.entries(), indent + 2),
    }
    push(out, indent, "- ");
    out.push_str(inner.trim_start_matches(' '));
}

fn push(out: &mut String, indent: usize, line: &str) {
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(line);
}

/// Returns a value that fits on one line.
fn inline(node: &Node) -> Option<String> {
    match &node.value {
        Value::Null | Value::Wrong => Some("null".to_owned()),
        Value::Truth(truth, _) => Some(truth.to_string()),
        Value::Number(_, written) => Some(written.clone()),
        Value::Text(value) => Some(text(value)),
        Value::Map(entries) => entries.is_empty().then(|| "{}".to_owned()),
        Value::List(items) => {
            let scalar = |node: &Node| !matches!(node.value, Value::Map(_) | Value::List(_));
            if !items.iter().all(scalar) {
                return None;
            }
            let line = format!("[{}]", items.iter().filter_map(inline).collect::<Vec<_>>().join(", "));
            (line.len() <= WIDTH).then_some(line)
        }
    }
}

/// Writes text plain where that is safe, else in double quotes.
fn text(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || "/.".contains(c));
    let plain = |c: char| c.is_ascii_alphanumeric() || " _-./+@".contains(c);
    let word = ["y", "n", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
    if begins && !word && !text.ends_with(' ') && text.chars().all(plain) && reads_as_text(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

fn reads_as_text(text: &str) -> bool {
    matches!(serde_yaml::from_str(text), Ok(serde_yaml::Value::String(read)) if read == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::problem::{Place, Problems};
    use super::super::raw;
    use super::*;

    fn written(node: &Node) -> String {
        let mut out = String::new();
        entry(&mut out, "key", node, 0);
        out
    }

    fn node(value: Value) -> Node {
        Node { place: Place::file("f"), value }
    }

    fn any_node() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            "[a-c: #\\-'\"\\[{,\n\té]{0,8}|[ -~]{0,12}|\\PC{0,6}|yes|null|1\\.0|0x1F|~|<<"
                .prop_map(Value::Text),
            any::<bool>().prop_map(|truth| Value::Truth(truth, truth.to_string())),
            any::<i64>().prop_map(|number| Value::Number(number.into(), number.to_string())),
        ];
        leaf.prop_map(node).prop_recursive(4, 30, 4, |inner| {
            let map = proptest::collection::btree_map("[ -~]{1,6}|é|k{990,1040}", inner.clone(), 0..4)
                .prop_map(|entries| {
                    let place = Place::file("f");
                    let entry = |(key, node)| Entry { key, place: place.clone(), node };
                    Value::Map(entries.into_iter().map(entry).collect())
                });
            prop_oneof![proptest::collection::vec(inner, 0..4).prop_map(Value::List), map].prop_map(node)
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(value in any_node()) {
            let text = written(&value);
            let mut problems = Problems::default();
            let root = raw::read(&Place::file("f"), text.as_bytes(), &mut problems);
            let root = root.unwrap_or_else(|| panic!("{}\n{text}", problems.finish().unwrap_err()));
            prop_assert_eq!(root.entries()[0].node.to_json(), value.to_json(), "{}", text);
        }
    }

    #[test]
    fn usual_values_are_written_plainly() {
        let texts = ["dist/index.js", "a b", "1.0.0", "https://a.example", "yes", "", " x", "a\nb"];
        let list = Value::List(texts.iter().map(|text| node(Value::Text((*text).to_owned()))).collect());
        assert_eq!(
            written(&node(list)),
            "key: [dist/index.js, a b, \"1.0.0\", \"https://a.example\", \"yes\", \"\", \" x\", \"a\\nb\"]\n"
        );
    }
}
