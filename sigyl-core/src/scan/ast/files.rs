//! The files of a tree by the names under which others load them.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::across::Texts;
use super::parse::Grammar;
use crate::scan::required::{is_run, join};

/// Folders above that are asked for a module of Python.
const FOLDERS: usize = 16;
/// What a script may leave out of the name of a file.
const ENDS: &[&str] = &[
    ".ts",
    ".tsx",
    ".mts",
    ".cts",
    ".js",
    ".mjs",
    ".cjs",
    ".jsx",
    "/index.ts",
    "/index.tsx",
    "/index.js",
    "/index.mjs",
    "/index.cjs",
];
/// The files of one tree.
pub(super) struct Files<'a> {
    known: HashSet<&'a str>,
    texts: &'a Texts<'a>,
    /// What folders say which of their files is meant: each is read once, however often it is named.
    folders: Mutex<HashMap<String, Option<String>>>,
}

impl<'a> Files<'a> {
    pub(super) fn of(paths: &[&'a str], texts: &'a Texts<'a>) -> Self {
        Self { known: paths.iter().copied().collect(), texts, folders: Mutex::default() }
    }

    /// Returns the path of the file that a file names.
    pub(super) fn resolve(&self, grammar: Grammar, from: &str, name: &str) -> Option<String> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        match grammar {
            Grammar::Python => self.python(folder, name),
            _ => self.script(folder, name),
        }
    }

    /// Tells whether a name can only be that of a file of the same tree which runs.
    pub(super) fn is_own(&self, grammar: Grammar, name: &str) -> bool {
        match grammar {
            // What is named behind it may also be what that file defines.
            Grammar::Python => name.starts_with('.') && name.trim_start_matches('.').is_empty(),
            _ => (name.starts_with("./") || name.starts_with("../")) && is_run(name),
        }
    }

    fn python(&self, folder: &str, name: &str) -> Option<String> {
        let dots = name.bytes().take_while(|byte| *byte == b'.').count();
        let rest = name[dots..].replace('.', "/");
        // A name without dots is looked for here and in each folder above: one of them is on the path.
        let mut at = Some(folder);
        for up in 0..FOLDERS {
            let base = at?;
            if dots == 0 || up + 1 == dots {
                let stem = [base, rest.as_str()]
                    .iter()
                    .filter(|part| !part.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join("/");
                let choices = [format!("{stem}.py"), format!("{stem}/__init__.py"), format!("{stem}.pyw")];
                let found = choices.into_iter().find(|choice| self.known.contains(choice.as_str()));
                if found.is_some() || dots > 0 {
                    return found;
                }
            }
            at = (!base.is_empty()).then(|| base.rsplit_once('/').map_or("", |(above, _)| above));
        }
        None
    }

    fn script(&self, folder: &str, name: &str) -> Option<String> {
        let name = name.strip_prefix("file://").unwrap_or(name);
        // What the settings of a compiler make of this is most often the folder of the sources.
        if let Some(rest) = name.strip_prefix("@/").or_else(|| name.strip_prefix("~/")) {
            return ["src", ""].iter().find_map(|folder| self.file(join(folder, rest)?));
        }
        if !name.starts_with('.') {
            return None;
        }
        let path = join(folder, name)?;
        self.file(path.clone()).or_else(|| self.folder(&path))
    }

    fn file(&self, path: String) -> Option<String> {
        let stem =
            [".js", ".mjs", ".cjs", ".jsx"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
        let stem = stem.to_owned();
        let ends = ENDS.iter().map(|end| match stem.is_empty() {
            true => end.trim_start_matches('/').to_owned(),
            false => format!("{stem}{end}"),
        });
        let choices = std::iter::once(path).chain(ends);
        choices.into_iter().find(|choice| self.known.contains(choice.as_str()))
    }

    /// A folder that says itself which of its files is meant.
    fn folder(&self, path: &str) -> Option<String> {
        let package =
            if path.is_empty() { "package.json".to_owned() } else { format!("{path}/package.json") };
        if !self.known.contains(package.as_str()) {
            return None;
        }
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = folders.get(path) {
            return known.clone();
        }
        let found = self.main_of(path, &package);
        folders.insert(path.to_owned(), found.clone());
        found
    }

    fn main_of(&self, folder: &str, package: &str) -> Option<String> {
        let (text, _) = (self.texts)(package)?;
        let read: serde_json::Value = serde_json::from_str(&text).ok()?;
        self.file(join(folder, read["main"].as_str()?)?)
    }
}
