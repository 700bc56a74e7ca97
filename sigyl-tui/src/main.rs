//! `sigyl`: the command line of Sigyl.

mod cli;
mod codes;
mod confirm;
mod exit;
#[cfg(test)]
mod fixtures;
mod link;
mod output;
mod problem;
mod progress;
mod render;
mod secret;
mod settings;
mod signal;
mod waive;

use std::process::ExitCode;

fn main() -> color_eyre::Result<ExitCode> {
    sigyl_core::launcher::run_if_asked();
    color_eyre::install()?;
    Ok(ExitCode::from(cli::run(std::env::args_os()).code()))
}
