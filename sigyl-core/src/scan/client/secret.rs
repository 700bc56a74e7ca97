//! Finds literal secrets in how a server is started or reached, and shows the rest without them.

use super::config::Entry;
use crate::scan::secret::{begins_like_a_shape, is_placeholder, kind_of_name};

/// Where a literal secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Literal {
    /// What holds it, such as `env.API_KEY`.
    pub(in crate::scan) place: String,
    /// The line.
    pub(in crate::scan) line: u32,
    /// Whether its shape is that of a key of a known service.
    pub(in crate::scan) known: bool,
}

/// Names of what carries a secret that are no name of one.
const CARRIERS: &[&str] = &["authorization", "bearer", "credential"];
/// What is shown in place of a secret.
pub(super) const MASK: &str = "⟦masked⟧";

/// Finds every literal secret of one server.
pub(in crate::scan) fn literals(entry: &Entry) -> Vec<Literal> {
    let mut found = Vec::new();
    for (kind, map) in [("env", &entry.env), ("headers", &entry.headers)] {
        for (name, (value, line)) in map {
            found.extend(literal(&format!("{kind}.{name}"), name, value, *line));
        }
    }
    for (at, (arg, line)) in entry.args.iter().enumerate() {
        if let Some((name, value)) = argument(&entry.args, at) {
            let place = if name.is_empty() { format!("args[{at}]") } else { format!("args[{at}] ({name})") };
            found.extend(literal(&place, name, value, *line));
        }
        found.extend(in_address(arg).map(|_| Literal {
            place: format!("args[{at}]"),
            line: *line,
            known: false,
        }));
    }
    if let Some((url, line)) = &entry.url {
        found.extend(in_address(url).map(|_| Literal { place: "url".to_owned(), line: *line, known: false }));
    }
    found
}

/// Returns the name and value of an argument: of `--name value`, `--name=value` or `NAME=value`, or a bare value.
fn argument(args: &[(String, u32)], at: usize) -> Option<(&str, &str)> {
    let arg = args.get(at)?.0.as_str();
    if let Some((name, value)) = arg.split_once('=').filter(|(name, _)| !name.contains([' ', '/', ':'])) {
        return Some((name.trim_start_matches('-'), value));
    }
    let before = at.checked_sub(1).and_then(|at| args.get(at)).map(|(before, _)| before.as_str());
    let option = before.filter(|before| before.starts_with("--") && !before.contains('='));
    (!arg.starts_with("--")).then(|| (option.unwrap_or_default().trim_start_matches('-'), arg))
}

fn literal(place: &str, name: &str, value: &str, line: u32) -> Option<Literal> {
    let bare = value.trim();
    let bare = ["Bearer ", "bearer ", "Basic ", "token "]
        .iter()
        .find_map(|word| bare.strip_prefix(word))
        .unwrap_or(bare);
    if is_reference(bare) {
        return None;
    }
    let known = bare.len() >= 16 && begins_like_a_shape(bare);
    let lower = name.to_ascii_lowercase();
    let named = kind_of_name(name).is_some() || CARRIERS.iter().any(|word| lower.contains(word));
    let is_word = bare.len() < 8 || bare.contains(' ') || bare.parse::<f64>().is_ok();
    (known || named && !is_word).then(|| Literal { place: place.to_owned(), line, known })
}

/// Tells whether a value stands for one that is elsewhere, or has yet to be put there.
fn is_reference(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.is_empty()
        || value.starts_with(['$', '%', '<', '{', '[', '@'])
        || value.contains("${")
        || value.contains("{{")
        || value.contains("://") && !value.contains('@')
        || lower.starts_with("op://")
        || is_placeholder(value)
        || value.chars().collect::<std::collections::BTreeSet<_>>().len() < 4
}

/// Returns the secret in an address: its password, or the value of a query that is named so.
fn in_address(text: &str) -> Option<std::ops::Range<usize>> {
    let start = text.find("://")? + 3;
    let authority = text[start..].find(['/', '?', '#']).map_or(text.len(), |length| start + length);
    if let Some(at) = text[start..authority].rfind('@') {
        let user = &text[start..start + at];
        if let Some((name, password)) = user.split_once(':').filter(|(_, password)| !is_reference(password)) {
            let from = start + name.len() + 1;
            return Some(from..from + password.len());
        }
    }
    let query = text.find('?')? + 1;
    let mut from = query;
    for pair in text[query..].split('&') {
        if let Some((name, value)) = pair.split_once('=')
            && literal("", if name == "key" { "api_key" } else { name }, value, 0).is_some()
        {
            return Some(from + name.len() + 1..from + pair.len());
        }
        from += pair.len() + 1;
    }
    None
}

/// Writes how a server is started or reached, without its secrets.
pub(super) fn shown(entry: &Entry) -> String {
    let mut words: Vec<String> = entry.command.iter().cloned().collect();
    for (at, (arg, line)) in entry.args.iter().enumerate() {
        let secret =
            argument(&entry.args, at).filter(|(name, value)| literal("", name, value, *line).is_some());
        words.push(match secret {
            Some((_, value)) => format!("{}{MASK}", &arg[..arg.len() - value.len()]),
            None => masked(arg),
        });
    }
    words.extend(entry.url.iter().map(|(url, _)| masked(url)));
    words.join(" ")
}

fn masked(text: &str) -> String {
    match in_address(text) {
        Some(secret) => format!("{}{MASK}{}", &text[..secret.start], &text[secret.end..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClientConfig, Scope};
    use super::*;

    fn entry(server: &str) -> Entry {
        let text = format!(r#"{{"mcpServers": {{"s": {server}}}}}"#);
        ClientConfig::read("", Scope::User, "a.json", &text).servers.remove(0)
    }

    #[test]
    fn literals_are_found_and_never_shown() {
        for (server, places) in [
            (r#"{"command": "x", "env": {"API_KEY": "q8Zk2mW9xLt4"}}"#, vec!["env.API_KEY"]),
            (r#"{"command": "x", "env": {"A": "ghp_q8Zk2mW9xLt4q8Zk2mW9xLt4"}}"#, vec!["env.A"]),
            (
                r#"{"url": "https://a.example", "headers": {"Authorization": "Bearer q8Zk2mW9xLt4"}}"#,
                vec!["headers.Authorization"],
            ),
            (r#"{"command": "x", "args": ["--api-key", "q8Zk2mW9xLt4"]}"#, vec!["args[1] (api-key)"]),
            (r#"{"command": "x", "args": ["--token=q8Zk2mW9xLt4"]}"#, vec!["args[0] (token)"]),
            (
                r#"{"command": "docker", "args": ["run", "-e", "DB_PASSWORD=q8Zk2mW9xLt4"]}"#,
                vec!["args[2] (DB_PASSWORD)"],
            ),
            (r#"{"command": "x", "args": ["postgres://ada:q8Zk2mW9xLt4@db.example/x"]}"#, vec!["args[0]"]),
            (r#"{"url": "https://a.example/mcp?api_key=q8Zk2mW9xLt4"}"#, vec!["url"]),
        ] {
            let entry = entry(server);
            let found: Vec<String> = literals(&entry).into_iter().map(|literal| literal.place).collect();
            assert_eq!(found, places, "{server}");
            assert!(!shown(&entry).contains("q8Zk2"), "{}", shown(&entry));
        }
    }

    #[test]
    fn references_and_placeholders_are_none() {
        for server in [
            r#"{"command": "x", "env": {"API_KEY": "${API_KEY}", "B_TOKEN": "$B", "C_SECRET": "%C%", "D_TOKEN": "<token>"}}"#,
            r#"{"command": "x", "env": {"API_KEY": "your-api-key-here", "TOKEN": "xxxxxxxxxxxx", "SECRET": ""}}"#,
            r#"{"command": "x", "env": {"TOKEN_URL": "https://a.example/token", "MAX_TOKENS": "4096", "A_KEY_FILE": "/run/secrets/a"}}"#,
            r#"{"url": "https://a.example/mcp?page=aaaabbbbccccdddd", "headers": {"Authorization": "Bearer ${input:key}"}}"#,
            r#"{"command": "npx", "args": ["-y", "@scope/some-token-server", "--port", "8080"]}"#,
        ] {
            assert_eq!(literals(&entry(server)), [], "{server}");
        }
    }
}
