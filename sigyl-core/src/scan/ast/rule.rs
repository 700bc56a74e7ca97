//! The rules that say what the analysis saw.

use super::flow::{Grade, Weakness};
use crate::domain::{Confidence, Severity};
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Says one weakness of code that the analysis saw.
pub(in crate::scan) struct FlowRule {
    meta: RuleMeta,
    weakness: Option<Weakness>,
}

/// The weakness of each rule.
const WEAKNESSES: &[(&str, Weakness)] = &[
    ("archive-escape", Weakness::Archive),
    ("changing-tool", Weakness::ChangingTool),
    ("cloud-metadata", Weakness::Metadata),
    ("code-from-argument", Weakness::Code),
    ("command-from-argument", Weakness::Command),
    ("covered-tracks", Weakness::Evasion),
    ("covert-send", Weakness::CovertSend),
    ("disclosed-environment", Weakness::Disclosure),
    ("disclosed-trace", Weakness::Trace),
    ("exhaustion", Weakness::Exhaustion),
    ("fixed-password", Weakness::FixedPassword),
    ("followed-redirect", Weakness::Redirect),
    ("forwarded-token", Weakness::Passthrough),
    ("guessable-token", Weakness::Guessable),
    ("header-from-argument", Weakness::Header),
    ("hidden-code", Weakness::HiddenCode),
    ("hidden-copy", Weakness::HiddenCopy),
    ("hidden-file", Weakness::HiddenFile),
    ("lasting-foothold", Weakness::Persistence),
    ("log-from-argument", Weakness::Line),
    ("made-up-description", Weakness::Shadow),
    ("markup-from-argument", Weakness::Markup),
    ("mass-assignment", Weakness::Assignment),
    ("logged-secret", Weakness::Logged),
    ("object-from-argument", Weakness::Data),
    ("option-from-argument", Weakness::Option),
    ("path-from-argument", Weakness::Path),
    ("pattern-from-argument", Weakness::Expression),
    ("prototype-pollution", Weakness::Prototype),
    ("query-from-argument", Weakness::Sql),
    ("redirect-from-argument", Weakness::Redirection),
    ("remote-shell", Weakness::RemoteShell),
    ("runaway-pattern", Weakness::Runaway),
    ("sent-secrets", Weakness::Exfiltration),
    ("session-as-login", Weakness::Session),
    ("session-decides", Weakness::SessionDecides),
    ("system-file", Weakness::SystemFile),
    ("template-from-argument", Weakness::Template),
    ("unasked-owner", Weakness::Unowned),
    ("unchecked-certificate", Weakness::Certificate),
    ("unverified-download", Weakness::Download),
    ("upload-of-any-kind", Weakness::Upload),
    ("untrue-read-only", Weakness::Mismatch),
    ("url-from-argument", Weakness::Address),
    ("weak-password-hash", Weakness::PasswordHash),
    ("xml-from-argument", Weakness::Xml),
];

impl FlowRule {
    #[expect(clippy::unnecessary_wraps, reason = "every rule is made alike, and some hold expressions")]
    pub(in crate::scan) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        let of = |id: &str| WEAKNESSES.iter().find(|(known, _)| *known == id).map(|(_, weakness)| *weakness);
        let weakness = of(meta.id.as_str());
        Ok(Self { meta, weakness })
    }
}

impl Rule for FlowRule {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let (Part::File(file) | Part::Across(file)) = part else { return };
        for seen in file.flow().seen.iter().filter(|seen| Some(seen.weakness) == self.weakness) {
            let (severity, confidence) = match seen.grade {
                // What is sent in the open and not said may be an oversight.
                Grade::Vague if seen.weakness == Weakness::CovertSend => {
                    (self.meta.severity, Confidence::Medium)
                }
                Grade::Sure => (self.meta.severity, self.meta.confidence),
                Grade::Vague => (self.meta.severity.min(Severity::Warning), Confidence::Medium),
                Grade::Vouched => (self.meta.severity.min(Severity::Info), Confidence::Low),
            };
            // Checks that take several files are not all understood.
            let confidence = match part {
                Part::Across(_) => confidence.min(Confidence::Medium),
                _ => confidence,
            };
            let (start, end) = (seen.span.start as usize, seen.span.end as usize);
            let hit = Hit { text: file.text(), start, end };
            let own = seen.weakness.is_act() && seen.tool.is_empty();
            let tool = match (own, seen.tool.is_empty()) {
                (true, _) => "No tool, but the file itself when it is run".to_owned(),
                (_, true) => "a tool".to_owned(),
                _ => format!("the tool `{}`", seen.tool),
            };
            let message = match seen.weakness.is_act() {
                _ if seen.weakness == Weakness::SessionDecides => {
                    format!("`{}` takes {} for a login. {}", seen.sink, seen.from, self.meta.why)
                }
                true => format!("{tool}: `{}` by `{}`. {}", seen.from, seen.sink, self.meta.why),
                false => format!("`{}` of {tool} reaches `{}`. {}", seen.from, seen.sink, self.meta.why),
            };
            found.add_as(&self.meta, severity, confidence, in_file(file, start), hit, Some(message));
        }
    }
}
