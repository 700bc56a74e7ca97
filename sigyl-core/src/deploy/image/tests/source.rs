//! A small source to build, and what is said of it.

use std::collections::BTreeMap;

use crate::deploy::BuildSpec;
use crate::domain::{RevisionId, ServerName, Version};
use crate::manifest::{Manifest, read};
use crate::source::{Limits, SourceTree};

/// A folder with a manifest.
pub(in crate::deploy) struct Source {
    server: ServerName,
    version: Version,
    revision: RevisionId,
    pub(in crate::deploy) tree: SourceTree,
    pub(in crate::deploy) manifest: Manifest,
    pub(in crate::deploy) dir: tempfile::TempDir,
}

impl Source {
    pub(in crate::deploy) fn new(yaml: &str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut all = BTreeMap::from([("sigyl.yaml".to_owned(), yaml.as_bytes().to_vec())]);
        all.extend(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
        for (path, bytes) in &all {
            let place = dir.path().join(path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, bytes).unwrap();
        }
        let tree = SourceTree::from_folder(dir.path(), &Limits::default()).unwrap();
        let manifest = read(&all).unwrap().manifest;
        let version = Version::parse("1.0.0").unwrap();
        let revision = RevisionId::parse("one").unwrap();
        Self { server: manifest.name.clone(), version, revision, tree, manifest, dir }
    }

    /// A server of Node that speaks HTTP.
    pub(in crate::deploy) fn clock() -> Self {
        let yaml = "name: clock\nruntime: node\nentryPoint: clock.js\nstartCommand: {type: http}\n";
        Self::new(yaml, &[("clock.js", "// tells the time")])
    }

    /// The same server, which speaks on standard input and output.
    pub(in crate::deploy) fn stdio() -> Self {
        let yaml = "name: clock\nruntime: node\nentryPoint: clock.js\nstartCommand: {type: stdio}\n\
                    resources: {memory: 512Mi, maxInstances: 9}\n";
        Self::new(yaml, &[("clock.js", "// tells the time")])
    }

    pub(in crate::deploy) fn spec(&self) -> BuildSpec<'_> {
        BuildSpec {
            server: &self.server,
            version: &self.version,
            revision: &self.revision,
            tree: &self.tree,
            manifest: &self.manifest,
            allowed_scripts: &[],
            earlier: None,
        }
    }
}
