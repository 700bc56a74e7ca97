//! What went wrong, as a person is told.

use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;
use sigyl_core::domain::Caller;

use super::frame::{Page, Section};
use crate::html::{El, Link, el};
use crate::respond::{Answer, Problem};

/// Writes a problem as a page; `id` is the request that it happened to.
pub(crate) fn problem(problem: Problem, caller: Option<&Caller>, id: &str) -> Answer {
    let status = problem.status;
    let words = problem.words();
    let (title, lead) = match status {
        StatusCode::UNAUTHORIZED => ("Sign in to see this", "This registry is shown to people with a key."),
        StatusCode::FORBIDDEN => ("This is not for you", "Your key may not see this."),
        StatusCode::NOT_FOUND => {
            ("There is nothing here", "The address may be wrong, or what was here is gone.")
        }
        StatusCode::TOO_MANY_REQUESTS => {
            ("Slow down a little", "Too much was asked for from here. Wait, then try again.")
        }
        status if status.is_server_error() => {
            ("It cannot be shown now", "The server could not do it. Try again later.")
        }
        _ => ("That cannot be read", "Something in the request is wrong."),
    };
    let told = el("p").class("told").text(sentence(&words.detail));
    let mut card = el("section")
        .class("card narrow")
        .with(el("p").class("eyebrow").text(format!("{}", status.as_u16())))
        .with(el("h1").text(title))
        .with(el("p").text(lead))
        .with(told);
    if let Some(hint) = words.hint {
        card.push(el("p").text(sentence(&hint)));
    }
    if status == StatusCode::UNAUTHORIZED {
        card.push(how_to_come_in());
    }
    let code = words.code.map(|code| format!("{code} · ")).unwrap_or_default();
    card.push(el("p").class("fine").text(format!("{code}request {id}")));
    card.push(el("p").with(el("a").href(&Link::to("/")).text("All servers")));
    let mut answer = Page::new(title, Section::Nowhere).with(card).answer(caller).status(status);
    // The challenge is for programs: a browser would do nothing with it.
    let headers = problem.headers().iter().filter(|(name, _)| **name != WWW_AUTHENTICATE);
    for (name, value) in headers {
        answer.headers.insert(name, value.clone());
    }
    answer
}

fn how_to_come_in() -> El {
    let ways = el("ul")
        .with(
            el("li")
                .with(el("a").href(&Link::to("/sign-in")).text("Sign in with a key"))
                .text(" for `read` or `browse`: this browser is then let in for 12 hours."),
        )
        .with(
            el("li")
                .text("On the machine that serves, open it by the name localhost: no key is needed there."),
        )
        .with(el("li").text("Whoever runs it may let everybody look, with registry.anonymous_read = true."));
    el("div").with(el("p").text("There are three ways in:")).with(ways)
}

/// A fragment as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let rest = letters.as_str();
    let end = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{end}")
}
