//! Finds the commands of hooks, wherever they nest.

use super::config::Lines;
use super::jsonc;
use super::tree::Node;

/// Depth to which hooks nest.
const DEPTH: usize = 12;

/// Returns each command below `hooks`, with its event and line.
pub(in crate::scan) fn commands(text: &str) -> Vec<(String, String, u32)> {
    let (root, _) = jsonc::read(text);
    let (lines, mut found) = (Lines::of(text), Vec::new());
    for (event, _, node) in root.get(&["hooks"]).map(Node::members).unwrap_or_default() {
        collect(event, node, 0, &lines, &mut found);
    }
    found
}

fn collect(event: &str, node: &Node, depth: usize, lines: &Lines, found: &mut Vec<(String, String, u32)>) {
    if depth > DEPTH {
        return;
    }
    if let Some(command) = node.get(&["command", "bash", "powershell"])
        && let Some(text) = command.text()
    {
        found.push((event.to_owned(), text.to_owned(), lines.at(command.at)));
    }
    for inner in node.items().iter().chain(node.members().iter().map(|(.., inner)| inner)) {
        collect(event, inner, depth + 1, lines, found);
    }
}
