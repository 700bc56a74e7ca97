//! What is scanned: the files of a source, its manifest, and the tools that a server declares.

use serde_json::Value;

use super::salvage::MANIFESTS;
use crate::domain::{SourceRef, Tool};
use crate::manifest::{Files, Manifest};
use crate::source::SourceTree;

/// What one scan looks at. Anything may be absent; the report says what was.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Where it came from, with its digest.
    pub reference: SourceRef,
    /// The files, if there are any.
    pub tree: Option<&'a SourceTree>,
    /// The checked manifest, if there is one.
    pub manifest: Option<&'a Manifest>,
    /// Tools that a running server declares.
    pub tools: &'a [Tool],
    /// Prompts that it declares.
    pub prompts: &'a [Value],
    /// Resources that it declares.
    pub resources: &'a [Value],
    /// The instructions that a running server gives to models.
    pub instructions: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// The files of a source, with nothing else known of it.
    pub fn of(tree: &'a SourceTree) -> Self {
        Self { tree: Some(tree), ..Self::of_nothing(tree.reference().clone()) }
    }

    /// Nothing yet, to be filled with what a running server declares.
    pub fn of_nothing(reference: SourceRef) -> Self {
        Self {
            reference,
            tree: None,
            manifest: None,
            tools: &[],
            prompts: &[],
            resources: &[],
            instructions: None,
        }
    }
}

/// The files of a source, as the manifest room reads them.
#[derive(Clone, Copy, Debug)]
pub struct TreeFiles<'a>(pub &'a SourceTree);

impl Files for TreeFiles<'_> {
    fn paths(&self) -> Vec<String> {
        self.0.entries().iter().map(|entry| entry.path.clone()).collect()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let read = |entry| self.0.read(entry).map_err(|error| error.to_string());
        self.0.find(path).map(read).transpose()
    }
}

/// Names the file that a manifest was most likely read from.
pub(super) fn manifest_path(tree: Option<&SourceTree>) -> String {
    let there = |name: &&&str| tree.is_some_and(|tree| tree.find(name).is_some());
    MANIFESTS.iter().find(there).copied().unwrap_or("sigyl.yaml").to_owned()
}
