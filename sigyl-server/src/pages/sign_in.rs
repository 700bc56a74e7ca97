//! Signing in with a key, and out again.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION, SET_COOKIE};
use sigyl_core::domain::Timestamp;

use super::frame::{Page, Section, protect};
use crate::app::App;
use crate::auth;
use crate::html::{El, Link, el};
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::session;

/// Bytes of a form with a key in it.
const FORM: usize = 4 << 10;

/// Longest key that is looked at.
const KEY: usize = 512;

pub(super) async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let github = app.core.has_browser_login().then(|| (Link::to("/login"), "GitHub"));
    let issuers = app.core.login_issuers().map(|(name, title)| (Link::under("/login/oidc", &[name]), title));
    let ways: Vec<_> = github.into_iter().chain(issuers).collect();
    let mut page = page(None);
    if !ways.is_empty() {
        page = page.with(without_key(&ways));
    }
    Ok(page.answer(Some(&ask.caller)))
}

/// Signs a browser in with the key that its form sent.
pub(super) async fn open(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    own_form(&ask)?;
    let (caller, client) = (ask.caller.clone(), ask.client);
    let form = ask.form(FORM).await?;
    let key = form.text("key").unwrap_or_default().trim().to_owned();
    if key.is_empty() || key.len() > KEY {
        let refused = page(Some("A key reads sigyl_ID_SECRET; that is none."));
        return Ok(refused.answer(Some(&caller)).status(StatusCode::UNAUTHORIZED));
    }
    let holder = match auth::check(&app, &key, client).await {
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            let refused = page(Some("This key is not good here: it may be mistyped, over, or revoked."));
            return Ok(refused.answer(Some(&caller)).status(StatusCode::UNAUTHORIZED));
        }
        known => known?,
    };
    let made = app.core.open_session(&holder).await?;
    let lasts = made.key.expires.map_or(0, |end: Timestamp| end.since(made.key.created).as_secs());
    let cookie = session::given(made.plain.reveal(), lasts, app.is_secure);
    let cookie = cookie.map_err(|error| Problem::defect(&error))?;
    Ok(led(HeaderValue::from_static("/")).header(SET_COOKIE, cookie))
}

/// Signs out the browser that asks.
pub(super) async fn close(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    own_form(&ask)?;
    app.core.close_session(&ask.caller).await?;
    Ok(led(HeaderValue::from_static("/sign-in")).header(SET_COOKIE, session::taken(app.is_secure)))
}

fn own_form(ask: &Ask) -> Result<(), Problem> {
    if session::is_own_form(&ask.headers) {
        return Ok(());
    }
    let what = "this form was not sent from a page of this server: open it here, and send it from there";
    Err(Problem::new(StatusCode::FORBIDDEN, what))
}

fn led(to: HeaderValue) -> Answer {
    let mut answer = Answer::empty(StatusCode::SEE_OTHER).header(LOCATION, to);
    protect(&mut answer.headers);
    answer
}

fn page(wrong: Option<&str>) -> Page {
    let key = el("input")
        .attr("type", "password")
        .attr("id", "key")
        .attr("name", "key")
        .attr("autocomplete", "current-password")
        .attr("spellcheck", "false")
        .attr("maxlength", "512")
        .attr("aria-describedby", "key-help")
        .flag("required", true);
    let form = el("form")
        .class("stack")
        .attr("method", "post")
        .action("/session")
        .with(el("label").attr("for", "key").text("Key"))
        .with(key)
        .with(help())
        .with(el("button").attr("type", "submit").text("Sign in"));
    let alert = wrong.map(|wrong| el("p").class("alert").attr("role", "alert").text(wrong));
    let card = el("section")
        .class("card narrow")
        .with(el("h1").text("Sign in"))
        .with(
            el("p")
                .text("With a key, these pages show the tools and findings of the servers that it may read."),
        )
        .all(alert)
        .with(form);
    Page::new("Sign in", Section::SignIn).with(card)
}

fn without_key(ways: &[(Link, &str)]) -> El {
    let way = |(to, title): &(Link, &str)| el("p").with(el("a").href(to).text("Sign in with ").text(*title));
    el("section").class("card narrow").with(el("h2").text("Without a key")).all(ways.iter().map(way))
}

fn help() -> El {
    el("p")
        .class("fine")
        .attr("id", "key-help")
        .text("Make one with ")
        .with(el("code").text("sigyl keys create browser --scope read --scope browse"))
        .text(". This browser can then look, and nothing else, for 12 hours or until that key ends. ")
        .with(el("a").href(&Link::under("/docs", &["access"]).at("keys")).text("About keys"))
}
