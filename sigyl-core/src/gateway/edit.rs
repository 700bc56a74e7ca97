//! Changes single values deep inside a message and leaves the rest as it was written.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::mcp::message::Id;

/// An object whose fields, and those of its `_meta`, are known; what lies deeper is kept as text.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    pub(super) fields: BTreeMap<String, &'a RawValue>,
    pub(super) meta: BTreeMap<String, &'a RawValue>,
}

impl<'a> Params<'a> {
    /// Reads an object; anything else has no fields.
    pub(super) fn read(raw: Option<&'a RawValue>) -> Self {
        let object = |raw: &'a RawValue| serde_json::from_str(raw.get()).unwrap_or_default();
        let fields: BTreeMap<String, &'a RawValue> = raw.map(object).unwrap_or_default();
        let meta = fields.get("_meta").copied().map(object).unwrap_or_default();
        Self { fields, meta }
    }

    /// Returns a field that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(|raw| string(raw))
    }

    /// Returns a field of `_meta` that is a string.
    pub(super) fn meta_text(&self, name: &str) -> Option<String> {
        self.meta.get(name).and_then(|raw| string(raw))
    }

    /// Returns the id in a field.
    pub(super) fn id(&self, name: &str) -> Option<Id> {
        self.fields.get(name).and_then(|raw| Id::read(raw))
    }

    /// Returns the id in a field of `_meta`.
    pub(super) fn meta_id(&self, name: &str) -> Option<Id> {
        self.meta.get(name).and_then(|raw| Id::read(raw))
    }

    /// Writes the object with each field once: another reader might believe the first of two.
    pub(super) fn once(&self) -> String {
        let mut fields = self.fields.clone();
        fields.remove("_meta");
        match self.fields.get("_meta") {
            Some(_) if !self.meta.is_empty() => write(&fields, "_meta", &object(&self.meta)),
            _ => object(&self.fields),
        }
    }

    /// Writes the object with an id in a field.
    pub(super) fn with_id(&self, name: &str, id: &Id) -> String {
        write(&self.fields, name, &id.to_string())
    }

    /// Writes the object with an id in a field of `_meta`.
    pub(super) fn with_meta_id(&self, name: &str, id: &Id) -> String {
        write(&self.fields, "_meta", &write(&self.meta, name, &id.to_string()))
    }
}

fn string(raw: &RawValue) -> Option<String> {
    // A value of another type is not the string that is looked for.
    serde_json::from_str(raw.get()).ok()
}

fn write(fields: &BTreeMap<String, &RawValue>, name: &str, value: &str) -> String {
    let mut text = format!("{{{}:{value}", Value::from(name));
    for (key, raw) in fields.iter().filter(|(key, _)| *key != name) {
        text.push_str(&format!(",{}:{}", Value::from(key.as_str()), raw.get()));
    }
    text.push('}');
    text
}

fn object(fields: &BTreeMap<String, &RawValue>) -> String {
    let fields = fields.iter().map(|(key, raw)| format!("{}:{}", Value::from(key.as_str()), raw.get()));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_value_changes_and_numbers_stay_as_written() {
        let text = r#"{"a\"b":1.50e2,"_meta":{"progressToken":"x","k":[9007199254740993]}}"#;
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let params = Params::read(Some(raw));
        assert_eq!(params.meta_id("progressToken"), Some(Id::Text("x".into())));
        let written = params.with_meta_id("progressToken", &Id::Int(7));
        assert!(written.contains("1.50e2") && written.contains("9007199254740993"), "{written}");
        let value: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(value["_meta"]["progressToken"], json!(7));
        assert_eq!(value["a\"b"], json!(150.0));
    }

    #[test]
    fn a_field_that_is_given_twice_is_passed_on_once() {
        let text = r#"{"_meta":{"t":1,"t":2},"a":1.50,"_meta":{"u":3,"u":4e0},"a":2}"#;
        let written = Params::read(Some(serde_json::from_str(text).unwrap())).once();
        assert_eq!(written, r#"{"_meta":{"u":4e0},"a":2}"#);
        for text in ["{}", r#"{"_meta":{}}"#, r#"{"_meta":7,"a":1}"#] {
            assert_eq!(Params::read(Some(serde_json::from_str(text).unwrap())).once(), text);
        }
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        for text in ["[1]", "null", "\"x\""] {
            let raw: &RawValue = serde_json::from_str(text).unwrap();
            assert!(Params::read(Some(raw)).fields.is_empty());
        }
    }
}
