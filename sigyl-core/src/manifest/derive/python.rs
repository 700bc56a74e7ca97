//! Reads the metadata of Python packages: a wheel's, or `pyproject.toml`.

use toml::{Table, Value};

use super::super::files::Files;
use super::super::problem::{Place, Problems, shown};
use super::package::{Collector, Package, Programs, text_of, toml_of};

/// Longest `License` header that is a name: old packages put the whole text there.
const LICENSE_NAME: usize = 100;

/// Reads the package of the tree: an unpacked wheel, else `pyproject.toml`, else the metadata of a source package.
pub(super) fn read(files: &dyn Files, problems: &mut Problems) -> Option<Package> {
    let paths = files.paths();
    let wheel = only(&paths, "/METADATA", |dir| dir.ends_with(".dist-info") && !dir.contains('/'), problems)?;
    if let Some(dir) = wheel {
        return metadata(files, &format!("{dir}/METADATA"), dir, problems);
    }
    if paths.iter().any(|path| path == "pyproject.toml") {
        return pyproject(files, &paths, problems);
    }
    let at_root = |dir: &str| !dir.strip_prefix("src/").unwrap_or(dir).contains('/');
    let dir = only(&paths, "/PKG-INFO", |dir| dir.ends_with(".egg-info") && at_root(dir), problems)??;
    metadata(files, &format!("{dir}/PKG-INFO"), dir, problems)
}

/// Finds the one folder that holds a file; nothing at all, with a problem, when there are several.
fn only<'a>(
    paths: &'a [String],
    file: &str,
    is_it: impl Fn(&str) -> bool,
    problems: &mut Problems,
) -> Option<Option<&'a str>> {
    let mut found = paths.iter().filter_map(|path| path.strip_suffix(file)).filter(|dir| is_it(dir));
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => {
            let message = format!("is there beside {}{file}", shown(second));
            let problem = Place::file(&format!("{first}{file}")).problem("", message);
            problems.error(problem.hint("a tree holds one package: remove the other, or write a sigyl.yaml"));
            None
        }
        (first, _) => Some(first),
    }
}

fn metadata(files: &dyn Files, path: &str, dir: &str, problems: &mut Problems) -> Option<Package> {
    let text = text_of(files, path, problems)?.replace("\r\n", "\n");
    let place = Place::file(path);
    let mut to = Collector::new(place.clone(), problems);
    let headers = text.split_once("\n\n").map_or(text.as_str(), |(headers, _)| headers);
    let all = |key: &'static str| headers.lines().filter_map(move |line| header(line, key));
    let name = all("Name").next().unwrap_or_default().to_owned();
    to.name(Some(&name).filter(|name| !name.is_empty()).map(String::as_str), "Name");
    to.text("version", all("Version").next(), "Version");
    to.text("description", all("Summary").next(), "Summary");
    to.text("license", all("License-Expression").next(), "License-Expression");
    to.text("license", all("License").next().filter(|text| text.len() <= LICENSE_NAME), "License");
    let words = all("Keywords").flat_map(|list| list.split(',')).map(|word| word.trim().to_owned());
    to.texts("tags", words.collect(), "Keywords");
    to.address("homepage", project_url(headers, &["homepage", "home"]), "Project-URL");
    to.address("homepage", all("Home-page").next(), "Home-page");
    to.address("repository", project_url(headers, &["repository", "source", "sourcecode"]), "Project-URL");
    to.texts("authors", all("Author").map(str::to_owned).collect(), "Author");
    to.texts("authors", all("Author-email").map(str::to_owned).collect(), "Author-email");
    let fields = to.fields;
    let scripts = format!("{dir}/entry_points.txt");
    let text = text_of(files, &scripts, problems).unwrap_or_default();
    let programs = choose(&name, console_scripts(&text), &scripts, "console_scripts");
    Some(Package { place, runtime: "python", fields, programs, build: None })
}

fn header<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case(key).then(|| value.trim()).filter(|value| *value != "UNKNOWN")
}

fn project_url<'a>(headers: &'a str, labels: &[&str]) -> Option<&'a str> {
    headers.lines().filter_map(|line| header(line, "Project-URL")).find_map(|value| {
        let (label, url) = value.split_once(',')?;
        let label = label.to_ascii_lowercase().replace([' ', '-', '_'], "");
        labels.contains(&label.as_str()).then(|| url.trim())
    })
}

/// Reads `name = module:function` lines of one section of an INI file.
fn console_scripts(text: &str) -> Vec<(String, String)> {
    let mut inside = false;
    let mut scripts = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if line.starts_with('[') {
            inside = line == "[console_scripts]";
        } else if let Some((name, target)) = line.split_once('=').filter(|_| inside) {
            scripts.push((name.trim().to_owned(), without_extras(target)));
        }
    }
    scripts
}

fn without_extras(target: &str) -> String {
    target.split('[').next().unwrap_or(target).trim().to_owned()
}

/// Chooses the script named like the distribution, else the only one.
fn choose(distribution: &str, scripts: Vec<(String, String)>, file: &str, key: &str) -> Programs {
    let named = scripts.iter().find(|(name, _)| normal(name) == normal(distribution));
    let only = || scripts.first().filter(|_| scripts.len() == 1);
    match named.or_else(only) {
        Some((name, target)) => {
            Programs::One { entry: target.clone(), from: format!("{file}: {key}.{}", shown(name)) }
        }
        None if scripts.is_empty() => Programs::None("names no console script".to_owned()),
        None => {
            let names = scripts.iter().map(|(name, target)| format!("{} ({})", shown(name), shown(target)));
            Programs::Several { names: names.collect(), from: key.to_owned() }
        }
    }
}

/// Normalises a name as PyPI compares them.
fn normal(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn pyproject(files: &dyn Files, paths: &[String], problems: &mut Problems) -> Option<Package> {
    const FILE: &str = "pyproject.toml";
    let manifest = toml_of(files, FILE, problems)?;
    let table = |path: &[&str]| {
        let first = manifest.get(path[0])?;
        path[1..].iter().try_fold(first, |value, key| value.get(key))?.as_table()
    };
    let (project, key) = match (table(&["project"]), table(&["tool", "poetry"])) {
        (Some(project), _) => (project, "project"),
        (None, Some(poetry)) => (poetry, "tool.poetry"),
        (None, None) => return None,
    };
    let place = Place::file(FILE);
    let mut to = Collector::new(place.clone(), problems);
    let name = project.get("name").and_then(Value::as_str).unwrap_or_default();
    project_fields(project, key, &mut to);
    let mut fields = to.fields;
    let no_version = fields.iter().all(|field| field.path != "version");
    if no_version && paths.iter().any(|path| path == "PKG-INFO") {
        let built = metadata(files, "PKG-INFO", "", problems)?;
        fields.extend(built.fields.into_iter().filter(|field| field.path == "version"));
    }
    let scripts = project.get("scripts").and_then(Value::as_table);
    let scripts = scripts
        .into_iter()
        .flatten()
        .filter_map(|(name, target)| Some((name.clone(), without_extras(target.as_str()?))));
    let programs = choose(name, scripts.collect(), FILE, &format!("{key}.scripts"));
    Some(Package { place, runtime: "python", fields, programs, build: None })
}

fn project_fields(project: &Table, key: &str, to: &mut Collector<'_>) {
    let text = |field: &str| project.get(field).and_then(Value::as_str);
    let from = |field: &str| format!("{key}.{field}");
    to.name(text("name"), &from("name"));
    to.text("version", text("version"), &from("version"));
    to.text("description", text("description"), &from("description"));
    to.text("license", text("license"), &from("license"));
    let license = project.get("license").and_then(|license| license.get("text")?.as_str());
    to.text("license", license, &from("license.text"));
    to.texts("tags", strings(project.get("keywords")), &from("keywords"));
    to.texts("authors", strings(project.get("authors")), &from("authors"));
    to.address("homepage", text("homepage"), &from("homepage"));
    to.address("repository", text("repository"), &from("repository"));
    let urls = project.get("urls").and_then(Value::as_table);
    for (label, url) in urls.into_iter().flatten() {
        let path = match label.to_ascii_lowercase().as_str() {
            "homepage" | "home" => "homepage",
            "repository" | "source" | "source code" => "repository",
            _ => continue,
        };
        to.address(path, url.as_str(), &from("urls"));
    }
}

/// Returns the texts of a list; a person's `{name, email}` becomes one text.
fn strings(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let person = |item: &Value| {
        let name = item.get("name").and_then(Value::as_str);
        let email = item.get("email").and_then(Value::as_str);
        match (name, email) {
            (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
            (name, email) => name.or(email).map(str::to_owned),
        }
    };
    items.filter_map(|item| item.as_str().map(str::to_owned).or_else(|| person(item))).collect()
}
