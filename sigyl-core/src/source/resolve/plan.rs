//! Decides, for each tool, whether a lock is to be checked or made.

use std::sync::Arc;

use super::{cargo, npm, pip};
use crate::source::fetch::{Fetcher, Runner, blocking};
use crate::source::scratch::Scratch;
use crate::source::tree::digest;
use crate::source::{Lock, LockKind, Progress, SourceError, SourceTree};

/// What a lock is made from.
pub(super) struct Input {
    /// The folder in which the tool runs.
    pub(super) folder: std::path::PathBuf,
    /// The file of the source that names the dependencies.
    pub(super) file: String,
}

/// Checks the locks of a tree and adds those it lacks.
pub(in crate::source) async fn resolve(
    fetcher: &Fetcher,
    tree: SourceTree,
    progress: &dyn Progress,
) -> Result<SourceTree, SourceError> {
    let scratch = Arc::new(Scratch::new(&fetcher.work)?);
    let mut tree = tree;
    for kind in [LockKind::Npm, LockKind::Pip, LockKind::Cargo, LockKind::Go] {
        let (reading, into) = (tree.clone(), scratch.clone());
        let input = blocking(move || prepare(kind, &reading, &into)).await?;
        let Some(input) = input else { continue };
        if fetcher.offline {
            let what = format!("pinning the dependencies in {} of {}", input.file, tree.reference().locator);
            return Err(SourceError::Offline(what));
        }
        let runner = Runner::new(&fetcher.env, progress, scratch.path(), fetcher.limits.total);
        let (path, bytes) = match kind {
            LockKind::Npm => npm::make(&runner, &input).await?,
            LockKind::Pip => pip::make(fetcher, &runner, scratch.path(), &input).await?,
            LockKind::Cargo => cargo::make(&runner, &input).await?,
            LockKind::Go => continue,
        };
        let path = free_path(&tree, path);
        progress.log(&format!("pinned the dependencies in {} as {path}", input.file));
        tree.locks.push(Lock { kind, path, bytes, made: true });
    }
    tree.reference.digest = digest(&tree.entries, &tree.locks);
    tree.unread_locks().iter().for_each(|line| progress.log(line));
    Ok(tree)
}

/// Checks a lock that is there; prepares what one is made from where there is none and something to pin.
fn prepare(kind: LockKind, tree: &SourceTree, scratch: &Scratch) -> Result<Option<Input>, SourceError> {
    match (kind, tree.lock_of(kind)) {
        (LockKind::Npm, Some(lock)) => npm::check(&lock.path, &lock.bytes).map(|()| None),
        (_, Some(_)) => Ok(None),
        (LockKind::Npm, None) => npm::prepare(tree, scratch.path()),
        (LockKind::Pip, None) => pip::prepare(tree, scratch.path()),
        (LockKind::Cargo, None) => cargo::prepare(tree, scratch.path()),
        (LockKind::Go, None) => require_go_sum(tree),
    }
}

/// Go pins versions in `go.mod` and hashes in `go.sum`; only its author can vouch for the hashes.
fn require_go_sum(tree: &SourceTree) -> Result<Option<Input>, SourceError> {
    let Some(entry) = tree.find("go.mod") else { return Ok(None) };
    let text = tree.read(entry)?;
    let requires =
        String::from_utf8_lossy(&text).lines().any(|line| line.trim_start().starts_with("require"));
    match requires {
        false => Ok(None),
        true => Err(SourceError::BadDependencies {
            file: "go.mod".to_owned(),
            why: "it requires modules, and there is no go.sum with their hashes".to_owned(),
            remedy: "run `go mod tidy` and add go.sum to the source".to_owned(),
        }),
    }
}

/// Finds a place for a made lock where the source has no file.
fn free_path(tree: &SourceTree, wanted: &str) -> String {
    let numbered = (1..).map(|number| format!("{number}.{wanted}"));
    // One of them is free: a tree has a bounded number of files.
    std::iter::once(wanted.to_owned())
        .chain(numbered)
        .find(|path| tree.find(path).is_none())
        .unwrap_or_else(|| wanted.to_owned())
}
