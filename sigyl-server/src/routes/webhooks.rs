//! Deliveries of GitHub: whoever sends them shows no key, and signs what they carry.

use std::sync::Arc;

use hyper::header::HeaderMap;
use sigyl_core::github::webhook::{Delivered, HookError};

use crate::app::App;
use crate::once::units;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Route, fails, gives, handler};

/// Bytes of a delivery: those of GitHub are far smaller, but for a push of very many commits.
const MOST: usize = 5 << 20;

/// Seconds after which there may be room again.
const LATER: u64 = 5;

pub(crate) const ROUTES: &[Route] =
    &[Route::change(Method::Post, "/webhooks/github", Access::Open, handler!(take), TAKE)
        .counts_as(sigyl_core::access::Class::Read)];

const TAKE: Doc = Doc::new(
    "takeGitHubWebhook",
    "Takes a delivery of a webhook of GitHub, signed with the secret that is set. What was taken before changes nothing.",
    &[
        gives("HookTaken", "What became of it."),
        fails(403, "It is not signed with the secret."),
        fails(404, "No webhook secret is set."),
        fails(413, "It is too large."),
    ],
)
.takes("HookDelivery");

async fn take(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    if !app.core.takes_hooks() {
        return Err(sigyl_core::Error::from(HookError::NotSetUp).into());
    }
    // Nobody is known before all of it came: what many hold at a time is bounded, and apart from what others need.
    let room = Arc::clone(&app.hook_room).try_acquire_many_owned(units(&ask, MOST));
    let _room = room.map_err(|_| {
        app.metrics.refused_busy.add();
        Problem::busy("the server holds as many deliveries as it may; try again", LATER)
    })?;
    let (caller, headers) = (ask.caller.clone(), ask.headers.clone());
    let (event, id) = (only(&headers, "x-github-event")?, only(&headers, "x-github-delivery")?);
    let signature = only(&headers, "x-hub-signature-256")?;
    let body = ask.bytes(MOST).await?;
    let delivered = Delivered { event, id, signature, body: &body };
    Answer::json(&app.core.take_hook(&caller, delivered).await?)
}

/// Reads a header that may be there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap_or_default());
    if values.next().is_some() {
        return Err(Problem::invalid(format!("the header {name} is there twice")));
    }
    Ok(value)
}
