//! Holds a value against a schema.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

use super::{Pointer, Schema};
use crate::domain::{Check, IssueSeverity};
use crate::registry::document::Issues;

/// How many steps through a schema one value may take: more than any document of legal size and depth needs.
const STEPS: usize = 2_000_000;
/// Longest text that a message repeats, in characters.
const SHOWN: usize = 60;

impl Schema {
    /// Tells every place where `document` does not have the form that this schema asks for.
    pub(in crate::registry) fn check(&self, document: &Value, issues: &mut Issues) {
        let mut look = Look { root: &self.root, steps: STEPS };
        let mut found = Vec::new();
        look.holds(&self.root, document, Pointer::ROOT, &mut found);
        for Fault { path, message, rule } in found {
            let reference = format!("{} {rule}", self.date());
            issues.push(Check::Schema, IssueSeverity::Error, path, message, reference);
        }
    }
}

/// One thing that a schema does not allow.
struct Fault {
    path: String,
    message: String,
    rule: &'static str,
}

/// One walk over a document.
struct Look<'a> {
    root: &'a Value,
    steps: usize,
}

impl<'a> Look<'a> {
    fn holds(&mut self, schema: &'a Value, value: &Value, at: Pointer<'_>, found: &mut Vec<Fault>) {
        let fault = |message: String, rule| Fault { path: at.to_string(), message, rule };
        let Some(left) = self.steps.checked_sub(1) else {
            if found.last().is_none_or(|last| last.rule != "steps") {
                found.push(fault("the document takes too long to check".to_owned(), "steps"));
            }
            return;
        };
        self.steps = left;
        let Value::Object(schema) = schema else { return };
        // Beside a reference nothing counts.
        if let Some(Value::String(reference)) = schema.get("$ref") {
            return match self.target(reference) {
                Some(target) => self.holds(target, value, at, found),
                None => found
                    .push(fault(format!("the schema names `{reference}`, which it does not have"), "$ref")),
            };
        }
        if let Some(Value::String(wanted)) = schema.get("type")
            && !is_a(wanted, value)
        {
            found.push(fault(format!("it is {}, and {} is wanted", kind(value), article(wanted)), "type"));
            return;
        }
        self.fixed(schema, value, &fault, found);
        match value {
            Value::String(text) => text_holds(schema, text, &fault, found),
            Value::Object(members) => self.members(schema, members, at, found),
            Value::Array(items) => {
                if let Some(each) = schema.get("items") {
                    for (place, item) in items.iter().enumerate() {
                        self.holds(each, item, at.item(place), found);
                    }
                }
            }
            _ => {}
        }
        self.combined(schema, value, at, found);
    }

    /// Checks the words that name values.
    fn fixed(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &Value,
        fault: &impl Fn(String, &'static str) -> Fault,
        found: &mut Vec<Fault>,
    ) {
        if let Some(Value::Array(allowed)) = schema.get("enum")
            && !allowed.contains(value)
        {
            let allowed: Vec<_> = allowed.iter().map(shown).collect();
            found.push(fault(format!("{} is none of {}", shown(value), allowed.join(", ")), "enum"));
        }
        if let Some(only) = schema.get("const")
            && only != value
        {
            found.push(fault(format!("{} is not {}", shown(value), shown(only)), "const"));
        }
        if let Some(forbidden) = schema.get("not") {
            let mut faults = Vec::new();
            self.holds(forbidden, value, Pointer::ROOT, &mut faults);
            if faults.is_empty() {
                found.push(fault(format!("{} is not allowed here", shown(value)), "not"));
            }
        }
    }

    fn members(
        &mut self,
        schema: &'a Map<String, Value>,
        members: &Map<String, Value>,
        at: Pointer<'_>,
        found: &mut Vec<Fault>,
    ) {
        if let Some(Value::Array(required)) = schema.get("required") {
            for name in required.iter().filter_map(Value::as_str).filter(|name| !members.contains_key(*name))
            {
                found.push(Fault {
                    path: at.to_string(),
                    message: format!("`{name}` is missing"),
                    rule: "required",
                });
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (name, member) in members {
            let place = at.member(name);
            match (known.and_then(|known| known.get(name)), others) {
                (Some(its), _) => self.holds(its, member, place, found),
                (None, Some(Value::Bool(false))) => found.push(Fault {
                    path: place.to_string(),
                    message: "no member of this name is known".to_owned(),
                    rule: "additionalProperties",
                }),
                (None, Some(each)) => self.holds(each, member, place, found),
                (None, None) => {}
            }
        }
    }

    /// Checks the words that combine schemas.
    fn combined(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &Value,
        at: Pointer<'_>,
        found: &mut Vec<Fault>,
    ) {
        if let Some(Value::Array(all)) = schema.get("allOf") {
            for each in all {
                self.holds(each, value, at, found);
            }
        }
        let Some(Value::Array(any)) = schema.get("anyOf") else { return };
        let mut nearest: Option<Vec<Fault>> = None;
        for each in any {
            let mut faults = Vec::new();
            self.holds(each, value, at, &mut faults);
            if faults.is_empty() {
                return;
            }
            // What is wrong deeper inside says more than that it is of another kind.
            if nearest.as_ref().is_none_or(|best| distance(&faults) < distance(best)) {
                nearest = Some(faults);
            }
        }
        found.extend(nearest.into_iter().flatten());
    }

    fn target(&self, reference: &str) -> Option<&'a Value> {
        let root: &'a Value = self.root;
        root.pointer(reference.strip_prefix('#')?)
    }
}

/// How far a value is from a kind that it could be of.
fn distance(faults: &[Fault]) -> (bool, usize) {
    let other_kind = |fault: &Fault| fault.rule == "enum" && fault.path.ends_with("/type");
    (faults.iter().any(other_kind), faults.len())
}

fn text_holds(
    schema: &Map<String, Value>,
    text: &str,
    fault: &impl Fn(String, &'static str) -> Fault,
    found: &mut Vec<Fault>,
) {
    let limit = |name| schema.get(name).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let length = text.chars().count();
    if let Some(most) = limit("maxLength").filter(|most| length > *most) {
        found.push(fault(format!("it has {length} characters, and {most} are allowed"), "maxLength"));
    }
    if let Some(least) = limit("minLength").filter(|least| length < *least) {
        found.push(fault(format!("it has {length} characters, and {least} are needed"), "minLength"));
    }
    if let Some(Value::String(pattern)) = schema.get("pattern")
        && !fits(pattern, text)
    {
        found.push(fault(format!("`{}` does not have the form {pattern}", cut(text)), "pattern"));
    }
    if let Some(Value::String(format)) = schema.get("format")
        && format == "uri"
        && !is_address(text)
    {
        found
            .push(fault(format!("`{}` is no address with a scheme, such as https://…", cut(text)), "format"));
    }
}

/// Tells whether a text has a form that a schema names.
fn fits(pattern: &str, text: &str) -> bool {
    /// The few that the schemas name, each compiled once.
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Tells whether a text begins with a scheme and holds nothing that no address holds; `{templates}` are allowed.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let first = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    first
        && scheme.bytes().all(plain)
        && !rest.is_empty()
        && !rest.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"\\^`".contains(c))
}

fn is_a(wanted: &str, value: &Value) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn article(wanted: &str) -> &str {
    match wanted {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "a boolean",
        other => other,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", cut(text)),
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(document: &Value) -> Vec<String> {
        let mut issues = Issues::default();
        Schema::newest().unwrap().check(document, &mut issues);
        issues.finish().iter().map(ToString::to_string).collect()
    }

    fn document(more: Value) -> Value {
        let mut document =
            json!({"name": "com.example/clock", "version": "1.0.0", "description": "Tells the time"});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    }

    #[test]
    fn what_is_missing_or_of_another_form_is_told_with_its_place() {
        assert_eq!(faults(&document(json!({}))), [""; 0]);
        assert_eq!(
            faults(&json!({"name": "x"})),
            [
                "`description` is missing",
                "`version` is missing",
                "/name: it has 1 characters, and 3 are needed",
                "/name: `x` does not have the form ^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$",
            ]
        );
        let long =
            document(json!({"description": "é".repeat(101), "packages": {}, "websiteUrl": "example.com"}));
        assert_eq!(
            faults(&long),
            [
                "/description: it has 101 characters, and 100 are allowed",
                "/packages: it is an object, and a list is wanted",
                "/websiteUrl: `example.com` is no address with a scheme, such as https://…",
            ]
        );
        let repository = document(json!({"repository": {}}));
        assert_eq!(
            faults(&repository),
            ["/repository: `url` is missing", "/repository: `source` is missing"]
        );
    }

    #[test]
    fn of_several_kinds_the_nearest_is_explained() {
        let package = json!([{"registryType": "npm", "identifier": "x", "version": "latest", "transport": {"type": "sse"}}]);
        assert_eq!(
            faults(&document(json!({"packages": package}))),
            ["/packages/0/transport: `url` is missing", "/packages/0/version: `latest` is not allowed here",]
        );
        let remote = json!([{"type": "carrier-pigeon", "url": "https://a.example"}]);
        let said = faults(&document(json!({"remotes": remote})));
        assert_eq!(said, ["/remotes/0/type: `carrier-pigeon` is none of `streamable-http`"]);
    }

    #[test]
    fn the_schemas_use_no_word_that_is_not_known() {
        const KNOWN: &[&str] = &[
            "$comment",
            "$id",
            "$ref",
            "$schema",
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "default",
            "definitions",
            "description",
            "enum",
            "example",
            "examples",
            "format",
            "items",
            "maxLength",
            "minLength",
            "not",
            "pattern",
            "properties",
            "required",
            "title",
            "type",
        ];
        fn walk(schema: &Value) {
            let Value::Object(words) = schema else { return };
            for (word, with) in words {
                assert!(KNOWN.contains(&word.as_str()), "{word}");
                match word.as_str() {
                    "properties" | "definitions" => with.as_object().unwrap().values().for_each(walk),
                    "allOf" | "anyOf" => with.as_array().unwrap().iter().for_each(walk),
                    "items" | "not" | "additionalProperties" => walk(with),
                    "type" => {
                        assert!(["object", "array", "string", "boolean"].contains(&with.as_str().unwrap()))
                    }
                    "format" => assert_eq!(with, "uri"),
                    "pattern" => assert!(Regex::new(with.as_str().unwrap()).is_ok(), "{with}"),
                    _ => {}
                }
            }
        }
        for date in ["2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17", "2025-12-11"] {
            let address = format!("https://static.modelcontextprotocol.io/schemas/{date}/server.schema.json");
            walk(&Schema::named(&address).unwrap().root);
        }
    }

    #[test]
    fn an_address_has_a_scheme_and_no_blanks() {
        for good in ["https://a.example/{id}", "mailto:x", "a+b:c"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a.example", "https:", "://x", "1a:x", "https://a b", "https://a\nb"] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
