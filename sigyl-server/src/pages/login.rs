//! Signing a browser in by GitHub or an issuer of OpenID Connect: it is sent there, and comes back with a code.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION, SET_COOKIE};
use sigyl_core::BrowserBack;
use sigyl_core::domain::{Kind, Timestamp};

use super::frame::{Page, Section, protect};
use crate::app::App;
use crate::html::{Link, el};
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::session;

/// Seconds that a browser has to come back in.
const WAITS: u64 = 15 * 60;

/// Longest state that is looked at.
const MOST: usize = 512;

/// Longest code that is looked at: some issuers keep all in it that they know.
const CODE: usize = 4 << 10;

/// Sends a browser to GitHub.
pub(super) async fn begin(app: Arc<App>, _: Ask) -> Result<Answer, Problem> {
    send(&app, None).await
}

/// Sends a browser to an issuer.
pub(super) async fn begin_at(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    send(&app, Some(&ask.text("issuer")?)).await
}

/// Signs the browser in that came back from GitHub.
pub(super) async fn end(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    receive(&app, None, ask).await
}

/// Signs the browser in that came back from an issuer.
pub(super) async fn end_at(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let issuer = ask.text("issuer")?;
    receive(&app, Some(&issuer), ask).await
}

/// Where a browser comes back to: each issuer has an address of its own, so that none is taken for another.
fn redirect(app: &App, by: Option<&str>) -> String {
    match by {
        None => format!("{}/login/callback", app.base),
        Some(issuer) => format!("{}/login/oidc/{issuer}/callback", app.base),
    }
}

async fn send(app: &App, by: Option<&str>) -> Result<Answer, Problem> {
    let begun = app.core.begin_browser_login(by, &redirect(app, by)).await?;
    let to = HeaderValue::from_str(&begun.url).map_err(|error| Problem::defect(&error))?;
    let cookie = session::login_given(begun.cookie.reveal(), WAITS, app.is_secure);
    let cookie = cookie.map_err(|error| Problem::defect(&error))?;
    let mut answer = Answer::empty(StatusCode::SEE_OTHER).header(LOCATION, to).header(SET_COOKIE, cookie);
    protect(&mut answer.headers);
    Ok(answer)
}

/// The page that is shown has a link: what is on the way from another site does not show the session yet.
async fn receive(app: &App, by: Option<&str>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let text = |name, most| query.text(name).filter(|text| !text.is_empty() && text.len() <= most);
    let cookie = session::login_shown(&ask.headers, app.is_secure).unwrap_or_default();
    let taken = session::login_given("", 0, app.is_secure).map_err(|error| Problem::defect(&error))?;
    let (Some(state), Some(code)) = (text("state", MOST), text("code", CODE)) else {
        return Ok(refused("You were not signed in there.").header(SET_COOKIE, taken));
    };
    let redirect = redirect(app, by);
    let back = BrowserBack {
        by,
        state,
        cookie,
        code,
        issuer: query.text("iss"),
        redirect: &redirect,
        address: ask.client.address,
    };
    let ended = app.core.end_browser_login(back).await;
    let made = match ended {
        Ok(made) => made,
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::Conflict) => {
            return Ok(refused(&said(&error)).header(SET_COOKIE, taken));
        }
        Err(error) => return Err(error.into()),
    };
    let lasts = made.key.expires.map_or(0, |end: Timestamp| end.since(made.key.created).as_secs());
    let cookie = session::given(made.plain.reveal(), lasts, app.is_secure);
    let mut answer = signed_in(made.key.account.as_str());
    answer.headers.append(SET_COOKIE, cookie.map_err(|error| Problem::defect(&error))?);
    answer.headers.append(SET_COOKIE, taken);
    Ok(answer)
}

/// What went wrong, with its cause: what another system says of it is in there.
fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

fn signed_in(login: &str) -> Answer {
    let card = el("section")
        .class("card narrow")
        .with(el("h1").text("Signed in"))
        .with(el("p").text("You are signed in as ").with(el("strong").text(login)).text("."))
        .with(el("p").with(el("a").href(&Link::to("/")).text("Go on to the servers")));
    Page::new("Signed in", Section::SignIn).with(card).answer(None)
}

fn refused(why: &str) -> Answer {
    let card = el("section")
        .class("card narrow")
        .with(el("h1").text("Not signed in"))
        .with(el("p").class("alert").attr("role", "alert").text(why))
        .with(el("p").with(el("a").href(&Link::to("/sign-in")).text("Try again")));
    Page::new("Not signed in", Section::SignIn).with(card).answer(None).status(StatusCode::FORBIDDEN)
}
