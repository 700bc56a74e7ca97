//! Quarantines: what must not run, be called or shown until somebody lets it.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::{Action, Suspect};
use sigyl_core::wire::v1::{NewQuarantine, Quarantines, Reason};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Carries, Doc, Method, PARTS, Reply, Route, fails, gives, handler};

/// Bytes of what is put under quarantine, and why.
const SMALL: usize = 16 << 10;

const READ: Access = Access::Key(Action::Read);
const APPROVE: Access = Access::Key(Action::Approve);

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/quarantines", READ, handler!(list), LIST),
    Route::change(Method::Post, "/api/v1/quarantines", APPROVE, handler!(put), PUT),
    Route::get("/api/v1/quarantines/{what}", READ, handler!(show), SHOW),
    Route::change(Method::Post, "/api/v1/quarantines/{what}/lifting", APPROVE, handler!(lift), LIFT),
];

const NONE: Reply = fails(404, "It is not under quarantine, for this key at least.");

const LIST: Doc = Doc::new(
    "listQuarantines",
    "Lists the quarantines that the caller may see: all of them for administrators.",
    &[gives("Quarantines", "They.")],
)
.asks(PARTS);
const PUT: Doc = Doc::new(
    "quarantine",
    "Puts a server, a source or a tool under quarantine: it is stopped, hidden and refused at once.",
    &[
        Reply { status: 201, means: "It, with what it covers.", carries: Carries::Json("QuarantineView") },
        fails(404, "There is no such server, for this key at least."),
        fails(409, "It is under quarantine already."),
    ],
)
.takes("NewQuarantine");
const SHOW: Doc = Doc::new(
    "showQuarantine",
    "Shows a quarantine, with what it covers.",
    &[gives("QuarantineView", "It."), NONE],
);
const LIFT: Doc = Doc::new(
    "liftQuarantine",
    "Lifts a quarantine: what it covered starts again.",
    &[gives("QuarantineView", "It, with what it covered."), NONE],
)
.takes("Decision");

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("quarantines")?;
    let (quarantines, next) = part.of(app.core.quarantines(&ask.caller).await?, |one| one.what.to_string());
    Answer::json(&Quarantines { quarantines, next })
}

async fn put(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let NewQuarantine { what, reason } = ask.json(SMALL).await?;
    let view = app.core.quarantine(&caller, what, &reason).await?;
    Ok(Answer::json(&view)?.status(StatusCode::CREATED))
}

fn what(ask: &Ask) -> Result<Suspect, Problem> {
    ask.part("what", Suspect::parse)
}

async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.show_quarantine(&ask.caller, &what(&ask)?).await?)
}

async fn lift(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, what) = (ask.caller.clone(), what(&ask)?);
    let Reason { reason } = ask.json(SMALL).await?;
    Answer::json(&app.core.lift_quarantine(&caller, what, &reason).await?)
}
