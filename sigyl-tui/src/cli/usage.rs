//! A command line that cannot be understood, or that asks for help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, ValueEnum as _};

use super::Cli;
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::settings::{Color, Environment, Flags, Format, Settings};

/// Shows help on standard output, and anything else as wrong use.
pub(super) fn show(error: &clap::Error, args: &[OsString], environment: &Environment) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that closed the pipe has seen enough.
        error.print().ok();
        return Exit::Well;
    }
    let mut output = Output::of_this_process(environment, format_of(args, environment), Color::Auto);
    let (problem, usage) = explain(error);
    output.problem(&problem);
    if let Some(usage) = usage {
        output.tell(&format!("\n{usage}\n"));
    }
    problem.exit
}

/// Refuses a format that only scans have.
pub(super) fn foreign_format() -> Problem {
    let message = "this format is one of `sigyl scan` alone";
    Problem::wrong_use("E0001", message, "write --format plain or --format json")
}

/// The format that a command line asks for, though it cannot be understood as a whole; else the one that is set
/// elsewhere, as far as that can be read.
pub(super) fn format_of(args: &[OsString], environment: &Environment) -> Format {
    let before_command = args.split(|arg| arg == "--").next().unwrap_or_default();
    let given = |flag: &str| {
        let next = before_command.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1].to_str());
        let joined = before_command.iter().map(|arg| arg.to_str()?.strip_prefix(flag)?.strip_prefix('='));
        next.chain(joined).flatten().last().map(str::to_owned)
    };
    if let Some(format) = given("--format").and_then(|text| Format::from_str(&text, false).ok()) {
        return format;
    }
    let flags = Flags { config: given("--config").map(PathBuf::from), ..Flags::default() };
    // Settings that are wrong set no format: what is wrong with the command line comes first.
    Settings::resolve(flags, environment.clone()).map_or(Format::Plain, |settings| settings.format)
}

/// Turns what the parser says into message, hint and usage.
pub(super) fn explain(error: &clap::Error) -> (Problem, Option<String>) {
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
        hints = vec![match nearest(&verb) {
            Some(known) => format!("the nearest verb is '{known}'; `sigyl --help` lists all"),
            None => "`sigyl --help` lists the verbs".to_owned(),
        }];
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

/// How alike two words are, from 0 to 1, before one is taken for the other.
const ALIKE: f64 = 0.8;

/// Finds the verb that was probably meant; a word that is like none is not guessed at.
fn nearest(verb: &str) -> Option<String> {
    let command = Cli::command();
    let likeness = |known: &clap::Command| strsim::jaro_winkler(verb, known.get_name());
    let nearest = command.get_subcommands().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(nearest) > ALIKE).then(|| nearest.get_name().to_owned())
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
    fn a_word_that_is_like_no_verb_is_not_guessed_at() {
        for typed in ["xyzzy", "frobnicate", "remove", "-", "🙂"] {
            let (_, hint) = said(&["sigyl", typed]);
            assert!(!hint.contains("nearest"), "{typed}: {hint}");
        }
    }

    #[test]
    fn the_format_is_the_one_that_a_whole_command_line_would_have() {
        let format = |args: &[&str], variable: &str| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            format_of(&args, &Environment::from([("SIGYL_FORMAT", variable)]))
        };
        assert_eq!(format(&["sigyl", "x", "--format", "json"], ""), Format::Json);
        assert_eq!(format(&["sigyl", "x"], "json"), Format::Json);
        assert_eq!(format(&["sigyl", "x", "--format=plain"], "json"), Format::Plain);
        assert_eq!(format(&["sigyl", "--format", "xml"], ""), Format::Plain);
        assert_eq!(format(&["sigyl", "probe", "x", "--", "--format", "json"], ""), Format::Plain);
    }

    #[test]
    fn a_missing_argument_is_named() {
        let (message, hint) = said(&["sigyl", "deploy"]);
        assert!(message.contains("<SOURCE>"), "{message}");
        assert!(hint.contains("--help"), "{hint}");
    }
}
