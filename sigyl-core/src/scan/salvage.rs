//! Reads the tools of a manifest that cannot be used: one character in one of them must not hide the others.

use serde_json::{Map, Value};

use super::yaml::is_endless;
use crate::domain::Tool;
use crate::source::SourceTree;

/// The files that may declare tools.
pub(super) const MANIFESTS: [&str; 6] =
    ["sigyl.yaml", "sigyl.yml", "mcp.yaml", "mcp.yml", "smithery.yaml", "smithery.yml"];
/// Bytes of one of them that are read.
const BYTES: u64 = 1 << 20;
/// Where control characters, which YAML forbids, are while it is read.
const ASIDE: u32 = 0xf_0000;

/// Returns the tools that the manifests of a tree declare, as far as they read as YAML.
pub(super) fn tools(tree: &SourceTree) -> Vec<Tool> {
    let entries = MANIFESTS.iter().filter_map(|name| tree.find(name));
    // What cannot be read is told where files are looked at.
    let bytes = entries.filter(|entry| entry.size <= BYTES).filter_map(|entry| tree.read(entry).ok());
    bytes.flat_map(|bytes| of_text(&String::from_utf8_lossy(&bytes))).collect()
}

fn of_text(text: &str) -> Vec<Tool> {
    let set_aside: String = text.chars().map(aside).collect();
    if is_endless(text) {
        return Vec::new();
    }
    let Ok(Value::Object(mut root)) = serde_yaml::from_str(&set_aside) else { return Vec::new() };
    let Some(Value::Array(tools)) = root.remove("tools") else { return Vec::new() };
    tools.into_iter().filter_map(tool).collect()
}

fn tool(value: Value) -> Option<Tool> {
    let Value::Object(mut definition) = back(value) else { return None };
    if !definition.get("name").is_some_and(Value::is_string) {
        definition.insert("name".to_owned(), Value::String("(without a name)".to_owned()));
    }
    Tool::new(definition).ok()
}

fn aside(c: char) -> char {
    let moved = c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if moved { char::from_u32(ASIDE + u32::from(c)).unwrap_or(c) } else { c }
}

fn from_aside(c: char) -> char {
    let control = u32::from(c).checked_sub(ASIDE).and_then(char::from_u32);
    control.filter(|c| c.is_control()).unwrap_or(c)
}

/// Puts control characters back where they were.
fn back(value: Value) -> Value {
    let text = |text: String| text.chars().map(from_aside).collect::<String>();
    match value {
        Value::String(string) => Value::String(text(string)),
        Value::Array(items) => Value::Array(items.into_iter().map(back).collect()),
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| (text(key), back(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_of_a_manifest_that_cannot_be_used_are_read() {
        let text = "naem: x\ntools:\n  - {name: a, description: \"\u{1b}[8mhidden\"}\n  - {description: \"b\\x07c\"}\n  - 3\n";
        let tools = of_text(text);
        let seen: Vec<_> = tools.iter().map(|tool| (tool.name(), tool.description().unwrap())).collect();
        assert_eq!(seen, [("a", "\u{1b}[8mhidden"), ("(without a name)", "b\u{7}c")]);
    }

    #[test]
    fn what_is_no_manifest_declares_nothing() {
        for text in ["", "tools: [", "tools: 3", "- tools", "a: &a [*a]"] {
            assert!(of_text(text).is_empty(), "{text}");
        }
    }
}
