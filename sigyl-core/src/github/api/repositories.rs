//! What is asked about repositories.

use async_trait::async_trait;

use super::ApiError;
use crate::domain::{Annotation, BranchName, CommitId, RepositoryName};

/// The repositories of GitHub, or what stands in for them.
#[async_trait]
pub trait Repositories: Send + Sync + std::fmt::Debug {
    /// Tells what a repository is.
    async fn facts(&self, repository: &RepositoryName) -> Result<RepositoryFacts, ApiError>;

    /// Tells which commit a branch is at.
    async fn head(&self, repository: &RepositoryName, branch: &BranchName) -> Result<CommitId, ApiError>;

    /// Says how a commit stands.
    async fn set_status(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        status: &CommitStatus,
    ) -> Result<(), ApiError>;

    /// Says what was found in a commit. Only an App can: a token leaves it out, and that is no failure.
    async fn check(
        &self,
        repository: &RepositoryName,
        commit: &CommitId,
        check: &CommitCheck,
    ) -> Result<(), ApiError>;
}

/// How a commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitState {
    /// Nobody knows yet.
    Pending,
    /// It is good.
    Success,
    /// It is not.
    Failure,
    /// Something else failed.
    Error,
}

/// What is said of a commit in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// Who says it.
    pub context: String,
    /// How it stands.
    pub state: CommitState,
    /// Why; GitHub shows 140 characters.
    pub description: String,
}

/// What was found in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitCheck {
    /// Who looked.
    pub name: String,
    /// Whether it passed; nothing when that is for a person to say.
    pub passed: Option<bool>,
    /// What came of it, in a few words.
    pub title: String,
    /// The same in a sentence or two.
    pub summary: String,
    /// Findings at their lines.
    pub annotations: Vec<Annotation>,
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
