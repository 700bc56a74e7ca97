//! `sigyl`: the console and the command line of Sigyl.

use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> color_eyre::Result<ExitCode> {
    sigyl_core::launcher::run_if_asked();
    color_eyre::install()?;
    // The master key and secrets pass through this process: no image of its memory goes to the disk or to a debugger.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(sigyl::run())
}
