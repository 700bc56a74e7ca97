//! From the arguments to an exit code.

use std::ffi::OsString;

use clap::Parser as _;

use super::{Cli, Context, list, usage};
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::settings::{Environment, Flags, Settings};

/// Reads the command line, does what it says, and shows what went wrong. Only a defect comes back as an error.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> color_eyre::Result<Exit> {
    let args: Vec<OsString> = args.into_iter().collect();
    let environment = Environment::of_this_process();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return Ok(usage::show(&error, &args, &environment)),
    };
    let Cli { global, verb } = cli;
    let flags = Flags::from(global);
    let format = flags.format.unwrap_or_else(|| usage::format_of(&[], &environment));
    let settings = match Settings::resolve(flags, environment.clone()) {
        Ok(settings) => settings,
        Err(error) => return Ok(fail(Output::of_this_process(&environment, format), &Problem::from(error))),
    };
    let output = Output::of_this_process(&environment, settings.format);
    listen_to_diagnostics(&environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut cx = Context::new(settings, output);
    let done = runtime.block_on(async {
        let done = match verb {
            Some(verb) => verb.run(&mut cx).await,
            None => list::overview(&mut cx).await,
        };
        cx.close().await;
        done
    });
    // A child or a file that hangs must not keep the command: everything that has to end has ended by now.
    runtime.shutdown_background();
    Ok(done.unwrap_or_else(|problem| fail(cx.output, &problem)))
}

fn fail(mut output: Output, problem: &Problem) -> Exit {
    output.problem(problem);
    problem.exit
}

/// Sends what the library notes to standard error: warnings, or what SIGYL_LOG asks for.
fn listen_to_diagnostics(environment: &Environment) -> color_eyre::Result<()> {
    use tracing_subscriber::EnvFilter;
    let wanted = environment.get("SIGYL_LOG").and_then(|value| value.to_str()).unwrap_or("warn");
    let filter = EnvFilter::try_new(wanted)?;
    let colors = environment.get("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colors && std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .init();
    Ok(())
}
