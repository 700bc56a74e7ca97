//! Which App is kept, and letting go of it.

use serde_json::json;
use sigyl_core::wire::v1::{GitHubView, InForce, KeptGitHubApp, Request};

use crate::cli::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

/// `sigyl setup github --status`.
pub(super) async fn status(cx: &mut Context) -> Result<Exit, Problem> {
    let view: GitHubView = cx.ask(Request::GitHubApp).await?;
    if cx.output.is_json() {
        cx.output.document("sigyl.github-app/1", &view)?;
        return Ok(Exit::Well);
    }
    let mut text = match &view.app {
        Some(kept) => app(kept),
        None => "No GitHub App is kept; `sigyl setup github` makes one.\n".to_owned(),
    };
    text.push_str(&in_force(&view));
    cx.output.print(&text)?;
    Ok(Exit::Well)
}

/// `sigyl setup github --forget`.
pub(super) async fn forget(cx: &mut Context) -> Result<Exit, Problem> {
    let view: GitHubView = cx.ask(Request::GitHubApp).await?;
    cx.done(Request::ForgetGitHubApp).await?;
    let Some(kept) = view.app else { return Ok(Exit::Well) };
    let (slug, page) = (render::specimen(&kept.app.slug), render::specimen(&kept.app.html_url));
    let body = json!({ "id": kept.app.id, "slug": kept.app.slug });
    let line =
        format!("Let go of the App {slug}. At GitHub it is still there: its owner deletes it from {page}");
    cx.say("sigyl.github-app-forgotten/1", &body, &line)
}

fn app(kept: &KeptGitHubApp) -> String {
    let KeptGitHubApp { app, since, by, .. } = kept;
    let hooks = match &app.hook_url {
        Some(url) => format!("goes to {}; whether it arrives is seen at GitHub", render::specimen(url)),
        None => "none; branches are polled".to_owned(),
    };
    let by = by.as_deref().map(|by| format!(" by {}", render::specimen(by))).unwrap_or_default();
    format!(
        "App {} ({}), {}\nkept since {since}{by}\nwebhook: {hooks}\ninstall it: {}\n",
        render::specimen(&app.slug),
        app.id,
        render::specimen(&app.html_url),
        render::specimen(&app.install_url()),
    )
}

/// Tells by what GitHub is asked.
pub(super) fn in_force(view: &GitHubView) -> String {
    let words = |one: InForce, nothing: &str| match one {
        InForce::Configuration => "what the configuration names".to_owned(),
        InForce::App => "the App that is kept".to_owned(),
        _ => nothing.to_owned(),
    };
    let note = view.note.as_deref().map(|note| format!("the App is not used: {}\n", render::specimen(note)));
    format!(
        "asked by: {}\ndeliveries are believed by: {}\n{}",
        words(view.asks, "nobody; repositories are fetched as everybody sees them"),
        words(view.hooks, "nothing; none is taken"),
        note.unwrap_or_default()
    )
}
