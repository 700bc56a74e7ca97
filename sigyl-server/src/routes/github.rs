//! What is at GitHub, as lists: for those who may operate the server, in whose name it is asked.

use std::sync::Arc;

use sigyl_core::domain::{Action, RepositoriesOf, RepositoryName, RepositoryOwner};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Reply, Route, fails, gives, handler, param};

const OPERATE: Access = Access::Key(Action::Operate);
const NOBODY: Reply = fails(400, "No token and no App asks GitHub, or it has no such list.");
const NONE: Reply = fails(404, "There is no such repository, or the token or the App may not see it.");

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/github/installations", OPERATE, handler!(installations), INSTALLATIONS),
    Route::get("/api/v1/github/repositories", OPERATE, handler!(repositories), REPOSITORIES),
    Route::get("/api/v1/github/repositories/{owner}/{repository}/refs", OPERATE, handler!(refs), REFS),
    Route::get("/api/v1/github/repositories/{owner}/{repository}/files", OPERATE, handler!(files), FILES),
];

const INSTALLATIONS: Doc = Doc::new(
    "listGitHubInstallations",
    "Lists where the GitHub App of the server is installed, and tells as whom GitHub is asked.",
    &[gives("GitHubInstallations", "They, by account.")],
);
const REPOSITORIES: Doc = Doc::new(
    "listGitHubRepositories",
    "Lists repositories at GitHub, 1 000 at most: all that the token sees when nothing is named.",
    &[gives("GitHubRepositories", "They, the one that was pushed to last first."), NOBODY],
)
.asks(&[
    param("installation", "Number", "The number of an installation of the App."),
    param("owner", "Text", "The login of a person or an organisation."),
]);
const REFS: Doc = Doc::new(
    "listGitHubRefs",
    "Lists the branches and tags of a repository at GitHub, 1 000 of each at most.",
    &[gives("GitHubRefs", "They."), NOBODY, NONE],
);
const FILES: Doc = Doc::new(
    "showGitHubFiles",
    "Tells which files that say what it is stand at the root of a repository at GitHub.",
    &[gives("GitHubFiles", "They, with the commit that was looked at."), NOBODY, NONE],
)
.asks(&[param(
    "reference",
    "Text",
    "A branch, a tag or a commit; the branch that is shown first when absent.",
)]);

async fn installations(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.github_installations(&ask.caller).await?)
}

async fn repositories(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let owner = query.text("owner").map(RepositoryOwner::parse).transpose();
    let owner = owner.map_err(|error| Problem::invalid(format!("`owner` in the query is wrong: {error}")))?;
    let of = match (query.value("installation", "the number of an installation")?, owner) {
        (None, None) => RepositoriesOf::Token,
        (Some(id), None) => RepositoriesOf::Installation(id),
        (None, Some(owner)) => RepositoriesOf::Owner(owner),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("name `installation` or `owner` in the query, not both"));
        }
    };
    Answer::json(&app.core.github_repositories(&ask.caller, &of).await?)
}

async fn refs(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.github_refs(&ask.caller, &repository(&ask)?).await?)
}

async fn files(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (query, repository) = (ask.query()?, repository(&ask)?);
    Answer::json(&app.core.github_files(&ask.caller, &repository, query.text("reference")).await?)
}

fn repository(ask: &Ask) -> Result<RepositoryName, Problem> {
    let owner = ask.part("owner", RepositoryOwner::parse)?;
    ask.part("repository", |name| RepositoryName::parse(&format!("{owner}/{name}")))
}
