//! Deliveries of GitHub: whoever sends them shows no key, and signs what they carry.

use std::sync::Arc;

use hyper::header::HeaderMap;
use sigyl_core::github::webhook::{Delivered, HookError};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::once::UNIT;
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
    let (caller, headers) = (ask.caller.clone(), ask.headers.clone());
    let (event, id) = (only(&headers, "x-github-event")?, only(&headers, "x-github-delivery")?);
    let signature = only(&headers, "x-hub-signature-256")?;
    let mut held = Held::default();
    let body = ask.bytes_if(MOST, |length| held.grow(&app, length)).await?;
    let delivered = Delivered { event, id, signature, body: &body };
    Answer::json(&app.core.take_hook(&caller, delivered).await?)
}

/// The room that a delivery takes. Nobody is known before all of it came: what many hold at a time is bounded, and apart from
/// what others need. It is taken for what came, not for what is said to come: who only waits holds nothing.
#[derive(Default)]
struct Held {
    room: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Takes room for all of the bytes that came by now.
    fn grow(&mut self, app: &App, length: usize) -> Result<(), Problem> {
        let needed = length / UNIT + 1;
        let held = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(needed.saturating_sub(held)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        let room = Arc::clone(&app.hook_room).try_acquire_many_owned(more).map_err(|_| {
            app.metrics.refused_busy.add();
            Problem::busy("the server holds as many deliveries as it may; try again", LATER)
        })?;
        match &mut self.room {
            Some(held) => held.merge(room),
            None => self.room = Some(room),
        }
        Ok(())
    }
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
