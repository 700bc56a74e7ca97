//! Checks documents against JSON schemas: the official one of SARIF, and our own in `docs/`.
//!
//! It knows the keywords that these schemas use, and stops at any other.
#![cfg(test)]

use serde_json::{Value, json};

use super::specimen::{report, rules};
use super::{Origin, json as json_document, jsonl, row, sarif};
use crate::clock::FixedClock;
use crate::domain::Policy;
use crate::scan::proof::builtin;
use crate::scan::{RowsOf, Scanner};

/// A schema, and whether a member that it does not describe is wrong.
struct Schema<'a> {
    root: &'a Value,
    strict: bool,
}

impl Schema<'_> {
    /// Returns what is wrong with a value, each with its place.
    fn problems(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(reference.trim_start_matches('#'));
            return self.problems(target.unwrap_or_else(|| panic!("no {reference}")), value, at);
        }
        let mut wrong = Vec::new();
        for (keyword, limit) in schema.as_object().into_iter().flatten() {
            let holds = match keyword.as_str() {
                "type" => types(limit).any(|name| is_of(name, value)),
                "enum" => limit.as_array().unwrap().contains(value),
                "const" => limit == value,
                "minimum" => value.as_f64().is_none_or(|number| number >= limit.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= limit.as_f64().unwrap()),
                "minItems" => {
                    value.as_array().is_none_or(|list| list.len() as u64 >= limit.as_u64().unwrap())
                }
                "uniqueItems" => {
                    value.as_array().is_none_or(|list| (1..list.len()).all(|n| !list[..n].contains(&list[n])))
                }
                "pattern" => value
                    .as_str()
                    .is_none_or(|text| regex::Regex::new(limit.as_str().unwrap()).unwrap().is_match(text)),
                "required" => value.as_object().is_none_or(|map| {
                    limit.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))
                }),
                "anyOf" => {
                    limit.as_array().unwrap().iter().any(|one| self.problems(one, value, at).is_empty())
                }
                "oneOf" => {
                    limit
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|one| self.problems(one, value, at).is_empty())
                        .count()
                        == 1
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        wrong.extend(self.problems(limit, item, &format!("{at}/{index}")));
                    }
                    true
                }
                "properties" | "additionalProperties" => true,
                "$schema" | "$id" | "id" | "title" | "description" | "default" | "format" | "definitions"
                | "$defs" => true,
                other => panic!("{at}: `{other}` is not known"),
            };
            if !holds {
                wrong.push(format!(
                    "{at}: `{keyword}` does not hold for {}",
                    value.to_string().chars().take(200).collect::<String>()
                ));
            }
        }
        wrong.extend(self.members(schema, value, at));
        wrong
    }

    fn members(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let (Some(members), known) = (value.as_object(), schema.get("properties")) else { return Vec::new() };
        let more = schema.get("additionalProperties");
        let mut wrong = Vec::new();
        for (key, member) in members {
            let place = format!("{at}/{key}");
            match (known.and_then(|known| known.get(key)), more) {
                (Some(described), _) => wrong.extend(self.problems(described, member, &place)),
                (None, Some(Value::Bool(false))) => wrong.push(format!("{place}: it is not described")),
                (None, Some(described @ Value::Object(_))) => {
                    wrong.extend(self.problems(described, member, &place))
                }
                (None, _) if self.strict && known.is_some() => {
                    wrong.push(format!("{place}: docs/report.schema.json does not describe it"))
                }
                (None, _) => {}
            }
        }
        wrong
    }
}

fn types(limit: &Value) -> impl Iterator<Item = &str> {
    let many = limit.as_array().into_iter().flatten();
    many.chain(limit.is_string().then_some(limit)).filter_map(Value::as_str)
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type {other}"),
    }
}

fn ours() -> Value {
    serde_json::from_str(include_str!("../../../../docs/report.schema.json")).unwrap()
}

/// Checks a value against a definition of our own schema.
fn assert_ours(name: Option<&str>, value: &Value) {
    let root = ours();
    let schema = name.map_or(root.clone(), |name| json!({"$ref": format!("#/$defs/{name}")}));
    let wrong = Schema { root: &root, strict: true }.problems(&schema, value, "");
    assert!(wrong.is_empty(), "{}\n{value:#}", wrong.join("\n"));
}

#[test]
fn a_sarif_log_is_valid_by_the_official_schema() {
    let official: Value =
        serde_json::from_str(include_str!("../../../tests/data/sarif-schema-2.1.0.json")).unwrap();
    let schema = Schema { root: &official, strict: false };
    let file = Origin { folder: String::new(), file: Some("tools.json".to_owned()) };
    for (rules, origin) in [(&rules(), Origin::default()), (builtin(), file)] {
        let log: Value = serde_json::from_str(&sarif(&report(), rules, &origin)).unwrap();
        let wrong = schema.problems(&official, &log, "");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    let mut log: Value = serde_json::from_str(&sarif(&report(), &rules(), &Origin::default())).unwrap();
    log["runs"][0]["results"][0]["levle"] = "error".into();
    log["runs"][0]["results"][1]["level"] = "block".into();
    let wrong = schema.problems(&official, &log, "");
    assert!(
        wrong.len() == 2 && wrong[0].contains("results/0/levle") && wrong[1].contains("results/1/level"),
        "{wrong:?}"
    );
}

#[test]
fn a_report_is_what_the_document_promises() {
    assert_ours(None, &serde_json::from_str(&json_document(&report())).unwrap());
    for line in jsonl(&report()).lines() {
        assert_ours(Some("reportLine"), &serde_json::from_str(line).unwrap());
    }
}

#[test]
fn every_line_of_a_list_is_what_the_document_promises() {
    let scanner = Scanner::new(builtin(), Policy::default());
    let deep = "{\"a\":".repeat(80) + "1" + &"}".repeat(80);
    let tools = format!(
        r#"{{"tools":[{{"name":"a","description":"<IMPORTANT>x</IMPORTANT>"}},{{"name":"b","id":3,"inputSchema":{deep}}}],
            "resources":[{{"name":"c","uri":"x:"}}],"instructions":"be good"}}"#
    );
    let code = r#"{"id":"x","path":"a.ts","code":"const d = '<IMPORTANT>x</IMPORTANT>';"}"#;
    let mut lines = 0;
    for (text, of, name) in [(tools.as_str(), RowsOf::Tools, "toolLine"), (code, RowsOf::Code, "codeLine")] {
        let mut check = |row_or_bad: Result<&crate::scan::JudgedRow, &crate::scan::BadRow>| {
            lines += 1;
            assert_ours(Some(name), &serde_json::from_str(&row(row_or_bad.unwrap())).unwrap());
            true
        };
        let tally = scanner.rows(text.as_bytes(), of, &FixedClock::default(), &mut check).unwrap();
        let report = tally.report("x", &scanner, &FixedClock::default());
        assert_ours(None, &serde_json::from_str(&json_document(&report)).unwrap());
    }
    assert_eq!(lines, 5);
}
