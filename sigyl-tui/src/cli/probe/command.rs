//! A command of the operator's own, as the far end of a probe.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use sigyl_core::deploy::local_process::{Command, Unconfined};
use sigyl_core::domain::Kind;
use sigyl_core::mcp::{Probe, Upstream};
use sigyl_core::scan::masked;
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::Context;
use super::direct;
use crate::problem::Problem;
use crate::render::{Look, Role, specimen};

/// Runs a command as the operator, in their environment, and asks it what it is. It ends with all it started.
pub(super) async fn probe(program: OsString, args: &[OsString], cx: &Context) -> Result<Probe, Problem> {
    let command = Command {
        program: PathBuf::from(text(&program)?),
        args: args.iter().map(text).collect::<Result<_, _>>()?,
        env: environment(cx),
        dir: std::env::current_dir().map_err(|error| failed("tell the folder it is in", &error))?,
    };
    ask(command, cx).await
}

/// Runs a command and asks it what it is. It ends with all it started.
pub(super) async fn ask(command: Command, cx: &Context) -> Result<Probe, Problem> {
    let launcher = std::env::current_exe().map_err(|error| failed("find its own program", &error))?;
    let env = Arc::new(command.env.clone());
    let (command, lines) = Unconfined::new(launcher, command);
    let command = Arc::new(command);
    let told = tokio::spawn(relay(lines, cx.output.err_look, env.clone()));
    let probe =
        direct(&Upstream::Stdio(command.clone()), "run the command by hand, and see what it writes").await;
    command.end().await;
    // The last handle goes, and the lines end with it; a relay that fails has nothing left to show.
    drop(command);
    told.await.ok();
    // What went wrong is told with what the command wrote last.
    probe.map_err(|mut problem| {
        problem.failure.message = masked(&problem.failure.message, &env);
        problem
    })
}

fn text(word: &OsString) -> Result<String, Problem> {
    word.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("`{}` is not UTF-8", word.to_string_lossy());
        Problem::wrong_use("E0001", message, "put the command into a script, and probe that")
    })
}

/// The operator's environment; what is no text cannot be handed on.
fn environment(cx: &Context) -> Vec<(String, String)> {
    let (env, left_out) = cx.settings.environment.texts();
    if !left_out.is_empty() {
        cx.output.note(&format!("not UTF-8, and so left out of its environment: {}", left_out.join(", ")));
    }
    env
}

fn failed(what: &str, error: &std::io::Error) -> Problem {
    let message = format!("could not {what}: {error}");
    Problem::failed("E0017", Kind::Unavailable, message, "run it again from a folder that exists")
}

/// Shows what the command writes to its standard error, without the secrets that it was given.
async fn relay(mut lines: UnboundedReceiver<String>, look: Look, env: Arc<Vec<(String, String)>>) {
    while let Some(line) = lines.recv().await {
        let line = masked(&line, &env);
        crate::output::tell(&format!("{}\n", look.paint(Role::Dim, &format!("  {}", specimen(&line)))));
    }
}
