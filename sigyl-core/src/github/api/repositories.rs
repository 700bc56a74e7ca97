//! What is asked about repositories.

use async_trait::async_trait;

use super::ApiError;
use crate::domain::{BranchName, CommitId, RepositoryName};

/// The repositories of GitHub, or what stands in for them.
#[async_trait]
pub trait Repositories: Send + Sync + std::fmt::Debug {
    /// Tells what a repository is.
    async fn facts(&self, repository: &RepositoryName) -> Result<RepositoryFacts, ApiError>;

    /// Tells which commit a branch is at.
    async fn head(&self, repository: &RepositoryName, branch: &BranchName) -> Result<CommitId, ApiError>;
}

/// What a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// Its name now, which is another once it was renamed.
    pub name: RepositoryName,
    /// The number that it keeps.
    pub id: u64,
    /// The branch that it shows first.
    pub default_branch: BranchName,
}
