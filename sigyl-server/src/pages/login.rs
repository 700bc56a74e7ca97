//! Signing a browser in by GitHub: it is sent there, and comes back with a code.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION, SET_COOKIE};
use sigyl_core::domain::{Kind, Timestamp};

use super::frame::{Page, Section, protect};
use crate::app::App;
use crate::html::{Link, el};
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::session;

/// Seconds that a browser has to come back in.
const WAITS: u64 = 15 * 60;

/// Longest code or state that is looked at.
const MOST: usize = 512;

fn redirect(app: &App) -> String {
    format!("{}/login/callback", app.base)
}

/// Sends a browser to GitHub.
pub(super) async fn begin(app: Arc<App>, _: Ask) -> Result<Answer, Problem> {
    let begun = app.core.begin_browser_login(&redirect(&app))?;
    let to = HeaderValue::from_str(&begun.url).map_err(|error| Problem::defect(&error))?;
    let cookie = session::login_given(begun.cookie.reveal(), WAITS, app.is_secure);
    let cookie = cookie.map_err(|error| Problem::defect(&error))?;
    let mut answer = Answer::empty(StatusCode::SEE_OTHER).header(LOCATION, to).header(SET_COOKIE, cookie);
    protect(&mut answer.headers);
    Ok(answer)
}

/// Signs the browser in that came back. The page that it is shown has a link: what is on the way from another site does
/// not show the session yet.
pub(super) async fn end(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let text = |name| query.text(name).filter(|text| !text.is_empty() && text.len() <= MOST);
    let cookie = session::login_shown(&ask.headers, app.is_secure).unwrap_or_default();
    let taken = session::login_given("", 0, app.is_secure).map_err(|error| Problem::defect(&error))?;
    let (Some(state), Some(code)) = (text("state"), text("code")) else {
        return Ok(refused("GitHub did not sign you in.").header(SET_COOKIE, taken));
    };
    let ended = app.core.end_browser_login(state, cookie, code, &redirect(&app), ask.client.address).await;
    let made = match ended {
        Ok(made) => made,
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::Conflict) => {
            return Ok(refused(&error.to_string()).header(SET_COOKIE, taken));
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
