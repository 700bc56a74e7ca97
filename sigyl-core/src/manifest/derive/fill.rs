//! Fills in what no manifest gives, and says where each field came from.

use super::super::files::Files;
use super::super::node::{Node, Value};
use super::super::problem::{Problems, printable};
use super::super::read::{Derived, Found};
use super::package::{Package, Programs};
use super::{cargo, go, npm, python};

/// Fills in missing fields from the package in the tree, if there is one.
pub(in super::super) fn fill(found: &mut Found, files: &dyn Files, problems: &mut Problems) -> Vec<Derived> {
    let runtime = found.root.find("runtime").and_then(Node::as_text).map(str::to_owned);
    let before = problems.count();
    let mut packages: Vec<Package> = [npm::read, python::read, cargo::read, go::read]
        .into_iter()
        .filter_map(|read| read(files, problems))
        .filter(|package| match runtime.as_deref() {
            Some("container") | None => true,
            Some(runtime) => package.runtime == runtime,
        })
        .collect();
    if packages.len() > 1 {
        packages.retain(|package| !matches!(package.programs, Programs::None(_)));
    }
    if problems.count() > before {
        derivable_is_reported(&mut found.root);
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

fn ambiguous(root: &mut Node, packages: &[Package], problems: &mut Problems) {
    let files: Vec<_> = packages.iter().map(|package| &*package.place.file).collect();
    let runtimes: Vec<_> = packages.iter().map(|package| package.runtime).collect();
    let message = format!("cannot be derived: {} each name a program", files.join(" and "));
    let hint = format!("set `runtime` in sigyl.yaml to {}", runtimes.join(" or "));
    problems.error(root.place.problem("runtime", message).hint(hint));
    derivable_is_reported(root);
}

/// Marks what would have been derived as reported, so that it is not called missing as well.
fn derivable_is_reported(root: &mut Node) {
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
            self.derived.push(Derived { field: path.to_owned(), from: printable(from) });
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

#[cfg(test)]
mod tests {
    use super::super::super::files::tree;
    use super::super::super::model::Runtime;
    use super::super::super::read::{Read, read};

    /// Cut from @modelcontextprotocol/server-everything 2026.8.31 (MIT), as packed.
    const EVERYTHING: &str = r#"{
        "name": "@modelcontextprotocol/server-everything",
        "version": "2026.8.31",
        "description": "MCP server that exercises all the features of the MCP protocol",
        "mcpName": "io.github.modelcontextprotocol/server-everything",
        "homepage": "https://modelcontextprotocol.io",
        "repository": { "type": "git", "url": "https://github.com/modelcontextprotocol/servers.git" },
        "bin": { "mcp-server-everything": "dist/index.js" },
        "scripts": { "build": "tsc && shx cp -r docs dist/" }
    }"#;

    /// Cut from the wheel of mcp-server-time 2026.10.19 (MIT).
    const TIME: [(&str, &str); 3] = [
        ("mcp_server_time/__init__.py", ""),
        (
            "mcp_server_time-2026.10.19.dist-info/METADATA",
            "Metadata-Version: 2.5\nName: mcp-server-time\nVersion: 2026.10.19\n\
             Summary: A Model Context Protocol server providing tools for time queries\n\
             Project-URL: Repository, https://github.com/modelcontextprotocol/servers/tree/main/src/time\n\
             Author-email: Mariusz 'maledorak' Korzekwa <mariusz@korzekwa.dev>\nLicense: MIT\n\
             Keywords: llm,mcp,time,timezone\n\n# Time MCP Server\n\nName: not-the-name\n",
        ),
        (
            "mcp_server_time-2026.10.19.dist-info/entry_points.txt",
            "[console_scripts]\nmcp-server-time = mcp_server_time:main\n",
        ),
    ];

    fn derived(read: &Read) -> String {
        read.derived.iter().map(|each| format!("{} <- {}\n", each.field, each.from)).collect()
    }

    fn entry(files: &[(&str, &str)]) -> Result<String, String> {
        let read = read(&tree(files)).map_err(|error| error.to_string())?;
        read.manifest.start.entry_point.ok_or_else(|| "no entry point".to_owned())
    }

    #[test]
    fn an_npm_package_is_enough() {
        let read = read(&tree(&[("package.json", EVERYTHING), ("dist/index.js", "")])).unwrap();
        assert_eq!(read.manifest.name.as_str(), "io.github.modelcontextprotocol/server-everything");
        assert_eq!(read.manifest.runtime, Runtime::Node);
        assert_eq!(read.manifest.start.entry_point.as_deref(), Some("dist/index.js"));
        assert_eq!(read.manifest.build.command, None);
        insta::assert_snapshot!(derived(&read));
    }

    #[test]
    fn a_wheel_is_enough() {
        let read = read(&tree(&TIME)).unwrap();
        assert_eq!(read.manifest.name.as_str(), "mcp-server-time");
        assert_eq!(read.manifest.runtime, Runtime::Python);
        assert_eq!(read.manifest.start.entry_point.as_deref(), Some("mcp_server_time:main"));
        insta::assert_snapshot!(derived(&read));
    }

    #[test]
    fn pyproject_with_the_version_of_its_built_metadata_is_enough() {
        let files = [
            (
                "pyproject.toml",
                "[project]\nname = 'Time_Server'\ndynamic = ['version']\nlicense = {text = 'MIT'}\n\
                 authors = [{name = 'Ada', email = 'ada@example.com'}]\n\
                 scripts = {other = 'x:y', time-server = 'time_server.cli:main [extra]'}\n\
                 [project.urls]\nSource = 'https://git.example/time'\n",
            ),
            ("PKG-INFO", "Metadata-Version: 2.1\r\nName: Time_Server\r\nVersion: 1.2.3\r\n\r\n# Text\r\n"),
        ];
        let read = read(&tree(&files)).unwrap();
        assert_eq!(read.manifest.name.as_str(), "time_server");
        assert_eq!(read.manifest.version.as_ref().unwrap().as_str(), "1.2.3");
        assert_eq!(read.manifest.start.entry_point.as_deref(), Some("time_server.cli:main"));
        insta::assert_snapshot!(derived(&read));
        let poetry = "[tool.poetry]\nname = 'a'\nversion = '1.0'\n[tool.poetry.scripts]\nrun = 'a:main'\n";
        assert_eq!(entry(&[("pyproject.toml", poetry)]).unwrap(), "a:main");
        let egg = [
            ("src/a.egg-info/PKG-INFO", "Name: a\nVersion: 1\n"),
            ("src/a.egg-info/entry_points.txt", "[other]\nx = y:z\n[console_scripts]\na=a.cli:main\n"),
        ];
        assert_eq!(entry(&egg).unwrap(), "a.cli:main");
    }

    #[test]
    fn a_cargo_package_is_enough() {
        let workspace =
            "[package]\nname = 'clock'\nversion.workspace = true\n[workspace.package]\nversion = '0.3.0'\n";
        let read = read(&tree(&[("Cargo.toml", workspace), ("src/main.rs", "")])).unwrap();
        assert_eq!(read.manifest.start.entry_point.as_deref(), Some("clock"));
        insta::assert_snapshot!(derived(&read));
        let package = "[package]\nname = 'a'\n";
        let bins = [("src/bin/b.rs", ""), ("src/bin/c/main.rs", ""), ("src/bin/c/part.rs", "")];
        let with = |manifest: &str, bins: &[(&str, &str)]| {
            let files: Vec<_> = [("Cargo.toml", manifest)].into_iter().chain(bins.iter().copied()).collect();
            entry(&files)
        };
        assert_eq!(with(&format!("{package}default-run = 'c'\n"), &bins).unwrap(), "c");
        assert_eq!(with(&format!("{package}[[bin]]\nname = 'only'\npath = 'x.rs'\n"), &[]).unwrap(), "only");
        assert_eq!(with(&format!("{package}autobins = false\n[[bin]]\nname = 'b'\n"), &bins).unwrap(), "b");
        insta::assert_snapshot!(with(package, &bins).unwrap_err());
    }

    #[test]
    fn a_module_of_go_is_enough() {
        let module = ("go.mod", "// x\nmodule \"host.example/ada/Clock/v2\" // y\n\ngo 1.24\n");
        let library = ("clock.go", "package clock\n");
        let read = read(&tree(&[module, ("main.go", "// x\n\npackage main // y\n")])).unwrap();
        assert_eq!((read.manifest.name.as_str(), read.manifest.runtime), ("clock", Runtime::Go));
        assert_eq!(read.manifest.start.entry_point.as_deref(), Some("."));
        assert_eq!(
            derived(&read),
            "name <- go.mod: module\nruntime <- go.mod\n\
            entryPoint <- go.mod: its only program\n\
            startCommand.type <- go.mod: packaged programs speak stdio unless a manifest says http\n"
        );
        let program = "package main\n";
        let (one, own) = (("cmd/other/x.go", program), ("cmd/clock/x.go", program));
        assert_eq!(entry(&[("go.mod", "module clock\n"), library, one]).unwrap(), "cmd/other");
        assert_eq!(entry(&[("go.mod", "module clock\n"), library, one, own]).unwrap(), "cmd/clock");
        let two = entry(&[("go.mod", "module x\n"), one, own]).unwrap_err();
        assert!(two.contains("several programs: cmd/clock, cmd/other"), "{two}");
        let none = entry(&[("go.mod", "module x\n"), library, ("main_test.go", program)]).unwrap_err();
        assert!(none.contains("no `package main`"), "{none}");
    }

    #[test]
    fn the_bin_named_like_the_package_is_started() {
        let package = |bin: &str| format!(r#"{{"name": "@a/srv", {bin}}}"#);
        let entry = |bin: &str| entry(&[("package.json", &package(bin)), ("x.js", ""), ("y.js", "")]);
        assert_eq!(entry(r#""bin": "./x.js""#).unwrap(), "x.js");
        assert_eq!(entry(r#""bin": {"tool": "y.js", "srv": "x.js"}"#).unwrap(), "x.js");
        assert_eq!(entry(r#""bin": {"tool": "y.js"}, "main": "x.js""#).unwrap(), "y.js");
        assert_eq!(entry(r#""main": "x.js""#).unwrap(), "x.js");
        insta::assert_snapshot!("several_bins", entry(r#""bin": {"a": "x.js", "b": "y.js"}"#).unwrap_err());
        insta::assert_snapshot!("no_bin", entry(r#""private": true"#).unwrap_err());
        insta::assert_snapshot!("outside", entry(r#""bin": "../x.js""#).unwrap_err());
    }

    #[test]
    fn what_is_not_in_the_tree_yet_is_built_by_the_packages_own_script() {
        let read = read(&tree(&[("package.json", EVERYTHING), ("src/index.ts", "")])).unwrap();
        assert_eq!(read.manifest.build.command.as_ref().unwrap(), &["npm", "run", "build"]);
        let from = "package.json: scripts.build, since dist/index.js is not in the tree";
        assert_eq!(read.derived.last().unwrap().from, from);
    }

    #[test]
    fn only_what_a_manifest_leaves_out_is_derived() {
        let manifest = "name: mine\nversion: 9.0.0\nentryPoint: other.js\nstartCommand: {type: http}\n\
                        homepage: https://mine.example\nrepository: https://mine.example/git\n";
        let read =
            read(&tree(&[("sigyl.yaml", manifest), ("package.json", EVERYTHING), ("other.js", "")])).unwrap();
        assert_eq!(read.manifest.name.as_str(), "mine");
        assert_eq!(derived(&read), "description <- package.json: description\nruntime <- package.json\n");
    }

    #[test]
    fn a_container_takes_from_a_package_only_what_it_is() {
        let manifest = "runtime: container\nstartCommand: {type: http}\n";
        let read = read(&tree(&[("sigyl.yaml", manifest), ("package.json", EVERYTHING)])).unwrap();
        assert_eq!(read.manifest.runtime, Runtime::Container);
        assert_eq!(read.manifest.start.entry_point, None);
        assert_eq!(read.manifest.version.unwrap().as_str(), "2026.8.31");
    }

    #[test]
    fn two_packages_need_a_runtime() {
        let cargo = ("Cargo.toml", "[package]\nname = 'a'\n");
        let files = [("package.json", EVERYTHING), cargo, ("src/main.rs", ""), ("dist/index.js", "")];
        insta::assert_snapshot!(entry(&files).unwrap_err());
        let chosen: Vec<_> = [("sigyl.yaml", "runtime: rust")].into_iter().chain(files).collect();
        assert_eq!(entry(&chosen).unwrap(), "a");
        let library = [("package.json", EVERYTHING), cargo, ("src/lib.rs", ""), ("dist/index.js", "")];
        assert_eq!(entry(&library).unwrap(), "dist/index.js");
    }

    #[test]
    fn broken_package_files_are_named_with_their_place() {
        let errors: Vec<_> = [
            ("package.json", "{\n  \"name\": }"),
            ("package.json", "[]"),
            ("package.json", "{\"name\": \"a\0"),
            ("pyproject.toml", "[project]\nname = \n"),
            ("Cargo.toml", "[package\n"),
        ]
        .map(|file| entry(&[file]).unwrap_err())
        .into();
        insta::assert_snapshot!(errors.join("\n"));
        let two = [("a-1.dist-info/METADATA", "Name: a\n"), ("b-1.dist-info/METADATA", "Name: b\n")];
        insta::assert_snapshot!("two_wheels", entry(&two).unwrap_err());
    }

    #[test]
    fn what_a_package_says_badly_is_left_out_and_told() {
        let package = r#"{"name": "a", "version": "1.0.0", "bin": "x.js", "homepage": "javascript:alert(1)",
            "description": "a\u001b[2Jb", "repository": "ada/clock", "author": {"name": "Ada"}}"#;
        let read = read(&tree(&[("package.json", package), ("x.js", "")])).unwrap();
        assert_eq!(read.manifest.repository.as_deref(), Some("https://github.com/ada/clock"));
        assert_eq!((read.manifest.homepage, read.manifest.description), (None, None));
        let notices: Vec<_> = read.notices.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(notices.join("\n"));
    }

    #[test]
    fn a_version_that_is_no_version_is_refused() {
        let package = r#"{"name": "a", "version": "latest", "bin": "x.js"}"#;
        insta::assert_snapshot!(entry(&[("package.json", package), ("x.js", "")]).unwrap_err());
    }
}
