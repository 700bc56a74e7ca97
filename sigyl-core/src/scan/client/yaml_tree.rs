//! Reads YAML with the place of each value; of a text that the reader of manifests refuses, what YAML itself reads.

use super::jsonc::{self, Broken};
use super::tree::{Node, Value};
use crate::manifest::{Node as Placed, Place, Problems, Value as Given, read_yaml};

/// Reads a text; what could be read of it, and where it breaks.
pub(super) fn read(text: &str) -> (Node, Option<Broken>) {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut problems = Problems::default();
    if let Some(root) = read_yaml(&Place::file(""), text.as_bytes(), "", &mut problems) {
        return (node(&root, &starts), None);
    }
    match serde_yaml::from_str::<serde_json::Value>(text) {
        Ok(value) => (without_places(jsonc::read(&value.to_string()).0), None),
        Err(error) => {
            let at = error.location().map_or(0, |place| place.index());
            let at = text.floor_char_boundary(at);
            (Node { at: 0, value: Value::Null }, Some(Broken { at, why: error.to_string() }))
        }
    }
}

fn node(placed: &Placed, starts: &[usize]) -> Node {
    let at = line(&placed.place, starts);
    let value = match &placed.value {
        Given::Null | Given::Wrong => Value::Null,
        Given::Truth(is, _) => Value::Bool(*is),
        Given::Number(_, written) => Value::Number(written.clone()),
        Given::Text(text) => Value::Text(text.clone()),
        Given::List(items) => Value::List(items.iter().map(|item| node(item, starts)).collect()),
        Given::Map(entries) => {
            let member = |entry: &crate::manifest::Entry| {
                (entry.key.clone(), line(&entry.place, starts), node(&entry.node, starts))
            };
            Value::Map(entries.iter().map(member).collect())
        }
    };
    Node { at, value }
}

/// Returns where the line of a place begins: more is not asked.
fn line(place: &Place, starts: &[usize]) -> usize {
    let line = place.line().unwrap_or(1).saturating_sub(1);
    starts.get(line).or(starts.last()).copied().unwrap_or_default()
}

/// Places of another text say nothing of this one.
fn without_places(node: Node) -> Node {
    let value = match node.value {
        Value::List(items) => Value::List(items.into_iter().map(without_places).collect()),
        Value::Map(members) => {
            let member = |(name, _, value)| (name, 0, without_places(value));
            Value::Map(members.into_iter().map(member).collect())
        }
        other => other,
    };
    Node { at: 0, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_leads_to_its_line() {
        let text = "# mine\nmcpServers:\n  - name: é\n    command: npx\n    args:\n      - -y\n      - p\n";
        let (root, broken) = read(text);
        let server = &root.get(&["mcpServers"]).unwrap().items()[0];
        assert!(broken.is_none());
        assert!(text[server.get(&["command"]).unwrap().at..].starts_with("    command: npx"));
        assert!(text[server.get(&["args"]).unwrap().items()[1].at..].starts_with("      - p"));
    }

    #[test]
    fn what_is_no_manifest_is_read_without_places_and_what_is_no_yaml_is_told() {
        let (root, broken) = read(&format!("a: {}[b]{}\n", "[".repeat(70), "]".repeat(70)));
        assert!(broken.is_none() && root.get(&["a"]).is_some_and(|a| a.at == 0));
        let (root, broken) = read("é: [\n");
        assert!(root.value == Value::Null && broken.is_some());
    }
}
