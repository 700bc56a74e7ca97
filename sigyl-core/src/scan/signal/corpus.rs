//! A corpus of our own, against which no rule may regress: honest texts that none may hold, and attacks that are found.
#![cfg(test)]

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::{Policy, Tool, Verdict};
use crate::scan::proof::builtin;
use crate::scan::{Scanner, ToolText};

const BENIGN: &str = include_str!("../../../tests/corpus/benign.jsonl");
const MALICIOUS: &str = include_str!("../../../tests/corpus/malicious.jsonl");

/// One text, as a tool's description or as its whole definition.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    tool: Map<String, Value>,
    /// It is an attack that is not found yet.
    #[serde(default)]
    missed: bool,
}

fn rows(text: &str) -> Vec<Row> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the rules by which a tool would be held or blocked.
fn held(row: &Row) -> Vec<String> {
    let scanner = Scanner::new(builtin(), Policy::default());
    let found = scanner.tool(&ToolText::of_tool(&Tool::new(row.tool.clone()).unwrap()));
    let holds = |finding: &&crate::domain::Finding| {
        Policy::default().weigh(finding.severity, finding.confidence) >= Verdict::Hold
    };
    found.iter().filter(holds).map(|finding| format!("{} at {:?}", finding.rule, finding.evidence)).collect()
}

#[test]
fn no_honest_text_is_held() {
    let rows = rows(BENIGN);
    assert!(rows.len() >= 300, "{}", rows.len());
    let wrong: Vec<_> = rows
        .iter()
        .map(|row| (&row.id, held(row)))
        .filter(|(_, held)| !held.is_empty())
        .map(|(id, held)| format!("{id}: {held:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_attack_that_was_found_is_found() {
    let rows = rows(MALICIOUS);
    assert!(rows.len() >= 300, "{}", rows.len());
    let lost: Vec<_> =
        rows.iter().filter(|row| !row.missed && held(row).is_empty()).map(|row| row.id.as_str()).collect();
    assert!(lost.is_empty(), "no longer found: {}", lost.join(", "));
    let missed = rows.iter().filter(|row| row.missed).count();
    assert!(missed * 20 <= rows.len(), "{missed} of {} are known to be missed", rows.len());
}
