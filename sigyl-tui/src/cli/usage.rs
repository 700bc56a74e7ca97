//! A command line that cannot be understood, or that asks for help.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::settings::{Environment, Format};

/// Shows help on standard output, and anything else as wrong use.
pub(super) fn show(error: &clap::Error, args: &[OsString], environment: &Environment) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that closed the pipe has seen enough.
        error.print().ok();
        return Exit::Well;
    }
    let mut output = Output::of_this_process(environment, format_of(args, environment));
    let (problem, usage) = explain(error);
    output.problem(&problem);
    if let Some(usage) = usage {
        output.tell(&format!("\n{usage}\n"));
    }
    problem.exit
}

/// The format that a command line asks for, though it cannot be understood as a whole.
pub(super) fn format_of(args: &[OsString], environment: &Environment) -> Format {
    let named = args.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    let joined = args.iter().any(|arg| arg == "--format=json");
    let set = environment.get("SIGYL_FORMAT").is_some_and(|value| value == "json");
    if named || joined || set { Format::Json } else { Format::Plain }
}

/// Turns what the parser says into message, hint and usage.
fn explain(error: &clap::Error) -> (Problem, Option<String>) {
    let text = error.render().to_string();
    let mut message = String::new();
    let mut hints = Vec::new();
    let mut usage = None;
    for part in text.trim().split("\n\n") {
        if let Some(first) = part.strip_prefix("error: ") {
            first.clone_into(&mut message);
        } else if part.trim_start().starts_with("tip: ") {
            hints.extend(part.lines().map(|line| line.trim().trim_start_matches("tip: ").to_owned()));
        } else if part.starts_with("Usage: ") {
            usage = Some(part.to_owned());
        }
    }
    if let Some(verb) = unknown_verb(error) {
        hints = vec![format!("the nearest verb is '{}'; `sigyl --help` lists all", nearest(&verb))];
    }
    if hints.is_empty() {
        hints.push("`--help` after the verb shows what it takes".to_owned());
    }
    (Problem::wrong_use("E0001", message, hints.join("; ")), usage)
}

fn unknown_verb(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(verb)) => Some(verb.clone()),
        _ => None,
    }
}

fn nearest(verb: &str) -> String {
    let command = Cli::command();
    let names = command.get_subcommands().map(|known| known.get_name().to_owned());
    names
        .max_by(|one, other| strsim::jaro_winkler(verb, one).total_cmp(&strsim::jaro_winkler(verb, other)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn said(line: &[&str]) -> (String, String) {
        let failure = explain(&Cli::try_parse_from(line).unwrap_err()).0.failure;
        (failure.message, failure.hint.unwrap())
    }

    #[test]
    fn a_mistyped_verb_names_the_nearest() {
        for (typed, meant) in [("deplyo", "'deploy'"), ("lst", "list"), ("ls", "list"), ("aprove", "approve")]
        {
            let (message, hint) = said(&["sigyl", typed]);
            assert!(message.contains(typed), "{message}");
            assert!(hint.contains(meant), "{typed}: {hint}");
        }
    }

    #[test]
    fn a_missing_argument_is_named() {
        let (message, hint) = said(&["sigyl", "deploy"]);
        assert!(message.contains("<SOURCE>"), "{message}");
        assert!(hint.contains("--help"), "{hint}");
    }
}
