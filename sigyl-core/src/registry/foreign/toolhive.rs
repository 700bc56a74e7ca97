//! The registry file of ToolHive: containers under `servers`, addresses under `remote_servers`, both by name.

use serde_json::{Map, Value, json};

use super::document::{begin, describe, finish, image, objects, repository, text, texts, transport};

const NAMESPACE: &str = "dev.toolhive.catalog";

/// Reads every entry.
pub(super) fn documents(file: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let part = |name: &str| file.get(name).and_then(Value::as_object);
    let parts = [part("servers"), part("remote_servers")];
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let entries = parts.into_iter().flatten().flatten();
    Some(entries.filter_map(|(name, entry)| document(name, entry.as_object()?)).collect())
}

fn document(name: &str, entry: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut document = begin(NAMESPACE, name);
    let mut words = texts(entry, "tags");
    words.extend(texts(entry, "tools"));
    words.sort_unstable();
    words.dedup();
    describe(&mut document, text(entry, "title"), text(entry, "description").unwrap_or_default(), words);
    if let Some(url) = text(entry, "repository_url") {
        repository(&mut document, url, None);
    }
    let kind = transport(text(entry, "transport").unwrap_or("stdio"));
    if let Some(name) = text(entry, "image") {
        let positional = |word: &str| json!({ "type": "positional", "value": word });
        let mut package = json!({
            "registryType": "oci",
            "identifier": image(name),
            "transport": { "type": kind },
            "environmentVariables": objects(entry, "env_vars").filter_map(input).collect::<Vec<_>>(),
        });
        // An address inside the container: which port it is reached by, the client decides.
        if kind != "stdio" {
            let port = entry.get("target_port").and_then(Value::as_u64).unwrap_or(8080);
            package["transport"]["url"] = format!("http://localhost:{port}/mcp").into();
        }
        let arguments = texts(entry, "args");
        if !arguments.is_empty() {
            package["packageArguments"] = arguments.into_iter().map(positional).collect();
        }
        document.insert("packages".to_owned(), json!([package]));
    } else if let Some(url) = text(entry, "url") {
        let mut remote = json!({ "type": kind, "url": url });
        let headers: Vec<_> = objects(entry, "headers").filter_map(input).collect();
        if !headers.is_empty() {
            remote["headers"] = headers.into();
        }
        document.insert("remotes".to_owned(), json!([remote]));
    }
    finish(document)
}

/// A variable or header that a user fills.
fn input(of: &Map<String, Value>) -> Option<Value> {
    let is = |name: &str| of.get(name).and_then(Value::as_bool).unwrap_or(false);
    let mut input =
        json!({ "name": text(of, "name")?, "isRequired": is("required"), "isSecret": is("secret") });
    if let Some(description) = text(of, "description") {
        input["description"] = description.into();
    }
    if let Some(default) = text(of, "default").filter(|_| !is("secret")) {
        input["default"] = default.into();
    }
    Some(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::document::Document;

    #[test]
    fn containers_and_addresses_become_documents() {
        let file = json!({
            "version": "1.0.0",
            "servers": { "github": {
                "description": "Works with repositories", "transport": "stdio", "image": "ghcr.io/github/github-mcp-server:v0.9.0",
                "tools": ["get_issue"], "tags": ["code"], "repository_url": "https://github.com/github/github-mcp-server",
                "env_vars": [{ "name": "TOKEN", "description": "A token", "required": true, "secret": true, "default": "looks-real" }],
                "args": ["stdio"],
            } },
            "remote_servers": { "stripe": {
                "description": "Payments", "transport": "streamable-http", "url": "https://mcp.stripe.example",
                "headers": [{ "name": "Authorization", "required": true, "secret": true }],
            } },
        });
        let found = documents(file.as_object().unwrap()).unwrap();
        let read =
            |at: usize| Document::import(Value::Object(found[at].clone()).to_string().as_bytes()).unwrap().0;
        let (github, stripe) = (read(0), read(1));
        assert_eq!(github.name().as_str(), "dev.toolhive.catalog/github");
        assert_eq!(github.packages()[0].1.identifier, "ghcr.io/github/github-mcp-server:v0.9.0");
        assert!(!github.raw().as_str().contains("looks-real"));
        assert_eq!(stripe.remotes()[0].1.headers[0].name, "Authorization");
        assert!(github.raw().as_str().contains("get_issue"), "tools are searched by");
        assert_eq!(documents(json!({ "servers": [] }).as_object().unwrap()), None);
    }
}
