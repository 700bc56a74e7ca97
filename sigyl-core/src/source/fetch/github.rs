//! Gets repositories of GitHub: by its API where somebody may ask it, and by the user's own git elsewhere.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::fetcher::{Fetcher, blocking};
use super::git::{self, is_plain};
use crate::domain::{CommitId, Kind, RepositoryName};
use crate::source::archive::unpack_repository;
use crate::source::scratch::Scratch;
use crate::source::{Progress, SourceError, SourceTree};

/// Why an archive did not come. What is said holds no token.
#[derive(Debug)]
pub struct ArchiveError {
    /// Its class.
    pub kind: Kind,
    /// Whether whoever is asked was not let in, so that everybody may see more.
    pub is_closed: bool,
    /// What happened.
    pub why: Box<dyn std::error::Error + Send + Sync>,
}

/// Archives of repositories, in the name of whoever configured who asks.
#[async_trait]
pub trait Archives: Send + Sync + std::fmt::Debug {
    /// Tells whether anybody asks for them now; where nobody does, repositories are fetched by git.
    fn is_open(&self) -> bool {
        true
    }

    /// Tells which commit a branch, a tag or a commit is; the one that is shown first when nothing is named.
    async fn commit(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<CommitId, ArchiveError>;

    /// Writes the archive of exactly a commit, a `.tar.gz`, into a file that is made; refuses more bytes than `most`.
    async fn archive(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        into: &Path,
        most: u64,
    ) -> Result<(), ArchiveError>;
}

/// Where repositories of GitHub are, and who is asked for them.
#[derive(Clone, Debug)]
pub(in crate::source) struct GitHub {
    web: String,
    archives: Option<Arc<dyn Archives>>,
    /// Whether git is kept from what the user of this machine may see.
    pub(super) is_anonymous: bool,
}

impl Default for GitHub {
    fn default() -> Self {
        Self { web: "https://github.com".to_owned(), archives: None, is_anonymous: false }
    }
}

impl GitHub {
    pub(super) fn new(web: &str, archives: Option<Arc<dyn Archives>>) -> Self {
        Self { web: web.trim_end_matches('/').to_owned(), archives, is_anonymous: false }
    }

    /// Returns it as anybody sees it.
    pub(super) fn anonymous(&self) -> Self {
        Self { archives: None, is_anonymous: true, ..self.clone() }
    }
}

/// Gets the files of a commit of a repository.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    repository: &RepositoryName,
    reference: Option<&str>,
    subdir: Option<&str>,
    progress: &dyn Progress,
) -> Result<SourceTree, SourceError> {
    let url = format!("{}/{repository}.git", fetcher.github.web);
    if fetcher.offline {
        return Err(SourceError::Offline(format!("github:{repository}")));
    }
    let Some(archives) = fetcher.github.archives.clone().filter(|archives| archives.is_open()) else {
        return git::fetch(fetcher, &url, reference, subdir, progress).await;
    };
    if let Some(reference) = reference.filter(|reference| !is_plain(reference)) {
        let reference = crate::source::path::shown(reference);
        return Err(SourceError::NotFound(format!("`{reference}` in github:{repository}")));
    }
    let wrong = |error: ArchiveError| {
        let at = reference.map(|reference| format!(" at {reference}")).unwrap_or_default();
        SourceError::Archive { what: format!("{repository}{at}"), kind: error.kind, source: error.why }
    };
    let commit = match archives.commit(repository, reference).await {
        Err(error) if error.is_closed => {
            progress.log(&format!("{}; it is fetched as everybody sees it", error.why));
            return git::fetch(&fetcher.anonymous(), &url, reference, subdir, progress).await;
        }
        commit => commit.map_err(wrong)?,
    };
    progress.log(&format!("{repository} is at {commit}"));
    let scratch = Scratch::new(&fetcher.work)?;
    let file = scratch.path().join("repository.tar.gz");
    archives.archive(repository, &commit, &file, fetcher.limits.total).await.map_err(wrong)?;
    // It is recorded by what everybody can find it by.
    let below = subdir.map(|subdir| format!(":{subdir}")).unwrap_or_default();
    let locator = format!("git:{url}#{commit}{below}");
    let (limits, subdir) = (fetcher.limits, subdir.map(str::to_owned));
    blocking(move || {
        let into = scratch.path().join("tree");
        let tree = unpack_repository(&file, &locator, &into, &limits, subdir.as_deref())?;
        std::fs::remove_file(&file).map_err(SourceError::io("remove", &file))?;
        Ok(tree.in_scratch(Arc::new(scratch)))
    })
    .await
}
