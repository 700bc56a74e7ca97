//! Archives of commits, by the API: where they are is asked with a token, and they are fetched without one.

use std::path::Path;

use async_trait::async_trait;
use serde::Deserialize;

use super::client::{RepositoryClient, told};
use super::{ApiError, courier};
use crate::domain::{CommitId, Kind, RepositoryName, percent_encoded};
use crate::source::{ArchiveError, Archives};

/// A commit, of which nothing but its id is read.
#[derive(Deserialize)]
pub(super) struct Commit {
    sha: CommitId,
}

impl Commit {
    /// Returns its id, unless another one was asked for.
    pub(super) fn asked_for(self, reference: Option<&str>) -> Result<CommitId, ApiError> {
        match reference.map(CommitId::parse) {
            Some(Ok(asked)) if asked != self.sha => {
                Err(ApiError::Answer("it names another commit than was asked for"))
            }
            _ => Ok(self.sha),
        }
    }
}

/// Returns where a branch, a tag or a commit is asked for: by its shortest list of files.
pub(super) fn commit_path(repository: &RepositoryName, reference: Option<&str>) -> String {
    let reference =
        reference.map_or("HEAD", |reference| reference.strip_prefix("refs/").unwrap_or(reference));
    // What follows a slash would be another question: `main/status`.
    let name = percent_encoded(reference);
    format!("/repos/{repository}/commits/{name}?per_page=1")
}

impl RepositoryClient {
    async fn commit_at(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<CommitId, ApiError> {
        let path = commit_path(repository, reference);
        let commit: Commit = self.octocrab()?.get(path, None::<&()>).await.map_err(told)?;
        commit.asked_for(reference)
    }

    async fn archive_of(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        into: &Path,
        most: u64,
    ) -> Result<(), ApiError> {
        let path = format!("/repos/{repository}/tarball/{commit}");
        let heard = self.office().look(&path).await?;
        if !(300..400).contains(&heard.status) {
            return Err(match heard.status {
                200..300 => ApiError::Answer("it sent no address of the archive"),
                status => courier::refusal(status, &heard.body),
            });
        }
        let at = heard.header("location").ok_or(ApiError::Answer("it leads to an archive nowhere"))?;
        // The address has its own ticket: the token is for the API alone.
        Ok(self.web().download(at, self.office().line.root(), into, most).await?)
    }
}

#[async_trait]
impl Archives for RepositoryClient {
    async fn commit(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<CommitId, ArchiveError> {
        self.commit_at(repository, reference).await.map_err(ArchiveError::from)
    }

    async fn archive(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        into: &Path,
        most: u64,
    ) -> Result<(), ArchiveError> {
        self.archive_of(repository, commit, into, most).await.map_err(ArchiveError::from)
    }
}

impl From<ApiError> for ArchiveError {
    fn from(error: ApiError) -> Self {
        let kind = match &error {
            // So it says that a repository is empty, and that there is no such commit.
            ApiError::Refused { status: 409 | 422, .. } => Kind::NotFound,
            error => error.kind(),
        };
        let is_closed = matches!(error, ApiError::NotInstalled(_));
        Self { kind, is_closed, why: Box::new(error) }
    }
}
