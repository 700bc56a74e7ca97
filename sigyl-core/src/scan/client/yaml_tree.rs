//! Reads YAML with the place of each value, by the reader of manifests and within its bounds.

use super::jsonc::Broken;
use super::tree::{Node, Value};
use crate::manifest::{Node as Placed, Place, Problems, Value as Given, read_yaml};

/// Reads a text; nothing of one that breaks, and where it does.
pub(super) fn read(text: &str) -> (Node, Option<Broken>) {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut problems = Problems::default();
    if let Some(root) = read_yaml(&Place::file(""), text.as_bytes(), "", &mut problems) {
        return (node(&root, &starts), None);
    }
    let problem = problems.finish().err().and_then(|error| error.problems.into_iter().next());
    let at = problem.as_ref().and_then(|problem| problem.line).map_or(0, |line| start(line, &starts));
    let why = problem.map_or_else(|| "it is no map".to_owned(), |problem| problem.message);
    (Node { at: 0, value: Value::Null }, Some(Broken { at, why }))
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
    start(place.line().unwrap_or(1), starts)
}

fn start(line: usize, starts: &[usize]) -> usize {
    starts.get(line.saturating_sub(1)).or(starts.last()).copied().unwrap_or_default()
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
    fn what_cannot_be_read_is_told_at_its_line() {
        for text in
            ["é: [\n".to_owned(), "a: b\na: c\n".to_owned(), format!("\na: {}", "{\"a\":".repeat(20_000))]
        {
            let (root, broken) = read(&text);
            assert!(
                root.value == Value::Null && broken.is_some_and(|broken| text.is_char_boundary(broken.at))
            );
        }
        assert_eq!(read("a: b\na: c\n").1.unwrap().at, 5);
    }
}
