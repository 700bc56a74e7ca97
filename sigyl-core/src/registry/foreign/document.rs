//! A document in the making.

use serde_json::{Map, Value, json};

use crate::domain::RawDocument;
use crate::registry::PUBLISHER_KEY;
use crate::registry::schema::Schema;

/// Characters of a title or description that a document may have; the whole stays under the publisher's key.
const TEXT: usize = 100;

/// Begins the document of an entry called `name`, in a namespace that says which catalogue it is from.
pub(super) fn begin(namespace: &str, name: &str) -> Map<String, Value> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let short: String = name.trim().chars().map(plain).take(150).collect();
    let mut document = Map::new();
    if let Some(schema) = Schema::newest() {
        document.insert("$schema".to_owned(), schema.address().into());
    }
    document.insert("name".to_owned(), format!("{namespace}/{}", short.trim_matches(['-', '.'])).into());
    document
}

/// Puts title and description in, short enough, with what else is known of them.
pub(super) fn describe(
    document: &mut Map<String, Value>,
    title: Option<&str>,
    description: &str,
    tags: Vec<&str>,
) {
    if let Some(title) = title.map(str::trim).filter(|title| !title.is_empty()) {
        document.insert("title".to_owned(), shortened(title).into());
    }
    let named = title.unwrap_or("A server of a catalogue that says nothing of it.");
    let description = Some(description.trim()).filter(|text| !text.is_empty()).unwrap_or(named).trim();
    document.insert("description".to_owned(), shortened(description).into());
    let mut more = Map::new();
    if description.chars().count() > TEXT {
        more.insert("description".to_owned(), description.into());
    }
    if !tags.is_empty() {
        more.insert("tags".to_owned(), tags.into());
    }
    if !more.is_empty() {
        document.insert("_meta".to_owned(), json!({ PUBLISHER_KEY: more }));
    }
}

/// Puts in where the source is.
pub(super) fn repository(document: &mut Map<String, Value>, url: &str, subfolder: Option<&str>) {
    let source = match url {
        url if url.starts_with("https://github.com/") => "github",
        url if url.starts_with("https://gitlab.com/") => "gitlab",
        _ => return,
    };
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    let mut repository = json!({ "url": url, "source": source });
    if let Some(folder) = subfolder.map(|folder| folder.trim_matches('/')).filter(|folder| !folder.is_empty())
    {
        repository["subfolder"] = folder.into();
    }
    document.insert("repository".to_owned(), repository);
}

/// Ends it: its version is what is in it.
pub(super) fn finish(mut document: Map<String, Value>) -> Option<Map<String, Value>> {
    let digest = RawDocument::digest_of(&document).ok()?;
    // What stands after the plus does not rank: of two, the one that was taken in last is the latest.
    document.insert("version".to_owned(), format!("0.0.0+catalog.{}", digest.short()).into());
    Some(document)
}

/// An image with the registry and the tag that a client would add.
pub(super) fn image(text: &str) -> String {
    let first = text.split('/').next().unwrap_or_default();
    let has_host = text.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let last = text.rsplit('/').next().unwrap_or_default();
    let tag = if last.contains([':', '@']) { "" } else { ":latest" };
    let host = if has_host { "" } else { "docker.io/" };
    format!("{host}{text}{tag}")
}

/// The word that documents have for a transport.
pub(super) fn transport(word: &str) -> &str {
    match word {
        "http" | "streamable" | "streamable_http" => "streamable-http",
        other => other,
    }
}

/// A member that is a text.
pub(super) fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name).and_then(Value::as_str)
}

/// A member that is a list of texts.
pub(super) fn texts<'a>(of: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    of.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A member that is a list of objects.
pub(super) fn objects<'a>(
    of: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    of.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some(_) => text.chars().take(TEXT - 1).chain(std::iter::once('…')).collect(),
        None => text.to_owned(),
    }
}
