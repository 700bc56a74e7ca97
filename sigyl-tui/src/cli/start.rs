//! From the arguments to an exit code.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser as _;
use sigyl_core::domain::Kind;
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use super::verb::Verb;
use super::{Cli, Context, list, usage};
use crate::console;
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::render::specimen;
use crate::settings::{Environment, Flags, Settings};

/// Reads the command line, does what it says, and shows what went wrong.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let environment = Environment::of_this_process();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage::show(&error, &args, &environment),
    };
    let Cli { global, verb } = cli;
    let flags = Flags::from(global);
    let format = flags.format.unwrap_or_else(|| usage::format_of(&[], &environment));
    let color = flags.color.unwrap_or_default();
    let begun = Settings::resolve(flags, environment.clone())
        .and_then(|settings| Ok((settings, environment.diagnostics()?)))
        .map_err(Problem::from)
        .and_then(|begun| Ok((begun, runtime()?)));
    let ((settings, filter), runtime) = match begun {
        Ok(begun) => begun,
        Err(problem) => return fail(Output::of_this_process(&environment, format, color), &problem),
    };
    let output = Output::of_this_process(&environment, settings.format, color);
    if !settings.format.is_common() && !matches!(verb, Some(Verb::Scan(_) | Verb::Report(_))) {
        return fail(output, &usage::foreign_format());
    }
    let console = verb.is_none() && console::fits(&settings);
    let notes = listen_to_diagnostics(filter, output.err_look.color, console);
    let mut cx = Context::new(settings, output);
    let done = runtime.block_on(async {
        let done = match verb {
            Some(verb) => verb.run(&mut cx).await,
            None if console => console::run(&mut cx, notes).await,
            None => list::overview(&mut cx).await,
        };
        cx.close().await;
        done
    });
    // A child or a file that hangs must not keep the command: everything that has to end has ended by now.
    runtime.shutdown_background();
    done.unwrap_or_else(|problem| fail(cx.output, &problem))
}

fn fail(mut output: Output, problem: &Problem) -> Exit {
    output.problem(problem);
    problem.exit
}

fn runtime() -> Result<tokio::runtime::Runtime, Problem> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        let message = format!("could not start the threads that this program needs: {error}");
        Problem::failed(
            "E0023",
            Kind::Unavailable,
            message,
            "raise the limits of this shell: see `ulimit -a`",
        )
    })
}

/// Sends what the library notes to standard error, or to the console, which has the terminal then.
fn listen_to_diagnostics(filter: EnvFilter, color: bool, console: bool) -> Option<mpsc::Receiver<String>> {
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    if !console {
        lines.with_writer(std::io::stderr).with_ansi(color).init();
        return None;
    }
    let (notes, told) = mpsc::channel(NOTES);
    let lost = Arc::new(AtomicU64::new(0));
    lines.with_writer(move || Note(notes.clone(), lost.clone())).with_ansi(false).without_time().init();
    Some(told)
}

/// Notes that may wait for the console.
const NOTES: usize = 64;

/// A line on its way to the console, and how many before it did not get there.
struct Note(mpsc::Sender<String>, Arc<AtomicU64>);

impl std::io::Write for Note {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let lost = self.1.swap(0, Ordering::Relaxed);
        let before =
            if lost > 0 { format!("({lost} notes before this were not shown) ") } else { String::new() };
        let text = before + &specimen(String::from_utf8_lossy(line).trim_end());
        // Whoever notes something must not wait for a screen: of a flood, what is not shown is counted.
        if self.0.try_send(text).is_err() {
            self.1.fetch_add(lost + 1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
