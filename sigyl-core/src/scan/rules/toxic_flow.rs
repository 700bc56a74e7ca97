//! Private data, text of strangers and a way out, in the reach of one agent.

use crate::domain::Location;
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::set::flow;

/// Finds sets of servers by which private data can leave.
pub(super) struct ToxicFlow(RuleMeta);

impl ToxicFlow {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }
}

impl Rule for ToxicFlow {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Set(set) = part else { return };
        let Some(flow) = flow(set) else { return };
        let full = |(server, tool): &(String, String)| format!("{server}/{tool}");
        let (untrusted, private, sink) = (full(&flow.untrusted), full(&flow.private), full(&flow.sink));
        let [strangers, sources, sinks] = flow.counts;
        let message = format!(
            "`{untrusted}` brings in what strangers write, `{private}` reads private data, and `{sink}` sends out (of {strangers}, {sources} and {sinks} tools that do)"
        );
        let evidence = format!("{untrusted} → {private} → {sink}");
        let location = Some(Location::Tool { tool: sink, field: "name".to_owned() });
        found.add(&self.0, location, Hit::whole(&evidence), Some(message));
    }
}
