//! Gets what a locator names.

use std::path::PathBuf;
use std::sync::Arc;

use super::github::{self, Archives, GitHub};
use super::{Reach, ToolEnv, git, npm, pypi};
use crate::domain::Locator;
use crate::source::archive::unpack_file;
use crate::source::scratch::Scratch;
use crate::source::tree::Limits;
use crate::source::{Progress, SourceError, SourceTree, Uploads, resolve};

/// Gets sources of every kind, and pins their dependencies.
#[derive(Clone, Debug)]
pub struct Fetcher {
    pub(in crate::source) env: ToolEnv,
    pub(in crate::source) limits: Limits,
    pub(in crate::source) work: PathBuf,
    pub(in crate::source) offline: bool,
    /// Where archives that were sent here are; nowhere when none are taken.
    pub(in crate::source) uploads: Option<Uploads>,
    /// Packages whose code may run when they are built.
    pub(in crate::source) allowed: Vec<String>,
    /// Which hosts repositories may come from.
    pub(in crate::source) reach: Reach,
    /// Where repositories of GitHub are.
    pub(in crate::source) github: GitHub,
}

impl Fetcher {
    /// Makes a fetcher that keeps what it gets under `work`, each in a folder `scratch-<pid>-<number>` that goes away
    /// with the last clone of the tree. With `offline`, whatever is not on this machine is refused.
    pub fn new(env: ToolEnv, limits: Limits, work: PathBuf, offline: bool) -> Self {
        Self {
            env,
            limits,
            work,
            offline,
            uploads: None,
            allowed: Vec::new(),
            reach: Reach::Anywhere,
            github: GitHub::default(),
        }
    }

    /// Returns one that finds archives that were sent here.
    #[cfg_attr(
        not(all(feature = "sled", feature = "gateway")),
        expect(dead_code, reason = "the handle alone takes archives")
    )]
    pub(crate) fn with_uploads(self, uploads: Uploads) -> Self {
        Self { uploads: Some(uploads), ..self }
    }

    /// Returns one that fetches repositories from these hosts alone.
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// Returns one that finds repositories of GitHub at `web`, and gets them by its API where that may be asked.
    pub fn with_github(self, web: &str, archives: Option<Arc<dyn Archives>>) -> Self {
        Self { github: GitHub::new(web, archives), ..self }
    }

    /// Returns one that asks GitHub in nobody's name: it sees what everybody sees.
    pub fn anonymous(&self) -> Self {
        Self { github: self.github.anonymous(), ..self.clone() }
    }

    /// Returns one that may pin a source archive of the packages `names`, since they may run code when they are built.
    /// Still nothing of them is run here.
    pub fn allowing(&self, names: &[String]) -> Self {
        Self { allowed: names.to_vec(), ..self.clone() }
    }

    /// Gets what `locator` names. Commands are told before they run.
    pub async fn fetch(&self, locator: &Locator, progress: &dyn Progress) -> Result<SourceTree, SourceError> {
        match locator {
            Locator::Path(path) => {
                let (path, limits) = (path.clone(), self.limits);
                blocking(move || SourceTree::from_folder(&path, &limits)).await
            }
            Locator::Archive(path) => {
                let (path, limits, work) = (path.clone(), self.limits, self.work.clone());
                blocking(move || {
                    let scratch = Scratch::new(&work)?;
                    let tree = SourceTree::from_archive(&path, &scratch.path().join("tree"), &limits)?;
                    Ok(tree.in_scratch(Arc::new(scratch)))
                })
                .await
            }
            Locator::Upload(id) => {
                let gone = || SourceError::NotFound(locator.to_string());
                let path = self.uploads.as_ref().map(|uploads| uploads.path(id)).ok_or_else(gone)?;
                let (name, limits, work) = (locator.to_string(), self.limits, self.work.clone());
                blocking(move || {
                    let scratch = Scratch::new(&work)?;
                    let tree = unpack_file(&path, &name, &scratch.path().join("tree"), &limits)?;
                    Ok(tree.in_scratch(Arc::new(scratch)))
                })
                .await
            }
            Locator::Npm { name, version } => npm::fetch(self, name, version.as_deref(), progress).await,
            Locator::Pypi { name, version } => pypi::fetch(self, name, version.as_deref(), progress).await,
            Locator::GitHub { repository, reference, subdir } => {
                github::fetch(self, repository, reference.as_deref(), subdir.as_deref(), progress).await
            }
            Locator::Git { url, reference, subdir } => {
                git::fetch(self, url, reference.as_deref(), subdir.as_deref(), progress).await
            }
        }
    }

    /// Adds a lock of the dependencies when the source has some and carries none.
    pub async fn resolve(
        &self,
        tree: SourceTree,
        progress: &dyn Progress,
    ) -> Result<SourceTree, SourceError> {
        resolve::resolve(self, tree, progress).await
    }
}

/// Runs blocking work off the runtime.
pub(in crate::source) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(SourceError::Io {
            action: "finish work on",
            path: PathBuf::from("the source"),
            source: std::io::Error::other(error),
        }),
    }
}
