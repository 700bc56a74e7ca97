//! From the settings to a running console, and to its end.

use std::io::{self, IsTerminal as _};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::Kind;
use sigyl_core::registry::install::shell_word;
use sigyl_core::wire::v1::{Owner, Request};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::app::App;
use super::input::{Input, LinkKind, Linked};
use super::report;
use super::runner::{Console, Inputs, Runner, Signals, inputs};
use super::state::Files;
use super::terminal::{Panic, Terminal};
use super::wants::Wants;
use crate::cli::Context;
use crate::exit::Exit;
use crate::link::{Answer as _, Link};
use crate::output::Output;
use crate::problem::Problem;
use crate::render::{Look, Role};
use crate::settings::{ConsoleSettings, Settings};
use crate::signal::{Interrupts, Resumes};

/// How long the end may take before something is said about it.
const SILENCE: Duration = Duration::from_millis(300);

/// Whether a person sits at a terminal that a console can be drawn on.
pub(crate) fn fits(settings: &Settings) -> bool {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let obeys = settings.environment.get("TERM").is_some_and(|term| term != "dumb");
    terminal && obeys && settings.format == crate::settings::Format::Plain
}

/// Shows the console until somebody ends it.
pub(crate) async fn run(cx: &mut Context, notes: Option<mpsc::Receiver<String>>) -> Result<Exit, Problem> {
    let wants = Wants::of(&cx.settings, cx.output.look.color)?;
    let mut signals = Signals { interrupts: Interrupts::listen()?, resumes: Resumes::listen()? };
    let (sender, told) = inputs();
    if let Some(notes) = notes {
        tokio::spawn(pass(notes, sender.clone()));
    }
    let (opened, link) = oneshot::channel();
    let opening = tokio::spawn(open(cx.settings.clone(), sender.clone(), opened));
    let terminal = Terminal::take().map_err(broken)?;
    let look = Look { color: true, links: false, zone: wants.zone, ..cx.output.look };
    let size = terminal.size().map_err(broken)?;
    let mut app = App::new(wants.theme, look, SystemClock.now(), size);
    app.keys = Rc::new(wants.keys);
    app.own = wants.own;
    app.state.zone = wants.zone;
    app.state.flags = flags(&cx.settings);
    let ConsoleSettings { theme_file, keymap, .. } = cx.settings.console.clone();
    app.state.files = Files { theme: theme_file, keymap };
    if let Some(notice) = wants.notice {
        app.say(Role::Warn, notice);
    }
    let console = Console { app, terminal, runner: Runner::new(sender, cx.settings.clone()), told, link };
    let folders = [cx.settings.data_dir().ok(), Some(cx.settings.temporary_dir())];
    let folders: Vec<PathBuf> = folders.into_iter().flatten().collect();
    show(console, &mut signals, opening, &cx.output, &folders).await
}

/// What a command of a shell needs to work on the same, each with a blank before it.
fn flags(settings: &Settings) -> String {
    let quoted = |flag: &str, text: &str| format!(" {flag} {}", shell_word(text));
    match (&settings.server, &settings.data_dir) {
        (Some(server), _) => quoted("--server", &server.url),
        (None, Some(folder)) => quoted("--data-dir", &folder.to_string_lossy()),
        (None, None) => String::new(),
    }
}

/// Shows a console until it ends, gives the terminal back, and ends what ran here in order, even if the console itself
/// did not end so: then what happened is written into one of the folders.
pub(super) async fn show(
    mut console: Console,
    signals: &mut Signals,
    opening: JoinHandle<()>,
    output: &Output,
    folders: &[PathBuf],
) -> Result<Exit, Problem> {
    let ended = AssertUnwindSafe(console.run(signals)).catch_unwind().await;
    let Console { app, terminal, runner, mut link, .. } = console;
    drop(terminal);
    // A store that is being opened is let go of as well; what was open in the meantime is closed.
    opening.abort();
    opening.await.ok();
    if let Some(link) = runner.into_link().or_else(|| link.try_recv().ok()) {
        close(link, &mut signals.interrupts, output).await;
    }
    match ended {
        Ok(ended) => ended.map(|()| Exit::Well).map_err(broken),
        Err(_) => Err(broken_off(&app, folders)),
    }
}

/// Says where the report about a panic is.
fn broken_off(app: &App, folders: &[PathBuf]) -> Problem {
    let panic = Panic::last()
        .unwrap_or_else(|| Panic { message: "nothing is known".to_owned(), backtrace: String::new() });
    let (message, hint) = match report::write(folders, app, &panic) {
        Ok(path) => {
            let message = format!("the console broke off; what happened is in {}", path.display());
            (message, "start it again, and report this with the file: read it before, it shows what you did")
        }
        Err(error) => {
            let message = format!("the console broke off, and no report could be written: {error}");
            (message, "start it again, and report what is said above")
        }
    };
    Problem::failed("E0050", Kind::Internal, message, hint)
}

/// Ends what this process runs. That takes a moment at most, which is said; who cannot wait interrupts it.
async fn close(link: Link, interrupts: &mut Interrupts, output: &Output) {
    let mut closing = std::pin::pin!(link.close());
    tokio::select! {
        () = &mut closing => return,
        () = interrupts.next() => return,
        () = tokio::time::sleep(SILENCE) => {}
    }
    output.note("Ending what runs here; Ctrl-C does not wait for it.");
    tokio::select! {
        () = closing => {}
        () = interrupts.next() => {}
    }
}

fn broken(error: io::Error) -> Problem {
    let message = format!("the terminal failed: {error}");
    Problem::failed("E0049", Kind::Unavailable, message, "use the verbs: `sigyl --help` lists them")
}

/// Hands on what the program notes about itself.
async fn pass(mut notes: mpsc::Receiver<String>, inputs: Inputs) {
    while let Some(note) = notes.recv().await {
        if inputs.send(Input::Note(note)).await.is_err() {
            return;
        }
    }
}

/// Finds whoever answers, or becomes it, and says so.
async fn open(settings: Settings, inputs: Inputs, opened: oneshot::Sender<Link>) {
    let linked = match connect(&settings).await {
        Ok((link, linked, serving)) => {
            if let Some(serving) = serving {
                tokio::spawn(watch(serving, link.clone(), inputs.clone()));
            }
            // The runner has the link before the app asks over it.
            opened.send(link).ok();
            Ok(linked)
        }
        Err(problem) => Err(problem.failure),
    };
    inputs.send(Input::Linked(linked)).await.ok();
}

async fn connect(settings: &Settings) -> Result<(Link, Linked, Option<crate::link::Serving>), Problem> {
    let link = Link::open(settings).await?;
    let mut linked = Linked { place: String::new(), kind: LinkKind::Owner, notice: None };
    match &link {
        Link::Server(_) => {
            linked.kind = LinkKind::Server;
            linked.place = settings.server.as_ref().map_or_else(String::new, |server| server.url.clone());
        }
        Link::Remote(_) => {
            let owner = Owner::take(link.call(Request::Owner, &mut |_| {}).await?)?;
            linked.place = Linked::owned(&settings.data_dir()?.display().to_string(), owner.pid);
        }
        Link::Local(local) => {
            let serving = local.serve(settings.listen).await?;
            linked.kind = LinkKind::Own;
            linked.place = settings.data_dir()?.display().to_string();
            linked.notice.clone_from(&serving.notice);
            return Ok((link, linked, Some(serving)));
        }
    }
    Ok((link, linked, None))
}

/// Waits until serving ends, or another process asks this one to.
async fn watch(mut serving: crate::link::Serving, link: Link, inputs: Inputs) {
    tokio::select! {
        () = link.stopped() => {}
        ended = serving.ended() => {
            if let Err(problem) = ended {
                inputs.send(Input::Note(problem.failure.message)).await.ok();
                return;
            }
        }
    }
    // Nobody listens any more when the console has ended by itself.
    inputs.send(Input::AskedToEnd).await.ok();
}
