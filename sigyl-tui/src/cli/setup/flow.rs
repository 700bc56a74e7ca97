//! `sigyl setup github`: from a plan to an App whose keys are kept and tried.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use sigyl_core::domain::{GitHubApp, Kind, SecretValue};
use sigyl_core::github::app::{AppError, AppPlan, Converted, chance, convert};
use sigyl_core::web::Web;
use sigyl_core::wire::v1::{GitHubView, InForce, NewGitHubApp, Request};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::door::{BACK, Door};
use super::plan::{check_place, explained, hook_url, trimmed};
use super::tried::{Made, end};
use super::{GitHubArgs, listener};
use crate::cli::Context;
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::render::specimen;
use crate::secret;
use crate::signal::Interrupts;

/// How long somebody may take in the browser, and to install the App.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
/// How long what opens a browser may take.
const OPENING: Duration = Duration::from_secs(5);
/// Where a page that was opened elsewhere leads: a port that no browser reaches, so that the address stays in its bar.
const NOWHERE: u16 = 9;

/// Does it.
pub(super) async fn run(args: GitHubArgs, cx: &mut Context) -> Result<Exit, Problem> {
    let github = cx.settings.github.clone();
    let (api_url, web_url) = (trimmed(&github.api_url), trimmed(&github.web_url));
    let web = Web::new(cx.settings.offline);
    let cannot = |error: AppError| app_problem(&error);
    web.line(&api_url).map_err(|error| cannot(AppError::Web(error)))?;
    check_place(&args, &api_url, &web_url)?;
    let view: GitHubView = cx.ask(Request::GitHubApp).await?;
    if let Some(kept) = view.app {
        return Err(app_problem(&AppError::Another(specimen(&kept.app.slug))));
    }
    if view.asks == InForce::Configuration {
        cx.output.note(
            "The configuration names who asks GitHub, and that wins: the App will be kept, and not asked as, until `token_env` \
             or `app_id` is taken out of [github].",
        );
    }
    // Others may need the data directory while somebody is in a browser.
    cx.close().await;
    let (plan, code) = begin(&args, &web_url, cx).await?;
    // From here on the App is there: what was begun is brought to its end, whoever wants to interrupt it.
    let interrupts = Interrupts::listen()?;
    let place = Place { web_url: &web_url, org: args.org.as_deref() };
    let made = convert(&web, (&api_url, &web_url), &code, plan.hook_url.clone()).await;
    let made = made.map_err(|error| place.lost(None, &app_problem(&error)))?;
    tell_made(&made, &plan, cx);
    let Converted { app, keys, .. } = made;
    let new = NewGitHubApp { app: app.clone(), keys: keys.clone() };
    let view = keep(&new, &place, cx).await?;
    cx.output.note("Its keys are kept, sealed by the master key.");
    cx.close().await;
    end(&Made { app: &app, keys: &keys, plan: &plan, view: &view }, &web, args.wait, interrupts, cx).await
}

/// Tells whose App GitHub made, and what it may do that nobody asked for.
fn tell_made(made: &Converted, plan: &AppPlan, cx: &Context) {
    let owner = made.owner.as_deref().map(|owner| format!(", which belongs to {}", specimen(owner)));
    let (slug, id) = (specimen(&made.app.slug), made.app.id);
    cx.output.note(&format!("GitHub made the App {slug} ({id}){}.", owner.unwrap_or_default()));
    for (name, level) in plan.beyond(&made.permissions) {
        let (name, level) = (specimen(name), specimen(level));
        cx.output.note(&format!("GitHub gave it {name}: {level}, which was not asked for."));
    }
}

/// Keeps the App. Whether it is kept is asked where that is not known: its keys are handed out once.
async fn keep(new: &NewGitHubApp, place: &Place<'_>, cx: &mut Context) -> Result<GitHubView, Problem> {
    let app = &new.app;
    let put = || Request::KeepGitHubApp { new: Box::new(new.clone()) };
    let problem = match cx.ask::<GitHubView>(put()).await {
        Ok(view) => return Ok(view),
        Err(problem) => problem,
    };
    // Whoever was asked may be gone: the next question goes another way.
    cx.close().await;
    let seen: Result<GitHubView, Problem> = cx.ask(Request::GitHubApp).await;
    let kept = seen.as_ref().ok().map(|view| view.app.as_ref().is_some_and(|kept| kept.app == *app));
    match (after(problem.failure.kind, kept), seen) {
        (After::GoOn, Ok(view)) => Ok(view),
        (After::Again, _) => cx.ask(put()).await.map_err(|problem| place.unknown(app, &problem)),
        (After::Lost, _) => Err(place.lost(Some(app), &problem)),
        _ => Err(place.unknown(app, &problem)),
    }
}

/// What follows when the App could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It is kept all the same.
    GoOn,
    /// It is sent once more.
    Again,
    /// It is not kept.
    Lost,
    /// Nobody knows.
    Unknown,
}

/// Tells what follows from why it could not be kept, and from whether it is, as far as that could be asked.
fn after(why: Kind, is_kept: Option<bool>) -> After {
    match (is_kept, why) {
        (Some(true), _) => After::GoOn,
        (_, Kind::Unavailable | Kind::Upstream) => After::Again,
        (Some(false), _) => After::Lost,
        (None, _) => After::Unknown,
    }
}

/// Makes the plan, tells it, and gets the code of the App that GitHub made of it.
async fn begin(
    args: &GitHubArgs,
    web_url: &str,
    cx: &mut Context,
) -> Result<(AppPlan, SecretValue), Problem> {
    let (socket, port) = match args.manual {
        true => (None, NOWHERE),
        false => listen().await.map(|(socket, port)| (Some(socket), port))?,
    };
    let by_chance = chance::<3>().map_err(|error| app_problem(&error))?;
    let name = args.name.clone().unwrap_or_else(|| format!("sigyl-{}", by_chance.reveal()));
    let home = args.url.as_deref().map_or_else(|| web_url.to_owned(), trimmed);
    let mut plan = AppPlan::new(name, home, format!("http://127.0.0.1:{port}{BACK}"));
    plan.hook_url = args.url.as_deref().map(hook_url);
    plan.tells_back = !args.read_only;
    cx.output.tell(&explained(&plan, args.org.as_deref(), web_url));
    let door = Door::new(port, web_url, args.org.as_deref(), plan.manifest());
    let door = Arc::new(door.map_err(|error| app_problem(&error))?);
    let brought = match socket {
        Some(socket) => {
            let mut interrupts = Interrupts::listen()?;
            let url = door.address();
            // It is ended when this is left, however that is.
            let _opening = say_where(&url, port, args.no_browser, cx);
            let waiting = tokio::time::timeout(PATIENCE, listener::wait(socket, Arc::clone(&door)));
            tokio::select! {
                brought = waiting => brought.map_err(|_| late())?,
                () = interrupts.next() => return Err(interrupted("nothing was made, unless you went on at GitHub")),
            }
        }
        None => by_hand(&door, cx).await?,
    };
    let code = brought.map_err(|why| {
        let message = format!("what the browser brought was not taken: {why}");
        let hint = "run it again; if GitHub made an App, delete it there";
        Problem::failed("E1404", Kind::Denied, message, hint)
    })?;
    Ok((plan, code))
}

async fn listen() -> Result<(TcpListener, u16), Problem> {
    let wrong = |error: std::io::Error| {
        let message = format!("could not listen on this machine: {error}");
        Problem::failed("E0022", Kind::Unavailable, message, "run it with --manual")
    };
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(wrong)?;
    let port = socket.local_addr().map_err(wrong)?.port();
    Ok((socket, port))
}

/// Tells where the page is, and opens it where a browser can be, beside whatever goes on.
fn say_where(url: &SecretValue, port: u16, no_browser: bool, cx: &Context) -> JoinSet<()> {
    let mut opening = JoinSet::new();
    let url = url.reveal();
    let environment = &cx.settings.environment;
    let is_far = ["SSH_CONNECTION", "SSH_TTY"].into_iter().any(|name| environment.get(name).is_some());
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| environment.get(name).is_some());
    cx.output.note(&format!("Open {url} in a browser on this machine within ten minutes."));
    if is_far || !has_screen {
        cx.output.note(&format!(
            "From another machine, first: ssh -N -L {port}:127.0.0.1:{port} THIS-MACHINE, and open it there. Or end this, and \
             run it with --manual."
        ));
    } else if !no_browser {
        let (mut opener, null) = (tokio::process::Command::new("xdg-open"), std::process::Stdio::null);
        opener.arg(url).stdin(null()).stdout(null()).stderr(null());
        // A browser outlives this, and gets no key that stands in the environment, and no Ctrl-C that is meant for this.
        opener.env_clear().envs(environment.of_a_browser()).process_group(0);
        opening.spawn(async move {
            // Whoever has no such program opens the address that was printed.
            tokio::time::timeout(OPENING, opener.status()).await.ok();
        });
    }
    opening
}

/// Prints the page, and asks for the address that it led to.
async fn by_hand(door: &Door, cx: &mut Context) -> Result<Result<SecretValue, &'static str>, Problem> {
    cx.output.note(
        "Save this page as a file, and open it in a browser anywhere. GitHub leads to an address at 127.0.0.1 that cannot be \
         opened: copy it whole from the bar of the browser. It is good for an hour and once: show it to nobody.",
    );
    if cx.output.is_json() {
        cx.output.tell(&door.page());
    } else {
        cx.output.print(&door.page())?;
    }
    let interactive = cx.output.interactive;
    let asking = tokio::task::spawn_blocking(move || secret::read_hidden("The address", interactive));
    let address = asking.await.map_err(|error| {
        Problem::failed("E0999", Kind::Internal, format!("asking ended: {error}"), "report this")
    })?;
    let address = address.map_err(|error| {
        let message = format!("could not read the address: {error}");
        Problem::failed(
            "E0007",
            Kind::Invalid,
            message,
            "run it at a terminal, or send the address to standard input",
        )
    })?;
    Ok(door.code_of(address.reveal()))
}

/// Where an App is deleted.
struct Place<'a> {
    web_url: &'a str,
    org: Option<&'a str>,
}

impl Place<'_> {
    /// Nobody knows whether its keys are kept.
    fn unknown(&self, app: &GitHubApp, problem: &Problem) -> Problem {
        let hint = format!(
            "it may be kept: `sigyl setup github --status` tells. If it is not, delete the App at {}, and run this again",
            self.page_of(Some(app))
        );
        let failure = &problem.failure;
        Problem::failed(&failure.code, failure.kind, &failure.message, hint)
    }

    /// The page on which an App is deleted.
    fn page_of(&self, app: Option<&GitHubApp>) -> String {
        let settings = self.org.map(|org| format!("/organizations/{org}")).unwrap_or_default();
        match app {
            Some(app) => format!("{}{settings}/settings/apps/{}/advanced", self.web_url, app.slug),
            None => format!("{}{settings}/settings/apps", self.web_url),
        }
    }

    /// The App was made, and its keys are not kept: says how to be rid of it.
    fn lost(&self, app: Option<&GitHubApp>, problem: &Problem) -> Problem {
        let at = self.page_of(app);
        let hint = format!("nothing is kept: delete the App at {at}, if it is there, and run this again");
        let failure = &problem.failure;
        Problem::failed(&failure.code, failure.kind, &failure.message, hint)
    }
}

fn late() -> Problem {
    let hint = "run it again, and go on in the browser; if GitHub made an App, delete it there";
    Problem::failed("E1404", Kind::Denied, "no browser came back within ten minutes", hint)
}

pub(super) fn interrupted(what: &str) -> Problem {
    Problem::failed("E0020", Kind::Unavailable, format!("interrupted: {what}"), "run it again")
}

fn app_problem(error: &AppError) -> Problem {
    let hint = "docs/github.md says how an App is made, here or by hand";
    Problem::failed("E1404", error.kind(), chain(error), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_given_up_only_where_they_are_known_not_to_be_kept() {
        for why in [Kind::Unavailable, Kind::Upstream] {
            assert_eq!(
                [Some(true), Some(false), None].map(|kept| after(why, kept)),
                [After::GoOn, After::Again, After::Again]
            );
        }
        for why in [Kind::Denied, Kind::Internal, Kind::Conflict] {
            assert_eq!(
                [Some(true), Some(false), None].map(|kept| after(why, kept)),
                [After::GoOn, After::Lost, After::Unknown]
            );
        }
    }
}
