//! Finds the maps of servers in a configuration, whichever shape it has.

use super::tree::{Node, Value};

/// A server's name, where it stands, what it is set to, and for which project.
pub(super) struct Located<'n> {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) node: &'n Node,
    pub(super) project: Option<&'n str>,
}

/// Maps of servers, each by the path to it.
const MAPS: &[&[&str]] = &[
    &["mcpServers"],
    &["servers"],
    &["mcp", "servers"],
    &["mcp", "mcpServers"],
    &["mcp_servers"],
    &["context_servers"],
    &["amp.mcpServers"],
    &["mcp.servers"],
    &["customizations", "vscode", "mcp", "servers"],
    &["settings", "mcp", "servers"],
];

/// Lists of servers.
const LISTS: &[&[&str]] =
    &[&["mcpServers"], &["mcp_servers"], &["experimental", "modelContextProtocolServers"]];

/// Finds every server of a configuration.
pub(super) fn servers(root: &Node) -> Vec<Located<'_>> {
    let mut found = Vec::new();
    of_maps(root, None, &mut found);
    for (path, _, project) in root.get(&["projects"]).map(Node::members).unwrap_or_default() {
        of_maps(project, Some(path), &mut found);
    }
    for (at, item) in
        LISTS.iter().filter_map(|path| down(root, path)).flat_map(|list| list.items().iter().enumerate())
    {
        let name =
            item.get(&["name"]).and_then(Node::text).map_or_else(|| format!("#{}", at + 1), str::to_owned);
        // Continue wraps what matters in its transport.
        let node = item.get(&["transport"]).filter(|inner| !inner.members().is_empty()).unwrap_or(item);
        found.push(Located { name, at: item.at, node, project: None });
    }
    if found.is_empty() {
        of_map(root, None, &mut found, is_server);
    }
    found
}

fn of_maps<'n>(root: &'n Node, project: Option<&'n str>, found: &mut Vec<Located<'n>>) {
    for map in MAPS.iter().filter_map(|path| down(root, path)) {
        of_map(map, project, found, |_| true);
    }
    // OpenCode has its servers in `mcp` itself.
    if let Some(map) = root.get(&["mcp"]) {
        of_map(map, project, found, is_server);
    }
    // So has Goose, which calls programs and addresses in its own way; what it brings along itself has neither.
    if let Some(map) = root.get(&["extensions"]) {
        of_map(map, project, found, |node| node.get(&["cmd", "uri"]).is_some_and(|it| it.text().is_some()));
    }
}

fn of_map<'n>(
    map: &'n Node,
    project: Option<&'n str>,
    found: &mut Vec<Located<'n>>,
    counts: impl Fn(&Node) -> bool,
) {
    for (name, at, node) in map.members().iter().filter(|(.., node)| counts(node)) {
        found.push(Located { name: name.clone(), at: *at, node, project });
    }
}

fn is_server(node: &Node) -> bool {
    let starts = node
        .get(&["command"])
        .is_some_and(|it| !matches!(it.value, Value::Null | Value::Bool(_) | Value::Number(_)));
    starts || node.get(&["url", "serverUrl", "httpUrl"]).is_some_and(|it| it.text().is_some())
}

fn down<'n>(root: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, name| node.get(&[name]))
}
