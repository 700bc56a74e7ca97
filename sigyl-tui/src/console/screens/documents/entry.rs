//! A document, with what rows, filters and actions need of it read once.

use serde::Deserialize as _;
use serde_json::{Map, Value};
use sigyl_core::domain::Locator;
use sigyl_core::registry::document::{Package, Repository};
use sigyl_core::wire::registry::{Rated, ServerResponse};

/// Parts of a document that are read.
pub(super) const PARTS: usize = 200;

/// One document.
pub(in crate::console) struct Entry {
    /// As it was answered.
    pub(super) document: ServerResponse,
    /// What it says of itself.
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: String,
    /// How it is presented here.
    pub(super) tags: Vec<String>,
    /// What it runs by, each once.
    pub(super) runtimes: Vec<String>,
    /// Where its code is fetched from, as a deploy takes it.
    pub(super) source: Option<String>,
}

impl Entry {
    /// Reads what a document says. What cannot be read is not there.
    pub(super) fn of(document: ServerResponse) -> Self {
        let members = document.server.members().unwrap_or_default();
        let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let profile = document.meta.sigyl.profile.as_ref();
        let tags = profile.into_iter().flat_map(|profile| profile.tags.iter().chain(&profile.category));
        let mut tags: Vec<String> = tags.map(ToString::to_string).collect();
        tags.dedup();
        let packages = packages(&members);
        Self {
            name: text("name"),
            version: text("version"),
            description: text("description"),
            tags,
            runtimes: runtimes(&members, &packages),
            source: source(&members, &packages),
            document,
        }
    }

    /// What ratings come to, once there are any.
    pub(super) fn rating(&self) -> Option<Rated> {
        self.document.meta.sigyl.rating
    }

    /// What it runs by, in one text.
    pub(super) fn runtimes(&self) -> String {
        self.runtimes.join(" ")
    }
}

/// The packages of a document.
pub(super) fn packages(members: &Map<String, Value>) -> Vec<Package> {
    let all = members.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().take(PARTS).filter_map(|one| Package::deserialize(one).ok()).collect()
}

/// What each kind of package is run by; an address that is there already is remote.
fn runtimes(members: &Map<String, Value>, packages: &[Package]) -> Vec<String> {
    let word = |package: &Package| match package.registry_type.as_str() {
        "npm" => "node".to_owned(),
        "pypi" => "python".to_owned(),
        "oci" => "container".to_owned(),
        "nuget" => "dotnet".to_owned(),
        other => other.to_owned(),
    };
    let mut words: Vec<String> = Vec::new();
    let remote = members.get("remotes").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    for word in packages.iter().map(word).chain(remote.then(|| "remote".to_owned())) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// A package that a deploy can fetch, else the repository.
fn source(members: &Map<String, Value>, packages: &[Package]) -> Option<String> {
    let package = packages.iter().filter(|package| package.is_usual()).find_map(|package| {
        let kind = Some(package.registry_type.as_str()).filter(|kind| ["npm", "pypi"].contains(kind))?;
        let version = package.version.as_ref().map_or_else(String::new, |version| format!("@{version}"));
        Some(format!("{kind}:{}{version}", package.identifier))
    });
    let repository = || {
        let repository = Repository::deserialize(members.get("repository")?).ok()?;
        let folder = repository.subfolder.filter(|folder| !folder.is_empty());
        let folder = folder.map_or_else(String::new, |folder| format!(":{folder}"));
        repository.url.starts_with("https://").then(|| format!("git:{}{folder}", repository.url))
    };
    package.or_else(repository).filter(|text| Locator::parse(text).is_ok())
}
