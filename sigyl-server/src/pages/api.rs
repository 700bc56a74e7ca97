//! Every operation of the server, from the document that describes them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::frame::{Page, Section};
use super::parts::{badge, code, ticked};
use crate::app::App;
use crate::html::{El, Link, el};
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// What stands before the operations of a group, and what they are called together.
const GROUPS: [(&str, &str); 5] = [
    ("/v0.1/", "MCP Registry"),
    ("/api/v1/", "Sigyl"),
    ("/mcp/", "MCP endpoints"),
    ("/v0/", "MCP Registry, by its older address"),
    ("/", "The server itself"),
];

/// How deep schemas are followed.
const DEEP: usize = 4;

pub(super) async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let drawn = match app.reference.get() {
        Some(known) => Arc::clone(known),
        None => {
            let read: Value =
                serde_json::from_slice(&app.openapi).map_err(|error| Problem::defect(&error))?;
            let reference = Reference { document: &read };
            let drawn = el("div").class("reference").with(reference.side()).with(reference.body());
            Arc::clone(app.reference.get_or_init(|| Arc::new(drawn)))
        }
    };
    Ok(Page::new("API", Section::Api).with(drawn).answer(Some(&ask.caller)))
}

/// The document, read.
struct Reference<'a> {
    document: &'a Value,
}

/// One operation.
struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    about: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.about["operationId"].as_str().unwrap_or_default()
    }

    fn summary(&self) -> &str {
        self.about["summary"].as_str().unwrap_or_default()
    }
}

impl<'a> Reference<'a> {
    fn operations(&self, group: usize) -> impl Iterator<Item = Operation<'a>> + use<'a> {
        let of = |path: &str| GROUPS.iter().position(|(start, _)| path.starts_with(start));
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths.filter(move |(path, _)| of(path) == Some(group)).flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, about)| Operation { path, method, about })
        })
    }

    fn side(&self) -> El {
        let mut list = el("ul");
        for (at, (_, title)) in GROUPS.iter().enumerate() {
            let own = self.operations(at).map(|it| {
                let method = el("span").class("verb").text(it.method.to_ascii_uppercase());
                let link = el("a").href(&Link::here(it.id())).with(method).with(el("span").text(it.path));
                el("li").with(link)
            });
            let group = el("details").with(el("summary").text(*title)).with(el("ul").all(own));
            list.push(el("li").with(group.flag("open", at == 0)));
        }
        el("nav").class("side").attr("aria-label", "Operations").with(list)
    }

    fn body(&self) -> El {
        let lead = el("p")
            .class("lead")
            .text("Made of the document that this server answers with at ")
            .with(el("a").href(&Link::to("/openapi.json")).text("/openapi.json"))
            .text(": generate a client from there. A key is sent as ")
            .with(el("code").text("Authorization: Bearer KEY"))
            .text("; whatever goes wrong is told in one form.");
        let mut body = el("div").class("text").with(el("h1").text("API")).with(lead);
        for (at, (_, title)) in GROUPS.iter().enumerate() {
            let section = el("section").with(el("h2").attr("id", format!("group-{at}")).text(*title));
            body.push(section.all(self.operations(at).map(|operation| self.operation(&operation))));
        }
        body
    }

    fn operation(&self, operation: &Operation<'_>) -> El {
        let about = operation.about;
        let head = el("h3")
            .with(el("span").class("verb").text(operation.method.to_ascii_uppercase()))
            .text(" ")
            .with(el("code").text(operation.path))
            .text(" ")
            .with(
                el("a")
                    .class("anchor")
                    .attr("aria-label", "Link to this")
                    .href(&Link::here(operation.id()))
                    .text("#"),
            );
        let mut shown = el("article")
            .class("operation")
            .attr("id", operation.id())
            .with(head)
            .with(el("p").text(operation.summary()).text(" ").with(security(&about["security"])));
        let parameters = about["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !parameters.is_empty() {
            shown.push(self.parameters(parameters));
        }
        if let Some(schema) = about.pointer("/requestBody/content/application~1json/schema") {
            shown.push(self.schema("Body", schema));
        }
        let answers = about["responses"].as_object().into_iter().flatten();
        let mut table = el("tbody");
        for (status, answer) in answers.clone() {
            let means = answer["description"].as_str().unwrap_or_default();
            table.push(
                el("tr").with(el("th").attr("scope", "row").text(status.as_str())).with(ticked("td", means)),
            );
        }
        let table = el("table").with(el("caption").text("Answers")).with(table);
        shown.push(el("div").class("scroll").with(table));
        let good = answers.filter(|(status, _)| status.starts_with('2'));
        for (_, answer) in good {
            if let Some(schema) = answer.pointer("/content/application~1json/schema") {
                shown.push(self.schema("Answer", schema));
            }
        }
        shown
    }

    fn parameters(&self, parameters: &[Value]) -> El {
        let row = |parameter: &Value| {
            let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
            let kind = self.resolved(&parameter["schema"]);
            el("tr")
                .with(el("th").attr("scope", "row").with(el("code").text(text("name"))))
                .with(el("td").text(text("in")))
                .with(el("td").text(kind["type"].as_str().unwrap_or("any").to_owned()))
                .with(ticked("td", &text("description")))
        };
        let names = ["Name", "In", "Type", "Meaning"];
        let head = el("tr").all(names.map(|name| el("th").attr("scope", "col").text(name)));
        let table = el("table")
            .with(el("caption").text("Parameters"))
            .with(el("thead").with(head))
            .with(el("tbody").all(parameters.iter().map(row)));
        el("div").class("scroll").with(table)
    }

    fn schema(&self, title: &str, schema: &Value) -> El {
        let name = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()).unwrap_or_default();
        let whole = self.inlined(schema, DEEP);
        let text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        el("details").with(el("summary").text(format!("{title}: {name}"))).with(code(text))
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let to = schema["$ref"].as_str().and_then(|to| self.document.pointer(to.strip_prefix('#')?));
        to.unwrap_or(schema)
    }

    /// A schema with those that it names put in, down to a depth.
    fn inlined(&self, schema: &'a Value, left: usize) -> Value {
        let schema = if left > 0 { self.resolved(schema) } else { schema };
        match schema {
            Value::Object(members) => {
                let inner = |(name, value): (&String, &'a Value)| {
                    (name.clone(), self.inlined(value, left.saturating_sub(1)))
                };
                Value::Object(members.iter().map(inner).collect::<Map<_, _>>())
            }
            Value::Array(items) => items.iter().map(|item| self.inlined(item, left)).collect(),
            other => other.clone(),
        }
    }
}

fn security(ways: &Value) -> El {
    let ways = ways.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_open = ways.iter().any(|way| way.as_object().is_some_and(Map::is_empty));
    match (ways.is_empty(), is_open) {
        (true, _) => badge("badge good", "everybody"),
        (false, true) => badge("badge kind", "without a key where that is allowed"),
        (false, false) => badge("badge kind", "a key"),
    }
}
