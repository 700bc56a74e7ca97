//! Reads TOML with the place of each value; of a broken text, what can be read.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::jsonc::Broken;
use super::tree::{Node, Value};

/// Depth to which values nest.
const DEPTH: usize = 64;

/// Reads a text; what could be read of it, and where it first breaks.
pub(super) fn read(text: &str) -> (Node, Option<Broken>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let broken = errors.first().map(|error| Broken {
        at: error.span().map_or(0, |span| span.start),
        why: error.message().to_owned(),
    });
    (Node { at: 0, value: map(table.get_ref(), 0) }, broken)
}

fn map(table: &DeTable<'_>, depth: usize) -> Value {
    let members = table
        .iter()
        .map(|(key, value)| (key.get_ref().to_string(), key.span().start, node(value, depth + 1)));
    Value::Map(members.collect())
}

fn node(value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
    let of = match value.get_ref() {
        _ if depth > DEPTH => Value::Null,
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(is) => Value::Bool(*is),
        DeValue::Datetime(when) => Value::Text(when.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, depth + 1)).collect()),
        DeValue::Table(table) => map(table, depth),
    };
    Node { at: value.span().start, value: of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_and_a_broken_line_spares_the_others() {
        let text =
            "[mcp_servers.a]\ncommand = \"npx\"\nargs = [\"-y\", \"x\"]\n[mcp_servers.b\ncommand = \"y\"\n";
        let (root, broken) = read(text);
        let a = root.get(&["mcp_servers"]).and_then(|all| all.get(&["a"])).unwrap();
        assert_eq!(a.get(&["args"]).unwrap().items()[1].text(), Some("x"));
        assert!(text[a.get(&["command"]).unwrap().at..].starts_with("\"npx\""));
        assert!(broken.is_some());
    }
}
