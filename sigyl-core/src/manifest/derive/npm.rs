//! Reads `package.json`.

use serde_json::Value;

use super::super::files::Files;
use super::super::inside;
use super::super::problem::{Place, Problems, shown};
use super::package::{Collector, Package, Programs, keep, text_of};

const FILE: &str = "package.json";

/// Reads the package at the root of the tree, if there is one.
pub(super) fn read(files: &dyn Files, problems: &mut Problems) -> Option<Package> {
    let text = text_of(files, FILE, problems)?;
    let place = Place::file(FILE);
    let parsed = serde_json::from_str(&text).map_err(|error: serde_json::Error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        let message = format!("is not JSON: {}", shown(why));
        place.at(error.line().max(1), error.column().max(1)).problem("", message)
    });
    let package: Value = keep(parsed, problems)?;
    if !package.is_object() {
        problems.error(place.problem("", "holds no JSON object"));
        return None;
    }
    let mut collector = Collector::new(place.clone(), problems);
    fields(&package, &mut collector);
    let fields = collector.fields;
    Some(Package { place, runtime: "node", fields, programs: programs(&package), build: build(&package) })
}

fn fields(package: &Value, to: &mut Collector<'_>) {
    let text = |key: &str| package.get(key).and_then(Value::as_str);
    to.text("name", text("mcpName"), "mcpName");
    to.name(text("name"), "name");
    to.text("description", text("description"), "description");
    to.text("version", text("version"), "version");
    to.text("license", text("license"), "license");
    to.address("homepage", text("homepage"), "homepage");
    to.address("repository", repository(package).as_deref(), "repository");
    let keywords = package.get("keywords").and_then(Value::as_array);
    let keywords = keywords.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    to.texts("tags", keywords, "keywords");
    to.texts("authors", package.get("author").and_then(person).into_iter().collect(), "author");
}

fn person(author: &Value) -> Option<String> {
    if let Some(text) = author.as_str() {
        return Some(text.to_owned());
    }
    let name = author.get("name")?.as_str()?;
    let email = author.get("email").and_then(Value::as_str);
    Some(email.map_or_else(|| name.to_owned(), |email| format!("{name} <{email}>")))
}

/// Spells out the short forms of npm for repositories (`owner/name`, `github:owner/name`).
fn repository(package: &Value) -> Option<String> {
    let repository = package.get("repository")?;
    let text = repository.as_str().or_else(|| repository.get("url")?.as_str())?;
    let short = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        text.split_once('/').is_some_and(|(owner, name)| {
            !owner.is_empty() && !name.is_empty() && owner.chars().all(plain) && name.chars().all(plain)
        })
    };
    let (host, path) = match text.split_once(':') {
        Some(("github", path)) => ("github.com", path),
        Some(("gitlab", path)) => ("gitlab.com", path),
        Some(("bitbucket", path)) => ("bitbucket.org", path),
        _ => ("github.com", text),
    };
    Some(if short(path) { format!("https://{host}/{path}") } else { text.to_owned() })
}

/// Finds the script that is started: the bin named like the package, else the only one, else `main`.
fn programs(package: &Value) -> Programs {
    let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
    let bare = name.rsplit('/').next().unwrap_or(name);
    let one = |key: String, path: &str| Programs::One {
        entry: inside::tree_path(path).unwrap_or_else(|| path.to_owned()),
        from: format!("{FILE}: {key}"),
    };
    match package.get("bin") {
        Some(Value::String(path)) => return one("bin".to_owned(), path),
        Some(Value::Object(bins)) if !bins.is_empty() => {
            let named = bins.get_key_value(bare).or_else(|| bins.iter().next().filter(|_| bins.len() == 1));
            if let Some((name, path)) = named.and_then(|(name, path)| Some((name, path.as_str()?))) {
                return one(format!("bin.{}", shown(name)), path);
            }
            let names = bins.iter().map(|(name, path)| {
                format!("{} ({})", shown(name), shown(path.as_str().unwrap_or("no path")))
            });
            return Programs::Several { names: names.collect(), from: "bin".to_owned() };
        }
        _ => {}
    }
    match package.get("main").and_then(Value::as_str) {
        Some(path) => one("main".to_owned(), path),
        None => Programs::None("names no `bin` and no `main`".to_owned()),
    }
}

fn build(package: &Value) -> Option<(String, String)> {
    let scripts = package.get("scripts")?;
    let script = ["build", "prepare", "prepack"].into_iter().find(|name| scripts.get(name).is_some())?;
    Some((format!("npm run {script}"), format!("scripts.{script}")))
}
