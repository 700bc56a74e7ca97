//! Manifests and locks of npm, pnpm, Yarn and Bun.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::dependency::Dependency;

const GROUPS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// Reads `package.json`.
pub(super) fn package(text: &str) -> Result<Vec<Dependency>, String> {
    let package: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let members = GROUPS.iter().filter_map(|group| package.get(group)?.as_object()).flatten();
    Ok(members.filter_map(|(name, wanted)| Some(asked(name, wanted.as_str()?))).collect())
}

/// Reads what a manifest asks for: a range, one version, another name, or another place.
fn asked(name: &str, wanted: &str) -> Dependency {
    match wanted.strip_prefix("npm:") {
        Some(other) => match other.rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
            Some((name, version)) => Dependency::asked(name, version, exact),
            None => Dependency::asked(other, "", exact),
        },
        // Whatever has a scheme or a path, and `catalog:` and `workspace:`, is not a range.
        None if wanted.contains([':', '/']) => Dependency::from_elsewhere(name),
        None => Dependency::asked(name, wanted, exact),
    }
}

/// Returns the version that a range is, if it is one.
fn exact(wanted: &str) -> Option<String> {
    let version = wanted.trim_start_matches(['=', 'v', ' ']);
    semver::Version::parse(version).ok().map(|version| version.to_string())
}

#[derive(Deserialize)]
struct Lock {
    packages: Option<BTreeMap<String, Locked>>,
    dependencies: Option<BTreeMap<String, Old>>,
}

#[derive(Deserialize)]
struct Locked {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    link: bool,
}

#[derive(Deserialize)]
struct Old {
    version: Option<String>,
    dependencies: Option<BTreeMap<String, Self>>,
}

/// Reads `package-lock.json` and `npm-shrinkwrap.json`.
pub(super) fn lock(text: &str) -> Result<Vec<Dependency>, String> {
    let lock: Lock = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Some(packages) = lock.packages else {
        let mut found = Vec::new();
        old(lock.dependencies.unwrap_or_default(), &mut found);
        return Ok(found);
    };
    let one = |(path, package): (String, Locked)| {
        let at = path.rfind("node_modules/")?;
        let name = package.name.unwrap_or_else(|| path[at + "node_modules/".len()..].to_owned());
        match package.version.filter(|_| !package.link) {
            Some(version) => Some(Dependency::exactly(&name, &version)),
            None => Some(Dependency::from_elsewhere(&name)),
        }
    };
    Ok(packages.into_iter().filter_map(one).collect())
}

/// Walks a lock of the first version; serde bounds its depth.
fn old(members: BTreeMap<String, Old>, found: &mut Vec<Dependency>) {
    for (name, member) in members {
        found.push(match member.version.as_deref().and_then(exact) {
            Some(version) => Dependency::exactly(&name, &version),
            None => Dependency::from_elsewhere(&name),
        });
        old(member.dependencies.unwrap_or_default(), found);
    }
}

/// Reads `pnpm-lock.yaml`: every package is a key such as `/a@1.0.0`, `'@a/b@1.0.0(c@2.0.0)'` or `/a/1.0.0`.
pub(super) fn pnpm(text: &str) -> Vec<Dependency> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            inside = line.starts_with("packages:");
        }
        let key = line
            .strip_prefix("  ")
            .filter(|rest| inside && !rest.starts_with(' '))
            .and_then(|rest| rest.trim_end().strip_suffix(':'));
        let Some(key) = key.map(|key| key.trim_matches(['\'', '"']).trim_start_matches('/')) else {
            continue;
        };
        let key = key.split('(').next().unwrap_or(key);
        let parts =
            key.rsplit_once('@').filter(|(name, _)| !name.is_empty()).or_else(|| key.rsplit_once('/'));
        let Some((name, version)) = parts else { continue };
        let version = version.split('_').next().unwrap_or(version);
        found.extend(exact(version).map(|version| Dependency::exactly(name, &version)));
    }
    found
}

/// Reads `yarn.lock` of either format: a head such as `a@^1.0.0, a@^1.1.0:`, then the version.
pub(super) fn yarn(text: &str) -> Vec<Dependency> {
    let mut name: Option<&str> = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if !line.starts_with([' ', '#']) {
            let head = line.trim_end_matches(':').split(',').next().unwrap_or_default().trim_matches('"');
            let parts = head.get(1..).and_then(|rest| rest.find('@')).map(|at| head.split_at(at + 1));
            let local = |wanted: &str| {
                wanted.contains("@workspace:") || wanted.contains("@link:") || wanted.contains("@file:")
            };
            name = parts.filter(|(_, wanted)| !local(wanted)).map(|(name, wanted)| {
                match wanted.strip_prefix("@npm:") {
                    // Another name: `a@npm:b@1`.
                    Some(other) if other.rfind('@').is_some_and(|at| at > 0) => {
                        &other[..other.rfind('@').unwrap_or(0)]
                    }
                    _ => name,
                }
            });
        } else if let Some(version) = line
            .trim_start()
            .strip_prefix("version")
            .filter(|_| line.starts_with("  ") && !line.starts_with("   "))
        {
            let version = version.trim_matches([' ', ':', '"']);
            found.extend(
                name.take().zip(exact(version)).map(|(name, version)| Dependency::exactly(name, &version)),
            );
        }
    }
    found
}

/// Reads `bun.lock`: one line for each package, `"a": ["a@1.0.0", …`.
pub(super) fn bun(text: &str) -> Vec<Dependency> {
    let one = |line: &str| {
        let (_, rest) = line.trim_start().strip_prefix('"')?.split_once("\": [\"")?;
        let (name, version) = rest.split('"').next()?.rsplit_once('@')?;
        exact(version).map(|version| Dependency::exactly(name, &version))
    };
    text.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(found: &[Dependency]) -> Vec<(&str, &str)> {
        found.iter().filter_map(|one| Some((one.name.as_str(), one.exact.as_deref()?))).collect()
    }

    #[test]
    fn a_manifest_names_ranges_versions_aliases_and_places() {
        let text = r#"{"dependencies": {"a": "^1.0.0", "b": "2.0.0", "c": "npm:@d/e@3.0.0", "f": "file:../f"},
                       "devDependencies": {"g": "workspace:*", "h": "o/r", "i": 3, "j": "*"}}"#;
        let found = package(text).unwrap();
        assert_eq!(pins(&found), [("b", "2.0.0"), ("@d/e", "3.0.0")]);
        let elsewhere: Vec<_> =
            found.iter().filter(|one| one.elsewhere).map(|one| one.name.as_str()).collect();
        assert_eq!((found.len(), elsewhere), (7, vec!["f", "g", "h"]));
        assert!(package("{").is_err());
    }

    #[test]
    fn locks_name_one_version_of_everything() {
        let text = r#"{"packages": {"": {"version": "1.0.0"}, "node_modules/a": {"version": "1.0.0"},
            "node_modules/a/node_modules/@b/c": {"version": "2.0.0"}, "lib": {"version": "1.0.0"},
            "node_modules/lib": {"link": true}, "node_modules/x": {"name": "y", "version": "3.0.0"}}}"#;
        assert_eq!(pins(&lock(text).unwrap()), [("a", "1.0.0"), ("@b/c", "2.0.0"), ("y", "3.0.0")]);
        let text =
            r#"{"dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}}"#;
        assert_eq!(pins(&lock(text).unwrap()), [("a", "1.0.0"), ("b", "2.0.0")]);
        let text = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {}\n\n  '@b/c@2.0.0(d@1.0.0)':\n    engines: {}\n  /e/3.0.0:\n    dev: true\n  /f@4.0.0:\n    dev: true\nsnapshots:\n  a@1.0.0: {}\n";
        assert_eq!(pins(&pnpm(text)), [("a", "1.0.0"), ("@b/c", "2.0.0"), ("e", "3.0.0"), ("f", "4.0.0")]);
        let text = "# yarn lockfile v1\n\na@^1.0.0, a@^1.1.0:\n  version \"1.2.0\"\n  dependencies:\n    version \"^9\"\n\n\"@b/c@npm:^2.0.0\":\n  version: 2.0.1\n\n\"w@workspace:.\":\n  version: 0.0.0\n\n\"x@npm:y@^3\":\n  version: 3.0.0\n";
        assert_eq!(pins(&yarn(text)), [("a", "1.2.0"), ("@b/c", "2.0.1"), ("y", "3.0.0")]);
        let text = "{\n  \"packages\": {\n    \"a\": [\"a@1.0.0\", \"\", {}, \"sha512-x\"],\n    \"q/@b/c\": [\"@b/c@2.0.0\", \"\"],\n  }\n}\n";
        assert_eq!(pins(&bun(text)), [("a", "1.0.0"), ("@b/c", "2.0.0")]);
    }
}
