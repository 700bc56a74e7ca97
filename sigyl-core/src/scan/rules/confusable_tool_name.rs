//! Names of tools of different servers that can be taken for each other.

use crate::domain::{Confidence, Location, Severity};
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::set::{Confusion, ConfusionKind, ServerSet, confusions};

/// Finds names that imitate each other.
pub(super) struct ConfusableToolName(RuleMeta);

impl ConfusableToolName {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }

    fn add(&self, set: &ServerSet<'_>, confusion: &Confusion, found: &mut Findings<'_>) {
        let full = |(server, name): &(usize, String)| {
            format!("{}/{name}", set.servers.get(*server).map_or("", |server| server.name.as_str()))
        };
        let (one, other) = (full(&confusion.one), full(&confusion.other));
        // Honest servers give the same name by chance, so that it is only told; nobody disguises one by chance.
        let (how, severity, confidence) = match confusion.kind {
            ConfusionKind::LooksAlike => ("looks like", self.0.severity, self.0.confidence),
            ConfusionKind::Same => ("has the name of", Severity::Warning, Confidence::Medium),
            ConfusionKind::OneLetter => ("is one letter from", Severity::Warning, Confidence::Medium),
        };
        let message = format!("`{one}` {how} `{other}`");
        let evidence = format!("{} / {}", confusion.one.1, confusion.other.1);
        let location = Some(Location::Tool { tool: one, field: "name".to_owned() });
        found.add_as(&self.0, severity, confidence, location, Hit::whole(&evidence), Some(message));
    }
}

impl Rule for ConfusableToolName {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Set(set) = part else { return };
        confusions(set).iter().for_each(|confusion| self.add(set, confusion, found));
    }
}
