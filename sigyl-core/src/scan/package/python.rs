//! Manifests and locks of pip, uv, Poetry, PDM and Pipenv.

use serde::Deserialize;
use toml::Value;

use super::dependency::Dependency;

/// Reads requirements files, line by line; options and addresses name no package.
pub(super) fn requirements(text: &str) -> Vec<Dependency> {
    text.lines().filter_map(|line| requirement(line.split(" #").next()?)).collect()
}

/// Reads one requirement: `name[extra]>=1,<2; marker`, `name @ address`.
fn requirement(text: &str) -> Option<Dependency> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name.starts_with('-') || rest.starts_with([':', '/', '\\']) {
        return None;
    }
    let rest = rest.trim_start();
    let rest = rest
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or(rest, |(_, rest)| rest)
        .trim_start();
    if rest.starts_with('@') {
        return Some(Dependency::from_elsewhere(name));
    }
    let versions = rest.split([';', '\\']).next().unwrap_or_default();
    let versions = versions.split(" --").next().unwrap_or_default().trim().trim_matches(['(', ')']);
    let is_versions = versions.is_empty() || versions.starts_with(['=', '<', '>', '~', '!']);
    is_versions.then(|| Dependency::asked(name, versions, exact))
}

/// Returns the version of `==1.0`.
fn exact(wanted: &str) -> Option<String> {
    let version = wanted.strip_prefix("==")?.trim_start_matches('=').trim();
    (!version.contains([',', '*', ' ']) && !version.is_empty()).then(|| version.to_owned())
}

/// Reads `pyproject.toml`: what the project, its extras, its groups, its build and Poetry require.
pub(super) fn project(text: &str) -> Result<Vec<Dependency>, String> {
    let whole: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let at = |path: &[&str]| {
        let first = whole.get(path[0]);
        path[1..].iter().fold(first, |value, key| value?.get(key))
    };
    let mut found = Vec::new();
    for path in [&["project", "dependencies"][..], &["build-system", "requires"]] {
        found.extend(listed(at(path)));
    }
    for path in [
        &["project", "optional-dependencies"][..],
        &["dependency-groups"],
        &["tool", "pdm", "dev-dependencies"],
    ] {
        let groups = at(path).and_then(Value::as_table).into_iter().flatten();
        found.extend(groups.flat_map(|(_, group)| listed(Some(group))));
    }
    for path in [&["tool", "poetry", "dependencies"][..], &["tool", "poetry", "dev-dependencies"]] {
        found.extend(tabled(at(path)));
    }
    let groups = at(&["tool", "poetry", "group"]).and_then(Value::as_table).into_iter().flatten();
    found.extend(groups.flat_map(|(_, group)| tabled(group.get("dependencies"))));
    // What uv takes from somewhere else is named above as if it came from the index.
    let sources = at(&["tool", "uv", "sources"]).and_then(Value::as_table);
    for one in &mut found {
        let from =
            |source: &Value| ["git", "url", "path", "workspace"].iter().any(|key| source.get(key).is_some());
        one.elsewhere |= sources.and_then(|sources| sources.get(&one.name)).is_some_and(from);
    }
    Ok(found)
}

fn listed(value: Option<&Value>) -> Vec<Dependency> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| requirement(one.as_str()?))
        .collect()
}

/// Reads a table of names and versions, as Poetry and Pipenv have it.
fn tabled(value: Option<&Value>) -> Vec<Dependency> {
    let one = |(name, wanted): (&String, &Value)| {
        if name == "python" {
            return None;
        }
        Some(match (wanted.as_str(), wanted.get("version").and_then(Value::as_str)) {
            (Some(versions), _) | (None, Some(versions)) => {
                // A version alone is that version for Poetry.
                let alone =
                    versions.starts_with(|c: char| c.is_ascii_digit()) && !versions.contains([',', '*', ' ']);
                let versions = if alone { format!("=={versions}") } else { versions.to_owned() };
                Dependency::asked(name, versions.trim_start_matches('*'), exact)
            }
            (None, None) => Dependency::from_elsewhere(name),
        })
    };
    value.and_then(Value::as_table).into_iter().flatten().filter_map(one).collect()
}

/// Reads `Pipfile`.
pub(super) fn pipfile(text: &str) -> Result<Vec<Dependency>, String> {
    let whole: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(["packages", "dev-packages"].iter().flat_map(|group| tabled(whole.get(*group))).collect())
}

/// Reads `Pipfile.lock`.
pub(super) fn pipfile_lock(text: &str) -> Result<Vec<Dependency>, String> {
    let whole: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let groups = ["default", "develop"].iter().filter_map(|group| whole.get(group)?.as_object()).flatten();
    let one = |(name, package): (&String, &serde_json::Value)| match package
        .get("version")
        .and_then(serde_json::Value::as_str)
    {
        Some(version) => Dependency::asked(name, version, exact),
        None => Dependency::from_elsewhere(name),
    };
    Ok(groups.map(one).collect())
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default, alias = "packages")]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    source: Option<Value>,
}

/// Reads `uv.lock`, `poetry.lock`, `pdm.lock` and `pylock.toml`.
pub(super) fn lock(text: &str) -> Result<Vec<Dependency>, String> {
    let lock: Lock = toml::from_str(text).map_err(|error| error.to_string())?;
    let is_elsewhere = |source: &Value| {
        ["git", "url", "path", "directory", "editable", "virtual"].iter().any(|key| source.get(key).is_some())
    };
    let one = |package: Locked| match package
        .version
        .filter(|_| !package.source.as_ref().is_some_and(is_elsewhere))
    {
        Some(version) => Dependency::exactly(&package.name, &version),
        None => Dependency::from_elsewhere(&package.name),
    };
    Ok(lock.package.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(found: &[Dependency]) -> Vec<(&str, Option<&str>, bool)> {
        found.iter().map(|one| (one.name.as_str(), one.exact.as_deref(), one.elsewhere)).collect()
    }

    #[test]
    fn requirements_name_packages_and_leave_options_out() {
        let text = "a==1.0 --hash=sha256:00\nB_c[d]>=2,<3 ; python_version > '3'\n-r other.txt\n--index-url https://x.example\ne @ git+https://x.example/e\nhttps://x.example/f.whl\n# g\nh==1.*\ni # j\n./k\nl==2.0 \\\n    --hash=sha256:00\n";
        let found = requirements(text);
        assert_eq!(
            told(&found),
            [
                ("a", Some("1.0"), false),
                ("B_c", None, false),
                ("e", None, true),
                ("h", None, false),
                ("i", None, false),
                ("l", Some("2.0"), false)
            ]
        );
    }

    #[test]
    fn projects_and_locks_are_read() {
        let text = "[project]\ndependencies = [\"a==1.0\", \"w\"]\noptional-dependencies = { x = [\"b>=1\"] }\n[dependency-groups]\ndev = [\"c\", {include-group = \"x\"}]\n[tool.uv.sources]\nw = { workspace = true }\n[tool.poetry.dependencies]\npython = \"^3\"\nd = \"1.2\"\ne = { git = \"https://x.example\" }\n";
        assert_eq!(
            told(&project(text).unwrap()),
            [
                ("a", Some("1.0"), false),
                ("w", None, true),
                ("b", None, false),
                ("c", None, false),
                ("d", Some("1.2"), false),
                ("e", None, true)
            ]
        );
        let text = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"https://x.example\" }\n[[package]]\nname = \"b\"\nversion = \"0\"\nsource = { editable = \".\" }\n";
        assert_eq!(told(&lock(text).unwrap()), [("a", Some("1.0"), false), ("b", None, true)]);
        assert_eq!(
            told(&pipfile("[packages]\na = \"==1.0\"\nb = \"*\"\n").unwrap()),
            [("a", Some("1.0"), false), ("b", None, false)]
        );
        assert_eq!(
            told(&pipfile_lock(r#"{"default": {"a": {"version": "==1.0"}}}"#).unwrap()),
            [("a", Some("1.0"), false)]
        );
        assert!(
            project("[").is_err()
                && lock("[").is_err()
                && pipfile("[").is_err()
                && pipfile_lock("[").is_err()
        );
    }
}
