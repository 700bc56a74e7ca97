//! What is at GitHub, as lists: where an App is installed, repositories, their branches and tags, and what stands at the root
//! of one. Each list is bounded, and says when there is more.

use serde::{Deserialize, Serialize};

use super::{CommitId, RepositoryName, RepositoryOwner, Timestamp};

/// As whom GitHub is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GitHubAsker {
    /// As nobody: what everybody sees.
    Nobody,
    /// With a token.
    Token,
    /// As a GitHub App.
    App,
}

/// One place where an App is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubInstallation {
    /// Its number.
    pub id: u64,
    /// The person or organisation that it belongs to, as GitHub calls it.
    pub account: String,
    /// Whether it sees only repositories that were chosen.
    pub selected: bool,
    /// Whether it was suspended: nothing of it can be read.
    pub suspended: bool,
}

/// Where an App is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubInstallations {
    /// As whom GitHub is asked: only an App is installed anywhere.
    pub asker: GitHubAsker,
    /// They, by account.
    pub installations: Vec<GitHubInstallation>,
    /// Whether there are more than are listed.
    pub more: bool,
}

/// Whose repositories are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepositoriesOf {
    /// All that the token sees.
    Token,
    /// Those of an installation of the App.
    Installation(u64),
    /// Those of a person or an organisation, as far as they may be seen.
    Owner(RepositoryOwner),
}

/// One repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubRepository {
    /// Owner and name.
    pub name: RepositoryName,
    /// Whether not everybody sees it.
    pub private: bool,
    /// Whether it is read-only from now on.
    pub archived: bool,
    /// The branch that it shows first.
    pub default_branch: String,
    /// When something was pushed last.
    pub pushed_at: Option<Timestamp>,
}

/// Repositories, the one that was pushed to last first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubRepositories {
    /// They.
    pub repositories: Vec<GitHubRepository>,
    /// Whether there are more than are listed.
    pub more: bool,
}

/// A branch or a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubRef {
    /// Its name, by whoever may push.
    pub name: String,
    /// Where it is.
    pub commit: CommitId,
}

/// The branches and tags of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubRefs {
    /// The repository, as it is called now.
    pub repository: RepositoryName,
    /// The branch that it shows first.
    pub default_branch: String,
    /// Branches, the one that is shown first before all others.
    pub branches: Vec<GitHubRef>,
    /// Tags, in the order of GitHub.
    pub tags: Vec<GitHubRef>,
    /// Whether there are more branches than are listed.
    pub more_branches: bool,
    /// Whether there are more tags than are listed.
    pub more_tags: bool,
}

/// What stands at the root of a repository and says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitHubFiles {
    /// The commit that was looked at; nothing where the repository is empty.
    pub commit: Option<CommitId>,
    /// Names of files, the one that decides most first: of [`GitHubFiles::TELLING`].
    pub files: Vec<String>,
    /// Whether the root holds more than GitHub tells.
    pub more: bool,
}

impl GitHubFiles {
    /// The files that are looked for: manifests first, then what a runtime is told by.
    pub const TELLING: [&str; 11] = [
        "sigyl.yaml",
        "sigyl.yml",
        "mcp.yaml",
        "mcp.yml",
        "smithery.yaml",
        "smithery.yml",
        "package.json",
        "pyproject.toml",
        "Cargo.toml",
        "go.mod",
        "Dockerfile",
    ];
}

impl GitHubInstallations {
    /// What is told where GitHub is asked as no App.
    pub fn none(asker: GitHubAsker) -> Self {
        Self { asker, installations: Vec::new(), more: false }
    }
}
