//! Checks what a manifest declares in lists: secrets, tools, permissions.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{Permissions, SecretName, Tool};

use super::check::Checker;
use super::model::{DeclaredSecret, SecretType};
use super::node::{Node, Value};
use super::problem::{Place, is_unseen, shown};

/// Reads the secrets; a name stands once, and not in `env` as well.
pub(super) fn secrets(checker: &mut Checker<'_>, env: &BTreeMap<String, String>) -> Vec<DeclaredSecret> {
    let mut seen = HashMap::new();
    let mut secrets = Vec::new();
    for (at, item) in items(checker.root, "secrets") {
        let field = format!("secrets[{at}].name");
        let Some((name, place)) = name_of(checker, item, &field, &mut seen) else { continue };
        if env.contains_key(name) {
            let message = format!("is `{}`, which is set in `env` as well", shown(name));
            checker
                .error(place.problem(&field, message), "remove it from `env`: secrets are given at deploy");
        }
        match SecretName::parse(name) {
            Ok(name) => secrets.push(DeclaredSecret {
                name,
                description: item.find("description").and_then(Node::as_text).map(str::to_owned),
                required: !matches!(
                    item.find("required").map(|node| &node.value),
                    Some(Value::Truth(false, _))
                ),
                kind: match item.find("type").and_then(Node::as_text) {
                    Some("number") => SecretType::Number,
                    Some("boolean") => SecretType::Boolean,
                    _ => SecretType::String,
                },
            }),
            Err(error) => checker.error(place.problem(&field, format!("is wrong: {error}")), ""),
        }
    }
    secrets
}

/// Reads the tools; a name stands once.
pub(super) fn tools(checker: &mut Checker<'_>) -> Vec<Tool> {
    let mut seen = HashMap::new();
    let mut tools = Vec::new();
    for (at, item) in items(checker.root, "tools") {
        let field = format!("tools[{at}].name");
        let Some((_, place)) = name_of(checker, item, &field, &mut seen) else { continue };
        let serde_json::Value::Object(definition) = item.to_json() else { continue };
        let definition = definition.into_iter().filter(|(_, value)| !value.is_null()).collect();
        match Tool::new(definition) {
            Ok(tool) => tools.push(tool),
            Err(error) => checker.error(place.problem(&field, format!("is wrong: {error}")), ""),
        }
    }
    tools
}

fn items<'a>(root: &'a Node, path: &str) -> impl Iterator<Item = (usize, &'a Node)> {
    let items = root.find(path).map_or(&[][..], Node::items);
    items.iter().enumerate().filter(|(_, item)| item.value != Value::Wrong)
}

fn name_of<'a>(
    checker: &mut Checker<'_>,
    item: &'a Node,
    field: &str,
    seen: &mut HashMap<&'a str, &'a Place>,
) -> Option<(&'a str, &'a Place)> {
    let Some(node) = item.find("name") else {
        checker.error(item.place.problem(field, "is missing"), "give it a name");
        return None;
    };
    let name = node.as_text()?;
    if let Some(first) = seen.insert(name, &node.place) {
        let message = format!("is `{}`, as in {first}", shown(name));
        checker.error(node.place.problem(field, message), "give each its own name");
        return None;
    }
    Some((name, &node.place))
}

/// Reads the permissions asked for.
pub(super) fn permissions(checker: &mut Checker<'_>) -> Permissions {
    let mut asked = Permissions::default();
    for (kind, hint) in [
        ("read", "write a path without `..`"),
        ("write", "write a path without `..`"),
        ("network", "write host:port, such as api.example:443"),
        ("exec", "write a program"),
    ] {
        let path = format!("permissions.{kind}");
        for (at, item) in items(checker.root, &path) {
            let Some(value) = item.as_text() else { continue };
            let fine = is_plain(kind, value) && asked.ask(&format!("{kind}={value}")).is_ok();
            if !fine {
                let message = format!("cannot be `{}`", shown(value));
                checker.error(item.place.problem(&format!("{path}[{at}]"), message), hint);
            }
        }
    }
    asked
}

/// Tells whether the operator, who reads this before granting it, sees what it says.
fn is_plain(kind: &str, value: &str) -> bool {
    let seen = !value.is_empty() && value.trim() == value && !value.chars().any(is_unseen);
    seen && match kind {
        "read" | "write" => value.split('/').all(|part| part != ".."),
        "network" => !value.contains(|c: char| c.is_whitespace() || "/@,=".contains(c)),
        _ => true,
    }
}
