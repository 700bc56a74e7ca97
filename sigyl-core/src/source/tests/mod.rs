//! Fetches and pins with the real tools, against what lies on this machine only.

mod cargo;
mod git;
mod npm;
mod pip;
mod web;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::copy::write_new;
use super::{Fetcher, Limits, Progress, SourceError, SourceTree, ToolEnv};
use crate::domain::Locator;

/// A folder to work in, tools with a home of their own, and what they told.
struct House {
    dir: tempfile::TempDir,
    env: ToolEnv,
    told: Mutex<Vec<String>>,
}

impl Progress for House {
    fn log(&self, line: &str) {
        self.told.lock().unwrap().push(line.to_owned());
    }
}

impl House {
    /// Returns `None`, and says so, when one of the tools is missing.
    fn with(tools: &[&str]) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let env = ToolEnv { path, home: Some(home), vars: BTreeMap::new() };
        if let Some(missing) = tools.iter().find(|tool| env.find(tool).is_none()) {
            eprintln!("NOT TESTED: `{missing}` is not installed");
            return None;
        }
        Some(Self { dir, env, told: Mutex::default() })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        self.at(path).display().to_string()
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.vars.insert(name.to_owned(), value.to_owned());
    }

    fn write(&self, path: &str, text: &str) {
        write_new(&self.at(path), text.as_bytes(), false).unwrap();
    }

    fn fetcher(&self, offline: bool) -> Fetcher {
        Fetcher::new(self.env.clone(), Limits::default(), self.at("work"), offline)
    }

    async fn fetch(&self, locator: &str) -> Result<SourceTree, SourceError> {
        self.fetcher(false).fetch(&Locator::parse(locator).unwrap(), self).await
    }

    async fn resolve(&self, folder: &str) -> Result<SourceTree, SourceError> {
        let tree = SourceTree::from_folder(&self.at(folder), &Limits::default()).unwrap();
        self.fetcher(false).resolve(tree, self).await
    }

    /// Where hostile code would leave its mark.
    fn marker(&self) -> String {
        self.text("marker")
    }

    fn assert_nothing_ran(&self) {
        assert!(!self.at("marker").exists(), "code of a package ran: {:?}", self.told.lock().unwrap());
    }

    /// Whatever was fetched is gone with the trees.
    fn assert_nothing_left(&self) {
        let left = std::fs::read_dir(self.at("work")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "folders left behind");
    }

    fn told(&self) -> String {
        self.told.lock().unwrap().join("\n")
    }
}

fn paths(tree: &SourceTree) -> Vec<&str> {
    tree.entries().iter().map(|entry| entry.path.as_str()).collect()
}

fn text_of(tree: &SourceTree, path: &str) -> String {
    String::from_utf8(tree.read(tree.find(path).unwrap()).unwrap()).unwrap()
}

/// Packs files as a source archive or a package of npm.
fn tgz(files: &[(String, String)]) -> Vec<u8> {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn save(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create_new(path).unwrap().write_all(bytes).unwrap();
}

#[tokio::test]
async fn what_needs_the_network_is_refused_offline() {
    let Some(house) = House::with(&[]) else { return };
    let fetcher = house.fetcher(true);
    for locator in ["npm:a@1", "pypi:a", "git:https://host.example/a.git", "git:git@host.example:a"] {
        let refused = fetcher.fetch(&Locator::parse(locator).unwrap(), &house).await;
        assert!(matches!(refused, Err(SourceError::Offline(_))), "{locator}: {refused:?}");
    }
    house.write("app/package.json", r#"{"dependencies": {"a": "1"}}"#);
    let tree = SourceTree::from_folder(&house.at("app"), &Limits::default()).unwrap();
    let refused = fetcher.resolve(tree, &house).await.unwrap_err();
    assert!(refused.to_string().contains("package.json"), "{refused}");
    assert_eq!(house.told(), "", "no command was run");
}

#[tokio::test]
async fn a_missing_tool_is_named_with_its_remedy() {
    let Some(mut house) = House::with(&[]) else { return };
    house.env.path = house.at("nothing").into();
    for (locator, tool) in [("npm:a", "npm"), ("pypi:a", "python3"), ("git:.", "git")] {
        let Err(SourceError::MissingTool { tool: missing, remedy }) = house.fetch(locator).await else {
            panic!("{locator}");
        };
        assert_eq!(missing, tool);
        assert!(remedy.starts_with("install"));
    }
    house.assert_nothing_left();
}

#[tokio::test]
async fn folders_and_archives_are_fetched() {
    let Some(house) = House::with(&[]) else { return };
    house.write("app/server.py", "x");
    let folder = house.fetch(&house.text("app")).await.unwrap();
    assert_eq!(house.fetcher(true).resolve(folder.clone(), &house).await.unwrap().digest(), folder.digest());
    save(&house.at("app.tgz"), &tgz(&[("app-1.0/server.py".to_owned(), "x".to_owned())]));
    let archive = house.fetch(&house.text("app.tgz")).await.unwrap();
    assert_eq!(archive.digest(), folder.digest(), "where it comes from is no part of what it is");
    assert_eq!(text_of(&archive, "server.py"), "x");
    drop(archive);
    house.assert_nothing_left();
}
