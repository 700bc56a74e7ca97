//! Signing in without a key: people at a terminal, and jobs by the tokens of their system.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::access::Class;
use sigyl_core::wire::v1::{LoginState, SignedToken, Ticket};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Carries, Doc, Method, Reply, Route, fails, gives, handler, param};

/// Bytes of a ticket or a token.
const SMALL: usize = 32 << 10;

const NOT_SET_UP: Reply = fails(404, "The server has no settings for this.");
const REFUSED: Reply = fails(403, "Nobody is signed in by this, or nobody is let in here by it.");
const UPSTREAM: Reply = fails(502, "The other system cannot be asked.");

pub(crate) const ROUTES: &[Route] = &[
    Route::change(Method::Post, "/api/v1/login/device", Access::Open, handler!(begin), BEGIN)
        .counts_as(Class::Login),
    // It is asked every few seconds until somebody typed the code.
    Route::change(Method::Post, "/api/v1/login/device/token", Access::Open, handler!(poll), POLL)
        .counts_as(Class::Read),
    Route::change(Method::Post, "/api/v1/tokens/oidc", Access::Open, handler!(exchange), EXCHANGE)
        .counts_as(Class::Login),
];

const BEGIN: Doc = Doc::new(
    "beginLogin",
    "Begins to sign in by GitHub or an issuer at a terminal: somebody types a code into a browser.",
    &[gives("DeviceLogin", "What they type, and where."), NOT_SET_UP, REFUSED, UPSTREAM],
)
.asks(&[param("by", "Text", "The name of an issuer, or `oidc` for the only one; GitHub when absent.")]);
const POLL: Doc = Doc::new(
    "pollLogin",
    "Asks how such a sign-in stands. Once it is done, its answer is the only time that the key is shown.",
    &[
        gives("LoginState", "It is done: the key."),
        Reply { status: 202, means: "Nobody typed the code yet.", carries: Carries::Json("LoginState") },
        NOT_SET_UP,
        REFUSED,
        fails(409, "No account can be made under this login."),
        UPSTREAM,
    ],
)
.takes("Ticket");
const EXCHANGE: Doc = Doc::new(
    "exchangeToken",
    "Gives a job a key for a quarter of an hour by the token that its system signed, where a rule trusts it.",
    &[
        Reply { status: 201, means: "The key.", carries: Carries::Json("MadeKey") },
        NOT_SET_UP,
        REFUSED,
        fails(409, "No account can be made for the job."),
        UPSTREAM,
    ],
)
.takes("SignedToken");

async fn begin(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    Answer::json(&app.core.begin_device_login(query.text("by")).await?)
}

async fn poll(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let address = ask.client.address;
    let Ticket { ticket } = ask.json(SMALL).await?;
    let state = app.core.poll_device_login(&ticket, address).await?;
    let status = match state {
        LoginState::Waiting { .. } => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    Ok(Answer::json(&state)?.status(status))
}

async fn exchange(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let address = ask.client.address;
    let SignedToken { token } = ask.json(SMALL).await?;
    Ok(Answer::json(&app.core.exchange_token(&token, address).await?)?.status(StatusCode::CREATED))
}
