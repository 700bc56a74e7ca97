//! What serves, and how it was started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    Declaration, Digest, Permissions, RevisionId, RunId, SecretName, ServerName, Timestamp, Version,
};

/// How a server speaks MCP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum Transport {
    /// One JSON-RPC message per line on standard input and output.
    Stdio,
    /// Streamable HTTP.
    Http {
        /// Path of the endpoint, such as `/mcp`.
        path: String,
        /// Port that the server insists on; otherwise Sigyl chooses one and says so in `PORT`.
        port: Option<u16>,
    },
}

/// Limits of one server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Resources {
    /// Processors, such as `0.5`.
    pub cpu: Option<f64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Requests at a time.
    pub concurrency: Option<u32>,
    /// Seconds that one request may take.
    pub timeout: Option<u64>,
    /// Instances kept running.
    pub min_instances: Option<u32>,
    /// Instances (sessions, for a stdio server) at most.
    pub max_instances: Option<u32>,
}

/// A program ready to be started: the result of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Its arguments; they never hold a secret.
    pub args: Vec<String>,
    /// Folder it starts in: inside the built tree.
    pub dir: PathBuf,
    /// Folders that it may read and execute: built tree, toolchain, interpreter.
    pub readable: Vec<PathBuf>,
}

/// What a build came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Artifact {
    /// An image of a container.
    Image {
        /// Its name, with the digest that never means another one.
        image: String,
    },
    /// A program of this machine.
    Program(Launch),
}

/// What the target holds a server to, and what it cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// What is enforced, in words.
    pub enforced: Vec<String>,
    /// What this platform or kernel cannot enforce, in words.
    pub unenforced: Vec<String>,
}

/// The name of the place that is always there: this machine.
pub const LOCAL: &str = "local";

/// The version that serves a server's traffic on a target. One per server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// The server.
    pub server: ServerName,
    /// The version that serves.
    pub version: Version,
    /// The source it was built from.
    pub source: Digest,
    /// The run that activated it.
    pub run: RunId,
    /// The started instance.
    pub revision: RevisionId,
    /// How it speaks.
    pub transport: Transport,
    /// How it starts.
    pub launch: Artifact,
    /// Where it runs; this machine when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Plain settings in force: those of the manifest, under those of the operator.
    pub env: BTreeMap<String, String>,
    /// Secrets that are bound to it, by name.
    pub secrets: BTreeSet<SecretName>,
    /// What it may touch.
    pub granted: Permissions,
    /// Its limits.
    pub resources: Resources,
    /// What holds it in.
    pub confinement: Confinement,
    /// When it took over.
    pub activated: Timestamp,
    /// What it said of itself then; nothing for what an earlier Sigyl activated.
    #[serde(default)]
    pub declared: Option<Declaration>,
}

impl Deployment {
    /// Returns the place where it runs, unless that is this machine, however that is on record.
    pub fn elsewhere(&self) -> Option<&str> {
        self.target.as_deref().filter(|place| *place != LOCAL)
    }
}
