//! Files of a tree that name dependencies, and that none of its locks stands for.

use crate::source::{LockKind, SourceTree};

/// What tools of the ecosystems read: the name of the file, and the kind of lock that stands for one at the top.
const KNOWN: [(&str, Option<LockKind>); 28] = [
    ("package.json", Some(LockKind::Npm)),
    ("package-lock.json", Some(LockKind::Npm)),
    ("npm-shrinkwrap.json", Some(LockKind::Npm)),
    ("yarn.lock", Some(LockKind::Npm)),
    ("pnpm-lock.yaml", Some(LockKind::Npm)),
    ("bun.lock", Some(LockKind::Npm)),
    ("bun.lockb", Some(LockKind::Npm)),
    ("requirements.txt", Some(LockKind::Pip)),
    ("pyproject.toml", Some(LockKind::Pip)),
    ("setup.py", Some(LockKind::Pip)),
    ("setup.cfg", Some(LockKind::Pip)),
    ("Pipfile", Some(LockKind::Pip)),
    ("Pipfile.lock", Some(LockKind::Pip)),
    ("poetry.lock", Some(LockKind::Pip)),
    ("uv.lock", Some(LockKind::Pip)),
    ("pdm.lock", Some(LockKind::Pip)),
    ("pylock.toml", Some(LockKind::Pip)),
    ("Cargo.toml", Some(LockKind::Cargo)),
    ("Cargo.lock", Some(LockKind::Cargo)),
    ("go.mod", Some(LockKind::Go)),
    ("go.sum", Some(LockKind::Go)),
    ("deno.json", None),
    ("deno.lock", None),
    ("Gemfile", None),
    ("Gemfile.lock", None),
    ("composer.json", None),
    ("pom.xml", None),
    ("build.gradle", None),
];

/// Names them. A lock stands for the files of its kind at the top; whether it does for those of folders is not known.
pub(super) fn uncovered(tree: &SourceTree) -> Vec<String> {
    let is_covered = |path: &str, kind: Option<LockKind>| {
        !path.contains('/') && kind.is_some_and(|kind| tree.lock_of(kind).is_some())
    };
    let paths = tree.entries().iter().map(|entry| entry.path.as_str());
    paths
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            KNOWN.iter().any(|(known, kind)| *known == name && !is_covered(path, *kind))
        })
        .map(|path| format!("no lock that was read is known to stand for {path}"))
        .collect()
}
