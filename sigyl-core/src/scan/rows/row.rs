//! One entry of a text: what it is, and where it stands.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::Tool;

/// What the entries of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowsOf {
    /// Tools, prompts, resources and instructions of servers.
    Tools,
    /// Pieces of code: objects with `path` (or `name`) and `code`.
    Code,
}

/// What one entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RowKind {
    /// A tool.
    Tool,
    /// A prompt.
    Prompt,
    /// A resource, or a template of resources.
    Resource,
    /// What a server says of itself: its instructions, or its name and title.
    Server,
    /// A piece of code.
    Code,
}

impl RowKind {
    /// Returns what the list under a member of an answer holds.
    pub(super) fn of_list(member: &str) -> Option<Self> {
        Some(match member {
            "tools" => Self::Tool,
            "prompts" => Self::Prompt,
            "resources" | "resourceTemplates" => Self::Resource,
            _ => return None,
        })
    }
}

/// Where an entry stands, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, in JSON Lines, or where a document breaks off.
    pub line: Option<u64>,
    /// The entry of a list.
    pub entry: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.entry) {
            (Some(line), Some(entry)) => write!(f, "line {line}, entry {entry}"),
            (Some(line), None) => write!(f, "line {line}"),
            (None, Some(entry)) => write!(f, "entry {entry}"),
            (None, None) => f.write_str("the text"),
        }
    }
}

/// An entry that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub why: String,
}

/// One entry, as it was read.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    /// What the text calls it; null when it has no `id`.
    pub(super) id: Value,
    pub(super) subject: Subject,
    /// Whether something in it was no character, and was replaced.
    pub(super) mended: bool,
}

/// What there is to judge.
#[derive(Debug)]
pub(super) enum Subject {
    Tool(RowKind, Tool),
    Instructions(String),
    Code { path: String, code: String },
}

/// Members that collections of tools put around a definition; no server shows them to a model.
const ENVELOPE: [&str; 4] = ["kind", "label", "category", "source"];

impl Row {
    /// Takes an entry of a list that a server answered: everything in it counts.
    pub(super) fn listed(place: Place, kind: RowKind, members: Map<String, Value>) -> Result<Self, String> {
        let id = members.get("id").cloned().unwrap_or_default();
        Ok(Self { place, id, subject: Subject::Tool(kind, tool(members)?), mended: false })
    }

    /// Takes a tool that stands alone, perhaps in the envelope of a collection.
    pub(super) fn tool(place: Place, mut members: Map<String, Value>) -> Result<Self, String> {
        let id = members.remove("id").unwrap_or_default();
        let kind = match members.get("kind").and_then(Value::as_str) {
            Some("prompt") => RowKind::Prompt,
            Some("resource") => RowKind::Resource,
            _ => RowKind::Tool,
        };
        ENVELOPE.into_iter().for_each(|member| drop(members.remove(member)));
        Ok(Self { place, id, subject: Subject::Tool(kind, tool(members)?), mended: false })
    }

    /// Takes the instructions of a server.
    pub(super) fn instructions(place: Place, text: String) -> Self {
        Self { place, id: Value::Null, subject: Subject::Instructions(text), mended: false }
    }

    /// Takes a piece of code.
    pub(super) fn code(place: Place, mut members: Map<String, Value>) -> Result<Self, String> {
        let id = members.remove("id").unwrap_or_default();
        let mut text = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let path = text("path").or_else(|| text("name"));
        let path = path.ok_or("it has no `path` (or `name`) that is a string")?;
        let code = text("code").ok_or("it has no `code` that is a string")?;
        Ok(Self { place, id, subject: Subject::Code { path, code }, mended: false })
    }
}

fn tool(mut members: Map<String, Value>) -> Result<Tool, String> {
    for (other, member) in [("input_schema", "inputSchema"), ("output_schema", "outputSchema")] {
        if !members.contains_key(member)
            && let Some(schema) = members.remove(other)
        {
            members.insert(member.to_owned(), schema);
        }
    }
    Tool::new(members).map_err(|error| format!("it is {error}"))
}
