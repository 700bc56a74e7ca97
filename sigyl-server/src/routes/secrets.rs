//! Secrets of servers, whose values go in and never come out, and the key that seals them.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::{Action, SecretName};
use sigyl_core::wire::v1::{NewSecret, RotateMasterKey, Secrets};

use super::servers::name;
use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Carries, DONE, Doc, Method, PARTS, Reply, Route, fails, gives, handler, param};

/// Bytes of a body with a value: twice what a value may have, since JSON may escape it.
const VALUE: usize = 256 << 10;

/// Bytes of a body that names a key.
const SMALL: usize = 1 << 10;

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/servers/{name}/secrets", Access::Key(Action::Read), handler!(list), LIST),
    Route::change(
        Method::Put,
        "/api/v1/servers/{name}/secrets/{secret}",
        Access::Key(Action::Secrets),
        handler!(set),
        SET,
    ),
    Route::change(
        Method::Delete,
        "/api/v1/servers/{name}/secrets/{secret}",
        Access::Key(Action::Secrets),
        handler!(remove),
        REMOVE,
    ),
    Route::get("/api/v1/vault", Access::Key(Action::Administer), handler!(key), KEY),
    Route::change(
        Method::Post,
        "/api/v1/vault/rotate",
        Access::Key(Action::Administer),
        handler!(rotate),
        ROTATE,
    ),
];

const NO_SERVER: Reply = fails(404, "There is no such server, for this key at least.");

const LIST: Doc = Doc::new(
    "listSecrets",
    "Lists the secrets of a server: names, when and by whom they were set, and how often; never their values.",
    &[gives("Secrets", "They."), NO_SERVER],
)
.asks(PARTS);
const SET: Doc = Doc::new(
    "setSecret",
    "Sets a secret. A running server gets it at its next start, or at once.",
    &[gives("SetSecret", "What is on record of it."), NO_SERVER, fails(409, "A run works on the server.")],
)
.asks(&[param(
    "restart",
    "Switch",
    "Whether to start the server anew with it; takes the right to deploy too.",
)])
.takes("NewSecret");
const REMOVE: Doc = Doc::new(
    "removeSecret",
    "Takes a secret from a server; a running one keeps it until it ends.",
    &[
        DONE,
        fails(404, "There is no such server, for this key at least, or it has no such secret."),
        fails(409, "A run works on the server."),
    ],
);
const KEY: Doc = Doc::new(
    "showMasterKey",
    "Tells where the master key comes from, and whether another takes over; never the key.",
    &[gives("MasterKey", "That.")],
);
const ROTATE: Doc = Doc::new(
    "rotateMasterKey",
    "Lets a new master key take over. Everything is sealed under it by and by, and nothing stops meanwhile.",
    &[
        Reply { status: 202, means: "It takes over.", carries: Carries::Json("MasterKey") },
        fails(409, "Another key seals than the one that is named, one takes over already, or nothing gives a new one."),
    ],
)
.takes("RotateMasterKey");

/// Reads the name of a secret from the address.
fn secret(ask: &Ask) -> Result<SecretName, Problem> {
    ask.part("secret", SecretName::parse)
}

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("secrets")?;
    let (secrets, next) =
        part.of(app.core.secrets(&ask.caller, &name(&ask)?).await?, |one| one.name.to_string());
    Answer::json(&Secrets { secrets, next })
}

async fn set(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name, secret) = (ask.caller.clone(), name(&ask)?, secret(&ask)?);
    let restart = ask.query()?.value("restart", "true or false")?.unwrap_or(false);
    let NewSecret { value } = ask.json(VALUE).await?;
    Answer::json(&app.core.set_secret(&caller, &name, &secret, value, restart).await?)
}

async fn remove(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    app.core.remove_secret(&ask.caller, &name(&ask)?, &secret(&ask)?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn key(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.master_key(&ask.caller).await?)
}

async fn rotate(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let RotateMasterKey { from } = ask.json(SMALL).await?;
    let view = app.core.rotate_master_key(&caller, Some(from)).await?;
    Ok(Answer::json(&view)?.status(StatusCode::ACCEPTED))
}
