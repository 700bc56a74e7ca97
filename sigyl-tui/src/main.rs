//! `sigyl`: the console and the command line of Sigyl.

mod cli;
mod codes;
mod confirm;
mod console;
mod exit;
#[cfg(test)]
mod fixtures;
mod kept_keys;
mod lasting;
mod link;
mod output;
mod problem;
mod progress;
mod render;
mod rule_files;
mod secret;
mod settings;
mod signal;
mod waive;

use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> color_eyre::Result<ExitCode> {
    sigyl_core::launcher::run_if_asked();
    color_eyre::install()?;
    // The master key and secrets pass through this process: no image of its memory goes to the disk or to a debugger.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(ExitCode::from(cli::run(std::env::args_os()).code()))
}
