//! `sigyl setup github`: from a plan to an App whose keys are kept and tried.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use sigyl_core::domain::{GitHubApp, Kind, SecretValue};
use sigyl_core::github::app::{AppError, AppPlan, chance, convert};
use sigyl_core::web::Web;
use sigyl_core::wire::v1::{GitHubView, NewGitHubApp, Request};
use tokio::net::TcpListener;

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
    // Others may need the data directory while somebody is in a browser.
    cx.close().await;
    let (plan, code) = begin(&args, &web_url, cx).await?;
    // From here on the App is there: what was begun is brought to its end, whoever wants to interrupt it.
    let interrupts = Interrupts::listen()?;
    let place = Place { web_url: &web_url, org: args.org.as_deref() };
    let made = convert(&web, (&api_url, &web_url), &code, plan.hook_url.clone()).await;
    let (app, keys) = made.map_err(|error| place.lost(None, &app_problem(&error)))?;
    cx.output.note(&format!("GitHub made the App {} ({}).", specimen(&app.slug), app.id));
    let new = NewGitHubApp { app: app.clone(), keys: keys.clone() };
    let kept: Result<GitHubView, Problem> = cx.ask(Request::KeepGitHubApp { new: Box::new(new) }).await;
    let view = kept.map_err(|problem| place.lost(Some(&app), &problem))?;
    cx.output.note("Its keys are kept, sealed by the master key.");
    cx.close().await;
    end(&Made { app: &app, keys: &keys, plan: &plan, view: &view }, &web, args.wait, interrupts, cx).await
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
    let by_chance = chance().map_err(|error| app_problem(&error))?;
    let name = args.name.clone();
    let name = name.unwrap_or_else(|| format!("sigyl-{}", by_chance.reveal().get(..6).unwrap_or_default()));
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
            let url = format!("http://127.0.0.1:{port}/");
            say_where(&url, port, args.no_browser, cx).await;
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

/// Tells where the page is, and opens it where a browser can be.
async fn say_where(url: &str, port: u16, no_browser: bool, cx: &Context) {
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
        // Whoever has no such program opens the address that was printed.
        let mut opener = tokio::process::Command::new("xdg-open");
        let null = || std::process::Stdio::null();
        let opened = opener.arg(url).stdin(null()).stdout(null()).stderr(null()).status();
        tokio::time::timeout(OPENING, opened).await.ok();
    }
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
    /// The App was made, and its keys are not kept: says how to be rid of it.
    fn lost(&self, app: Option<&GitHubApp>, problem: &Problem) -> Problem {
        let settings = self.org.map(|org| format!("/organizations/{org}")).unwrap_or_default();
        let at = match app {
            Some(app) => format!("{}{settings}/settings/apps/{}/advanced", self.web_url, app.slug),
            None => format!("{}{settings}/settings/apps", self.web_url),
        };
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
