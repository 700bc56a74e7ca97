//! Trees that name dependencies and carry no lock, or one that is not read.

use crate::domain::Location;
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::source::{Entry, LockKind, SourceTree};

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
            let Some(entry) = tree.find(manifest) else { continue };
            if tree.lock_of(kind).is_some_and(|lock| !lock.made) || !names_dependencies(tree, entry, kind) {
                continue;
            }
            let unread = others.iter().find(|other| tree.find(other).is_some());
            let (path, message) = match unread {
                Some(other) => (
                    *other,
                    Some(format!(
                        "Sigyl does not read {other}: it resolves the ranges of {manifest} itself, so it may run other versions than this lock names."
                    )),
                ),
                None => (manifest, None),
            };
            let place = Location::File { path: path.to_owned(), line: None, column: None };
            found.add(&self.0, Some(place), Hit::whole(path), message);
        }
    }
}

fn names_dependencies(tree: &SourceTree, entry: &Entry, kind: LockKind) -> bool {
    // An unreadable manifest is reported where files are read.
    let text = tree.read(entry).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match kind {
        LockKind::Npm => {
            let package: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let members = package.get("dependencies").and_then(serde_json::Value::as_object);
            members.is_some_and(|all| !all.is_empty())
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

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let subject = Subject::of(&tree);
        let report = Scanner::new(builtin(), Policy::default()).scan(&subject, &FixedClock::default());
        let ours = report.findings.into_iter().filter(|found| found.rule.as_str() == "unpinned-dependencies");
        ours.map(|finding| finding.message).collect()
    }

    #[test]
    fn ranges_without_a_lock_are_told() {
        let package = ("package.json", r#"{"dependencies": {"a": "^1.0.0"}}"#);
        assert_eq!(found(&[package]).len(), 1);
        assert!(found(&[package, ("package-lock.json", "{}")]).is_empty());
        assert!(found(&[("package.json", "{}")]).is_empty());
    }

    #[test]
    fn a_lock_that_is_not_read_is_named() {
        let package = ("package.json", r#"{"dependencies": {"a": "^1.0.0"}}"#);
        let project = ("pyproject.toml", "[project]\ndependencies = [\"a>=1\"]\n");
        for (manifest, lock) in [
            (package, "yarn.lock"),
            (package, "pnpm-lock.yaml"),
            (project, "poetry.lock"),
            (project, "pdm.lock"),
        ] {
            let told = found(&[manifest, (lock, "")]);
            assert!(matches!(&told[..], [one] if one.contains(&format!("does not read {lock}"))), "{told:?}");
        }
        assert!(found(&[package, ("package-lock.json", "{}"), ("yarn.lock", "")]).is_empty());
    }
}
