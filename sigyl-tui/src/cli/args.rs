//! What stands before and after the verb.

use std::path::PathBuf;

use clap::Parser;

use super::verb::Verb;
use crate::settings::{Color, Flags, Format};

const AFTER: &str = "\
Without a verb, sigyl is the console; where no terminal is, it lists the servers.

Exit codes, the first that applies:
  2 wrong use, 1 blocked, 3 failed or incomplete, 1 held, 0 else
Every error has a code; `sigyl explain CODE` tells more.";

/// Scans, records, runs and probes MCP servers
#[derive(Debug, Parser)]
#[command(name = "sigyl", version, after_help = AFTER, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// Options that every verb takes, before or after it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every verb")]
pub(crate) struct Global {
    /// Folder of the records [default: sigyl in the user's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Folder of builds that can be made again [default: sigyl in the user's cache folder]
    #[arg(long, global = true, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// File of the master key of secrets [default: master.key in the folder of the records]
    #[arg(long, global = true, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Configuration file, TOML [default: sigyl/config.toml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Loopback address of the endpoint [default: 127.0.0.1:8640, or a free port if that is taken]
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Refuse to reach anything but this machine
    #[arg(long, global = true)]
    offline: bool,
    /// How the result is written; messages and progress always go to standard error
    #[arg(long, global = true, value_name = "plain|json", hide_possible_values = true)]
    format: Option<Format>,
    /// Policy that findings are judged by, YAML [default: blocks what must not run, holds confident errors]
    #[arg(long, global = true, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Waivers that stand beside the policy, YAML
    #[arg(long, global = true, value_name = "FILE")]
    waivers: Option<PathBuf>,
    /// Advisories that dependencies are looked up in: an OSV file (.json, .jsonl, .zip), or a folder of them
    #[arg(long, global = true, value_name = "PATH")]
    advisories: Option<PathBuf>,
    /// Work with a sigyl-server instead of the data directory; its key comes from SIGYL_KEY or a file
    #[arg(long = "server", global = true, value_name = "URL")]
    at_server: Option<String>,
    /// File of mode 0600 that holds the key for the server [default: sigyl/keys/HOST in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Let the key go over http:// to another machine, where everybody between can read it
    #[arg(long, global = true)]
    plain_http: bool,
    /// When text has colours [default: auto, on a terminal unless NO_COLOR is set]
    #[arg(long, global = true, value_name = "auto|always|never", hide_possible_values = true)]
    color: Option<Color>,
}

impl From<Global> for Flags {
    fn from(global: Global) -> Self {
        Self {
            data_dir: global.data_dir,
            cache_dir: global.cache_dir,
            master_key_file: global.master_key_file,
            config: global.config,
            listen: global.listen,
            offline: global.offline,
            format: global.format,
            policy: global.policy,
            waivers: global.waivers,
            advisories: global.advisories,
            server: global.at_server,
            key_file: global.key_file,
            plain_http: global.plain_http,
            color: global.color,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_verb() {
        for line in [
            ["sigyl", "--offline", "--format", "json", "list"],
            ["sigyl", "list", "--offline", "--format", "json"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert!(cli.global.offline);
            assert_eq!(cli.global.format, Some(Format::Json));
        }
    }

    /// The example lines of a verb's help.
    fn examples(command: &clap::Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.lines().filter_map(|line| line.strip_prefix("  sigyl ").map(str::to_owned));
        lines.collect()
    }

    #[test]
    fn the_help_of_every_verb_has_two_examples_and_each_is_understood() {
        let command = Cli::command();
        let mut verbs = 0;
        for verb in command.get_subcommands() {
            verbs += 1;
            let examples = examples(verb);
            for example in &examples {
                assert!(example.len() <= 72, "{example}: it is broken at column 80, and cannot be copied");
            }
            assert_eq!(examples.len(), 2, "{}", verb.get_name());
            for example in examples {
                let words = split(&example);
                assert!(words.iter().any(|word| word == verb.get_name()), "{example}");
                let line = std::iter::once("sigyl".to_owned()).chain(words);
                if let Err(error) = Cli::try_parse_from(line) {
                    panic!("{example}: {error}");
                }
            }
        }
        assert!(verbs >= 17, "{verbs}");
    }

    /// Splits a line as a shell would, for the plain and single-quoted words that the examples use.
    fn split(line: &str) -> Vec<String> {
        let quoted = line.split('\'').enumerate();
        let words = quoted.flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }
}
