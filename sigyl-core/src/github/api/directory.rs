//! What is asked for lists of what is at GitHub.

use async_trait::async_trait;

use super::ApiError;
use crate::domain::{
    GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories, RepositoriesOf, RepositoryName,
};

/// Lists of what is at GitHub, or of what stands in for it. Each is bounded, and says when there is more.
#[async_trait]
pub trait Directory: Send + Sync + std::fmt::Debug {
    /// Lists where the App is installed, and tells as whom GitHub is asked.
    async fn installations(&self) -> Result<GitHubInstallations, ApiError>;

    /// Lists repositories.
    async fn repositories(&self, of: &RepositoriesOf) -> Result<GitHubRepositories, ApiError>;

    /// Lists the branches and tags of a repository.
    async fn refs(&self, repository: &RepositoryName) -> Result<GitHubRefs, ApiError>;

    /// Tells what stands at the root of a repository, at a branch, a tag or a commit; at the branch that is shown first when
    /// nothing is named.
    async fn files(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<GitHubFiles, ApiError>;
}
