//! What surrounds every page, and what a browser is told to make of it.

use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY, X_FRAME_OPTIONS,
};
use sigyl_core::domain::Caller;

use super::assets;
use crate::html::{El, Link, Node, el};
use crate::respond::Answer;

/// What a page may load and do: its style sheet, its pictures and its own forms. No script at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where in the site a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Servers,
    Docs,
    Api,
    SignIn,
    Nowhere,
}

/// A page that is being put together.
#[derive(Debug)]
pub(super) struct Page {
    title: String,
    section: Section,
    body: El,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, section: Section) -> Self {
        let body = el("main").attr("id", "main").attr("tabindex", "-1");
        Self { title: title.into(), section, body }
    }

    /// The same laid out in a certain way.
    pub(super) fn laid_out(mut self, class: &'static str) -> Self {
        self.body = self.body.class(class);
        self
    }

    /// The same with more on it.
    pub(super) fn with(mut self, part: impl Into<Node>) -> Self {
        self.body.push(part);
        self
    }

    /// Writes it down for whoever asked.
    pub(super) fn answer(self, caller: Option<&Caller>) -> Answer {
        let mut text = "<!DOCTYPE html>\n".to_owned();
        self.document(caller).write(&mut text);
        let mut answer = Answer::whole(HeaderValue::from_static("text/html; charset=utf-8"), text);
        protect(&mut answer.headers);
        answer
    }

    fn document(self, caller: Option<&Caller>) -> El {
        let title = match self.section {
            Section::Servers if self.title.is_empty() => "Sigyl registry".to_owned(),
            _ => format!("{} · Sigyl", self.title),
        };
        let meta = |name, content: &str| el("meta").attr("name", name).attr("content", content);
        let head = el("head")
            .with(el("meta").attr("charset", "utf-8"))
            .with(meta("viewport", "width=device-width, initial-scale=1"))
            .with(meta("color-scheme", "light dark"))
            .with(el("title").text(title))
            .with(el("link").attr("type", "image/svg+xml").attr("rel", "icon").href(&assets::icon()))
            .with(el("link").attr("rel", "stylesheet").href(&assets::style()));
        let body = el("body")
            .with(el("a").class("skip").href(&Link::here("main")).text("Skip to content"))
            .with(top(self.section, caller))
            .with(self.body)
            .with(foot());
        el("html").attr("lang", "en").with(head).with(body)
    }
}

/// Tells a browser what a page may do.
pub(super) fn protect(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(VARY, HeaderValue::from_static("Cookie, Authorization"));
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

fn top(section: Section, caller: Option<&Caller>) -> El {
    let item = |own, to, text: &str| {
        let link = el("a").href(&Link::to(to)).text(text);
        el("li").with(if own == section { link.attr("aria-current", "page") } else { link })
    };
    let places = el("ul")
        .with(item(Section::Servers, "/", "Servers"))
        .with(item(Section::Docs, "/docs", "Docs"))
        .with(item(Section::Api, "/api", "API"));
    let brand = el("a")
        .class("brand")
        .href(&Link::to("/"))
        .with(el("span").class("mark").attr("aria-hidden", "true"))
        .text("Sigyl");
    let bar = el("div")
        .class("bar")
        .with(brand)
        .with(el("nav").attr("aria-label", "Main").with(places))
        .with(who(section, caller));
    el("header").class("top").with(bar)
}

/// Who is signed in, and how to change that.
fn who(section: Section, caller: Option<&Caller>) -> El {
    let place = el("div").class("who");
    match caller.and_then(Caller::key) {
        Some(holder) if holder.key.parent.is_some() => {
            let form = el("form").attr("method", "post").action("/session/end");
            place
                .with(el("span").class("name").text(holder.account.login.as_str()))
                .with(form.with(el("button").class("quiet").attr("type", "submit").text("Sign out")))
        }
        Some(holder) => place.with(el("span").class("name").text(holder.account.login.as_str())),
        // Nobody was asked who they are, so nothing is said of it.
        None if caller.is_none() => place,
        None => {
            let link = el("a").href(&Link::to("/sign-in")).text("Sign in");
            let is_here = section == Section::SignIn;
            place.with(if is_here { link.attr("aria-current", "page") } else { link })
        }
    }
}

fn foot() -> El {
    let version = concat!("Sigyl ", env!("CARGO_PKG_VERSION"));
    let text = "Documents are shown as they were published. What is unscanned says so.";
    el("footer").class("foot").with(
        el("div")
            .class("bar")
            .with(el("span").text(version))
            .with(el("span").text(text))
            .with(el("a").href(&Link::to("/openapi.json")).text("openapi.json")),
    )
}
