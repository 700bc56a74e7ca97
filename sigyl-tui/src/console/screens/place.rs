//! The places that one can go to from anywhere.

use sigyl_core::wire::v1::{Frame, Request, Response};

use super::findings::Findings;
use super::nouns::{Accounts, Deployments, Entries, Keys, Quarantines, Runs, Workspaces};
use super::{Asking, Dashboard, Documents, List, Screen, Sheet, Stream, Traffic, docs, settings};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::Values;
use crate::render::{self, Look};

/// Events from the past that are asked for first.
const PAST: usize = 500;

/// Makes the screen of a place.
pub(in crate::console) fn screen_of(place: Place) -> Box<dyn Screen> {
    match place {
        Place::Dashboard => Box::new(Dashboard::default()),
        Place::Registry => Box::new(List::new(Documents::default())),
        Place::Runs => Box::new(List::new(Runs)),
        Place::Security => Box::new(Findings::all()),
        Place::Quarantines => Box::new(List::new(Quarantines)),
        Place::Policy => Box::new(policy()),
        Place::Deployments => Box::new(List::new(Deployments { only: None })),
        Place::Traffic => Box::new(Traffic::new()),
        Place::Events => Box::new(events()),
        Place::Keys => Box::new(List::new(Keys)),
        Place::Workspaces => Box::new(List::new(Workspaces)),
        Place::Accounts => Box::new(List::new(Accounts)),
        Place::Audit => Box::new(List::new(Entries)),
        Place::Docs => Box::new(List::new(docs::Pages)),
        Place::Settings => Box::new(settings::settings()),
    }
}

fn policy() -> Sheet {
    let text = |response: &Response, look: &Look, now| match response {
        Response::Policy(policy) => Some(render::policy(policy, look, now)),
        _ => None,
    };
    let asking = Asking::Of(Box::new(Request::Policy), Box::new(text));
    Sheet::new(Place::Policy.title(), asking).with(&[Scope::Policy], Values::new()).at(Place::Policy)
}

fn events() -> Stream {
    let request = Request::Events { name: None, limit: PAST, follow: true };
    let write = |frame: &Frame, look: &Look| match frame {
        Frame::Event(event) => Some(render::event(event, look)),
        _ => None,
    };
    Stream::new(Place::Events.title(), request, write).at(Place::Events)
}
