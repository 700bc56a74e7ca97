//! Tools as servers declare them.

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::canonical::digest_of_members;
use super::{Digest, Mask};

/// A tool, prompt or resource definition, kept whole as the server gave it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Tool {
    name: String,
    definition: Map<String, Value>,
}

/// A definition that no client could use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// A tool is addressed by its name.
    #[error("a tool without a `name` that is a string")]
    NoName,
    /// The canonical form cannot be written.
    #[error("the definition of tool `{0}` has no canonical form")]
    NotCanonical(String),
}

impl Tool {
    /// Takes one definition.
    pub fn new(definition: Map<String, Value>) -> Result<Self, ToolError> {
        match definition.get("name").and_then(Value::as_str) {
            Some(name) => Ok(Self { name: name.to_owned(), definition }),
            None => Err(ToolError::NoName),
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the description, which a server may leave out.
    pub fn description(&self) -> Option<&str> {
        self.definition.get("description").and_then(Value::as_str)
    }

    /// Returns everything that the server declared.
    pub fn definition(&self) -> &Map<String, Value> {
        &self.definition
    }

    /// Returns it with the secrets that it repeats hidden.
    pub fn masked(&self, mask: &Mask) -> Result<Self, ToolError> {
        let mut definition = Value::Object(self.definition.clone());
        mask.json(&mut definition);
        match definition {
            Value::Object(definition) => Self::new(definition),
            _ => Err(ToolError::NoName),
        }
    }

    /// Digests the whole definition in its canonical form (RFC 8785).
    pub fn digest(&self) -> Result<Digest, ToolError> {
        digest_of_members(&self.definition).map_err(|_| ToolError::NotCanonical(self.name.clone()))
    }

    /// Computes the hash that mcp-scan (Invariant Labs) pins: MD5 of the description alone, for comparison with pins
    /// made by it; never for integrity.
    pub fn mcp_scan_md5(&self) -> String {
        description_md5(self.definition.get("description"))
    }
}

/// Computes the hash that mcp-scan pins: MD5 of a description, or of its own words for a missing one.
pub(super) fn description_md5(description: Option<&Value>) -> String {
    let text = description.and_then(Value::as_str).unwrap_or("no description available");
    use std::fmt::Write as _;
    Md5::digest(text.as_bytes()).iter().fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    })
}

impl TryFrom<Map<String, Value>> for Tool {
    type Error = ToolError;

    fn try_from(definition: Map<String, Value>) -> Result<Self, Self::Error> {
        Self::new(definition)
    }
}

impl From<Tool> for Map<String, Value> {
    fn from(tool: Tool) -> Self {
        tool.definition
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(value: Value) -> Tool {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_digest_ignores_order_and_sees_the_schema() {
        let one = tool(json!({"name": "a", "inputSchema": {"type": "object", "properties": {}}}));
        let same = tool(json!({"inputSchema": {"properties": {}, "type": "object"}, "name": "a"}));
        let other = tool(json!({"name": "a", "inputSchema": {"type": "object", "properties": {"note": {}}}}));
        assert_eq!(one.digest(), same.digest());
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn the_md5_agrees_with_mcp_scan() {
        // Vectors computed with mcp-scan's own code (Apache-2.0), versions 0.1.17 and 0.4.2.
        for (description, hash) in [
            (json!("Add two numbers."), "a4d47acba4ff6cca98251e59725dece5"),
            (json!("Grüße, 世界\n\u{200b}end "), "e9dd16172f4553b5bb687ca6532ee288"),
            (Value::Null, "6442f10d57ed19cafdabd54ad41492a6"),
            (json!(""), "d41d8cd98f00b204e9800998ecf8427e"),
        ] {
            assert_eq!(tool(json!({"name": "add", "description": description})).mcp_scan_md5(), hash);
        }
    }

    #[test]
    fn a_tool_needs_a_name() {
        assert!(serde_json::from_value::<Tool>(json!({"description": "x"})).is_err());
    }
}
