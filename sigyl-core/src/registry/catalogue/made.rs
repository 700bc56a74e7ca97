//! Whether what a document installs is what was released under its name and version.

use serde_json::{Map, Value};

use crate::domain::{Locator, SourceRef};
use crate::registry::document::{Package, Repository};

/// What a release was made of, as far as a document can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Made {
    /// A package of a registry that everybody means.
    Package {
        /// The type of the registry.
        registry: &'static str,
        /// Its name there.
        name: String,
        /// Its exact version.
        version: String,
    },
    /// A repository.
    Repository {
        /// Its address.
        url: String,
        /// A folder in it.
        subfolder: Option<String>,
    },
    /// Something that no document names: a folder or an archive.
    Other,
}

impl Made {
    /// Tells what a source is, by where it was fetched from.
    pub fn of(source: &SourceRef) -> Self {
        match Locator::parse(&source.locator) {
            Ok(Locator::Npm { name, version: Some(version) }) => {
                Self::Package { registry: "npm", name, version }
            }
            Ok(Locator::Pypi { name, version: Some(version) }) => {
                Self::Package { registry: "pypi", name: plain(&name), version }
            }
            Ok(Locator::Git { url, subdir, .. }) => {
                Self::Repository { url: address(&url), subfolder: subdir }
            }
            _ => Self::Other,
        }
    }

    /// Tells whether a document leads to this and to nothing else: every package that it names is this one, or it names
    /// none and its repository is this one. An address of a server that runs elsewhere leads to who knows what.
    pub(super) fn is_all_of(&self, members: &Map<String, Value>) -> bool {
        let listed = |name: &str| members.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let is_free_of = |name: &str| members.get(name).is_none_or(|list| list == &Value::Array(Vec::new()));
        match self {
            Self::Package { registry, name, version } => {
                let is_this = |package: &Value| {
                    let package = serde_json::from_value::<Package>(package.clone());
                    package.is_ok_and(|it| {
                        let named =
                            if *registry == "pypi" { plain(&it.identifier) } else { it.identifier.clone() };
                        let same = it.registry_type == *registry && named == *name;
                        same && it.version.as_ref() == Some(version) && it.is_usual()
                    })
                };
                let packages = listed("packages");
                is_free_of("remotes") && !packages.is_empty() && packages.iter().all(is_this)
            }
            Self::Repository { url, subfolder } => {
                let said = members.get("repository").cloned().map(serde_json::from_value::<Repository>);
                let is_this = said.is_some_and(|said| {
                    said.is_ok_and(|said| address(&said.url) == *url && said.subfolder == *subfolder)
                });
                is_free_of("remotes") && is_free_of("packages") && is_this
            }
            Self::Other => false,
        }
    }
}

/// An address of a repository without what does not tell it from another.
fn address(url: &str) -> String {
    url.trim_end_matches('/').trim_end_matches(".git").to_owned()
}

/// The name of a distribution as its registry tells it from others.
fn plain(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Digest, SourceKind};

    fn made(kind: SourceKind, locator: &str) -> Made {
        Made::of(&SourceRef { kind, locator: locator.to_owned(), digest: Digest::of(b"x") })
    }

    fn fits(made: &Made, document: &Value) -> bool {
        made.is_all_of(document.as_object().unwrap())
    }

    fn package(registry: &str, name: &str, version: &str) -> Value {
        json!({"registryType": registry, "identifier": name, "version": version, "transport": {"type": "stdio"}})
    }

    #[test]
    fn a_document_is_of_a_package_when_it_names_nothing_else() {
        let npm = made(SourceKind::Npm, "npm:@ada/clock@1.2.0");
        let own = package("npm", "@ada/clock", "1.2.0");
        assert!(fits(&npm, &json!({"packages": [own, own]})));
        for other in [
            json!({}),
            json!({"packages": []}),
            json!({"packages": [package("npm", "@ada/clock", "1.2.1")]}),
            json!({"packages": [package("npm", "@eve/clock", "1.2.0")]}),
            json!({"packages": [package("pypi", "@ada/clock", "1.2.0")]}),
            json!({"packages": [own, package("npm", "@eve/clock", "1.2.0")]}),
            json!({"packages": [own, {"identifier": 7}]}),
            json!({"packages": [own], "remotes": [{"type": "sse", "url": "https://eve.example/mcp"}]}),
            json!({"packages": [own], "remotes": "x"}),
        ] {
            assert!(!fits(&npm, &other), "{other}");
        }
        let mut mirrored = own.clone();
        mirrored["registryBaseUrl"] = json!("https://eve.example");
        assert!(!fits(&npm, &json!({"packages": [mirrored]})));
        let pypi = made(SourceKind::Pypi, "pypi:Ada_Clock@1.0");
        assert!(fits(&pypi, &json!({"packages": [package("pypi", "ada-clock", "1.0")]})));
    }

    #[test]
    fn a_document_without_packages_is_of_the_repository_that_it_names() {
        let git = made(SourceKind::Git, "git:https://git.example/ada/clock.git#main");
        let of = |url: &str| json!({"repository": {"url": url, "source": "github"}});
        assert!(fits(&git, &of("https://git.example/ada/clock")));
        assert!(!fits(&git, &of("https://git.example/eve/clock")));
        assert!(!fits(&git, &json!({})));
        let mut packed = of("https://git.example/ada/clock");
        packed["packages"] = json!([package("npm", "clock", "1.0.0")]);
        assert!(!fits(&git, &packed), "nobody looked at the package");
        assert!(!fits(&made(SourceKind::Path, "servers/clock"), &json!({"packages": []})));
    }
}
