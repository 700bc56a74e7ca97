//! What is looked at: the declarations of several servers.

use serde_json::Value;

use crate::domain::{Entity, Tool};
use crate::scan::ToolText;

/// What one server of a set declares.
#[derive(Clone, Debug, Default)]
pub struct Member<'a> {
    /// What the client calls it.
    pub name: String,
    /// Its tools.
    pub tools: &'a [Tool],
    /// Its prompts.
    pub prompts: &'a [Value],
    /// Its resources.
    pub resources: &'a [Value],
    /// Its instructions to models.
    pub instructions: Option<&'a str>,
}

/// Servers that one agent reaches.
#[derive(Clone, Debug, Default)]
pub struct ServerSet<'a> {
    /// Each of them.
    pub servers: Vec<Member<'a>>,
    /// Those that did not say what they declare, and why.
    pub unheard: Vec<(String, String)>,
}

impl Member<'_> {
    /// Reads every text that it shows to a model, each named after the server.
    pub(in crate::scan) fn texts(&self) -> impl Iterator<Item = ToolText> + '_ {
        let tools = self.tools.iter().map(ToolText::of_tool);
        let prompts = self.prompts.iter().map(|one| ToolText::of_entity(Entity::Prompt, one));
        let resources = self.resources.iter().map(|one| ToolText::of_entity(Entity::Resource, one));
        let instructions = self.instructions.map(|text| ToolText::of_text("(server)", "instructions", text));
        tools.chain(prompts).chain(resources).chain(instructions).map(|text| text.of_server(&self.name))
    }
}

/// A set that owns what it holds, for tests.
#[cfg(test)]
#[derive(Debug, serde::Deserialize)]
pub(in crate::scan) struct OwnedSet(std::collections::BTreeMap<String, Vec<Tool>>);

#[cfg(test)]
impl OwnedSet {
    pub(in crate::scan) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    pub(in crate::scan) fn set(&self) -> ServerSet<'_> {
        ServerSet {
            servers: self
                .0
                .iter()
                .map(|(name, tools)| Member { name: name.clone(), tools, ..Member::default() })
                .collect(),
            unheard: Vec::new(),
        }
    }
}
