//! What people say of servers: how they are presented, and how good they are.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::{Action, ProfilePatch};
use sigyl_core::wire::v1::NewRating;

use super::servers::{NO_SERVER, name};
use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, DONE, Doc, Method, Route, fails, gives, handler};

/// Bytes of what is said.
const SMALL: usize = 32 << 10;

const READ: Access = Access::Key(Action::Read);

pub(crate) const ROUTES: &[Route] = &[
    Route::change(
        Method::Patch,
        "/api/v1/servers/{name}",
        Access::Key(Action::Publish),
        handler!(edit),
        EDIT,
    ),
    Route::get("/api/v1/servers/{name}/ratings", READ, handler!(ratings), RATINGS),
    Route::change(Method::Put, "/api/v1/servers/{name}/rating", READ, handler!(rate), RATE),
    Route::change(Method::Delete, "/api/v1/servers/{name}/rating", READ, handler!(take), TAKE),
];

const EDIT: Doc = Doc::new(
    "editServer",
    "Changes how a server is presented: what is absent stays, what is null goes. No version is altered.",
    &[gives("Server", "It."), NO_SERVER],
)
.takes("ProfilePatch");
const RATINGS: Doc = Doc::new(
    "listRatings",
    "Lists the ratings of a server, the newest first.",
    &[gives("Ratings", "They."), NO_SERVER],
);
const RATE: Doc = Doc::new(
    "rateServer",
    "Rates a server, whatever the caller's account said of it before.",
    &[DONE, NO_SERVER],
)
.takes("NewRating");
const TAKE: Doc = Doc::new(
    "takeRating",
    "Takes the rating of the caller's account back.",
    &[DONE, fails(404, "There is no such server or rating, for this key at least.")],
);

async fn edit(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let patch: ProfilePatch = ask.json(SMALL).await?;
    Answer::json(&app.core.edit(&caller, &name, patch).await?)
}

async fn ratings(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.ratings(&ask.caller, &name(&ask)?).await?)
}

async fn rate(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let NewRating { stars, comment } = ask.json(SMALL).await?;
    app.core.rate(&caller, &name, stars, comment).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn take(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    app.core.take_rating(&ask.caller, &name(&ask)?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
