//! Servers that follow branches: what is pushed is released, or waits.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::access::Class;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::{Follows, NewFollow, WaitingCommit};

use super::servers::{NO_SERVER, begun, name};
use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, BEGUN, DONE, Doc, Method, PARTS, Route, fails, gives, handler};

/// Bytes of what is asked.
const SMALL: usize = 4 << 10;

const DEPLOY: Access = Access::Key(Action::Deploy);
const FOLLOW: &str = "/api/v1/servers/{name}/follow";

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/follows", Access::Key(Action::Read), handler!(list), LIST),
    Route::change(Method::Put, FOLLOW, DEPLOY, handler!(set), SET),
    Route::change(Method::Delete, FOLLOW, DEPLOY, handler!(end), END),
    Route::change(Method::Post, "/api/v1/servers/{name}/follow/release", DEPLOY, handler!(release), RELEASE)
        .counts_as(Class::Deploy),
];

const LIST: Doc = Doc::new(
    "listFollows",
    "Lists the servers that follow a branch, with what waits to be released.",
    &[gives("Follows", "They, by name.")],
)
.asks(PARTS);
const SET: Doc = Doc::new(
    "setFollow",
    "Has a server follow a branch of the repository that it was deployed from; releases are made with this key.",
    &[gives("FollowView", "What it follows."), NO_SERVER],
)
.takes("NewFollow");
const END: Doc = Doc::new(
    "endFollow",
    "Ends that a server follows a branch.",
    &[DONE, fails(404, "There is no such server, for this key at least, or it follows nothing.")],
);
const RELEASE: Doc = Doc::new(
    "releaseFollowed",
    "Releases the commit that waits.",
    &[
        BEGUN,
        fails(404, "There is no such server, for this key at least, or it follows nothing."),
        fails(409, "No commit waits, or another than was named, or the run of one before is under way."),
    ],
)
.takes("WaitingCommit");

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("follows")?;
    let (follows, next) = part.of(app.core.follows(&ask.caller).await?, |one| one.server.to_string());
    Answer::json(&Follows { follows, next })
}

async fn set(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let new: NewFollow = ask.json(SMALL).await?;
    Answer::json(&app.core.set_follow(&caller, &name, new).await?)
}

async fn end(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    app.core.end_follow(&ask.caller, &name(&ask)?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn release(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let WaitingCommit { commit } = ask.json(SMALL).await?;
    begun(app.core.release_followed(&caller, &name, commit).await?)
}
