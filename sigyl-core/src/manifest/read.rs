//! Reads the manifest of a tree of files.

use super::files::Files;
use super::model::Manifest;
use super::node::Node;
use super::problem::{ManifestError, Place, Problem, Problems};
use super::shape::Unknown;
use super::{check, derive, legacy, merge, raw, shape};

/// A manifest, and what its reader should know of how it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The manifest.
    pub manifest: Manifest,
    /// Fields that no manifest gave, and where each came from.
    pub derived: Vec<Derived>,
    /// What the author should mend, but which forbids nothing.
    pub notices: Vec<Problem>,
    /// The files that were read.
    pub files: Vec<String>,
}

/// A field that no manifest gave.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Derived {
    /// The field, such as `entryPoint`.
    pub field: String,
    /// Where its value came from, in words.
    pub from: String,
}

/// Manifest files: the group of names of which one may be there, and what unknown keys are in it.
const FILES: [(&[&str], Unknown); 3] = [
    (&["sigyl.yaml", "sigyl.yml"], Unknown::Forbidden),
    (&["mcp.yaml", "mcp.yml"], Unknown::Noticed),
    (&["smithery.yaml", "smithery.yml"], Unknown::Noticed),
];

/// Reads `sigyl.yaml` and `mcp.yaml`, and derives what they leave out from the files of the package.
pub fn read(files: &dyn Files) -> Result<Read, ManifestError> {
    let mut problems = Problems::default();
    let mut found = gather(files, &mut problems);
    let mut derived = Vec::new();
    let mut manifest = None;
    if !found.unreadable {
        derived = derive::fill(&mut found, files, &mut problems);
        if found.files.is_empty() && derived.is_empty() && !problems.has_errors() {
            problems.error(nothing(&found.home));
        } else {
            manifest = check::check(&found.root, &found.home, &mut problems);
        }
    }
    let notices = problems.finish()?;
    let defect = || found.home.problem("", "could not be read").hint("report this as a defect of Sigyl");
    let manifest = manifest.ok_or_else(|| ManifestError { problems: vec![defect()] })?;
    Ok(Read { manifest, derived, notices, files: found.files })
}

fn nothing(home: &Place) -> Problem {
    let message = "is missing, and there is no package to derive a manifest from \
                   (package.json, pyproject.toml, a wheel, Cargo.toml, go.mod)";
    home.problem("", message).hint("`sigyl init` writes one to start from")
}

/// What the manifest files say, before anything is derived.
pub(super) struct Found {
    /// Their joined values.
    pub(super) root: Node,
    /// The file that a missing field belongs in.
    pub(super) home: Place,
    /// The files that were read.
    pub(super) files: Vec<String>,
    /// Whether a file could not be read, so that what it holds is not known.
    unreadable: bool,
}

/// Reads and joins the manifest files.
pub(super) fn gather(files: &dyn Files, problems: &mut Problems) -> Found {
    let sigyl = Place::file("sigyl.yaml");
    let mut found =
        Found { root: Node::empty(sigyl.clone()), home: sigyl, files: Vec::new(), unreadable: false };
    let mut port = None;
    for (names, unknown) in FILES {
        let Some((name, bytes)) = pick(files, names, &mut found, problems) else { continue };
        let file = Place::file(name);
        let old = name.starts_with("smithery");
        if old && found.files.iter().any(|name| name.starts_with("sigyl")) {
            problems.notice(file.problem("", "is not read, since there is a sigyl.yaml").hint("remove it"));
            continue;
        }
        if old {
            problems
                .notice(file.problem("", "is an old name").hint("call it sigyl.yaml (`sigyl init` does)"));
        }
        if found.files.is_empty() {
            found.home = file.clone();
        }
        found.files.push(name.to_owned());
        let Some(mut root) = raw::read(&file, &bytes, problems) else {
            found.unreadable = true;
            continue;
        };
        port = port.or(legacy::modernise(&mut root, problems));
        shape::check(&mut root, unknown, problems);
        merge::join(&mut found.root, root, problems);
    }
    if let Some(port) = port {
        legacy::settle_port(&mut found.root, &port, problems);
    }
    found
}

fn pick(
    files: &dyn Files,
    names: &[&'static str],
    found: &mut Found,
    problems: &mut Problems,
) -> Option<(&'static str, Vec<u8>)> {
    let mut picked: Option<(&'static str, Vec<u8>)> = None;
    for &name in names {
        match files.read(name) {
            Ok(None) => {}
            Ok(Some(bytes)) => match &picked {
                None => picked = Some((name, bytes)),
                Some((first, _)) => {
                    let message = format!("is there beside {first}");
                    problems.error(Place::file(name).problem("", message).hint("keep one of them"));
                }
            },
            Err(why) => {
                found.unreadable = true;
                problems.error(Place::file(name).problem("", format!("cannot be read: {why}")));
            }
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::super::files::tree;
    use super::super::model::Runtime;
    use super::*;
    use crate::domain::Transport;

    const GOOD: &str = "\
name: io.github.ada/clock
version: 1.0.0
runtime: node
entryPoint: ./dist/index.js
startCommand: { type: stdio, args: [--verbose, ''] }
build: { command: npm run 'build it' }
env: { TZ: UTC, DEBUG: true, PORT: 8080, MASK: 0x1F }
secrets:
  - { name: API_KEY, description: Key, required: false, type: number }
  - name: TOKEN
tools:
  - { name: now, description: Tells the time, inputSchema: { type: object } }
permissions: { read: [/usr/share/zoneinfo], network: ['time.example:443'], exec: [git] }
resources: { cpu: 250m, memory: 512Mi, timeout: 30s, minInstances: 0, maxInstances: 3 }
health: { interval: 5m }
security: { allowTokenPassthrough: false, sessionConfig: { sameSite: none } }
x-mine: [anything]
";

    fn errors(files: &[(&str, &str)]) -> String {
        read(&tree(files)).unwrap_err().to_string()
    }

    fn notices(read: &Read) -> Vec<String> {
        read.notices.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_field_arrives() {
        let read = read(&tree(&[("sigyl.yaml", GOOD)])).unwrap();
        insta::assert_json_snapshot!(read.manifest);
        assert!(read.notices.is_empty() && read.derived.is_empty(), "{read:?}");
        assert_eq!(read.files, ["sigyl.yaml"]);
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_place() {
        insta::assert_snapshot!(errors(&[(
            "sigyl.yaml",
            "\
nam: clock
name: Clock!
version: 1.10
title: \"a\\x07b\"
tags: time
runtime: nodejs
entryPoint: ../server.js
startComand: {}
startCommand:
  type: http
  args: [dist/index.js, 3000, true]
  path: mcp
  port: 70000
  configSchema: yes please
build:
  command: npm ci && npm run build
  outputDir: /tmp/out
  dockerfle: Dockerfile
  dockerfile: Dockerfile
env:
  A: [1]
  1A: x
  B:
secrets:
  - API_KEY
  - { description: nameless }
  - { name: A }
  - { name: T }
  - { name: T }
  - { name: a-b, type: text }
tools:
  - { name: t }
  - { name: t, input_schema: {} }
  - {}
permissions:
  read: [../up, /etc]
  network: [example.com, 'h:0', 'https://h:1']
  execute: [git]
resources:
  cpu: 0
  memory: 512MB
  concurrency: 0
  timeout: 2 days
  minInstances: 5
  maxInstances: 1
health: { path: health, interval: -1 }
homepage: javascript:alert(1)
security: { sessionConfig: { sameSite: None } }
<<: { a: b }
"
        )]));
    }

    #[test]
    fn missing_fields_are_named() {
        insta::assert_snapshot!(errors(&[("sigyl.yaml", "title: Clock\n")]));
    }

    #[test]
    fn nothing_to_read_suggests_init() {
        insta::assert_snapshot!(errors(&[("README.md", "# hello")]));
    }

    #[test]
    fn either_file_may_hold_all_and_differences_name_both_lines() {
        let both = [
            ("sigyl.yaml", "runtime: node\nentryPoint: a.js\nenv: {A: '1'}\nstartCommand: {type: stdio}\n"),
            ("mcp.yaml", "name: clock\nruntime: node\ntitle: Clock\nenv: {B: '2'}\n"),
        ];
        let manifest = read(&tree(&both)).unwrap().manifest;
        assert_eq!((manifest.name.as_str(), manifest.runtime), ("clock", Runtime::Node));
        assert_eq!(manifest.env.len(), 2);
        let differ = [
            (
                "sigyl.yaml",
                "name: a\nruntime: node\nentryPoint: a.js\nenv: {A: '1'}\ntags: [a]\nstartCommand: {type: stdio}\n",
            ),
            ("mcp.yaml", "# comment\nname: b\nenv: {A: '2'}\ntags: [a, b]\nstartCommand: {type: http}\n"),
        ];
        insta::assert_snapshot!(errors(&differ));
    }

    #[test]
    fn unknown_keys_are_notices_in_mcp_yaml() {
        let files =
            [("sigyl.yaml", GOOD), ("mcp.yaml", "titel: Clock\nx-free: 1\nbuild: {x-y: 1, comand: make}\n")];
        insta::assert_snapshot!(notices(&read(&tree(&files)).unwrap()).join("\n"));
    }

    #[test]
    fn old_spellings_are_read_with_notices() {
        let files = [
            (
                "sigyl.yaml",
                "runtime: typescript\nconfigSchema: {type: object}\nbuild: {dockerBuildPath: .}\n",
            ),
            (
                "mcp.yaml",
                "name: clock\nversion: 1.0.0\nport: 3000\nentry_point: server.js\ntools: []\nsecrets: []\n\
                 deployment:\n  healthCheck: {path: /healthz, interval: 30, timeout: 5}\n  \
                 environment: {A: b}\n  build: {commands: [npm run build]}\n",
            ),
        ];
        insta::assert_snapshot!("old_spellings_error", errors(&files));
        let mended = files.map(|(name, text)| (name, text.replace("build: {dockerBuildPath: .}\n", "")));
        let read = read(&tree(&mended.each_ref().map(|(name, text)| (*name, text.as_str())))).unwrap();
        insta::assert_snapshot!("old_spellings_notices", notices(&read).join("\n"));
        let manifest = read.manifest;
        assert_eq!(manifest.runtime, Runtime::Node);
        assert_eq!(manifest.language.as_deref(), Some("typescript"));
        assert_eq!(manifest.start.transport, Transport::Http { path: "/mcp".to_owned(), port: Some(3000) });
        assert_eq!(manifest.start.entry_point.as_deref(), Some("server.js"));
        assert!(manifest.start.config_schema.is_some());
        assert_eq!(manifest.health.interval, Some(30));
        assert_eq!(manifest.env["A"], "b");
        assert_eq!(manifest.build.command.unwrap(), ["npm", "run", "build"]);
    }

    #[test]
    fn an_old_port_means_nothing_to_a_server_on_stdio() {
        let files = [
            ("sigyl.yaml", "name: a\nruntime: node\nentryPoint: a.js\nstartCommand: {type: stdio}\n"),
            ("mcp.yaml", "port: 3000\n"),
        ];
        let read = read(&tree(&files)).unwrap();
        assert_eq!(read.manifest.start.transport, Transport::Stdio);
        insta::assert_snapshot!(notices(&read).join("\n"));
    }

    #[test]
    fn smithery_yaml_is_read_when_there_is_no_sigyl_yaml() {
        let smithery = "runtime: typescript\nstartCommand:\n  type: stdio\n  commandFunction: |-\n    \
                        (config) => ({command: 'node'})\n  configSchema: {type: object}\nentryPoint: a.js\nname: a\n";
        let read_it = read(&tree(&[("smithery.yaml", smithery)])).unwrap();
        insta::assert_snapshot!(notices(&read_it).join("\n"));
        let both = read(&tree(&[("smithery.yaml", ": ["), ("sigyl.yaml", GOOD)])).unwrap();
        assert_eq!(notices(&both), ["smithery.yaml: is not read, since there is a sigyl.yaml; remove it"]);
    }

    #[test]
    fn two_names_of_one_file_are_refused() {
        let error = errors(&[("sigyl.yaml", GOOD), ("sigyl.yml", GOOD)]);
        assert_eq!(error, "sigyl.yml: is there beside sigyl.yaml; keep one of them");
    }

    #[test]
    fn an_unreadable_file_is_a_problem_and_nothing_is_derived() {
        struct Broken;
        impl Files for Broken {
            fn paths(&self) -> Vec<String> {
                vec!["sigyl.yaml".to_owned()]
            }
            fn read(&self, _: &str) -> Result<Option<Vec<u8>>, String> {
                Err("permission denied".to_owned())
            }
        }
        let error = read(&Broken).unwrap_err();
        assert!(error.problems.iter().all(|problem| problem.message == "cannot be read: permission denied"));
        assert!(error.problems.iter().any(|problem| problem.file == "sigyl.yaml"));
    }

    #[test]
    fn a_program_is_one_word_and_its_name_is_suggested() {
        let text = "name: My Server\nruntime: node\nstartCommand: {type: stdio, command: node a.js}\nenv: {x-y: [1]}\n";
        let other = text.replace("My Server", "a").replace("node a.js", "../node");
        insta::assert_snapshot!(format!(
            "{}\n{}",
            errors(&[("sigyl.yaml", text)]),
            errors(&[("sigyl.yaml", &other)])
        ));
    }

    #[test]
    fn the_example_servers_are_read_without_notices() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/servers");
        let mut servers = 0;
        for server in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let names = ["sigyl.yaml", "mcp.yaml", "package.json", "pyproject.toml", "Cargo.toml"];
            let there = |name: &&str| Some(((*name).to_owned(), std::fs::read(server.join(name)).ok()?));
            let files: std::collections::BTreeMap<_, _> = names.iter().filter_map(there).collect();
            if files.is_empty() {
                continue;
            }
            servers += 1;
            let read = read(&files).unwrap_or_else(|error| panic!("{}: {error}", server.display()));
            assert_eq!(notices(&read), [""; 0], "{}", server.display());
        }
        assert!(servers >= 2, "no example servers in {folder}");
    }

    proptest::proptest! {
        #[test]
        fn any_files_are_read_or_refused(
            texts in proptest::collection::btree_map(
                proptest::sample::select(vec![
                    "sigyl.yaml", "mcp.yaml", "smithery.yaml", "package.json", "pyproject.toml", "Cargo.toml",
                    "a-1.dist-info/METADATA", "a-1.dist-info/entry_points.txt", "src/a.egg-info/PKG-INFO",
                ]),
                "((name|runtime|bin|version|project|build|command|port|env|tools|x-a|Name|Version)(: |=|\": ))?\
                 ([{}\\[\\],\"'\n:=& *|>-]|node|rust|[a-z0-9./@\u{e9}]{1,6}){0,40}",
                1..4,
            )
        ) {
            let files: Vec<_> = texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
            match read(&tree(&files)) {
                Ok(read) => {
                    proptest::prop_assert!(!read.manifest.name.as_str().is_empty());
                }
                Err(error) => {
                    proptest::prop_assert!(!error.problems.is_empty());
                    for problem in error.problems {
                        let lines = texts.get(problem.file.as_str()).map_or(0, |text| text.lines().count());
                        proptest::prop_assert!(problem.line.is_none_or(|line| line <= lines + 1), "{problem:?}");
                    }
                }
            }
        }
    }
}
