//! What a server declared, pinned: tools, prompts, resources and instructions alike.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical::digest;
use super::tool::description_md5;
use super::{Digest, ToolError, ToolPin};

/// The kinds of things that a server shows to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entity {
    /// A tool.
    Tool,
    /// A prompt.
    Prompt,
    /// A resource.
    Resource,
    /// The instructions of the server.
    Instructions,
}

impl std::fmt::Display for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::Instructions => "instructions",
        })
    }
}

/// One declared thing as it was, with the two hashes that tell whether it still is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// What it is.
    pub entity: Entity,
    /// What it is called: a name, for a resource its address; nothing for instructions.
    pub name: String,
    /// Digest of everything that was declared, in its canonical form (RFC 8785).
    pub sha256: Digest,
    /// The hash that mcp-scan would pin: of the description alone.
    pub md5: String,
    /// The definition, whole.
    pub definition: Value,
}

impl Pin {
    /// Pins a definition as the server gave it.
    pub fn new(entity: Entity, definition: Value) -> Result<Self, ToolError> {
        let text = |key: &str| definition.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = match entity {
            Entity::Tool | Entity::Prompt => text("name"),
            Entity::Resource => text("uri").or_else(|| text("uriTemplate")).or_else(|| text("name")),
            Entity::Instructions => None,
        };
        let name = name.unwrap_or_default();
        let description = match entity {
            Entity::Instructions => Some(&definition),
            _ => definition.get("description"),
        };
        Ok(Self {
            entity,
            sha256: digest(&definition).map_err(|_| ToolError::NotCanonical(name.clone()))?,
            md5: description_md5(description),
            name,
            definition,
        })
    }

    /// Pins prompts, resources and instructions, as a probe found them.
    pub fn of_others(
        prompts: &[Value],
        resources: &[Value],
        instructions: Option<&str>,
    ) -> Result<Vec<Self>, ToolError> {
        let prompts = prompts.iter().map(|prompt| Self::new(Entity::Prompt, prompt.clone()));
        let resources = resources.iter().map(|resource| Self::new(Entity::Resource, resource.clone()));
        let instructions = instructions.map(|text| Self::new(Entity::Instructions, Value::from(text)));
        prompts.chain(resources).chain(instructions).collect()
    }
}

impl From<&ToolPin> for Pin {
    fn from(pin: &ToolPin) -> Self {
        Self {
            entity: Entity::Tool,
            name: pin.tool.name().to_owned(),
            sha256: pin.sha256,
            md5: pin.md5.clone(),
            definition: Value::Object(pin.tool.definition().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prompts_and_resources_are_hashed_as_mcp_scan_does() {
        // Vectors computed with mcp-scan's own code (Apache-2.0), versions 0.1.17 and 0.4.2.
        let prompts = [json!({"name": "p", "description": "Summarise the page.", "arguments": []})];
        let resources =
            [json!({"uri": "a://b", "name": "r", "description": "Message of the day"}), json!({"uri": "c"})];
        let pins = Pin::of_others(&prompts, &resources, Some("be kind")).unwrap();
        let told: Vec<(Entity, &str, &str)> =
            pins.iter().map(|pin| (pin.entity, pin.name.as_str(), pin.md5.as_str())).collect();
        assert_eq!(
            told[..3],
            [
                (Entity::Prompt, "p", "7b284aea678bd7cbbdcdeaf02cf83e25"),
                (Entity::Resource, "a://b", "744e1400b3fca07b64b7bcacad954c57"),
                (Entity::Resource, "c", "6442f10d57ed19cafdabd54ad41492a6"),
            ]
        );
        assert_eq!((told[3].0, told[3].1), (Entity::Instructions, ""));
    }

    #[test]
    fn the_digest_sees_what_the_description_does_not_say() {
        let of = |uri: &str| Pin::new(Entity::Resource, json!({"uri": uri, "description": "x"})).unwrap();
        assert_eq!(of("a").md5, of("b").md5);
        assert_ne!(of("a").sha256, of("b").sha256);
    }
}
