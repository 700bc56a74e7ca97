//! What a scan is judged by: policy, baseline, and what comments in the code are worth.

use std::path::PathBuf;

use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{Baseline, Kind, Locator, Policy, Report, ServerName, SourceRef, Suppressions};
use sigyl_core::scan::RuleSet;
use sigyl_core::scan::policy::read_baseline;

use crate::problem::{Problem, chain};
use crate::render;
use crate::settings::Settings;
use crate::settings::policy::bytes_of;

/// The options of it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Judging")]
pub(crate) struct JudgingArgs {
    /// Count only findings that this file does not hold
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found to a file for --baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Let comments `sigyl-ignore: RULE -- reason` count, but for what blocks: for your own code only
    #[arg(long)]
    allow_suppressions: bool,
}

/// The same, with the policy that was named.
pub(crate) struct Judging {
    args: JudgingArgs,
    settings: Settings,
    look: render::Look,
}

impl JudgingArgs {
    /// Joins what the command line said with what is set; `look` is that of messages.
    pub(crate) fn with(self, settings: &Settings, look: render::Look) -> Judging {
        Judging { args: self, settings: settings.clone(), look }
    }
}

impl Judging {
    /// Reads the policy, as it is for `server`.
    pub(crate) fn policy(&self, rules: &RuleSet, server: Option<&ServerName>) -> Result<Policy, Problem> {
        let read = self.settings.policy(rules)?;
        for notice in &read.notices {
            crate::output::tell(&render::notice(&notice.to_string(), &self.look));
        }
        let mut policy = read.policy;
        if self.args.allow_suppressions {
            policy.suppressions = Suppressions::Allow;
        }
        policy.server = server.cloned();
        Ok(policy)
    }

    /// Refuses a baseline where no source is scanned that it could be of.
    pub(crate) fn refuse_baseline(&self) -> Result<(), Problem> {
        match self.args.baseline.is_some() || self.args.write_baseline.is_some() {
            true => {
                let message = "a baseline is of a source, and none is named";
                Err(Problem::wrong_use("E0001", message, "name a source, or leave it out"))
            }
            false => Ok(()),
        }
    }

    /// Names what is scanned, in a way that stays the same on another machine where that is possible.
    pub(crate) fn subject(&self, server: Option<&ServerName>, source: &SourceRef) -> String {
        let place = || Locator::parse(&source.locator).map(|locator| locator.place().to_string());
        match server {
            Some(server) => server.to_string(),
            None => place().unwrap_or_else(|_| source.locator.clone()),
        }
    }

    /// Reads the baseline of `subject`.
    pub(crate) fn baseline(&self, subject: &str) -> Result<Option<Baseline>, Problem> {
        let Some(path) = &self.args.baseline else { return Ok(None) };
        let bytes = bytes_of(path, "baseline")?;
        let wrong = |error| {
            let message = format!("the baseline {} {}", path.display(), chain(&error));
            Problem::wrong_use("E0024", message, "make it anew with --write-baseline")
        };
        read_baseline(&bytes, subject).map(Some).map_err(wrong)
    }

    /// Tells whether a baseline is to be made of the report.
    pub(crate) fn writes_baseline(&self) -> bool {
        self.args.write_baseline.is_some()
    }

    /// Writes the baseline of `report`, whole or not at all.
    pub(crate) fn keep(&self, report: &Report, subject: &str) -> Result<(), Problem> {
        let Some(path) = &self.args.write_baseline else { return Ok(()) };
        let baseline = Baseline::of(report, subject, SystemClock.now());
        let failed = |error: &dyn std::fmt::Display| {
            let message = format!("could not write the baseline {}: {error}", path.display());
            Problem::failed("E0013", Kind::Unavailable, message, "write it elsewhere")
        };
        let text = serde_json::to_string_pretty(&baseline).map_err(|error| failed(&error))?;
        let mut name = path.clone().into_os_string();
        name.push(".partial");
        let partial = PathBuf::from(name);
        std::fs::write(&partial, format!("{text}\n"))
            .and_then(|()| std::fs::rename(&partial, path))
            .map_err(|error| failed(&error))
    }
}
