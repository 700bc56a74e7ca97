//! The tools of a version, as they were pinned when it was activated.

use serde_json::{Map, Value};
use sigyl_core::Inspection;
use sigyl_core::domain::{Digest, Tool, ToolPin};

use crate::html::{El, el};
use crate::pages::parts::{badge, code};

/// Tools that are shown.
const MOST: usize = 200;
/// Parameters of a tool that are shown in a table.
const PARAMETERS: usize = 60;
/// Characters of a schema that are shown.
const SCHEMA: usize = 12_000;

pub(super) fn section(inspection: Option<&Inspection>, closed: Option<El>) -> El {
    let Some(inspection) = inspection else {
        return closed.unwrap_or_else(|| {
            el("p").class("quiet").text(
                "There is no source of it here, so its tools are not known. They would be after a release of its source.",
            )
        });
    };
    let pins = &inspection.record.tools;
    if pins.is_empty() {
        return el("p").class("quiet").text("None are pinned: it was not activated yet, or declared none.");
    }
    let more = pins.len().saturating_sub(MOST);
    let told = (more > 0).then(|| el("p").class("quiet").text(format!("{more} more are not shown.")));
    el("div").all(pins.iter().take(MOST).map(tool)).all(told)
}

fn tool(pin: &ToolPin) -> El {
    let tool = &pin.tool;
    let summary = el("summary")
        .with(el("code").text(tool.name()))
        .all(hints(tool).into_iter().map(|hint| badge("badge kind", hint)));
    let description = tool.description().unwrap_or("It has no description.");
    let schema = tool.definition().get("inputSchema").and_then(Value::as_object);
    el("details")
        .class("tool")
        .with(summary)
        .with(el("p").class("said").attr("dir", "auto").text(description))
        .all(schema.and_then(parameters))
        .with(definition(tool, &pin.sha256))
}

/// What a tool says of itself. Nobody checked it.
fn hints(tool: &Tool) -> Vec<&'static str> {
    let said = tool.definition().get("annotations");
    let says = |name: &str, wanted: bool| {
        said.and_then(|said| said.get(name)).and_then(Value::as_bool) == Some(wanted)
    };
    let table = [
        ("readOnlyHint", true, "says it only reads"),
        ("destructiveHint", true, "says it may destroy"),
        ("openWorldHint", true, "says it reaches out"),
    ];
    table.into_iter().filter(|(name, wanted, _)| says(name, *wanted)).map(|(_, _, words)| words).collect()
}

fn parameters(schema: &Map<String, Value>) -> Option<El> {
    let properties = schema.get("properties")?.as_object().filter(|properties| !properties.is_empty())?;
    let required: Vec<_> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let row = |(name, about): (&String, &Value)| {
        let text = |member: &str| about.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let needed = if required.contains(&name.as_str()) { "yes" } else { "no" };
        el("tr")
            .with(el("th").attr("scope", "row").with(el("code").text(name.as_str())))
            .with(el("td").text(kind(about)))
            .with(el("td").text(needed))
            .with(el("td").attr("dir", "auto").text(text("description")))
    };
    let head = el("tr")
        .all(["Parameter", "Type", "Required", "Meaning"].map(|it| el("th").attr("scope", "col").text(it)));
    let more = properties.len().saturating_sub(PARAMETERS);
    let told = (more > 0).then(|| el("p").class("quiet").text(format!("{more} more are in the definition.")));
    let table = el("table")
        .with(el("thead").with(head))
        .with(el("tbody").all(properties.iter().take(PARAMETERS).map(row)));
    Some(el("div").class("scroll").attr("tabindex", "0").with(table).all(told))
}

fn kind(schema: &Value) -> String {
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    };
    let choices = schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    if choices > 0 { format!("{kind}, one of {choices}") } else { kind }
}

fn definition(tool: &Tool, pinned: &Digest) -> El {
    let text = serde_json::to_string_pretty(tool.definition()).unwrap_or_default();
    let text = match text.char_indices().nth(SCHEMA) {
        Some((end, _)) => format!("{}\n(cut)", &text[..end]),
        None => text,
    };
    let pin =
        el("p").class("fine").text("Pinned as ").with(el("code").class("digest").text(pinned.to_string()));
    el("details").class("raw").with(el("summary").text("Definition")).with(code(text)).with(pin)
}
