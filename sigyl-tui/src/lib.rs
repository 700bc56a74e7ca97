//! The console and the command line of Sigyl, as the program `sigyl` and the bench of the console have them. It is no library
//! to build on: whoever wants to embed Sigyl uses `sigyl-core`.

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

#[cfg(feature = "bench")]
pub use console::bench;

/// Runs the program: what the command line says, else the console.
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::from(cli::run(std::env::args_os()).code())
}
