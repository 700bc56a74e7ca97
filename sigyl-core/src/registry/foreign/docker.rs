//! The MCP catalogue of Docker: one entry a file or line, or all of them by name under `registry`.

use serde_json::{Map, Value, json};

use super::document::{begin, describe, finish, image, objects, repository, text, texts, transport};

const NAMESPACE: &str = "com.docker.catalog";

/// Where the client puts what a user configured: nothing that others could fill.
const TEMPLATE: &str = "{{";

/// Reads every entry of a whole catalogue.
pub(super) fn documents(catalogue: &Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let entries = catalogue.get("registry")?.as_object()?;
    let named = entries.iter().filter_map(|(name, entry)| {
        let mut entry = entry.as_object()?.clone();
        entry.entry("name").or_insert_with(|| name.as_str().into());
        document(&entry)
    });
    Some(named.collect())
}

/// Reads one entry.
pub(super) fn document(entry: &Map<String, Value>) -> Option<Map<String, Value>> {
    let name = text(entry, "name")?;
    if !matches!(text(entry, "type")?, "server" | "remote" | "poci") {
        return None;
    }
    let about = entry.get("about").and_then(Value::as_object).unwrap_or(entry);
    let mut document = begin(NAMESPACE, name);
    let meta = entry.get("meta").or_else(|| entry.get("metadata")).and_then(Value::as_object);
    let mut tags = meta.map(|meta| texts(meta, "tags")).unwrap_or_default();
    tags.extend(meta.and_then(|meta| text(meta, "category")));
    tags.sort_unstable();
    tags.dedup();
    describe(&mut document, text(about, "title"), text(about, "description").unwrap_or_default(), tags);
    match entry.get("source") {
        Some(Value::Object(source)) => {
            if let Some(url) = text(source, "project") {
                repository(&mut document, url, text(source, "directory"));
            }
        }
        // A whole catalogue has an address with a tree in it.
        Some(Value::String(url)) => {
            let (base, tree) = url.split_once("/tree/").unwrap_or((url, ""));
            repository(&mut document, base, tree.split_once('/').map(|(_, folder)| folder));
        }
        _ => {}
    }
    if let Some(name) = text(entry, "image") {
        document.insert("packages".to_owned(), json!([package(entry, name)]));
    }
    if let Some(remote) = entry.get("remote").and_then(Value::as_object) {
        document.insert("remotes".to_owned(), json!([address(remote)]));
    }
    finish(document)
}

fn package(entry: &Map<String, Value>, name: &str) -> Value {
    let within = |name: &str| entry.get(name).and_then(Value::as_object);
    let (config, run) = (within("config").unwrap_or(entry), within("run").unwrap_or(entry));
    let secrets =
        objects(config, "secrets").filter_map(|secret| variable(secret, text(secret, "env")?, true));
    let plain = objects(config, "env").filter_map(|env| variable(env, text(env, "name")?, false));
    let positional = |word: &str| json!({ "type": "positional", "value": word });
    let command = texts(run, "command");
    // What is half filled would be half right.
    let is_whole = !command.iter().any(|word| word.contains(TEMPLATE));
    let volumes = texts(run, "volumes").into_iter().filter(|volume| !volume.contains(TEMPLATE));
    let mut package = json!({
        "registryType": "oci",
        "identifier": image(name),
        "transport": { "type": "stdio" },
        "environmentVariables": secrets.chain(plain).collect::<Vec<_>>(),
    });
    if is_whole && !command.is_empty() {
        package["packageArguments"] = command.into_iter().map(positional).collect();
    }
    let volumes: Vec<_> =
        volumes.map(|volume| json!({ "type": "named", "name": "-v", "value": volume })).collect();
    if !volumes.is_empty() {
        package["runtimeArguments"] = volumes.into();
    }
    package
}

fn variable(of: &Map<String, Value>, name: &str, is_secret: bool) -> Option<Value> {
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let mut variable = json!({ "name": name, "isSecret": is_secret });
    if is_secret {
        variable["isRequired"] = of.get("required").and_then(Value::as_bool).unwrap_or(true).into();
    }
    if let Some(description) = text(of, "description") {
        variable["description"] = description.into();
    }
    // The example of a secret looks like one: it is not taken.
    if let Some(example) = text(of, "example").filter(|example| !is_secret && !example.is_empty()) {
        variable["placeholder"] = example.into();
    }
    is_name.then_some(variable)
}

fn address(remote: &Map<String, Value>) -> Value {
    let kind =
        text(remote, "transport_type").or_else(|| text(remote, "transport")).unwrap_or("streamable-http");
    let mut address = json!({ "type": transport(kind), "url": text(remote, "url").unwrap_or_default() });
    let headers = remote.get("headers").and_then(Value::as_object).into_iter().flatten();
    let headers: Vec<_> = headers.filter_map(|(name, value)| Some(header(name, value.as_str()?))).collect();
    if !headers.is_empty() {
        address["headers"] = headers.into();
    }
    address
}

/// A header whose value names variables as a shell does.
fn header(name: &str, value: &str) -> Value {
    let (mut written, mut variables, mut rest) = (String::new(), Map::new(), value);
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, end) = after.split_once('}').unwrap_or((after, ""));
        written.push_str(before);
        written.push_str(&format!("{{{variable}}}"));
        variables.insert(variable.to_owned(), json!({ "isSecret": true, "isRequired": true }));
        rest = end;
    }
    written.push_str(rest);
    if variables.is_empty() {
        return json!({ "name": name, "value": written });
    }
    json!({ "name": name, "value": written, "variables": variables })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::document::Document;

    fn read(entry: Value) -> Document {
        let document = document(entry.as_object().unwrap()).unwrap();
        Document::import(Value::Object(document).to_string().as_bytes()).unwrap().0
    }

    #[test]
    fn an_image_becomes_a_package_without_the_examples_of_secrets() {
        let entry = json!({
            "name": "SQLite", "image": "mcp/sqlite", "type": "server",
            "meta": { "category": "database", "tags": ["sqlite"] },
            "about": { "title": "SQLite", "description": "Database" },
            "source": { "project": "https://github.com/a/b", "directory": "src/sqlite" },
            "config": {
                "secrets": [{ "name": "x.key", "env": "KEY", "example": "sk-looks-real" }],
                "env": [{ "name": "MODE", "example": "production", "value": "{{x.mode}}" }],
            },
            "run": { "command": ["--db-path", "/mcp/db"], "volumes": ["data:/mcp", "{{x.path}}:/y"] },
        });
        let document = read(entry.clone());
        assert_eq!(document.name().as_str(), "com.docker.catalog/SQLite");
        assert_eq!(document.version(), read(entry.clone()).version(), "the same entry is the same version");
        let (_, package) = &document.packages()[0];
        assert_eq!(package.identifier, "docker.io/mcp/sqlite:latest");
        assert_eq!((package.package_arguments.len(), package.runtime_arguments.len()), (2, 1));
        assert!(!document.raw().as_str().contains("sk-looks-real"));
        assert_eq!(document.repository().unwrap().subfolder.as_deref(), Some("src/sqlite"));
        let mut changed = entry;
        changed["about"]["description"] = "Another".into();
        assert_ne!(read(changed).version(), document.version());
    }

    #[test]
    fn a_remote_asks_for_what_its_headers_name() {
        let document = read(json!({
            "name": "apify", "type": "remote",
            "about": { "title": "A", "description": "B" },
            "remote": { "transport_type": "streamable-http", "url": "https://a.example/mcp", "headers": { "Authorization": "Bearer ${TOKEN}" } },
        }));
        let (_, remote) = &document.remotes()[0];
        assert_eq!(remote.headers[0].input.value.as_deref(), Some("Bearer {TOKEN}"));
        assert!(remote.headers[0].variables["TOKEN"].is_secret);
    }

    #[test]
    fn a_whole_catalogue_names_its_entries() {
        let whole = json!({ "registry": { "fetch": { "type": "server", "image": "mcp/fetch@sha256:0", "title": "Fetch", "description": "x",
            "source": "https://github.com/a/b/tree/main/src/fetch" } } });
        let found = documents(whole.as_object().unwrap()).unwrap();
        assert_eq!(found[0]["name"], "com.docker.catalog/fetch");
        assert_eq!(found[0]["packages"][0]["identifier"], "docker.io/mcp/fetch@sha256:0");
        assert_eq!(found[0]["repository"]["subfolder"], "src/fetch");
    }
}
