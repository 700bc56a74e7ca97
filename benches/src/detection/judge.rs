//! Judges one sample by the rules that Sigyl comes with and its default policy.

use serde_json::{Map, Value};
use sigyl_core::domain::{Finding, Policy, Severity, Tool, ToolError, Verdict};
use sigyl_core::scan::{RuleSet, RuleSetError, Scanner, ToolText};

use super::row::{Kind, Row};
use super::tally::Outcome;

/// The rules, compiled once.
#[derive(Debug)]
pub struct Judge {
    rules: RuleSet,
}

impl Judge {
    /// Compiles the rules.
    pub fn new() -> Result<Self, RuleSetError> {
        RuleSet::builtin().map(|rules| Self { rules })
    }

    /// Judges one sample.
    pub fn judge(&self, row: Row) -> Result<Outcome, ToolError> {
        let scanner = Scanner::new(&self.rules, Policy::default());
        let mut unread = None;
        let findings = match row.kind {
            Kind::Tool => scanner.tool(&ToolText::of_tool(&tool(&row)?)),
            Kind::Code => match scanner.file(&row.name, row.code.as_deref().unwrap_or_default().as_bytes()) {
                Ok(findings) => findings,
                Err(skipped) => {
                    unread = Some(skipped.reason);
                    Vec::new()
                }
            },
        };
        let verdict = Policy::default().verdict(&findings, false);
        Ok(Outcome { flagged: flagged(row.kind, verdict, &findings), verdict, findings, unread, row })
    }
}

/// A tool counts as found when it may not run without an approval, code when it is found at error or above.
fn flagged(kind: Kind, verdict: Verdict, findings: &[Finding]) -> bool {
    match kind {
        Kind::Tool => verdict >= Verdict::Hold,
        Kind::Code => findings.iter().any(|finding| finding.severity >= Severity::Error),
    }
}

fn tool(row: &Row) -> Result<Tool, ToolError> {
    let mut definition = Map::new();
    definition.insert("name".to_owned(), Value::String(row.name.clone()));
    if let Some(description) = &row.description {
        definition.insert("description".to_owned(), Value::String(description.clone()));
    }
    if let Some(schema) = &row.input_schema {
        definition.insert("inputSchema".to_owned(), Value::Object(schema.clone()));
    }
    Tool::new(definition)
}
