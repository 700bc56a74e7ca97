//! Versions that were released here, as documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::domain::{
    AddressError, Basis, DocumentName, DocumentVersion, Quarantines, Server, ServerName, Verdict, Version,
    VersionRecord,
};
use crate::registry::RELEASED_NAMESPACE;
use crate::registry::catalogue::{About, Made, Released};
use crate::registry::schema::Schema;
use crate::store::{Page, Store, StoreError};
use crate::wire::registry::Pins;

/// Records that are read from the store at a time.
const PAGE: usize = 500;
/// Longest title and description that a document may have, in characters.
const TEXT_MAX: usize = 100;

/// What was released under one name.
#[derive(Debug, Default)]
pub(super) struct Releases {
    /// The versions.
    pub(super) versions: BTreeMap<DocumentVersion, Released>,
    /// What is said of them all.
    pub(super) about: Arc<About>,
}

/// Returns the name that the documents of a server go by.
pub(super) fn document_name(server: &ServerName) -> Result<DocumentName, AddressError> {
    match server.as_str().contains('/') {
        true => DocumentName::parse(server.as_str()),
        false => DocumentName::parse(&format!("{RELEASED_NAMESPACE}/{server}")),
    }
}

/// Returns the server whose documents would go by a name.
pub(super) fn server_name(name: &DocumentName) -> Option<ServerName> {
    let short = name.as_str().strip_prefix(RELEASED_NAMESPACE).and_then(|rest| rest.strip_prefix('/'));
    let server = ServerName::parse(short.unwrap_or(name.as_str())).ok()?;
    // A document that was imported under a short name is another one.
    document_name(&server).is_ok_and(|own| own == *name).then_some(server)
}

/// Reads the versions of every server.
pub(super) async fn all(
    store: &dyn Store,
    quarantines: &Quarantines,
) -> Result<BTreeMap<DocumentName, Releases>, StoreError> {
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = store.servers(Page { after, limit: PAGE }).await?;
        after = page.last().filter(|_| page.len() == PAGE).map(|last| last.name.clone());
        for server in page {
            if let Ok(name) = document_name(&server.name) {
                found.insert(name, versions(store, &server, quarantines).await?);
            }
        }
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Reads the versions of one server; none when there is no such server.
pub(super) async fn of(
    store: &dyn Store,
    name: &ServerName,
    quarantines: &Quarantines,
) -> Result<Releases, StoreError> {
    match store.server(name).await? {
        Some(server) => versions(store, &server, quarantines).await,
        None => Ok(Releases::default()),
    }
}

async fn versions(
    store: &dyn Store,
    server: &Server,
    quarantines: &Quarantines,
) -> Result<Releases, StoreError> {
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = store.versions(&server.name, Page { after, limit: PAGE }).await?;
        after = page.last().filter(|_| page.len() == PAGE).map(|last| last.version.clone());
        for record in page {
            if let Ok(version) = DocumentVersion::parse(record.version.as_str()) {
                let quarantined = quarantines.of_version(&record).is_some();
                found.insert(version, Released { quarantined, ..released(server, &record) });
            }
        }
        if after.is_none() {
            let overlay = store.overlay(&server.name).await?;
            let about = About { overlay, ratings: store.rating_total(&server.name).await? };
            return Ok(Releases { versions: found, about: Arc::new(about) });
        }
    }
}

fn released(server: &Server, record: &VersionRecord) -> Released {
    let (verdict, approved) = match &record.basis {
        Basis::Verdict(verdict) => (*verdict, false),
        Basis::Observed { would_be, approval, .. } => (*would_be, approval.is_some()),
        // Only what is held is for a person to decide.
        Basis::Approval(_) => (Verdict::Hold, true),
    };
    let tags = record.manifest.get("tags").and_then(Value::as_array);
    let tags = tags.into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned));
    let tools = record.tools.iter().map(|pin| pin.tool.name().to_owned());
    // A version that was activated and declared nothing is another thing than one that never was.
    let is_pinned = !record.tools.is_empty() || record.others.is_some();
    Released {
        members: members(server, &record.version, &record.manifest),
        recorded: record.recorded,
        workspace: server.workspace.clone(),
        verdict,
        approved,
        source: record.source.digest,
        made: Made::of(&record.source),
        path: (server.active.as_ref() == Some(&record.version)).then(|| format!("/mcp/{}", server.name)),
        words: tags.chain(tools).collect(),
        pins: is_pinned.then(|| Arc::new(Pins::of(record.tools.iter()))),
        quarantined: false,
    }
}

/// Writes what a manifest says of its server as the registry wants it.
fn members(server: &Server, version: &Version, manifest: &Value) -> Map<String, Value> {
    let text = |name: &str| manifest.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let name = document_name(&server.name).map_or_else(|_| server.name.to_string(), |name| name.to_string());
    let description = match text("description") {
        "" => format!("MCP server {}", server.name),
        said => said.to_owned(),
    };
    let mut members = Map::new();
    if let Some(schema) = Schema::newest() {
        members.insert("$schema".to_owned(), schema.address().into());
    }
    members.insert("name".to_owned(), name.into());
    if !text("title").is_empty() {
        members.insert("title".to_owned(), cut(text("title")).into());
    }
    members.insert("description".to_owned(), cut(&description).into());
    members.insert("version".to_owned(), version.as_str().into());
    let plain = |url: &str| url.starts_with("https://") && !url.contains(char::is_whitespace);
    if plain(text("homepage")) {
        members.insert("websiteUrl".to_owned(), text("homepage").into());
    }
    for (forge, source) in [("https://github.com/", "github"), ("https://gitlab.com/", "gitlab")] {
        let url = text("repository").trim_end_matches(".git");
        if plain(url) && url.starts_with(forge) {
            members.insert("repository".to_owned(), json!({ "url": url, "source": source }));
        }
    }
    members
}

/// Cuts a text to what a document may hold.
fn cut(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= TEXT_MAX {
        return text.chars().map(plain).collect();
    }
    text.chars().take(TEXT_MAX - 1).map(plain).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Document;
    use crate::store::contract::fixture;

    #[test]
    fn a_short_name_gets_a_namespace_and_loses_it_again() {
        for (server, document) in
            [("clock", "internal.sigyl/clock"), ("com.example/clock", "com.example/clock")]
        {
            let server = fixture::name(server);
            let name = document_name(&server).unwrap();
            assert_eq!(name.as_str(), document);
            assert_eq!(server_name(&name), Some(server));
        }
        for other in ["Microsoft Learn", "clock"] {
            assert_eq!(server_name(&fixture::document_name(other)), None, "{other}");
        }
    }

    #[test]
    fn what_a_manifest_says_becomes_a_document_without_an_issue() {
        let server = fixture::server("com.example/clock", "1.0.0");
        let manifest = json!({
            "name": "com.example/clock", "title": "Clock\u{7}", "description": "x".repeat(300),
            "homepage": "https://clock.example.com", "repository": "https://github.com/ada/clock.git",
        });
        let members = members(&server, &fixture::version("1.0.0"), &manifest);
        let text = serde_json::to_string(&members).unwrap();
        assert_eq!(Document::validate(text.as_bytes()).issues, [], "{text}");
        assert_eq!(members["title"], "Clock ");
        assert_eq!(members["description"].as_str().unwrap().chars().count(), 100);
        assert_eq!(members["repository"]["url"], "https://github.com/ada/clock");
    }
}
