//! Writes the table of fields as a JSON Schema.

use serde_json::{Map, Value, json};

use super::field::{Field, Shape, children};

/// Returns the JSON Schema (2020-12) of `sigyl.yaml`, for editors. Sigyl itself checks more than a schema can say.
pub fn schema() -> Value {
    let mut schema = table("");
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of an MCP server (sigyl.yaml, mcp.yaml)",
        "description": "How a server runs and what it is. Fields that are missing may be derived from its package.",
    });
    if let (Value::Object(schema), Value::Object(head)) = (&mut schema, head) {
        schema.extend(head);
    }
    schema
}

fn table(inside: &str) -> Value {
    let properties: Map<_, _> =
        children(inside).map(|field| (field.key().to_owned(), property(field))).collect();
    let required: Vec<_> = children(inside).filter(|field| field.is_required()).map(Field::key).collect();
    let mut table = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "^x-": {} },
        "additionalProperties": false,
    });
    if !required.is_empty() {
        table["required"] = required.into();
    }
    table
}

fn property(field: &Field) -> Value {
    let mut property = match field.shape {
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Prose => json!({ "type": "string" }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Texts | Shape::Args => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Quantity => json!({ "type": ["number", "string"] }),
        Shape::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::Table => table(field.path),
        Shape::Tables => json!({ "type": "array", "items": table(&format!("{}[]", field.path)) }),
        Shape::Settings => {
            json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
        }
        Shape::Free => json!({ "type": "object" }),
    };
    property["description"] = field.doc.into();
    // The examples are part of this program and tested to be YAML; one that is not would only be left out.
    if let Some(example) = serde_yaml::from_str::<Value>(field.example).ok().filter(|value| !value.is_null())
    {
        property["examples"] = json!([example]);
    }
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/manifest.schema.json");
        let made = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).unwrap();
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == made, "docs/manifest.schema.json is stale: run this test with UPDATE_GENERATED=1");
    }

    #[test]
    fn every_field_is_in_the_schema() {
        for field in super::super::table::FIELDS {
            let pointer = field.path.replace("[]", "/items").replace('.', "/properties/");
            let property = schema().pointer(&format!("/properties/{pointer}")).cloned();
            assert_eq!(property.unwrap()["description"], field.doc, "{}", field.path);
        }
    }
}
