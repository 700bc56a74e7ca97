//! Puts the document together.

use serde_json::{Map, Value, json};

use crate::auth::Openness;
use crate::router::{Access, Carries, Lasts, ROUTES, Reply, Route};

/// The bodies that routes take and give.
const SCHEMAS: &str = include_str!("schemas.json");

/// What is tagged with its class in problems that every route of a kind can answer.
type Means = (u16, &'static str);

/// Whatever the route is, the request can be of a wrong shape, and there can be no room for it.
const EVERYWHERE: [Means; 2] = [
    (400, "The request cannot be read."),
    (
        503,
        "There is no room for the request now, or the store does not answer; `Retry-After` says when to try again.",
    ),
];
const COUNTED: [Means; 1] = [(429, "Too many requests; `Retry-After` says when the next may come.")];
const WITH_KEY: [Means; 2] = [(401, "No key that is good was shown."), (403, "The key is not for this.")];
const ONCE: [Means; 1] =
    [(409, "The `Idempotency-Key` was used for another request, or its answer is not known.")];
const OF_VIEW: [Means; 1] = [(404, "There is no such view, or nothing of the kind in it.")];
const WITH_BODY: [Means; 3] = [
    (408, "The body did not arrive in time."),
    (413, "The body is too large."),
    (415, "The body has another type."),
];

/// Makes the document; what is open to whom is told as it is in force.
pub(crate) fn document(openness: Openness) -> Value {
    let mut paths = Map::new();
    for route in told() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.name().to_ascii_lowercase()] = operation(route, openness);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sigyl",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every operation of this server.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

/// The operations: pages are for people.
fn told() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().flat_map(|part| part.iter()).filter(|route| !route.is_page)
}

fn schemas() -> Value {
    // The text is part of the program, and a test reads it.
    serde_json::from_str(SCHEMAS).unwrap_or_default()
}

fn operation(route: &Route, openness: Openness) -> Value {
    let mut answers = Map::new();
    for (status, means) in problems(route) {
        answers.insert(status.to_string(), problem(means));
    }
    for reply in route.doc.answers {
        answers.insert(reply.status.to_string(), answer(reply));
    }
    let security = match (route.access, openness.lets_some(route.access)) {
        (Access::Open | Access::View, _) => json!([]),
        (_, true) => json!([{}, { "key": [] }]),
        (_, false) => json!([{ "key": [] }]),
    };
    let mut operation = json!({
        "operationId": route.doc.id,
        "summary": route.doc.summary,
        "security": security,
        "responses": answers,
    });
    let parameters = parameters(route);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some((schema, kind)) = route.doc.body {
        let content = json!({ kind: { "schema": reference(schema) } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn problems(route: &Route) -> impl Iterator<Item = Means> {
    let counted = COUNTED.into_iter().filter(|_| route.class.is_some());
    let is_open = matches!(route.access, Access::Open | Access::View);
    let with_key = WITH_KEY.into_iter().filter(move |_| !is_open);
    let of_view = OF_VIEW.into_iter().filter(|_| route.access == Access::View);
    let with_body = WITH_BODY.into_iter().filter(|_| route.doc.body.is_some());
    EVERYWHERE
        .into_iter()
        .filter(|(status, _)| *status != 503 || route.lasts != Lasts::Moment)
        .chain(counted)
        .chain(with_key)
        .chain(of_view)
        .chain(with_body)
        .chain(ONCE.into_iter().filter(|_| route.is_done_once()))
}

fn parameters(route: &Route) -> Vec<Value> {
    let named = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = named.map(
        |name| json!({ "name": name, "in": "path", "required": true, "schema": reference(part_of(name)) }),
    );
    let in_query = route.doc.query.iter().map(|param| {
        json!({
            "name": param.name, "in": "query", "required": false,
            "description": param.means, "schema": reference(param.schema),
        })
    });
    let once = route.is_done_once().then(|| {
        json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Under one key the request is done once within 24 hours; the same again has the same answer.",
            "schema": reference("OnceName"),
        })
    });
    in_path.chain(in_query).chain(once).collect()
}

/// The schema of a part of an address.
fn part_of(name: &str) -> &'static str {
    match name {
        "run" => "RunId",
        "key" => "KeyId",
        "login" => "Login",
        "what" => "Suspect",
        "secret" => "SecretName",
        "workspace" => "Word",
        "name" | "namespace" => "ServerName",
        _ => "Part",
    }
}

fn answer(reply: &Reply) -> Value {
    let content = match reply.carries {
        Carries::Nothing => return json!({ "description": reply.means }),
        Carries::Problem => return problem(reply.means),
        Carries::Json(schema) => json!({ "application/json": { "schema": reference(schema) } }),
        // Its events are JSON, each by its own name.
        Carries::Text(kind @ "text/event-stream") => json!({ kind: {} }),
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

    const CLOSED: Openness =
        Openness { everybody_browses: false, neighbours_browse: false, neighbours_call: false };

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
        let document = document(CLOSED);
        let mut named = BTreeSet::new();
        references(&document, &mut named);
        let there = document["components"]["schemas"].as_object().unwrap();
        let there: BTreeSet<_> = there.keys().map(|name| format!("#/components/schemas/{name}")).collect();
        assert_eq!(named, there);
    }

    #[test]
    fn every_route_is_in_the_document_with_what_it_asks_for() {
        let document = document(CLOSED);
        for route in told() {
            let method = route.method.name().to_ascii_lowercase();
            let operation = &document["paths"][route.path][method];
            assert_eq!(operation["operationId"], route.doc.id);
            let is_open = matches!(route.access, Access::Open | Access::View);
            assert_eq!(operation["security"].as_array().unwrap().is_empty(), is_open, "{}", route.path);
            assert_eq!(operation["responses"].get("401").is_none(), is_open, "{}", route.path);
        }
    }
}
