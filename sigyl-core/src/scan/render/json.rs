//! The document `sigyl.report/1`.

use serde_json::{Map, Value};

use super::runner;
use crate::domain::Report;

/// Writes a report as one JSON object, indented, with a line feed at its end.
pub fn json(report: &Report) -> String {
    // A report holds only strings, numbers and lists, which always serialise.
    let value = serde_json::to_value(report).unwrap_or_else(|error| {
        Value::Object(Map::from_iter([("error".to_owned(), Value::String(error.to_string()))]))
    });
    runner::json(format!("{value:#}\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::plain::tests::report;
    use super::{Value, json as document};

    #[test]
    fn the_document_has_exactly_the_fields_that_are_promised() {
        let value: Value = serde_json::from_str(&document(&report())).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut top = keys(&value);
        top.sort();
        assert_eq!(
            top,
            [
                "advisories",
                "analyzers",
                "findings",
                "partial",
                "policy",
                "rules",
                "schema",
                "score",
                "skipped",
                "source",
                "stats",
                "suppressed",
                "verdict"
            ]
        );
        assert_eq!(value["schema"], json!("sigyl.report/1"));
        assert_eq!(value["verdict"], json!("block"));
        assert_eq!(
            value["findings"][0],
            json!({
                "rule": "important-tag", "category": "tool_poisoning", "severity": "block", "confidence": "high",
                "message": "A pseudo-tag.", "location": {"tool": "add", "field": "description"},
                "evidence": "<IMPORTANT>", "fix": "Remove it."
            })
        );
        assert_eq!(value["findings"][1]["location"], json!({"path": "src/a.ts", "line": 3, "column": 7}));
        assert_eq!(value["skipped"][0], json!({"path": "x.wasm", "kind": "binary", "reason": "WebAssembly"}));
        assert_eq!(value["analyzers"][0], json!({"name": "files", "status": "ran", "reason": null}));
        assert_eq!(value["stats"], json!({"files": 2, "bytes": 10, "tools": 1, "elapsed_ms": 4}));
        assert_eq!(value["score"]["max"], json!(100));
    }
}
