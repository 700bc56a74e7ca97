//! Commands that an agent runs by itself.

use regex::Regex;

use crate::domain::{Confidence, Location, Severity};
use crate::scan::client::downloads;
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::skill::hooks;

/// Finds hooks, and tells those that fetch or send from those that only run.
pub(super) struct AgentHook {
    meta: RuleMeta,
    sends: Regex,
}

impl AgentHook {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        let sends = r"(?ix) \b (?: curl | wget ) \b [^|;&]{0,400} (?: -d | --data\S* | -F | --form | -T | --upload-file | --post-file\S* ) \s* =? \s* ['\x22]? [^\s]{0,40} (?: @ | \$\( | \$HOME | ~ ) | /dev/tcp/ | \bnc\b [^|;&]{0,80} < | \b(?:scp|rsync)\b [^|;&]{0,200} \w@ | \|\s* (?: curl | nc ) \b";
        Ok(Self { meta, sends: Regex::new(sends)? })
    }
}

impl Rule for AgentHook {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        for hook in hooks(file.path(), file.text()) {
            let acts = downloads(&hook.command) || self.sends.is_match(&hook.command);
            let (what, severity, confidence) = match acts {
                true => ("fetches and runs, or sends off", self.meta.severity, self.meta.confidence),
                false => ("runs by itself", Severity::Info, Confidence::Medium),
            };
            let message = format!("A hook of `{}` {what}", hook.event);
            let location =
                Some(Location::File { path: file.path().to_owned(), line: Some(hook.line), column: None });
            found.add_as(
                &self.meta,
                severity,
                confidence,
                location,
                Hit::whole(&hook.command),
                Some(message),
            );
        }
    }
}
