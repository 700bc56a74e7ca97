//! Lists of what is at GitHub, page after page, by the API.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::archives::{Commit, commit_path};
use super::client::RepositoryClient;
use super::tokens::Whose;
use super::{ApiError, Directory};
use crate::domain::{
    CommitId, GitHubAsker, GitHubFiles, GitHubInstallation, GitHubInstallations, GitHubRef, GitHubRefs,
    GitHubRepositories, GitHubRepository, RepositoriesOf, RepositoryName, RepositoryOwner, Timestamp,
};

/// Entries of one page, and pages of one list.
const PAGE: usize = 100;
const PAGES: usize = 10;
/// How long pages are turned: what comes after is not listed, which is said. A server works for a minute on a request.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of the name of a branch or a tag, as GitHub bounds it.
const NAME: usize = 255;

/// A list as far as it was read.
struct Read<T> {
    all: Vec<T>,
    more: bool,
}

#[derive(Deserialize)]
struct Installed {
    id: u64,
    /// An enterprise has a slug instead of a login.
    account: Option<AccountName>,
    repository_selection: Option<String>,
    suspended_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct AccountName {
    login: Option<String>,
    slug: Option<String>,
}

#[derive(Deserialize)]
struct InstalledOn {
    repositories: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    full_name: RepositoryName,
    private: bool,
    #[serde(default)]
    archived: bool,
    default_branch: String,
    pushed_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    commit: At,
}

#[derive(Deserialize)]
struct At {
    sha: CommitId,
}

#[derive(Deserialize)]
struct Root {
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl RepositoryClient {
    /// Reads a list, page after page, as far as it is bounded.
    async fn pages<B: DeserializeOwned, T>(
        &self,
        whose: &Whose,
        path: &str,
        taken: impl Fn(B) -> Vec<T>,
    ) -> Result<Read<T>, ApiError> {
        let (office, mut all) = (self.office(), Vec::new());
        let until = office.clock.now().plus(PATIENCE);
        let between = if path.contains('?') { '&' } else { '?' };
        for page in 1..=PAGES {
            let path = format!("{path}{between}per_page={PAGE}&page={page}");
            let (body, has_next) = office.read(whose, &path).await?;
            // More than was asked for is no page of GitHub.
            all.extend(taken(body).into_iter().take(PAGE));
            if !has_next {
                return Ok(Read { all, more: false });
            }
            if office.clock.now() > until {
                break;
            }
        }
        Ok(Read { all, more: true })
    }

    async fn repositories_at(&self, whose: &Whose, path: &str) -> Result<Read<Found>, ApiError> {
        self.pages(whose, path, |found: Vec<Found>| found).await
    }

    async fn of_installation(&self, id: u64) -> Result<Read<Found>, ApiError> {
        let whose = Whose::Installation(id);
        self.pages(&whose, "/installation/repositories", |on: InstalledOn| on.repositories).await
    }

    /// Lists what may be seen of somebody's: all that the App or the token sees, and what everybody does.
    async fn of_owner(&self, owner: &RepositoryOwner) -> Result<Read<Found>, ApiError> {
        let public = format!("/users/{owner}/repos?sort=pushed");
        match self.office().tokens.asker() {
            GitHubAsker::App => match self.installation_of(owner).await? {
                Some(id) => self.of_installation(id).await,
                None => self.repositories_at(&Whose::Everybody, &public).await,
            },
            GitHubAsker::Token => {
                // The list of a person leaves out what is private, and that of the token what is not theirs.
                let seen = self.repositories_at(&Whose::Asker, "/user/repos?sort=pushed");
                let public = self.repositories_at(&Whose::Asker, &public);
                let (mut seen, public) = try_join(seen, public).await?;
                seen.all.retain(|found| owner.owns(&found.full_name));
                seen.all.extend(public.all);
                Ok(Read { more: seen.more || public.more, ..seen })
            }
            GitHubAsker::Nobody => self.repositories_at(&Whose::Everybody, &public).await,
        }
    }

    async fn installation_of(&self, owner: &RepositoryOwner) -> Result<Option<u64>, ApiError> {
        let found = self.office().read(&Whose::Asker, &format!("/users/{owner}/installation")).await;
        match found {
            Ok((Installed { id, .. }, _)) => Ok(Some(id)),
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads something of a repository; as everybody sees it where the App is not installed.
    async fn of_repository<T: DeserializeOwned>(
        &self,
        repository: &RepositoryName,
        path: &str,
    ) -> Result<(T, Whose), ApiError> {
        let whose = Whose::Repository(repository.clone());
        match self.office().read(&whose, path).await {
            Ok((read, _)) => Ok((read, whose)),
            Err(ApiError::NotInstalled(_)) => {
                let (read, _) = self.office().read(&Whose::Everybody, path).await?;
                Ok((read, Whose::Everybody))
            }
            Err(error) => Err(error),
        }
    }

    async fn named(&self, whose: &Whose, path: &str) -> Result<Read<GitHubRef>, ApiError> {
        let read = self.pages(whose, path, |named: Vec<Named>| named).await?;
        let count = read.all.len();
        let all = read.all.into_iter().filter(|named| named.name.len() <= NAME);
        let all: Vec<_> = all.map(|named| GitHubRef { name: named.name, commit: named.commit.sha }).collect();
        Ok(Read { more: read.more || all.len() < count, all })
    }
}

#[async_trait]
impl Directory for RepositoryClient {
    async fn installations(&self) -> Result<GitHubInstallations, ApiError> {
        let asker = self.office().tokens.asker();
        if asker != GitHubAsker::App {
            return Ok(GitHubInstallations::none(asker));
        }
        let read = self.pages(&Whose::Asker, "/app/installations", |all: Vec<Installed>| all).await?;
        let mut installations: Vec<_> = read.all.into_iter().map(GitHubInstallation::from).collect();
        installations.sort_by_cached_key(|one| (one.account.to_lowercase(), one.id));
        Ok(GitHubInstallations { asker, installations, more: read.more })
    }

    async fn repositories(&self, of: &RepositoriesOf) -> Result<GitHubRepositories, ApiError> {
        let read = match (of, self.office().tokens.asker()) {
            (RepositoriesOf::Owner(owner), _) => self.of_owner(owner).await?,
            (_, GitHubAsker::Nobody) => return Err(ApiError::Nobody),
            (RepositoriesOf::Installation(id), GitHubAsker::App) => self.of_installation(*id).await?,
            (RepositoriesOf::Installation(_), GitHubAsker::Token) => return Err(ApiError::NoApp),
            (RepositoriesOf::Token, GitHubAsker::Token) => {
                self.repositories_at(&Whose::Asker, "/user/repos?sort=pushed").await?
            }
            (RepositoriesOf::Token, GitHubAsker::App) => return Err(ApiError::WhichInstallation),
        };
        let mut repositories: Vec<_> = read.all.into_iter().map(GitHubRepository::from).collect();
        let key = |one: &GitHubRepository| one.name.as_str().to_ascii_lowercase();
        // The same one may come from two lists, or on two pages while something is pushed.
        repositories.sort_by_cached_key(key);
        repositories.dedup_by(|one, other| one.name == other.name);
        repositories.sort_by_key(|one| std::cmp::Reverse(one.pushed_at));
        let cut = repositories.len() > PAGE * PAGES;
        repositories.truncate(PAGE * PAGES);
        Ok(GitHubRepositories { repositories, more: read.more || cut })
    }

    async fn refs(&self, repository: &RepositoryName) -> Result<GitHubRefs, ApiError> {
        let at = format!("/repos/{repository}");
        let (found, whose) = self.of_repository::<Found>(repository, &at).await?;
        let (branches, tags) = (format!("{at}/branches"), format!("{at}/tags"));
        let (mut branches, tags) = try_join(self.named(&whose, &branches), self.named(&whose, &tags)).await?;
        branches.all.sort_by_key(|branch| branch.name != found.default_branch);
        Ok(GitHubRefs {
            repository: found.full_name,
            default_branch: found.default_branch,
            branches: branches.all,
            tags: tags.all,
            more_branches: branches.more,
            more_tags: tags.more,
        })
    }

    async fn files(
        &self,
        repository: &RepositoryName,
        reference: Option<&str>,
    ) -> Result<GitHubFiles, ApiError> {
        if let Some(wrong) = reference.filter(|reference| !is_reference(reference)) {
            return Err(ApiError::Reference(wrong.chars().filter(|c| !c.is_control()).take(NAME).collect()));
        }
        let path = commit_path(repository, reference);
        let (commit, whose) = match self.of_repository::<Commit>(repository, &path).await {
            // So it says that a repository is empty.
            Err(ApiError::Refused { status: 409, .. }) => {
                return Ok(GitHubFiles { commit: None, files: Vec::new(), more: false });
            }
            found => found?,
        };
        let commit = commit.asked_for(reference)?;
        let path = format!("/repos/{repository}/git/trees/{commit}");
        let (root, _): (Root, _) = self.office().read(&whose, &path).await?;
        let stands = |name: &str| root.tree.iter().any(|entry| entry.kind == "blob" && entry.path == name);
        let files = GitHubFiles::TELLING.into_iter().filter(|name| stands(name)).map(str::to_owned);
        Ok(GitHubFiles { commit: Some(commit), files: files.collect(), more: root.truncated })
    }
}

/// Tells whether something may be called so. A path of dots would be another question.
fn is_reference(text: &str) -> bool {
    let name = text.strip_prefix("refs/").unwrap_or(text);
    (1..=NAME).contains(&name.len())
        && name != "."
        && !name.contains("..")
        && !name.starts_with('-')
        && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}

impl From<Installed> for GitHubInstallation {
    fn from(found: Installed) -> Self {
        let account = found.account.and_then(|account| account.login.or(account.slug));
        Self {
            id: found.id,
            account: account.filter(|name| name.len() <= NAME).unwrap_or_else(|| found.id.to_string()),
            selected: found.repository_selection.as_deref() == Some("selected"),
            suspended: found.suspended_at.is_some(),
        }
    }
}

impl From<Found> for GitHubRepository {
    fn from(found: Found) -> Self {
        Self {
            name: found.full_name,
            private: found.private,
            archived: found.archived,
            default_branch: found.default_branch,
            pushed_at: found.pushed_at,
        }
    }
}
