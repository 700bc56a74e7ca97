//! JSON with comments, changed in place.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::Value;

use super::entry::Entry;
use super::merge::{MergeError, Merged};

pub(super) fn merge(path: &[&str], text: &str, entry: &Entry) -> Result<Merged, MergeError> {
    let root = read(text)?;
    let object = root.object_value_or_set();
    let servers = descend(&object, path)?;
    let mut changed = false;
    let body = Value::Object(entry.body.clone());
    match servers.get(&entry.name) {
        Some(there) if there.to_serde_value().as_ref() == Some(&body) => {}
        Some(_) => return Err(MergeError::Taken(entry.name.clone())),
        None => {
            servers.append(&entry.name, value(&body));
            changed = true;
        }
    }
    let mut inputs = Vec::new();
    for input in &entry.inputs {
        if let Some(id) = put_input(&object, input)? {
            inputs.push(id);
            changed = true;
        }
    }
    let text = if changed { ended(root.to_string()) } else { text.to_owned() };
    Ok(Merged { text, changed, inputs })
}

pub(super) fn remove(
    path: &[&str],
    text: &str,
    name: &str,
    inputs: &[String],
) -> Result<Option<String>, MergeError> {
    let root = read(text)?;
    let mut servers = root.object_value();
    for part in path {
        servers = servers.and_then(|object| object.object_value(part));
    }
    let Some(there) = servers.and_then(|servers| servers.get(name)) else { return Ok(None) };
    there.remove();
    if let Some(list) = root.object_value().and_then(|object| object.array_value("inputs")) {
        for element in list.elements() {
            let id = element.to_serde_value().and_then(|input| Some(input.get("id")?.as_str()?.to_owned()));
            // What is still asked for elsewhere stays.
            if let Some(id) = id.filter(|id| inputs.contains(id))
                && !root.to_string().contains(&format!("${{input:{id}}}"))
            {
                element.remove();
            }
        }
    }
    Ok(Some(root.to_string()))
}

/// Reads a file; an empty one is a new object.
fn read(text: &str) -> Result<CstRootNode, MergeError> {
    let wrong = |error: String| MergeError::Unreadable(error);
    let text = match text.trim().is_empty() {
        true => "{}",
        false => text,
    };
    let root =
        CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| wrong(error.to_string()))?;
    match root.object_value() {
        Some(_) => Ok(root),
        None => Err(wrong("it is no object".to_owned())),
    }
}

/// Goes down to the servers, making what is not there; what is there and no object is left as it is.
fn descend(object: &CstObject, path: &[&str]) -> Result<CstObject, MergeError> {
    let mut here = object.clone();
    for part in path {
        if here.get(part).is_some() && here.object_value(part).is_none() {
            return Err(MergeError::Elsewhere((*part).to_owned()));
        }
        here = here.object_value_or_set(part);
    }
    Ok(here)
}

/// Puts a question in, unless it is asked already; returns its id when it was put in.
fn put_input(object: &CstObject, input: &Value) -> Result<Option<String>, MergeError> {
    if object.get("inputs").is_some() && object.array_value("inputs").is_none() {
        return Err(MergeError::Elsewhere("inputs".to_owned()));
    }
    let id = input["id"].as_str().unwrap_or_default().to_owned();
    let list = object.array_value_or_set("inputs");
    for there in list.elements().iter().filter_map(|element| element.to_serde_value()) {
        if there["id"] == input["id"] {
            return if there == *input { Ok(None) } else { Err(MergeError::Taken(format!("input {id}"))) };
        }
    }
    list.append(value(input));
    Ok(Some(id))
}

fn value(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(self::value).collect()),
        Value::Object(members) => {
            let member = |(name, inner): (&String, &Value)| (name.clone(), self::value(inner));
            CstInputValue::Object(members.iter().map(member).collect())
        }
    }
}

fn ended(text: String) -> String {
    if text.ends_with('\n') { text } else { text + "\n" }
}
