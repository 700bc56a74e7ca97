//! Where servers come from, and whether they are still what was accepted.

use std::collections::BTreeMap;

use super::visit::{entries, place, rule};
use crate::scan::client::{ClientConfig, Entry, Scope};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};

rule!(ClientProject, "Finds servers that a folder brings to whoever opens it.");
rule!(ClientChanged, "Finds servers that are not what was accepted.");
rule!(ClientShadow, "Finds servers that take the name of another one.");

impl ClientProject {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        for (config, entry) in entries(part).filter(|(config, _)| config.scope == Scope::Project) {
            let message = format!("Opening the folder offers `{}` to {}", entry.name, config.client);
            found.add(&self.0, place(config, entry.line), Hit::whole(&entry.shown()), Some(message));
        }
    }
}

impl ClientChanged {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Clients(clients) = part else { return };
        let Some(accepted) = clients.accepted else { return };
        for (config, entry) in entries(part) {
            let pin = entry.pin();
            if accepted.contains(&pin) {
                continue;
            }
            let what = match accepted.iter().any(|known| known.name == pin.name) {
                true => "is started or reached otherwise than was accepted",
                false => "was never accepted",
            };
            let message = format!("`{}` {what}", entry.name);
            found.add(&self.0, place(config, entry.line), Hit::whole(&entry.shown()), Some(message));
        }
    }
}

impl ClientShadow {
    fn look(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let mut known: BTreeMap<&str, (&ClientConfig, &Entry)> = BTreeMap::new();
        for (config, entry) in entries(part) {
            let (first, other) = known.entry(entry.name.as_str()).or_insert((config, entry));
            if std::ptr::eq(*other, entry) || other.pin() == entry.pin() {
                continue;
            }
            // Two clients may each have a server of one name; what a project brings counts for all of them.
            if first.client != config.client && first.scope == config.scope {
                continue;
            }
            let message = format!("`{}` is another server in {}:{}", entry.name, first.path, other.line);
            found.add(&self.0, place(config, entry.line), Hit::whole(&entry.shown()), Some(message));
        }
    }
}
