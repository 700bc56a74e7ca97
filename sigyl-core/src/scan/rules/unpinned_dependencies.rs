//! Trees that name dependencies and carry no lock.

use crate::domain::Location;
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::source::{LockKind, SourceTree};

/// Finds package manifests at the top of a tree for which there is no lock.
pub(super) struct UnpinnedDependencies(RuleMeta);

/// Each manifest, the lock that Sigyl reads for it, and the locks that others read.
const MANIFESTS: [(&str, LockKind, &[&str]); 4] = [
    ("package.json", LockKind::Npm, &["yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"]),
    ("pyproject.toml", LockKind::Pip, &["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"]),
    ("Cargo.toml", LockKind::Cargo, &[]),
    ("go.mod", LockKind::Go, &[]),
];

impl UnpinnedDependencies {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for UnpinnedDependencies {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tree(tree) = part else { return };
        for (manifest, kind, others) in MANIFESTS {
            if is_unpinned(tree, manifest, kind, others) {
                let place = Location::File { path: manifest.to_owned(), line: None, column: None };
                found.add(&self.0, Some(place), Hit::whole(manifest), None);
            }
        }
    }
}

fn is_unpinned(tree: &SourceTree, manifest: &str, kind: LockKind, others: &[&str]) -> bool {
    let Some(entry) = tree.find(manifest) else { return false };
    let pinned = tree.lock_of(kind).is_some_and(|lock| !lock.made);
    if pinned || others.iter().any(|other| tree.find(other).is_some()) {
        return false;
    }
    // An unreadable manifest is reported where files are read.
    let text = tree.read(entry).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match kind {
        LockKind::Npm => {
            let package: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            package
                .get("dependencies")
                .and_then(serde_json::Value::as_object)
                .is_some_and(|all| !all.is_empty())
        }
        _ => text.contains("dependencies") || text.contains("require"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::clock::FixedClock;
    use crate::domain::Policy;
    use crate::scan::proof::builtin;
    use crate::scan::{Scanner, Subject};
    use crate::source::{Limits, SourceTree};

    fn is_found(files: &[(&str, &str)]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let subject = Subject {
            reference: tree.reference().clone(),
            tree: Some(&tree),
            manifest: None,
            tools: &[],
            instructions: None,
        };
        let report = Scanner::new(builtin(), Policy::default()).scan(&subject, &FixedClock::default());
        report.findings.iter().any(|finding| finding.rule.as_str() == "unpinned-dependencies")
    }

    #[test]
    fn ranges_without_a_lock_are_told() {
        let package = ("package.json", r#"{"dependencies": {"a": "^1.0.0"}}"#);
        assert!(is_found(&[package]));
        assert!(!is_found(&[package, ("package-lock.json", "{}")]));
        assert!(!is_found(&[package, ("yarn.lock", "")]));
        assert!(!is_found(&[("package.json", "{}")]));
    }
}
