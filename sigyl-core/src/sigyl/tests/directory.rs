//! Who may list what is at GitHub in the name of an installation.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::quarantine::ended;
use crate::domain::{
    Action, BranchName, Caller, CommitId, GitHubApp, GitHubAppKeys, GitHubAsker, GitHubFiles,
    GitHubInstallations, GitHubRefs, GitHubRepositories, Kind, Locator, RepositoriesOf, RepositoryName,
    SecretValue,
};
use crate::error::Error;
use crate::github::api::{ApiError, CommitCheck, CommitStatus, Directory, Repositories, RepositoryFacts};
use crate::github::app::{AppClients, OpensApp};
use crate::sigyl::{Config, Sigyl};
use crate::source::{ArchiveError, Archives};
use crate::wire::v1::{Deploy, NewGitHubApp};

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

/// An App that knows nothing, and counts who asks as it.
#[derive(Debug, Default)]
struct AsApp {
    listed: Arc<Counted>,
    fetched: Mutex<usize>,
}

#[async_trait::async_trait]
impl Repositories for AsApp {
    async fn facts(&self, _: &RepositoryName) -> Result<RepositoryFacts, ApiError> {
        Err(ApiError::Answer("nothing"))
    }

    async fn head(&self, _: &RepositoryName, _: &BranchName) -> Result<CommitId, ApiError> {
        Err(ApiError::Answer("nothing"))
    }

    async fn set_status(&self, _: &RepositoryName, _: &CommitId, _: &CommitStatus) -> Result<(), ApiError> {
        Err(ApiError::Answer("nothing"))
    }

    async fn check(&self, _: &RepositoryName, _: &CommitId, _: &CommitCheck) -> Result<(), ApiError> {
        Err(ApiError::Answer("nothing"))
    }
}

#[async_trait::async_trait]
impl Archives for AsApp {
    async fn commit(&self, _: &RepositoryName, _: Option<&str>) -> Result<CommitId, ArchiveError> {
        *self.fetched.lock().unwrap() += 1;
        Err(ArchiveError { kind: Kind::NotFound, is_closed: false, why: "planted-answer".into() })
    }

    async fn archive(&self, _: &RepositoryName, _: &CommitId, _: &Path, _: u64) -> Result<(), ArchiveError> {
        Err(ArchiveError { kind: Kind::NotFound, is_closed: false, why: "planted-answer".into() })
    }
}

/// Opens every App as this one.
#[derive(Debug)]
struct Opens(Arc<AsApp>);

impl OpensApp for Opens {
    fn open(&self, _: &GitHubApp, _: &GitHubAppKeys) -> Result<AppClients, ApiError> {
        let directory = self.0.listed.clone();
        Ok(AppClients { api: self.0.clone(), archives: self.0.clone(), directory })
    }
}

/// Where nothing listens.
const HERE: &str = "http://127.0.0.1:9";

fn an_app() -> NewGitHubApp {
    let app = GitHubApp {
        id: 7,
        slug: "sigyl-x".into(),
        name: "Sigyl".into(),
        html_url: format!("{HERE}/apps/sigyl-x"),
        api_url: HERE.into(),
        web_url: HERE.into(),
        hook_url: None,
    };
    let keys = GitHubAppKeys {
        private_key: SecretValue::new(include_str!("../../github/app/test_key.pem")),
        webhook_secret: None,
        client_id: "Iv1.x".into(),
        client_secret: SecretValue::new("planted-client-secret"),
    };
    NewGitHubApp { app, keys }
}

#[tokio::test]
async fn the_app_answers_while_it_is_kept_and_what_is_configured_before_and_after() {
    let (configured, app) = (Arc::new(Counted::default()), Arc::new(AsApp::default()));
    let (_folder, sigyl) = opened(|config| {
        config.github.web_url = HERE.into();
        config.github.api_url = HERE.into();
        config.github.directory = Some(configured.clone());
        config.github.app = Some(Arc::new(Opens(app.clone())));
    })
    .await;
    let owner = Caller::local_owner();
    let counts = || {
        let [configured, listed] = [&configured.0, &app.listed.0].map(|count| *count.lock().unwrap());
        (configured, listed, *app.fetched.lock().unwrap())
    };
    let deployed = |caller: Caller| {
        let sigyl = sigyl.clone();
        async move {
            let deploy = Deploy::of(Locator::parse("github:octo/x").unwrap());
            let run = sigyl.deploy(&caller, deploy).await.unwrap();
            ended(&sigyl, &run).await;
        }
    };
    asked(&sigyl, &owner).await;
    deployed(owner.clone()).await;
    assert_eq!(counts(), (4, 0, 0));
    sigyl.keep_github_app(&owner, an_app()).await.unwrap();
    asked(&sigyl, &owner).await;
    deployed(owner.clone()).await;
    assert_eq!(counts(), (4, 4, 1));
    deployed(Caller::limited("ci", [Action::Deploy, Action::Read])).await;
    assert_eq!(counts(), (4, 4, 1), "the App sees more than whoever may only deploy");
    sigyl.forget_github_app(&owner).await.unwrap();
    asked(&sigyl, &owner).await;
    deployed(owner).await;
    assert_eq!(counts(), (8, 4, 1));
}
