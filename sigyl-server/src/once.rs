//! Requests that are done once: under one `Idempotency-Key`, what came of the first is the answer to all.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Body as _;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use sigyl_core::domain::{Caller, OnceAnswer, OnceName};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Content, Problem};
use crate::router::Route;

/// What a client calls a request by.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Bytes of a body that is sent under such a key: no route takes more.
const BODY: usize = 4 << 20;

/// Bytes in which the room for bodies is counted.
pub(crate) const UNIT: usize = 1 << 10;

/// Seconds after which there may be room again.
const LATER: u64 = 1;

/// Bytes of an answer that is kept.
const KEPT: usize = 1 << 20;

/// Finds out under which key a request is sent, where that means something.
pub(crate) fn named(route: &Route, ask: &Ask) -> Result<Option<OnceName>, Problem> {
    let mut values = ask.headers.get_all(KEY).iter();
    let Some(value) = values.next().filter(|_| route.is_done_once()) else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::invalid("the header Idempotency-Key is there twice"));
    }
    let name = OnceName::parse(value.to_str().unwrap_or_default());
    name.map(Some).map_err(|error| Problem::invalid(format!("the header Idempotency-Key is wrong: {error}")))
}

/// Does a request unless it was done, and keeps what came of it. It goes on when its client leaves, who may come back and
/// ask under the same key.
pub(crate) async fn do_once<W>(
    app: &Arc<App>,
    route: &'static Route,
    name: OnceName,
    mut ask: Ask,
    work: impl FnOnce(Ask) -> W + Send + 'static,
) -> Result<Answer, Problem>
where
    W: Future<Output = Result<Answer, Problem>> + Send + 'static,
{
    // Held until it is answered, and counted as what it is said to be, or as the most that it can come to.
    let room = Arc::clone(&app.once_room).try_acquire_many_owned(units(&ask, BODY)).map_err(|_| {
        app.metrics.refused_busy.add();
        Problem::busy("the server holds as many requests under idempotency keys as it may; try again", LATER)
    })?;
    let body = ask.read_whole(BODY).await?;
    let parts = [route.doc.id.as_bytes(), ask.path.as_bytes(), ask.query.as_bytes(), &body];
    let asked = parts.map(|part| [&part.len().to_be_bytes()[..], part].concat()).concat();
    let (app, caller) = (Arc::clone(app), ask.caller.clone());
    let whole = tokio::spawn(async move {
        let _room = room;
        if let Some(known) = app.core.begin_once(&caller, &name, &asked).await? {
            return replay(known, &name);
        }
        let done = work(ask).await;
        if let Some(answer) = outcome(route, &done) {
            keep(&app, &caller, &name, answer).await;
        }
        done
    });
    whole.await.unwrap_or_else(|error| Err(Problem::defect(&error)))
}

/// The pieces of room that a body of `most` bytes at most takes. One that says that it is too large is refused before any of it comes.
pub(crate) fn units(ask: &Ask, most: usize) -> u32 {
    let said = ask.body.size_hint();
    let bytes = said.upper().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(most).min(most);
    match usize::try_from(said.lower()) {
        Ok(least) if least <= most => u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX),
        _ => 0,
    }
}

fn replay(known: OnceAnswer, name: &OnceName) -> Result<Answer, Problem> {
    let status = StatusCode::from_u16(known.status).map_err(|error| Problem::defect(&error))?;
    let answer = match (known.kind, known.body) {
        (Some(kind), Some(body)) => {
            let kind = HeaderValue::from_str(&kind).map_err(|error| Problem::defect(&error))?;
            Answer::whole(kind, body).status(status)
        }
        (None, _) => Answer::empty(status),
        (Some(_), None) => return Err(sigyl_core::Error::OnceOpen(name.clone()).into()),
    };
    Ok(answer.header(REPLAYED, HeaderValue::from_static("true")))
}

/// What is known of a request once it was answered: its answer; or that it was refused, so that it was not done and may
/// be sent again. Of what failed inside nobody knows, and it stays as begun.
fn outcome(route: &Route, done: &Result<Answer, Problem>) -> Option<Option<OnceAnswer>> {
    match done {
        Ok(answer) if answer.status.is_success() => Some(Some(kept(route, answer))),
        Ok(answer) => answer.status.is_client_error().then_some(None),
        Err(problem) => problem.status.is_client_error().then_some(None),
    }
}

async fn keep(app: &App, caller: &Caller, name: &OnceName, answer: Option<OnceAnswer>) {
    if let Err(error) = app.core.end_once(caller, name, answer).await {
        // It stays as begun, so that it is not done twice.
        tracing::warn!(%error, "what came of a request under an idempotency key was not kept");
    }
}

fn kept(route: &Route, answer: &Answer) -> OnceAnswer {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let body = match &answer.content {
        Content::Whole(bytes) if !route.tells_secret && bytes.len() <= KEPT => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        Content::Whole(_) | Content::Empty | Content::Stream(_) => None,
    };
    OnceAnswer { status: answer.status.as_u16(), kind, body }
}
