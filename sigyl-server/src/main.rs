//! `sigyl-server`: serves a data directory over HTTP, without a console or a command line.

use std::io::{IsTerminal as _, Write as _};

use clap::Parser as _;
use color_eyre::config::{HookBuilder, Theme};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use sigyl_core::source::ToolEnv;
use sigyl_server::settings::{Arguments, LogFormat, Settings};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> color_eyre::Result<()> {
    sigyl_core::launcher::run_if_asked();
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let has_colours = std::io::stderr().is_terminal() && !is_plain;
    let report = HookBuilder::new().display_env_section(false).display_location_section(false);
    (if has_colours { report } else { report.theme(Theme::new()) }).install()?;
    // The master key and secrets pass through this process: no image of its memory goes to the disk or to a debugger.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let arguments = Arguments::parse();
    let is_asked_to_print = arguments.print_config;
    let settings = Settings::resolve(arguments, &std::env::vars_os().collect())?;
    if is_asked_to_print {
        return Ok(write!(std::io::stdout(), "{settings}")?);
    }
    log(&settings, has_colours)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(settings))
}

fn log(settings: &Settings, has_colours: bool) -> color_eyre::Result<()> {
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(has_colours)
        // Nobody may read it: then there is nobody to tell that it could not be written either.
        .log_internal_errors(false)
        .with_env_filter(EnvFilter::try_new(&settings.log_filter.value)?);
    match settings.log_format.value {
        LogFormat::Json => log.json().init(),
        _ => log.init(),
    }
    Ok(())
}

async fn run(settings: Settings) -> color_eyre::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let shutdown = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let tools = ToolEnv::pick(std::env::vars_os());
    Ok(sigyl_server::start(settings, std::env::current_exe()?, tools, shutdown).await?)
}
