//! Fills in what no manifest gives, and says where each field came from.

use super::super::files::Files;
use super::super::node::{Node, Value};
use super::super::problem::Problems;
use super::super::read::{Derived, Found};
use super::package::{Package, Programs};
use super::{cargo, npm, python};

/// Fills in missing fields from the package in the tree; reports when there is nothing to derive from.
pub(in super::super) fn fill(found: &mut Found, files: &dyn Files, problems: &mut Problems) -> Vec<Derived> {
    let runtime = found.root.find("runtime").and_then(Node::as_text).map(str::to_owned);
    let unread = problems.has_errors();
    let mut packages: Vec<Package> = [npm::read, python::read, cargo::read]
        .into_iter()
        .filter_map(|read| read(files, problems))
        .filter(|package| match runtime.as_deref() {
            Some("container" | "go") | None => true,
            Some(runtime) => package.runtime == runtime,
        })
        .collect();
    if packages.len() > 1 {
        packages.retain(|package| !matches!(package.programs, Programs::None(_)));
    }
    if packages.is_empty() && found.files.is_empty() && (unread || !problems.has_errors()) {
        nothing(found, problems);
    }
    let mut filler = Filler { root: &mut found.root, derived: Vec::new() };
    match packages.as_slice() {
        [] => {}
        [package] => filler.package(package, runtime.as_deref(), files, problems),
        many if runtime.is_none() => ambiguous(filler.root, many, problems),
        _ => {}
    }
    filler.derived
}

fn nothing(found: &mut Found, problems: &mut Problems) {
    let message = "is missing, and there is no package to derive a manifest from \
                   (package.json, pyproject.toml, a wheel, Cargo.toml)";
    problems.error(found.home.problem("", message).hint("`sigyl init` writes one to start from"));
    for path in ["name", "runtime", "startCommand.type", "entryPoint"] {
        wrong(&mut found.root, path);
    }
}

fn ambiguous(root: &mut Node, packages: &[Package], problems: &mut Problems) {
    let files: Vec<_> = packages.iter().map(|package| &*package.place.file).collect();
    let runtimes: Vec<_> = packages.iter().map(|package| package.runtime).collect();
    let message = format!("cannot be derived: {} each name a program", files.join(" and "));
    let hint = format!("set `runtime` in sigyl.yaml to {}", runtimes.join(" or "));
    problems.error(root.place.problem("runtime", message).hint(hint));
    for path in ["name", "runtime", "startCommand.type", "entryPoint"] {
        if root.find(path).is_none() {
            wrong(root, path);
        }
    }
}

/// Marks a field as reported.
fn wrong(root: &mut Node, path: &str) {
    let node = Node { place: root.place.clone(), value: Value::Wrong };
    // A node that cannot be put is under one that was reported already.
    root.put(path, node).ok();
}

struct Filler<'a> {
    root: &'a mut Node,
    derived: Vec<Derived>,
}

impl Filler<'_> {
    fn package(
        &mut self,
        package: &Package,
        runtime: Option<&str>,
        files: &dyn Files,
        problems: &mut Problems,
    ) {
        for field in &package.fields {
            self.put(field.path, field.node.clone(), &field.from);
        }
        if runtime.is_some_and(|runtime| runtime != package.runtime) {
            return;
        }
        let file = &package.place.file;
        self.put("runtime", Node::text(package.place.clone(), package.runtime), file);
        self.entry(package, problems);
        self.transport(package);
        self.build(package, files);
    }

    fn put(&mut self, path: &str, node: Node, from: &str) {
        if self.root.find(path).is_none() && self.root.put(path, node).is_ok() {
            self.derived.push(Derived { field: path.to_owned(), from: from.to_owned() });
        }
    }

    fn entry(&mut self, package: &Package, problems: &mut Problems) {
        if self.root.find("entryPoint").or_else(|| self.root.find("startCommand.command")).is_some() {
            return;
        }
        let problem = match &package.programs {
            Programs::One { entry, from } => {
                return self.put("entryPoint", Node::text(package.place.clone(), entry), from);
            }
            Programs::Several { names, from } => {
                const SHOWN: usize = 20;
                let more = names.len().saturating_sub(SHOWN);
                let mut list = names[..names.len() - more].join(", ");
                if more > 0 {
                    list.push_str(&format!(" and {more} more"));
                }
                package.place.problem(from, format!("names several programs: {list}"))
            }
            Programs::None(why) => package.place.problem("", why.as_str()),
        };
        problems.error(problem.hint("set `entryPoint` in sigyl.yaml to the one that is the server"));
        wrong(self.root, "entryPoint");
    }

    /// A packaged program is started by its client and speaks stdio, unless a manifest says more.
    fn transport(&mut self, package: &Package) {
        let says_more = |path: &str| self.root.find(path).is_some();
        if !says_more("startCommand.port") && !says_more("startCommand.path") {
            let from =
                format!("{}: packaged programs speak stdio unless a manifest says http", package.place.file);
            self.put("startCommand.type", Node::text(package.place.clone(), "stdio"), &from);
        }
    }

    /// Takes the package's own build script when what is to be started is not in the tree yet.
    fn build(&mut self, package: &Package, files: &dyn Files) {
        let Some((command, script)) = &package.build else { return };
        let Some(entry) = self.root.find("entryPoint").and_then(Node::as_text) else { return };
        let entry = entry.trim_start_matches("./").to_owned();
        if files.paths().contains(&entry) {
            return;
        }
        let from = format!("{}: {script}, since {entry} is not in the tree", package.place.file);
        self.put("build.command", Node::text(package.place.clone(), command), &from);
    }
}
