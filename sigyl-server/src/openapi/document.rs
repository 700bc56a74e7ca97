//! Puts the document together.

use serde_json::{Map, Value, json};

use crate::router::{Carries, ROUTES, Reply, Route};

/// The bodies that routes take and give.
const SCHEMAS: &str = include_str!("schemas.json");

/// What every route can answer: the shape of the request is wrong, or there is no room for it.
const EVERYWHERE: [(u16, &str); 2] = [
    (400, "The request cannot be read."),
    (503, "There is no room for the request now; `Retry-After` says when."),
];

/// Makes the document.
pub(crate) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES.iter().flat_map(|part| part.iter()) {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.name().to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sigyl",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every operation of this server.",
        },
        "paths": paths,
        "components": { "schemas": schemas() },
    })
}

fn schemas() -> Value {
    // The text is part of the program, and a test reads it.
    serde_json::from_str(SCHEMAS).unwrap_or_default()
}

fn operation(route: &Route) -> Value {
    let mut answers = Map::new();
    for (status, means) in EVERYWHERE {
        answers.insert(status.to_string(), problem(means));
    }
    for reply in route.doc.answers {
        answers.insert(reply.status.to_string(), answer(reply));
    }
    json!({
        "operationId": route.doc.id,
        "summary": route.doc.summary,
        "security": [],
        "responses": answers,
    })
}

fn answer(reply: &Reply) -> Value {
    let content = match reply.carries {
        Carries::Json(schema) => json!({ "application/json": { "schema": reference(schema) } }),
        Carries::Text(kind) => json!({ kind: { "schema": { "type": "string" } } }),
    };
    json!({ "description": reply.means, "content": content })
}

fn problem(means: &str) -> Value {
    let content = json!({ "application/problem+json": { "schema": reference("Problem") } });
    json!({ "description": means, "content": content })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(to)) = fields.get("$ref") {
                    found.insert(to.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there_and_every_one_there_is_named() {
        let document = document();
        let mut named = BTreeSet::new();
        references(&document, &mut named);
        let there = document["components"]["schemas"].as_object().unwrap();
        let there: BTreeSet<_> = there.keys().map(|name| format!("#/components/schemas/{name}")).collect();
        assert_eq!(named, there);
    }

    #[test]
    fn every_route_is_in_the_document() {
        let document = document();
        for route in ROUTES.iter().flat_map(|part| part.iter()) {
            let method = route.method.name().to_ascii_lowercase();
            assert_eq!(document["paths"][route.path][method]["operationId"], route.doc.id);
        }
    }
}
