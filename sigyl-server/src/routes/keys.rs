//! Keys, and who shows them.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::{Action, KeyId, Login};
use sigyl_core::wire::v1::{Keys, NewKey};

use crate::app::App;
use crate::request::{Ask, newest_first};
use crate::respond::{Answer, Problem};
use crate::router::{
    Access, CURSOR, Carries, DONE, Doc, LIMIT, Method, Reply, Route, fails, gives, handler, param,
};

/// Bytes of what is asked of a key.
const SMALL: usize = 64 << 10;

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/whoami", Access::AnyKey, handler!(whoami), WHOAMI),
    Route::get("/api/v1/keys", Access::Key(Action::Keys), handler!(list), LIST),
    Route::change(Method::Post, "/api/v1/keys", Access::Key(Action::Keys), handler!(create), CREATE)
        .telling_a_secret(),
    Route::change(Method::Delete, "/api/v1/keys/{key}", Access::AnyKey, handler!(revoke), REVOKE),
];

const WHOAMI: Doc =
    Doc::new("whoAmI", "Tells whose key is shown, and what it is for.", &[gives("WhoAmI", "That.")]);
const LIST: Doc = Doc::new(
    "listKeys",
    "Lists the caller's own keys, or those of an account.",
    &[gives("Keys", "They, without their secrets."), fails(404, "There is no such account.")],
)
.asks(&[param("account", "Text", "The login of the account."), LIMIT, CURSOR]);
const CREATE: Doc = Doc::new(
    "createKey",
    "Makes a key. Its answer is the only time that it is shown.",
    &[
        Reply { status: 201, means: "The key.", carries: Carries::Json("MadeKey") },
        fails(404, "There is no such account or workspace."),
        fails(409, "There are as many keys as there may be."),
    ],
)
.takes("NewKey");
const REVOKE: Doc = Doc::new(
    "revokeKey",
    "Makes a key good for nothing, at once. A key may always revoke itself.",
    &[DONE, fails(404, "There is no such key, for this key at least.")],
);

async fn whoami(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.whoami(&ask.caller).await?)
}

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let account = query.text("account").map(Login::parse).transpose();
    let account = account.map_err(|error| Problem::invalid(error.to_string()))?;
    let keys = app.core.keys(&ask.caller, account.as_ref()).await?;
    let (keys, next) = query.part("keys")?.of(keys, |one| newest_first(one.created, &one.id));
    Answer::json(&Keys { keys, next })
}

async fn create(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let new: NewKey = ask.json(SMALL).await?;
    Ok(Answer::json(&app.core.create_key(&caller, new).await?)?.status(StatusCode::CREATED))
}

async fn revoke(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    app.core.revoke_key(&ask.caller, &ask.part("key", KeyId::parse)?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
