//! The GitHub App of the installation: its keys go in and never come out.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::NewGitHubApp;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, DONE, Doc, Method, Route, fails, gives, handler};

/// Bytes of an App with its keys: twice what a private key may have, since JSON may escape it.
const KEYS: usize = 40 << 10;

const OPERATE: Access = Access::Key(Action::Operate);
const PATH: &str = "/api/v1/github/app";

pub(crate) const ROUTES: &[Route] = &[
    Route::get(PATH, OPERATE, handler!(show), SHOW),
    Route::change(Method::Put, PATH, OPERATE, handler!(keep), KEEP),
    Route::change(Method::Delete, PATH, OPERATE, handler!(forget), FORGET),
];

const SHOW: Doc = Doc::new(
    "showGitHubApp",
    "Tells by what GitHub is asked, by what its deliveries are believed, and which App is kept; never a key.",
    &[gives("GitHub", "That.")],
);
const KEEP: Doc = Doc::new(
    "keepGitHubApp",
    "Keeps a GitHub App with its keys sealed, and asks as it from now on where the configuration names nobody else.",
    &[gives("GitHub", "What is in force now."), fails(409, "Another App is kept: let go of it first.")],
)
.takes("NewGitHubApp");
const FORGET: Doc = Doc::new(
    "forgetGitHubApp",
    "Lets go of the App that is kept. At GitHub it stays until its owner deletes it there.",
    &[DONE, fails(404, "None is kept.")],
);

async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.github_app(&ask.caller).await?)
}

async fn keep(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let new: NewGitHubApp = ask.json(KEYS).await?;
    Answer::json(&app.core.keep_github_app(&caller, new).await?)
}

async fn forget(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    app.core.forget_github_app(&ask.caller).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
