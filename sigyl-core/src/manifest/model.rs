//! The checked manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Permissions, Resources, SecretName, ServerName, Tool, Transport, Version};

/// What a server is and how it runs: every field checked, nothing invented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Name of the server.
    pub name: ServerName,
    /// Display name.
    pub title: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// Version, when the source names one.
    pub version: Option<Version>,
    /// Free words to find it by.
    pub tags: Vec<String>,
    /// One class to list it under.
    pub category: Option<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// Address of the repository.
    pub repository: Option<String>,
    /// Address of its page.
    pub homepage: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Address of an icon.
    pub icon: Option<String>,
    /// What it needs to run.
    pub runtime: Runtime,
    /// Language it is written in.
    pub language: Option<String>,
    /// How it is built.
    pub build: Build,
    /// How it is started.
    pub start: Start,
    /// Plain settings.
    pub env: BTreeMap<String, String>,
    /// Secrets it wants.
    pub secrets: Vec<DeclaredSecret>,
    /// Tools it says it has.
    pub tools: Vec<Tool>,
    /// What it asks to touch.
    pub permissions: Permissions,
    /// Limits it asks for.
    pub resources: Resources,
    /// How its health is asked for.
    pub health: Health,
    /// The `oauth` block, for the rules that judge it.
    pub oauth: Option<serde_json::Value>,
    /// The `security` block, for the rules that judge it.
    pub security: Option<serde_json::Value>,
}

/// What a server needs to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Runtime {
    /// Node.js.
    Node,
    /// Python.
    Python,
    /// A program built by cargo.
    Rust,
    /// A program built by go.
    Go,
    /// An image.
    Container,
}

/// How a server is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Command line, split as a shell splits words but run by none; the runtime's own build when absent.
    pub command: Option<Vec<String>>,
    /// Folder that the command fills.
    pub output_dir: Option<String>,
    /// Dockerfile, for `container`.
    pub dockerfile: Option<String>,
    /// Build context, for `container`.
    pub context: Option<String>,
}

/// How a server is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// How it speaks.
    pub transport: Transport,
    /// Program; the runtime's own with `entry_point` when absent.
    pub command: Option<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// File (node, python: path or `module:function`), binary (rust) or package (go) that is run.
    pub entry_point: Option<String>,
    /// JSON Schema of its configuration.
    pub config_schema: Option<serde_json::Value>,
    /// An example of that configuration.
    pub example_config: Option<serde_json::Value>,
}

/// A secret that a server wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredSecret {
    /// Variable it is given in.
    pub name: SecretName,
    /// What it is for.
    pub description: Option<String>,
    /// Whether the server cannot start without it.
    pub required: bool,
    /// What its value looks like.
    #[serde(rename = "type")]
    pub kind: SecretType,
}

/// What the value of a secret looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecretType {
    /// Any text.
    #[default]
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// How the health of a server is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Health {
    /// HTTP path that answers 2xx, for an HTTP server; the MCP handshake when absent.
    pub path: Option<String>,
    /// Seconds between two probes.
    pub interval: Option<u64>,
    /// Seconds that a probe or a start may take.
    pub timeout: Option<u64>,
}
