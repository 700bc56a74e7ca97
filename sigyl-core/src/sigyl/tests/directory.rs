//! Who may list what is at GitHub in the name of an installation.

use std::sync::{Arc, Mutex};

use crate::domain::{
    Action, Caller, CommitId, GitHubAsker, GitHubFiles, GitHubInstallations, GitHubRefs, GitHubRepositories,
    Kind, RepositoriesOf, RepositoryName,
};
use crate::error::Error;
use crate::github::api::{ApiError, Directory};
use crate::sigyl::{Config, Sigyl};

/// Counts what is asked, and knows one repository.
#[derive(Debug, Default)]
struct Counted(Mutex<usize>);

impl Counted {
    fn count(&self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[async_trait::async_trait]
impl Directory for Counted {
    async fn installations(&self) -> Result<GitHubInstallations, ApiError> {
        self.count();
        Ok(GitHubInstallations::none(GitHubAsker::Token))
    }

    async fn repositories(&self, _: &RepositoriesOf) -> Result<GitHubRepositories, ApiError> {
        self.count();
        Ok(GitHubRepositories { repositories: Vec::new(), more: true })
    }

    async fn refs(&self, repository: &RepositoryName) -> Result<GitHubRefs, ApiError> {
        self.count();
        Err(ApiError::NotInstalled(repository.clone()))
    }

    async fn files(&self, _: &RepositoryName, reference: Option<&str>) -> Result<GitHubFiles, ApiError> {
        self.count();
        let commit = CommitId::parse(&"0a".repeat(20)).ok();
        Ok(GitHubFiles { commit, files: reference.into_iter().map(str::to_owned).collect(), more: false })
    }
}

async fn opened(change: impl FnOnce(&mut Config)) -> (tempfile::TempDir, Sigyl) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
    change(&mut config);
    let sigyl = Sigyl::open(config).await.unwrap();
    (folder, sigyl)
}

/// Asks everything, and returns the failures.
async fn asked(sigyl: &Sigyl, caller: &Caller) -> Vec<Option<Error>> {
    let name = RepositoryName::parse("octo/x").unwrap();
    vec![
        sigyl.github_installations(caller).await.err(),
        sigyl.github_repositories(caller, &RepositoriesOf::Token).await.err(),
        sigyl.github_refs(caller, &name).await.err(),
        sigyl.github_files(caller, &name, Some("main")).await.err(),
    ]
}

#[tokio::test]
async fn only_who_operates_lists_in_the_name_of_the_installation() {
    let counted = Arc::new(Counted::default());
    let (_folder, sigyl) = opened(|config| config.github.directory = Some(counted.clone())).await;
    let all: Vec<_> = Action::ALL.into_iter().filter(|action| *action != Action::Operate).collect();
    for failure in asked(&sigyl, &Caller::limited("ci", all)).await {
        let failure = failure.unwrap();
        assert_eq!((failure.kind(), failure.code()), (Kind::Denied, "E0901"), "{failure}");
        assert!(failure.to_string().contains("in the name of this installation"), "{failure}");
    }
    assert_eq!(*counted.0.lock().unwrap(), 0, "GitHub is not asked for them");
    let failures = asked(&sigyl, &Caller::limited("ops", [Action::Operate])).await;
    let codes: Vec<_> = failures.iter().map(|failure| failure.as_ref().map(Error::code)).collect();
    assert_eq!(codes, [None, None, Some("E1403"), None]);
    assert_eq!(*counted.0.lock().unwrap(), 4);
}

#[tokio::test]
async fn where_nobody_asks_it_says_so() {
    let (_folder, sigyl) = opened(|_| {}).await;
    let owner = Caller::local_owner();
    assert_eq!(sigyl.github_installations(&owner).await.unwrap().asker, GitHubAsker::Nobody);
    let failures = asked(&sigyl, &owner).await;
    assert!(failures[1..].iter().all(|failure| failure.as_ref().unwrap().code() == "E1405"), "{failures:?}");
    let (_folder, offline) = opened(|config| config.offline = true).await;
    for failure in asked(&offline, &owner).await {
        let failure = failure.unwrap();
        assert!(failure.to_string().contains("`offline` is set"), "{failure}");
    }
}
