//! `sigyl serve`: owns the data directory and runs its servers.

use std::time::Duration;

use sigyl_core::domain::{Kind, Mode, PolicyUsed};
use sigyl_core::wire::v1::{Frame, Owner, Request, ServerView};

use super::foreground::Foreground;
use super::{Context, background, foreground};
use crate::exit::Exit;
use crate::link::{Answer as _, Link};
use crate::problem::Problem;
use crate::render;

const EXAMPLES: &str = "\
Examples:
  sigyl serve
      Start every active server and serve until Ctrl-C.
  sigyl serve --detach --listen 127.0.0.1:9000
      The same in the background; `sigyl stop` ends it.";

/// Time between two looks at servers that are starting.
const PAUSE: Duration = Duration::from_millis(50);

/// Start every active server and serve
///
/// The base address is the only line on standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Serve in the background, and return once it answers
    #[arg(long)]
    detach: bool,
    /// What `--detach` starts
    #[arg(long, hide = true, conflicts_with = "detach")]
    background: bool,
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if self.detach {
            let owner = background::start(cx).await?;
            cx.output
                .note(&format!("Serving in the background as process {}; `sigyl stop` ends it.", owner.pid));
            return show(&owner, cx);
        }
        if self.background {
            leave_the_terminal()?;
        }
        match cx.link().await? {
            Link::Local(local) => {
                let foreground = foreground::begin(local, cx).await?;
                stay(foreground, cx).await
            }
            link => Err(already(&link).await?),
        }
    }
}

async fn stay(mut foreground: Foreground, cx: &mut Context) -> Result<Exit, Problem> {
    let link = cx.link().await?;
    let Some(servers) = foreground.or_interrupted(started(&link)).await? else { return Ok(Exit::Well) };
    if !servers.is_empty() {
        cx.output.tell(&render::servers(&servers, &cx.output.err_look, cx.output.now()));
    }
    let owner: Owner = cx.ask(Request::Owner).await?;
    if let Some(PolicyUsed { name, mode: Mode::Observe, until: Some(until), .. }) = &owner.policy {
        let line = format!("policy {name} only observes until {until}: nothing is stopped");
        cx.output.tell(&render::notice(&line, &cx.output.err_look));
    }
    show(&owner, cx)?;
    foreground.until_asked(cx).await?;
    Ok(Exit::Well)
}

/// Waits until every server that should run does, or is known not to.
async fn started(link: &Link) -> Result<Vec<ServerView>, Problem> {
    loop {
        let views = Vec::<ServerView>::take(link.call(Request::List, &mut |_: Frame| {}).await?)?;
        if views.iter().all(|view| view.deployment.is_none() || view.health.is_some()) {
            return Ok(views);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn show(owner: &Owner, cx: &mut Context) -> Result<Exit, Problem> {
    if cx.output.is_json() {
        cx.output.document("sigyl.owner/1", owner)?;
    } else if let Some(endpoint) = &owner.endpoint {
        cx.output.print(&format!("{endpoint}\n"))?;
    }
    Ok(Exit::Well)
}

async fn already(link: &Link) -> Result<Problem, Problem> {
    let owner = Owner::take(link.call(Request::Owner, &mut |_: Frame| {}).await?)?;
    let at = owner.endpoint.map_or_else(String::new, |endpoint| format!(" at {endpoint}"));
    Ok(Problem::failed(
        "E0011",
        Kind::Conflict,
        format!("process {} serves this data directory already{at}", owner.pid),
        "every command goes to it by itself; `sigyl stop` ends it",
    ))
}

/// Leaves the terminal's session, so that closing the terminal ends nothing.
fn leave_the_terminal() -> Result<(), Problem> {
    rustix::process::setsid().map(|_| ()).map_err(|error| {
        let message = format!("could not leave the terminal: {error}");
        Problem::failed("E0012", Kind::Internal, message, "use `sigyl serve --detach`")
    })
}
