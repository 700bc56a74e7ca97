//! Tools of a server: what they say, and what they take.

use serde_json::Value;
use sigyl_core::domain::{Failure, ServerName, Timestamp, Tool};
use sigyl_core::wire::v1::{Request, Response, ServerView};

use super::super::{Asking, Key, Noun, Sheet};
use crate::console::keymap::Scope;
use crate::console::turn::{Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Cell, Column, cell};
use crate::link::Answer as _;
use crate::render::{Look, Role, specimen, specimen_lines, wrap};

const COLUMNS: &[Column] = &[
    Column::fixed("TOOL", 24),
    Column::fixed("SAYS OF ITSELF", 14).optional(),
    Column::wide("DESCRIPTION", 20),
];

/// Levels of a schema that are shown.
const DEPTH: usize = 16;

/// The tools of the active version.
pub(in crate::console) struct Tools {
    /// The server.
    pub(in crate::console) name: ServerName,
}

/// What a tool claims of itself: nobody checks that.
fn claims(tool: &Tool) -> String {
    let hint = |name: &str| {
        tool.definition().get("annotations").and_then(|it| it.get(name)).and_then(Value::as_bool)
    };
    let said = [
        (hint("readOnlyHint") == Some(true), "reads"),
        (hint("readOnlyHint") == Some(false), "writes"),
        (hint("destructiveHint") == Some(true), "destroys"),
        (hint("openWorldHint") == Some(true), "goes out"),
    ];
    said.into_iter().filter(|(says, _)| *says).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// An object that a call would take: each field that is needed, with a value of its type.
pub(in crate::console) fn example(tool: &Tool) -> Value {
    let schema = tool.definition().get("inputSchema");
    let needed =
        schema.and_then(|it| it.get("required")).and_then(Value::as_array).cloned().unwrap_or_default();
    let fields = needed.iter().filter_map(Value::as_str).map(|name| {
        let field = schema.and_then(|it| it.get("properties")).and_then(|it| it.get(name));
        (name.to_owned(), value_of(field))
    });
    Value::Object(fields.collect())
}

fn value_of(schema: Option<&Value>) -> Value {
    let get = |name: &str| schema.and_then(|it| it.get(name));
    if let Some(value) = get("default").or(get("enum").and_then(|it| it.get(0))) {
        return value.clone();
    }
    match get("type").and_then(Value::as_str) {
        Some("integer" | "number") => get("minimum").cloned().unwrap_or_else(|| 0.into()),
        Some("boolean") => false.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Value::Object(serde_json::Map::new()),
        _ => "".into(),
    }
}

/// Writes a schema as a tree: each field with its type, and a star where it is needed.
fn tree(schema: &Value, depth: usize, look: &Look, text: &mut String) {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return };
    let needed = schema.get("required").and_then(Value::as_array);
    for (name, field) in fields {
        let star = needed.is_some_and(|names| names.iter().any(|needed| needed == name));
        let kind = field.get("type").map_or_else(String::new, |kind| match kind {
            Value::String(kind) => kind.clone(),
            other => other.to_string(),
        });
        let indent = 2 + depth * 2;
        let says = field.get("description").and_then(Value::as_str).unwrap_or_default();
        let star = if star { look.paint(Role::Warn, " needed") } else { String::new() };
        text.push_str(&format!(
            "{:indent$}{} {}{star}\n",
            "",
            look.paint(Role::Strong, &specimen(name)),
            look.paint(Role::Dim, &specimen(&kind)),
        ));
        if !says.is_empty() {
            let says = wrap(&specimen(says), look, indent + 2);
            text.push_str(&format!("{:1$}{2}\n", "", indent + 2, look.paint(Role::Specimen, &says)));
        }
        if depth == DEPTH {
            text.push_str(&format!(
                "{:indent$}{}\n",
                "",
                look.paint(Role::Dim, "deeper levels are not shown")
            ));
            continue;
        }
        tree(field, depth + 1, look, text);
        if let Some(items) = field.get("items") {
            tree(items, depth + 1, look, text);
        }
    }
}

/// All of a tool: what it says, what it takes, and its digest.
fn whole(tool: &Tool, look: &Look) -> String {
    let mut text = format!("{}\n\n", look.paint(Role::Strong, &specimen(tool.name())));
    let says = tool.description().unwrap_or("it does not say what it does");
    for line in specimen_lines(says).lines() {
        text.push_str(&format!("{}\n", look.paint(Role::Specimen, &wrap(line, look, 0))));
    }
    if let Some(schema) = tool.definition().get("inputSchema") {
        text.push_str(&format!("\n{}\n", look.paint(Role::Dim, "takes")));
        let before = text.len();
        tree(schema, 0, look, &mut text);
        if text.len() == before {
            text.push_str("  nothing\n");
        }
    }
    if let Some(notes) = tool.definition().get("annotations") {
        let notes = wrap(&specimen(&notes.to_string()), look, 2);
        text.push_str(&format!("\n{}\n  {notes}\n", look.paint(Role::Dim, "says of itself, unchecked")));
    }
    if let Ok(digest) = tool.digest() {
        text.push_str(&format!("\n{} {digest}\n", look.paint(Role::Dim, "pin")));
    }
    text
}

impl Noun for Tools {
    type Item = Tool;

    fn title(&self) -> String {
        "tools".to_owned()
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Tools]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn request(&self) -> Option<Request> {
        Some(Request::Show { name: self.name.clone() })
    }

    fn items(&self, response: Response) -> Result<Vec<Tool>, Failure> {
        ServerView::take(response).map(|view| view.tools).map_err(|problem| problem.failure)
    }

    fn renews(&self) -> bool {
        true
    }

    fn id(&self, tool: &Tool) -> String {
        tool.name().to_owned()
    }

    fn cells(&self, tool: &Tool, _view: &View<'_>) -> Vec<Cell> {
        let says = tool.description().unwrap_or_default().lines().next().unwrap_or_default();
        vec![
            cell(Role::Strong, specimen(tool.name())),
            cell(Role::Dim, claims(tool)),
            cell(Role::Specimen, specimen(says)),
        ]
    }

    fn key(&self, tool: &Tool, column: usize) -> Key {
        Key::Text(match column {
            0 => tool.name().to_lowercase(),
            1 => claims(tool),
            _ => tool.description().unwrap_or_default().to_lowercase(),
        })
    }

    fn words(&self, tool: &Tool) -> String {
        format!("{} {}", tool.name(), tool.description().unwrap_or_default())
    }

    fn values(&self, tool: Option<&Tool>) -> Values {
        let Some(tool) = tool else { return Values::new() };
        Values::from([("tool", tool.name().to_owned()), ("arguments", example(tool).to_string())])
    }

    fn open(&self, tool: &Tool, turn: &mut Turn<'_>) {
        let values = self.values(Some(tool)).into_iter().chain([("name", self.name.to_string())]).collect();
        let title = specimen(tool.name());
        let tool = tool.clone();
        let text = Asking::Here(Box::new(move |look: &Look| whole(&tool, look)));
        turn.open(Sheet::new(title, text).with(&[Scope::Tools], values));
    }

    fn whole(&self, tool: &Tool, look: &Look, _now: Timestamp) -> Option<String> {
        Some(whole(tool, look))
    }

    fn none(&self) -> &'static str {
        "The active version declares no tools, or none is active. p asks the running server."
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool() -> Tool {
        let definition = json!({
            "name": "convert", "description": "Converts.\u{202e}\nSecond",
            "annotations": {"readOnlyHint": true, "openWorldHint": true},
            "inputSchema": {"type": "object", "required": ["zone", "hours", "mode"], "properties": {
                "zone": {"type": "string", "description": "Where\u{1b}[2J"},
                "hours": {"type": "integer", "minimum": 3},
                "mode": {"enum": ["short", "long"]},
                "extra": {"type": "object", "properties": {"deep": {"type": "boolean"}}},
            }},
        });
        Tool::new(definition.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_example_has_what_is_needed_and_nothing_else() {
        assert_eq!(example(&tool()), json!({"zone": "", "hours": 3, "mode": "short"}));
    }

    #[test]
    fn a_tool_is_shown_whole_and_stays_text() {
        let text = whole(&tool(), &Look::PLAIN);
        insta::assert_snapshot!(text);
    }
}
