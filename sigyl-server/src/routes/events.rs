//! Events: what happens to all that a caller may see.

use std::sync::Arc;

use sigyl_core::domain::{Action, ServerName};
use sigyl_core::{Held, Wanted};

use crate::app::App;
use crate::request::{Ask, LISTED_MOST};
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Route, fails, handler, param, shows};
use crate::sse;

pub(crate) const ROUTES: &[Route] =
    &[Route::get("/api/v1/events", Access::Key(Action::Read), handler!(feed), FEED).lasting()];

const FEED: Doc = Doc::new(
    "readEvents",
    "Every change that the caller may see, as a stream of numbered events: from now on, or from an event on. `open` says \
     where it stands, and `gap` that something cannot be told.",
    &[shows("text/event-stream", "The events."), fails(404, "There is no such server, for this key at least.")],
)
.asks(&[
    param("after", "Number", "The last event that was seen; the header Last-Event-ID counts before it."),
    param("kind", "Text", "Kinds of events, with commas between; every change when absent."),
    param("server", "ServerName", "A server."),
    param("limit", "Count", "Instead of the feed: so many events of the past that belong to no run."),
    param("follow", "Switch", "Whether to stay, and be sent what comes: with `limit` no, else yes, when absent."),
]);

async fn feed(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let kinds: Vec<&str> = query.text("kind").into_iter().flat_map(|text| text.split(',')).collect();
    let server = query.text("server").map(ServerName::parse).transpose();
    let server =
        server.map_err(|error| Problem::invalid(format!("`server` in the query is wrong: {error}")))?;
    let limit = query.count("limit", LISTED_MOST)?;
    let follow = query.value("follow", "true or false")?.unwrap_or(limit.is_none());
    let wanted = Wanted::changes().after(sse::seen(&ask)?).of_server(server.clone()).following(follow);
    let wanted = wanted.of_kinds(&kinds).map_err(|error| Problem::invalid(error.to_string()))?;
    let about = server.clone().map_or(Held::Nothing, Held::Server);
    let reader = sse::Reader { caller: ask.caller.clone(), right: Action::Read, about };
    let core = app.core.clone();
    sse::stream_of(&app, reader, move |frames| {
        Box::pin(async move {
            let told = match limit {
                Some(limit) => core.events(&ask.caller, server.as_ref(), limit, follow, &frames).await,
                None => core.feed(&ask.caller, wanted, &frames).await,
            };
            told.map(|()| None)
        })
    })
    .await
}
