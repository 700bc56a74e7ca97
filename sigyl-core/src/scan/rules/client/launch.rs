//! What a client starts.

use super::visit::{entries, place, rule};
use crate::domain::{Confidence, Severity};
use crate::scan::client::{PinKind, fetched, script};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};

rule!(ClientShell, "Finds servers that are started by a line of script.");
rule!(ClientUnpinned, "Finds servers that are another program tomorrow.");

impl ClientShell {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        for (config, entry) in entries(part) {
            let Some(script) = script(entry) else { continue };
            let (what, confidence) = match script.downloads {
                true => ("fetches code and runs it", Confidence::High),
                false => ("is a line of script", self.0.confidence),
            };
            let message = format!("What starts `{}` {what}, by {}", entry.name, script.program);
            let hit = Hit::whole(&script.text);
            let place = place(config, entry.line);
            found.add_as(&self.0, self.0.severity, confidence, place, hit, Some(message));
        }
    }
}

impl ClientUnpinned {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        for (config, entry) in entries(part) {
            let Some(fetched) = fetched(entry) else { continue };
            let (what, severity) = match fetched.pin {
                PinKind::Exact => continue,
                PinKind::Tag => ("a tag that can be moved", Severity::Info),
                PinKind::None => ("whatever version is the newest", self.0.severity),
            };
            let message = format!("`{}` is fetched and run as {what}", entry.name);
            let line = entry.args.iter().find(|(arg, _)| arg.contains(fetched.what));
            let place = place(config, line.map_or(entry.line, |(_, line)| *line));
            found.add_as(
                &self.0,
                severity,
                self.0.confidence,
                place,
                Hit::whole(fetched.what),
                Some(message),
            );
        }
    }
}
