//! What is at GitHub, as lists, and the GitHub App of a server.

use super::call::Call;
use super::operation::{
    FORGET_GITHUB_APP, KEEP_GITHUB_APP, LIST_GITHUB_INSTALLATIONS, LIST_GITHUB_REFS,
    LIST_GITHUB_REPOSITORIES, SHOW_GITHUB_APP, SHOW_GITHUB_FILES,
};
use super::{Client, ClientError};
use crate::domain::{
    GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories, RepositoriesOf, RepositoryName,
};
use crate::wire::v1::{GitHubView, NewGitHubApp};

impl Client {
    /// Lists where the GitHub App of the server is installed, and tells as whom GitHub is asked.
    pub async fn github_installations(&self) -> Result<GitHubInstallations, ClientError> {
        self.ask(Call::of(LIST_GITHUB_INSTALLATIONS)).await
    }

    /// Lists repositories at GitHub, the one that was pushed to last first.
    pub async fn github_repositories(&self, of: &RepositoriesOf) -> Result<GitHubRepositories, ClientError> {
        let call = Call::of(LIST_GITHUB_REPOSITORIES);
        self.ask(match of {
            RepositoriesOf::Token => call,
            RepositoriesOf::Installation(id) => call.asks("installation", id),
            RepositoriesOf::Owner(owner) => call.asks("owner", owner),
        })
        .await
    }

    /// Lists the branches and tags of a repository at GitHub.
    pub async fn github_refs(&self, repository: &RepositoryName) -> Result<GitHubRefs, ClientError> {
        self.ask(Call::of(LIST_GITHUB_REFS).part(repository.owner()).part(repository.name())).await
    }

    /// Tells what stands at the root of a repository at GitHub, at a branch, a tag or a commit.
    pub async fn github_files(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<GitHubFiles, ClientError> {
        let call = Call::of(SHOW_GITHUB_FILES).part(repository.owner()).part(repository.name());
        self.ask(call.may_ask("reference", reference)).await
    }

    /// Tells how GitHub is asked, and which App is kept; never a key.
    pub async fn github_app(&self) -> Result<GitHubView, ClientError> {
        self.ask(Call::of(SHOW_GITHUB_APP)).await
    }

    /// Has a GitHub App kept, its keys sealed.
    pub async fn keep_github_app(&self, new: &NewGitHubApp) -> Result<GitHubView, ClientError> {
        self.ask(Call::of(KEEP_GITHUB_APP).json(new)?).await
    }

    /// Has the App let go of.
    pub async fn forget_github_app(&self) -> Result<(), ClientError> {
        self.done(Call::of(FORGET_GITHUB_APP)).await
    }
}
