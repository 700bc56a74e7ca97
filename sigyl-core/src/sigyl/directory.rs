//! What is at GitHub, as lists. They are read in the name of this installation, which may see more than those who use it.

use std::sync::Arc;

use super::Sigyl;
use crate::domain::{
    Action, Caller, Denied, GitHubAsker, GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories,
    RepositoriesOf, RepositoryName,
};
use crate::error::Error;
use crate::github::api::{ApiError, Directory};

impl Sigyl {
    /// Lists where the GitHub App of this installation is installed, and tells as whom GitHub is asked.
    pub async fn github_installations(&self, caller: &Caller) -> Result<GitHubInstallations, Error> {
        require(caller)?;
        match self.lists() {
            Some(directory) => Ok(directory.installations().await?),
            None if self.inner.offline => Err(ApiError::Offline.into()),
            None => Ok(GitHubInstallations::none(GitHubAsker::Nobody)),
        }
    }

    /// Lists repositories at GitHub, the one that was pushed to last first.
    pub async fn github_repositories(
        &self,
        caller: &Caller,
        of: &RepositoriesOf,
    ) -> Result<GitHubRepositories, Error> {
        require(caller)?;
        Ok(self.directory()?.repositories(of).await?)
    }

    /// Lists the branches and tags of a repository at GitHub.
    pub async fn github_refs(
        &self,
        caller: &Caller,
        repository: &RepositoryName,
    ) -> Result<GitHubRefs, Error> {
        require(caller)?;
        Ok(self.directory()?.refs(repository).await?)
    }

    /// Tells what stands at the root of a repository at GitHub, at a branch, a tag or a commit.
    pub async fn github_files(
        &self,
        caller: &Caller,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<GitHubFiles, Error> {
        require(caller)?;
        Ok(self.directory()?.files(repository, reference).await?)
    }

    fn directory(&self) -> Result<Arc<dyn Directory>, ApiError> {
        let missing = if self.inner.offline { ApiError::Offline } else { ApiError::Nobody };
        self.lists().ok_or(missing)
    }

    /// Returns what lists: as the App that is kept where that is in use, and as the configuration says elsewhere.
    fn lists(&self) -> Option<Arc<dyn Directory>> {
        self.inner.desk.directory().or_else(|| self.inner.github.directory.clone())
    }
}

/// Refuses whoever may not operate this installation, as a `github:` source is fetched in its name for nobody else.
fn require(caller: &Caller) -> Result<(), Denied> {
    match caller.may(Action::Operate) {
        true => Ok(()),
        false => Err(Denied::new(
            caller,
            "list what is at GitHub in the name of this installation, which sees more than everybody does: that takes the \
             right to operate it",
        )),
    }
}
