//! The keys that are kept, tried: what GitHub says of the App, and where it is installed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{GitHubApp, GitHubAppKeys, GitHubInstallation};
use sigyl_core::github::api::{ApiError, Credential, Directory as _, RepositoryClient};
use sigyl_core::github::app::{AppPermission, AppPlan, AppSeen};
use sigyl_core::web::Web;
use sigyl_core::wire::v1::{GitHubView, InForce};

use super::flow::{PATIENCE, interrupted};
use super::told;
use crate::cli::Context;
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render::specimen;
use crate::signal::Interrupts;

/// Time between two looks whether it is installed.
const PAUSE: Duration = Duration::from_secs(5);

/// What was made.
pub(super) struct Made<'a> {
    pub(super) app: &'a GitHubApp,
    pub(super) keys: &'a GitHubAppKeys,
    pub(super) plan: &'a AppPlan,
    pub(super) view: &'a GitHubView,
}

/// Tries the keys, and tells where the App is installed.
pub(super) async fn end(
    made: &Made<'_>,
    web: &Web,
    wait: bool,
    mut interrupts: Interrupts,
    cx: &mut Context,
) -> Result<Exit, Problem> {
    let credential = Credential::App { id: made.app.id.to_string(), key: made.keys.private_key.clone() };
    let client = RepositoryClient::new(&made.app.api_url, credential, web, Arc::new(SystemClock));
    let client = client.map_err(|error| api_problem(&error, "its keys are kept, and were not tried"))?;
    let seen = client.app().await;
    let own = seen.as_ref().ok().filter(|seen| seen.id == made.app.id);
    // What it lacks is not known where GitHub did not say what it has.
    let lacks = own.map(|seen| made.plan.lacks(seen));
    let is_it = lacks.is_some();
    tell_test(&seen, lacks.as_deref().unwrap_or(&[]), made, cx);
    let are_unheard = made.plan.hook_url.is_some() && made.view.hooks != InForce::App;
    if made.view.asks != InForce::App || are_unheard {
        cx.output.tell(&told::in_force(made.view));
    }
    let at = made.app.install_url();
    cx.output.note(&format!("Give it repositories: {}", specimen(&at)));
    let installed = match wait && is_it {
        true => installed(&client, &mut interrupts, cx).await?,
        false => Vec::new(),
    };
    for one in &installed {
        let which = if one.selected { "some repositories" } else { "all repositories" };
        cx.output.note(&format!("It is installed at {}: {which}.", specimen(&one.account)));
    }
    if cx.output.is_json() {
        let named = |one: &AppPermission| json!({"name": one.name, "level": one.level});
        let lacks: Option<Vec<_>> = lacks.as_ref().map(|all| all.iter().map(named).collect());
        let accounts: Vec<_> = installed.iter().map(|one| &one.account).collect();
        let body = json!({
            "app": made.view.app, "asks": made.view.asks, "hooks": made.view.hooks, "note": made.view.note,
            "is_tried": is_it, "lacks": lacks, "install_url": at, "installed": accounts,
        });
        cx.output.document("sigyl.github-app-made/1", &body)?;
    }
    let is_whole = lacks.is_some_and(|all| all.is_empty()) && (!wait || !installed.is_empty());
    Ok(if is_whole { Exit::Well } else { Exit::Failed })
}

fn tell_test(seen: &Result<AppSeen, ApiError>, lacks: &[AppPermission], made: &Made<'_>, cx: &Context) {
    match seen {
        Ok(seen) if seen.id == made.app.id => {
            cx.output.note(&format!("GitHub knows it by its key as {}.", specimen(&seen.name)));
        }
        Ok(seen) => cx.output.note(&format!("GitHub knows this key as another App, {}.", seen.id)),
        Err(error) => cx.output.note(&format!("Its key could not be tried: {}", specimen(&chain(error)))),
    }
    for one in lacks {
        cx.output.note(&format!("GitHub did not give it {}: {} ({}).", one.name, one.level, one.why));
    }
}

/// Asks until the App is installed somewhere.
async fn installed(
    client: &RepositoryClient,
    interrupts: &mut Interrupts,
    cx: &Context,
) -> Result<Vec<GitHubInstallation>, Problem> {
    cx.output
        .note("Waiting until it is installed, ten minutes at most; Ctrl-C ends that, and the App stays.");
    let asking = async {
        loop {
            let all = client.installations().await?.installations;
            if !all.is_empty() {
                return Ok(all);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let not_yet = "the App is kept, and was not seen installed";
    tokio::select! {
        all = tokio::time::timeout(PATIENCE, asking) => match all {
            Ok(all) => all.map_err(|error: ApiError| api_problem(&error, not_yet)),
            Err(_) => {
                cx.output.note("It is not installed anywhere yet.");
                Ok(Vec::new())
            }
        },
        () = interrupts.next() => Err(interrupted(not_yet)),
    }
}

fn api_problem(error: &ApiError, what: &str) -> Problem {
    let hint = format!("{what}: `sigyl setup github --status` shows it");
    Problem::failed("E1403", error.kind(), chain(error), hint)
}
