//! What is asked of GitHub: checked before anything is begun, and explained.

use sigyl_core::domain::GitHubApp;
use sigyl_core::github::app::{AppPermission, AppPlan};

use super::GitHubArgs;
use crate::problem::Problem;
use crate::render::specimen;

/// Refuses what GitHub would refuse, before anything is begun.
pub(super) fn check_place(args: &GitHubArgs, api_url: &str, web_url: &str) -> Result<(), Problem> {
    let wrong = |what: String, hint: &str| Err(Problem::wrong_use("E0001", what, hint));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if let Some(org) = &args.org
        && (!(1..=39).contains(&org.len()) || !org.bytes().all(plain))
    {
        return wrong(
            format!("--org: `{}` is no organisation", specimen(org)),
            "write its name as in its address at GitHub",
        );
    }
    if let Some(name) = &args.name
        && (!(1..=AppPlan::NAME).contains(&name.chars().count()) || name.chars().any(char::is_control))
    {
        return wrong(
            format!("--name: `{}` is no name of an App", specimen(name)),
            "write 1 to 34 characters on one line",
        );
    }
    let facts = GitHubApp {
        id: 1,
        slug: "sigyl".to_owned(),
        name: "sigyl".to_owned(),
        html_url: format!("{web_url}/apps/sigyl"),
        api_url: api_url.to_owned(),
        web_url: web_url.to_owned(),
        hook_url: args.url.as_deref().map(hook_url),
    };
    if let Err(error) = facts.check() {
        return wrong(
            error.to_string(),
            "name https addresses: --url, and `api_url` and `web_url` in [github]",
        );
    }
    match &args.url {
        Some(url) if !url.starts_with("https://") || url.contains(['?', '#']) => wrong(
            format!("--url: `{}` is no address that GitHub reaches", specimen(url)),
            "write the public https address of the server, without a query; leave it out where none can arrive",
        ),
        _ => Ok(()),
    }
}

pub(super) fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

pub(super) fn hook_url(url: &str) -> String {
    format!("{}/webhooks/github", url.trim_end_matches('/'))
}

/// Tells what GitHub will be asked to make, and why each of it.
pub(super) fn explained(plan: &AppPlan, org: Option<&str>, web_url: &str) -> String {
    let owner = org.map_or_else(|| "of yours".to_owned(), |org| format!("of {}", specimen(org)));
    let mut text =
        format!("A private GitHub App {owner} at {}, called {}.\n", specimen(web_url), specimen(&plan.name));
    for AppPermission { name, level, why, .. } in plan.permissions() {
        text.push_str(&format!("  {name}: {level}  {why}\n"));
    }
    text.push_str(&match &plan.hook_url {
        Some(url) => format!("  webhook to {}: {}\n", specimen(url), plan.events().join(", ")),
        None => "  no webhook: nothing reaches this installation without --url, and branches are polled\n"
            .to_owned(),
    });
    text
}
