//! Events: what happens to all that the key may see.

use serde::Deserialize;

use super::Client;
use super::call::Call;
use super::operation::READ_EVENTS;
use super::told::{Listener, Picked, Silent, Told, data};
use crate::domain::{Seq, ServerName};
use crate::event::Event;

/// What the feed tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FeedNews {
    /// Where it stands: whoever goes on after this number misses nothing.
    Open(Seq),
    /// Something happened.
    Event(Box<Event>),
    /// Something cannot be told, for this reason; it goes on after this number.
    Gap(Seq, String),
}

#[derive(Deserialize)]
struct Mark {
    seq: Seq,
}

#[derive(Deserialize)]
struct Gap {
    seq: Seq,
    why: String,
}

impl Client {
    /// Follows what happens, from an event on or from now on; with kinds named, those alone, and with a server, that alone.
    /// When the connection breaks, it is taken up after the last event that came. Without `follow`, it ends with what is on
    /// record.
    pub fn feed(
        &self,
        after: Option<Seq>,
        kinds: &[&str],
        server: Option<&ServerName>,
        follow: bool,
    ) -> Told<FeedNews> {
        let kinds = (!kinds.is_empty()).then(|| kinds.join(","));
        let call = Call::of(READ_EVENTS)
            .may_ask("after", after.map(|seq| seq.0))
            .may_ask("kind", kinds)
            .may_ask("server", server)
            .asks("follow", follow);
        let silent = if follow { Silent::Again } else { Silent::Over };
        Told::of(Listener::new(self, call, silent), |event| match event.event.as_str() {
            "open" => data::<Mark>(READ_EVENTS.id, event).map(|it| Picked::Piece(FeedNews::Open(it.seq))),
            "event" => Ok(Picked::Piece(FeedNews::Event(data(READ_EVENTS.id, event)?))),
            "gap" => {
                data::<Gap>(READ_EVENTS.id, event).map(|it| Picked::Piece(FeedNews::Gap(it.seq, it.why)))
            }
            _ => Ok(Picked::Nothing),
        })
    }

    /// Tells of events that belong to no run: `limit` of the past, and with `follow` what comes.
    pub fn events(&self, server: Option<&ServerName>, limit: usize, follow: bool) -> Told<Event> {
        let call =
            Call::of(READ_EVENTS).may_ask("server", server).asks("limit", limit).asks("follow", follow);
        let silent = if follow { Silent::CutOff } else { Silent::Over };
        Told::of(Listener::new(self, call, silent), |event| match event.event.as_str() {
            "event" => data(READ_EVENTS.id, event).map(Picked::Piece),
            _ => Ok(Picked::Nothing),
        })
    }
}
