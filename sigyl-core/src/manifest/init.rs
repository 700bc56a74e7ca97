//! Writes a commented `sigyl.yaml` from what is found in a tree.

use std::collections::HashMap;

use super::field::{Field, Home, Shape, children};
use super::files::Files;
use super::node::{Node, Value};
use super::problem::{ManifestError, Place, Problem, Problems, printable};
use super::read::{Derived, gather};
use super::shape::{self, Unknown};
use super::{check, derive, emit, raw};
use crate::domain::Version;

const TARGET: [&str; 2] = ["sigyl.yaml", "sigyl.yml"];

/// Writes the text of a `sigyl.yaml`: what other manifests and the package say, and every other field as a comment.
///
/// What could not be found stands at the top as something to do. Never writes over a `sigyl.yaml` that is there.
pub fn init(files: &dyn Files) -> Result<String, ManifestError> {
    let mut problems = Problems::default();
    for name in TARGET {
        if files.read(name) != Ok(None) {
            problems
                .error(Place::file(name).problem("", "is there already").hint("edit it, or remove it first"));
        }
    }
    let mut found = gather(files, &mut problems);
    let mut todo = problems.finish()?;
    let mut problems = Problems::default();
    let derived = derive::fill(&mut found, files, &mut problems);
    // What was derived stood in no manifest yet, and may be out of form.
    shape::check(&mut found.root, Unknown::Noticed, &mut problems);
    match problems.finish() {
        Ok(notices) => todo.extend(notices),
        Err(error) => todo.extend(error.problems),
    }
    drop_wrong(&mut found.root, "");
    drop_refused(&mut found.root, &found.home, &mut todo);
    let missing = missing(&found.root);
    if !missing.is_empty() {
        todo.push(found.home.problem("", format!("sets no {} yet", missing.join(", no "))));
    }
    Ok(readable(found.root, &derived, &todo))
}

/// Writes what can be read back: a field that its reader refuses all the same becomes something to do, and where even that
/// is refused, everything does.
fn readable(mut root: Node, derived: &[Derived], todo: &[Problem]) -> String {
    let mut todo = todo.to_vec();
    loop {
        let text = write(&root, derived, &todo);
        let refused = refused(&text);
        if refused.is_empty() {
            return text;
        }
        let before = todo.len();
        for problem in refused {
            let field = problem.field.as_deref().unwrap_or_default();
            let top = field.split(['.', '[']).next().unwrap_or_default();
            if root.find(top).is_some() && root.take(top).is_some() {
                todo.push(problem);
            }
        }
        if todo.len() == before {
            let why = Place::file(TARGET[0]).problem("", "could not be written from what was found");
            return write(&Node::empty(Place::file(TARGET[0])), &[], &[why]);
        }
    }
}

/// Tells what a reader of a text would refuse, besides what is missing.
fn refused(text: &str) -> Vec<Problem> {
    // Where nothing is known, everything is a comment, to be filled in.
    if text.lines().all(|line| line.is_empty() || line.starts_with('#')) {
        return Vec::new();
    }
    let (place, mut problems) = (Place::file(TARGET[0]), Problems::default());
    if let Some(mut root) = raw::read(&place, text.as_bytes(), &mut problems) {
        shape::check(&mut root, Unknown::Forbidden, &mut problems);
        check::check(&root, &place, &mut problems);
    }
    let all = problems.finish().map_or_else(|error| error.problems, |_| Vec::new());
    all.into_iter().filter(|problem| problem.message != "is missing").collect()
}

/// Names what every server needs and none of its files says.
fn missing(root: &Node) -> Vec<&'static str> {
    let container = root.find("runtime").and_then(Node::as_text) == Some("container");
    let started = container || root.find("startCommand.command").is_some();
    let needed = ["name", "runtime", "entryPoint", "startCommand.type"].into_iter();
    needed.filter(|path| root.find(path).is_none() && !(started && *path == "entryPoint")).collect()
}

/// Drops fields that were reported, so that they stand as comments to fill in, and tables without fields.
fn drop_wrong(node: &mut Node, inside: &str) {
    let Value::Map(entries) = &mut node.value else { return };
    entries.retain_mut(|entry| {
        let field = children(inside).find(|field| field.key() == entry.key);
        if let Some(field) = field.filter(|field| field.shape == Shape::Table) {
            drop_wrong(&mut entry.node, field.path);
            return !entry.node.entries().is_empty();
        }
        !matches!(entry.node.value, Value::Wrong | Value::Null)
    });
}

/// Drops values that a reader of the manifest would refuse, and says why: what is written can be read back.
fn drop_refused(root: &mut Node, home: &Place, todo: &mut Vec<Problem>) {
    loop {
        let mut problems = Problems::default();
        check::check(root, home, &mut problems);
        let refused = problems.finish().map_or_else(|error| error.problems, |_| Vec::new());
        let before = todo.len();
        for problem in refused {
            let Some(field) = &problem.field else { continue };
            let whole = field.split('[').next().unwrap_or(field);
            // A setting may have dots in its name.
            let taken = root.find(whole).is_some().then(|| root.take(whole)).flatten();
            let taken = taken.or_else(|| whole.starts_with("env.").then(|| root.take("env")).flatten());
            todo.extend(taken.map(|_| problem));
        }
        if todo.len() == before {
            return;
        }
    }
}

fn write(root: &Node, derived: &[Derived], todo: &[Problem]) -> String {
    let from: HashMap<_, _> = derived.iter().map(|each| (each.field.as_str(), each.from.as_str())).collect();
    let mut out = String::from("# How this server runs and what it is, for Sigyl.\n");
    out.push_str("# Lines that begin with `#` are comments: remove the `#` to set a field.\n");
    for problem in todo {
        // What it quotes may hold what no reader takes, even in a comment.
        out.push_str(&format!("# to do: {}\n", printable(&problem.to_string())));
    }
    for (home, title) in [(Home::Is, "What it is"), (Home::Runs, "How it runs")] {
        out.push_str(&format!("\n# {title}\n"));
        for field in children("").filter(|field| field.home == home) {
            top(&mut out, root, field, &from);
        }
    }
    while out.contains("\n\n\n") {
        out = out.replace("\n\n\n", "\n\n");
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn top(out: &mut String, root: &Node, field: &Field, from: &HashMap<&str, &str>) {
    let is_table = matches!(field.shape, Shape::Table | Shape::Tables);
    if is_table {
        out.push('\n');
    }
    match (root.find(field.path), field.shape) {
        (None, Shape::Table) => {
            out.push_str(&format!("# {}:  # {}\n", field.key(), field.doc));
            absent_children(out, field.path, "#   ");
        }
        (None, Shape::Tables) => {
            out.push_str(&format!("# {}:  # {}\n", field.key(), field.doc));
            let mut lead = "#   - ";
            for child in children(&format!("{}[]", field.path)) {
                out.push_str(&format!("{lead}{}: {}  # {}\n", child.key(), child.example, child.doc));
                lead = "#     ";
            }
        }
        (Some(node), Shape::Table) => table(out, node, field, 0, from),
        _ => one(out, root, field, 0, from),
    }
    if is_table {
        out.push('\n');
    }
}

/// Writes a table that holds something: what it holds, and the rest as comments.
fn table(out: &mut String, node: &Node, field: &Field, indent: usize, from: &HashMap<&str, &str>) {
    let pad = " ".repeat(indent);
    out.push_str(&format!("{pad}# {}\n{pad}{}:\n", field.doc, field.key()));
    for child in children(field.path) {
        match node.find(child.key()) {
            Some(inner) if child.shape == Shape::Table => table(out, inner, child, indent + 2, from),
            None if child.shape == Shape::Table => {
                out.push_str(&format!("{pad}  # {}:  # {}\n", child.key(), child.doc));
                absent_children(out, child.path, &format!("{pad}  #   "));
            }
            _ => one(out, node, child, indent + 2, from),
        }
    }
}

/// Writes one field: its value below what it is, or an example as a comment.
fn one(out: &mut String, table: &Node, field: &Field, indent: usize, from: &HashMap<&str, &str>) {
    let pad = " ".repeat(indent);
    let Some(node) = table.find(field.key()) else {
        out.push_str(&format!("{pad}# {}: {}  # {}\n", field.key(), field.example, field.doc));
        return;
    };
    out.push_str(&format!("{pad}# {}\n", field.doc));
    if let Some(from) = from.get(field.path) {
        out.push_str(&format!("{pad}# From {from}.\n"));
    }
    let bad_semver = |text: &str| Version::parse(text).is_ok_and(|version| !version.is_semver());
    if field.path == "version" && node.as_text().is_some_and(bad_semver) {
        out.push_str(&format!("{pad}# It is no `major.minor.patch`: write one when you next publish.\n"));
    }
    emit::entry(out, field.key(), node, indent);
}

fn absent_children(out: &mut String, path: &str, lead: &str) {
    for child in children(path) {
        if child.shape == Shape::Table {
            out.push_str(&format!("{lead}{}:  # {}\n", child.key(), child.doc));
            absent_children(out, child.path, &format!("{lead}  "));
        } else {
            out.push_str(&format!("{lead}{}: {}  # {}\n", child.key(), child.example, child.doc));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::tree;
    use super::super::read::read;
    use super::*;

    const PACKAGE: &str = r#"{"name": "@ada/clock", "version": "1.0", "mcpName": "io.github.ada/clock",
        "description": "Tells: the \"time\" # here\n", "license": "MIT", "author": "Ada <ada@example.com>",
        "keywords": ["time", "yes", "1.0", "a, b"], "bin": {"clock": "./dist/index.js"},
        "scripts": {"build": "tsc"}, "repository": "github:ada/clock"}"#;

    /// What `init` writes gives the same manifest as what it was written from, and leaves nothing to derive.
    fn reads_back(files: &[(&str, &str)]) -> String {
        let before = read(&tree(files)).unwrap();
        let text = init(&tree(files)).unwrap();
        let mut with = tree(files);
        with.insert("sigyl.yaml".to_owned(), text.clone().into_bytes());
        let after = read(&with).unwrap();
        assert_eq!(after.manifest, before.manifest, "{text}");
        assert_eq!(after.derived, [], "{text}");
        text
    }

    #[test]
    fn what_is_derived_reads_back_as_the_same_manifest() {
        insta::assert_snapshot!(reads_back(&[("package.json", PACKAGE)]));
        reads_back(&[("Cargo.toml", "[package]\nname = 'a'\nversion = '1.0.0'\n"), ("src/main.rs", "")]);
        reads_back(&[
            ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\nSummary: !x &y *z\n"),
            ("a-1.dist-info/entry_points.txt", "[console_scripts]\na = a:main\n"),
        ]);
    }

    /// What `init` writes is never refused by its reader, whatever it was made from.
    fn never_refused(files: &[(&str, &str)]) -> String {
        let text = init(&tree(files)).unwrap();
        let mut with = tree(files);
        with.insert("sigyl.yaml".to_owned(), text.clone().into_bytes());
        let problems = read(&with).map_or_else(|error| error.problems, |_| Vec::new());
        let refused: Vec<_> = problems
            .iter()
            .filter(|problem| problem.file == "sigyl.yaml" && problem.message != "is missing")
            .collect();
        assert!(refused.is_empty(), "{refused:?}\n{text}");
        text
    }

    #[test]
    fn a_value_that_would_be_refused_becomes_something_to_do() {
        let package = r#"{"name": "a", "version": "^1.0.0", "mcpName": "not a name!", "bin": "../x.js"}"#;
        let text = never_refused(&[("package.json", package)]);
        for field in ["name", "version", "entryPoint"] {
            assert!(text.contains(&format!("# to do: package.json: `{field}` ")), "{field}\n{text}");
            assert!(!text.lines().any(|line| line.starts_with(field)), "{field}\n{text}");
        }
        let mcp = "name: A b\nruntime: node\nentryPoint: /x.js\nenv: {1.a: x, B: y}\nsecrets: [{name: a b}]\n\
                   startCommand: {type: stdio, port: 80}\nresources: {cpu: 0, minInstances: 3, maxInstances: 1}\n\
                   permissions: {network: ['https://h:1']}\nhealth: {path: /x}\n";
        never_refused(&[("mcp.yaml", mcp)]);
        let script = ("pyproject.toml", "[project]\nname = 'a'\nversion = '1'\nscripts = {a = 'a b:c()'}\n");
        never_refused(&[script]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_found_nothing_is_written_that_is_refused(
            texts in proptest::collection::btree_map(
                proptest::sample::select(vec!["name", "version", "mcpName", "bin", "main", "homepage", "license"]),
                "(\\^|\\.\\./|/|https://|javascript:|io\\.x/)?[a-zA-Z0-9./@ _:#\u{e9}-]{0,8}",
                0..6,
            ),
            fields in proptest::collection::btree_map(
                proptest::sample::select(vec![
                    "title", "runtime", "entryPoint", "env", "icon", "resources", "permissions", "build", "health",
                ]),
                proptest::sample::select(vec![
                    "x", "../x", "node", "rust", "1", "{a.b: x}", "{cpu: 0}", "{network: ['h']}", "{path: y}",
                    "{command: 'a && b', outputDir: ../x}", "{minInstances: 2, maxInstances: 1}", "{1a: x}",
                ]),
                0..4,
            )
        ) {
            let package = serde_json::to_string(&texts).unwrap();
            let mcp: String = fields.iter().map(|(field, value)| format!("{field}: {value}\n")).collect();
            let files = [("package.json", package.as_str()), ("mcp.yaml", mcp.as_str())];
            let files = if mcp.is_empty() { &files[..1] } else { &files[..] };
            // What does not read at all is refused before anything is written.
            if init(&tree(files)).is_ok() {
                never_refused(files);
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_spelled_out_in_what_is_to_do() {
        let wheel = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1 \u{feff}y\n");
        let text = never_refused(&[wheel]);
        assert!(text.contains("`1 \\u{feff}y` is not a version"), "{text}");
    }

    #[test]
    fn what_is_no_character_is_spelled_out_in_what_is_to_do() {
        for none in ['\u{fffe}', '\u{ffff}'] {
            let metadata = format!("Name: a\nVersion: 1 {none}y\n");
            let text = never_refused(&[("a-1.dist-info/METADATA", &metadata)]);
            assert!(text.contains(&format!("`1 {}y` is not", none.escape_unicode())), "{text}");
        }
    }

    #[test]
    fn what_is_refused_when_it_is_read_back_becomes_something_to_do() {
        let mut root = Node::empty(Place::file("f"));
        for (field, value) in [("name", "a"), ("version", "^1"), ("entryPoint", "../a.js")] {
            root.put(field, Node::text(Place::file("f"), value)).unwrap();
        }
        let text = readable(root, &[], &[]);
        assert!(refused(&text).is_empty() && text.contains("\nname: a\n"), "{text}");
        for field in ["version", "entryPoint"] {
            assert!(text.contains("# to do: sigyl.yaml:") && text.contains(&format!("`{field}`")), "{text}");
            assert!(!text.lines().any(|line| line.starts_with(field)), "{text}");
        }
    }

    #[test]
    fn what_is_derived_out_of_form_becomes_something_to_do() {
        let files = [
            ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\nSummary: \u{e}x\n"),
            ("a-1.dist-info/entry_points.txt", "[console_scripts]\na = \u{1}imain\n"),
        ];
        let text = never_refused(&files);
        assert!(text.contains("`entryPoint` holds the control character \\u{1}"), "{text}");
    }

    #[test]
    fn a_key_that_is_too_long_for_one_line_reads_back() {
        let key = "k".repeat(1_100);
        let mcp = format!(
            "name: a\nruntime: node\nentryPoint: a.js\nstartCommand:\n  type: stdio\n  configSchema:\n    type: object\n    \
             ? {key}\n    : {{a: [{{b: 1}}]}}\n"
        );
        reads_back(&[("mcp.yaml", &mcp)]);
    }

    #[test]
    fn a_module_of_go_gets_its_program() {
        let text =
            reads_back(&[("go.mod", "module host.example/ada/clock/v2\n"), ("main.go", "package main\n")]);
        assert!(text.contains("\nruntime: go\n") && text.contains("\nname: clock\n"), "{text}");
    }

    #[test]
    fn what_other_manifests_say_reads_back_as_the_same_manifest() {
        let mcp = "\
name: clock
runtime: node
entryPoint: a.js
startCommand: {type: http, port: 3000, path: /x, configSchema: {type: object, required: [], enum: [1, 1.50, null, 'on'], default: ~, properties: {}}}
env: {A: '1', B: 'x: y', C: true, on: \"line\\nbreak\", D: \"\\u2028 \\x85\"}
secrets: [{name: T, required: false}, {name: U, description: \"two\\nlines\"}]
tools:
  - name: now
    description: |
      First line.
        - second
    inputSchema: {type: object, properties: {zone: {type: [string, 'null'], default: ~}}}
permissions: {network: ['a.example:443']}
resources: {cpu: 0.5, memory: 512Mi, minInstances: 0}
security: {sessionConfig: {secure: false}}
x-mine: 1
";
        insta::assert_snapshot!(reads_back(&[("mcp.yaml", mcp)]));
        reads_back(&[("smithery.yaml", "runtime: container\nname: a\nstartCommand: {type: http}\n")]);
    }

    #[test]
    fn an_empty_tree_gets_a_form_to_fill_in() {
        let text = init(&tree(&[])).unwrap();
        insta::assert_snapshot!(text);
        let error = read(&tree(&[("sigyl.yaml", &text)])).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
    }

    #[test]
    fn a_manifest_that_is_there_is_never_written_over() {
        let error = init(&tree(&[("sigyl.yml", "name: a\n")])).unwrap_err().to_string();
        assert_eq!(error, "sigyl.yml: is there already; edit it, or remove it first");
    }

    #[test]
    fn names_from_a_package_cannot_end_a_comment() {
        let package = r#"{"name": "a", "version": "1", "bin": {"x\nevil: true\u2028evil: true": "x.js"}}"#;
        let text = reads_back(&[("package.json", package), ("x.js", "")]);
        assert!(!text.lines().any(|line| line.starts_with("evil")), "{text}");
        let folder = "a\nevil: 1.dist-info";
        let metadata = format!("{folder}/METADATA");
        let scripts = format!("{folder}/entry_points.txt");
        let text = reads_back(&[(&metadata, "Name: a\n"), (&scripts, "[console_scripts]\na=a:b\n")]);
        assert!(!text.lines().any(|line| line.starts_with("evil")), "{text}");
    }

    #[test]
    fn every_example_of_the_table_is_a_value_that_is_taken() {
        for field in super::super::table::FIELDS.iter().filter(|field| !field.example.is_empty()) {
            let taken =
                [("node", "stdio"), ("node", "http"), ("container", "http")].iter().any(|(runtime, how)| {
                    let base = format!(
                        "name: a\nruntime: {runtime}\nentryPoint: a.js\nstartCommand: {{type: {how}}}\n"
                    );
                    let mut problems = Problems::default();
                    let place = Place::file("f");
                    let mut root = raw::read(&place, base.as_bytes(), &mut problems).unwrap();
                    let example = format!("example: {}", field.example);
                    let example = raw::read(&place, example.as_bytes(), &mut problems).unwrap();
                    let example = example.find("example").unwrap().clone();
                    match field.path.split_once("[].") {
                        None => root.put(field.path, example).unwrap(),
                        Some((list, key)) => {
                            let mut item = Node::empty(place.clone());
                            item.put("name", Node::text(place.clone(), "NAME")).unwrap();
                            item.put(key, example).unwrap();
                            root.put(list, Node { place: place.clone(), value: Value::List(vec![item]) })
                                .unwrap();
                        }
                    }
                    let form = Unknown::Forbidden;
                    shape::check(&mut root, form, &mut problems);
                    check::check(&root, &place, &mut problems).is_some()
                });
            assert!(taken, "the example of {} is refused", field.path);
        }
    }
}
