//! One server, from all sides.

use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Frame, Request, Response, SourceOf};

use super::docs::dressed;
use super::findings::Findings;
use super::nouns::{Counts, Deployments, Secrets, Tools, Versions};
use super::tabs::Tabs;
use super::{Asking, List, Sheet, Stream};
use crate::console::keymap::Scope;
use crate::console::turn::Values;
use crate::render;

/// Lines from the past that are asked for first.
const PAST: usize = 500;

/// What it says of itself, and how many lines of that are read.
const README: &str = "README.md";
const README_LINES: u32 = 2_000;

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
        .tab("readme", readme(name))
}

fn overview(name: &ServerName) -> Sheet {
    let text = |response: &Response, look: &render::Look, now| match response {
        Response::Server(view) => Some(render::server(view, look, now)),
        _ => None,
    };
    let request = Request::Show { name: name.clone() };
    Sheet::new("overview", Asking::Of(Box::new(request), Box::new(text))).renewed()
}

/// What the version that serves says of itself at the top of its source.
fn readme(name: &ServerName) -> Sheet {
    let text = |response: &Response, look: &render::Look, _| match response {
        Response::Source(window) => {
            let text = dressed(&window.lines.join("\n"), look);
            Some(format!("{text}\n{}", render::source_notes(window, look)))
        }
        _ => None,
    };
    let of = SourceOf::Version { name: name.clone(), version: None };
    let request = Request::Source { of, path: README.to_owned(), from: 1, lines: README_LINES };
    Sheet::new("readme", Asking::Of(Box::new(request), Box::new(text)))
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
