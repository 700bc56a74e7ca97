//! Manifests and locks of Cargo.

use serde::Deserialize;
use toml::Value;

use super::dependency::Dependency;

const GROUPS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Reads `Cargo.toml`.
pub(super) fn manifest(text: &str) -> Result<Vec<Dependency>, String> {
    let whole: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    let targets =
        whole.get("target").and_then(Value::as_table).into_iter().flatten().map(|(_, target)| target);
    let places = whole.get("workspace").into_iter().chain(targets).filter_map(Value::as_table);
    for place in std::iter::once(&whole).chain(places) {
        let groups = GROUPS.iter().filter_map(|group| place.get(*group)?.as_table()).flatten();
        found.extend(groups.map(|(name, wanted)| asked(name, wanted)));
    }
    Ok(found)
}

fn asked(name: &str, wanted: &Value) -> Dependency {
    let says = |key: &str| wanted.get(key).and_then(Value::as_str);
    let name = says("package").unwrap_or(name);
    if ["git", "path", "workspace", "registry"].iter().any(|key| wanted.get(key).is_some()) {
        return Dependency::from_elsewhere(name);
    }
    let exact = |wanted: &str| {
        let version = wanted.strip_prefix('=')?.trim();
        semver::Version::parse(version).ok().map(|version| version.to_string())
    };
    Dependency::asked(name, wanted.as_str().or_else(|| says("version")).unwrap_or_default(), exact)
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
}

/// Reads `Cargo.lock`.
pub(super) fn lock(text: &str) -> Result<Vec<Dependency>, String> {
    let lock: Lock = toml::from_str(text).map_err(|error| error.to_string())?;
    let one = |package: Locked| match package.source {
        Some(source) if source.starts_with("registry+") || source.starts_with("sparse+") => {
            Dependency::exactly(&package.name, &package.version)
        }
        _ => Dependency::from_elsewhere(&package.name),
    };
    Ok(lock.package.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_and_locks_are_read() {
        let text = "[dependencies]\na = \"1\"\nb = { version = \"=2.0.0\", package = \"c\" }\nd = { path = \"../d\" }\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n[workspace.dependencies]\nf = { git = \"https://x.example\" }\n";
        let found = manifest(text).unwrap();
        let told: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.exact.as_deref(), one.elsewhere)).collect();
        assert_eq!(
            told,
            [
                ("a", None, false),
                ("c", Some("2.0.0"), false),
                ("d", None, true),
                ("f", None, true),
                ("e", None, false)
            ]
        );
        let text = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://x.example\"\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
        let found = lock(text).unwrap();
        assert_eq!(
            (found[0].exact.as_deref(), found[0].elsewhere, found[1].elsewhere),
            (Some("1.0.0"), false, true)
        );
        assert!(manifest("[").is_err() && lock("[").is_err());
    }
}
