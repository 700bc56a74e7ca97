//! One server, from all sides.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Frame, Request, Response};

use super::findings::Findings;
use super::nouns::{Counts, Deployments, Secrets, Tools, Versions};
use super::tabs::Tabs;
use super::{Asking, List, Sheet, Stream};
use crate::console::keymap::Scope;
use crate::console::turn::Values;
use crate::render;

/// Lines from the past that are asked for first.
const PAST: usize = 500;

/// The screen of a server.
pub(in crate::console) fn server(name: &ServerName) -> Tabs {
    let values = Values::from([("name", name.to_string())]);
    let of = |request| request;
    Tabs::new(name.to_string(), &[Scope::Server], values)
        .tab("overview", overview(name))
        .tab("tools", List::new(Tools { name: name.clone() }))
        .tab("scan", Findings::of(name.clone()))
        .tab("versions", List::new(Versions { name: name.clone() }))
        .tab(
            "logs",
            Stream::new("logs", of(Request::Logs { name: name.clone(), lines: PAST, follow: true }), log)
                .leveled(),
        )
        .tab(
            "calls",
            Stream::new("calls", of(Request::Calls { name: name.clone(), limit: PAST, follow: true }), call),
        )
        .tab("secrets", List::new(Secrets { name: name.clone() }))
        .tab("ratings", ratings(name))
        .tab("deployments", List::new(Deployments { only: Some(name.clone()) }))
        .tab("traffic", List::new(Counts { only: Some(name.clone()) }))
}

fn overview(name: &ServerName) -> Sheet {
    let text = |response: &Response, look: &render::Look, now| match response {
        Response::Server(view) => Some(render::server(view, look, now)),
        _ => None,
    };
    let request = Request::Show { name: name.clone() };
    Sheet::new("overview", Asking::Of(Box::new(request), Box::new(text))).renewed()
}

fn ratings(name: &ServerName) -> Sheet {
    let text = |response: &Response, look: &render::Look, now| match response {
        Response::Ratings(view) if view.ratings.is_empty() => {
            Some("Nobody rated it yet; `*` does.\n".to_owned())
        }
        Response::Ratings(view) => Some(render::ratings(view, look, now)),
        _ => None,
    };
    let request = Request::Ratings { name: name.clone() };
    Sheet::new("ratings", Asking::Of(Box::new(request), Box::new(text)))
}

fn log(frame: &Frame, look: &render::Look) -> Option<String> {
    let Frame::Log(line) = frame else { return None };
    Some(render::log(line, look))
}

fn call(frame: &Frame, look: &render::Look) -> Option<String> {
    let Frame::Call(call) = frame else { return None };
    Some(render::call(call, look))
}
