//! What serves, and how it was started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    Audience, Declaration, Digest, Permissions, RevisionId, RunId, SecretName, ServerName, Timestamp, Version,
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

/// A limit that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourcesError {
    /// It is outside its bounds.
    #[error("{name} is {least} to {most}, and not {given}")]
    Bounds {
        /// The limit.
        name: &'static str,
        /// The least that it may be.
        least: f64,
        /// The most.
        most: f64,
        /// What was asked for.
        given: f64,
    },
    /// More is kept running than may be.
    #[error("minInstances is {least}, and maxInstances only {most}")]
    Crossed {
        /// Instances kept running.
        least: u32,
        /// Instances at most.
        most: u32,
    },
}

impl Resources {
    /// Returns these limits, and those of `below` where these say nothing.
    pub fn over(&self, below: &Self) -> Self {
        Self {
            cpu: self.cpu.or(below.cpu),
            memory: self.memory.or(below.memory),
            concurrency: self.concurrency.or(below.concurrency),
            timeout: self.timeout.or(below.timeout),
            min_instances: self.min_instances.or(below.min_instances),
            max_instances: self.max_instances.or(below.max_instances),
        }
    }

    /// Tells whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks limits that did not come with a manifest, by the bounds of one.
    pub fn check(&self) -> Result<(), ResourcesError> {
        let whole = |limit: Option<u32>| limit.map(f64::from);
        // What is lost of a number so large is beyond its bound in any case.
        let large = |limit: Option<u64>| limit.map(|limit| limit as f64);
        let bounds = [
            ("cpu", self.cpu, 0.001, 1_024.0),
            ("memory", large(self.memory), 1.0, (16_u64 << 40) as f64),
            ("concurrency", whole(self.concurrency), 1.0, 100_000.0),
            ("timeout", large(self.timeout), 1.0, 86_400.0),
            ("minInstances", whole(self.min_instances), 0.0, 10_000.0),
            ("maxInstances", whole(self.max_instances), 1.0, 10_000.0),
        ];
        for (name, given, least, most) in bounds {
            if let Some(given) = given.filter(|given| !(least..=most).contains(given)) {
                return Err(ResourcesError::Bounds { name, least, most, given });
            }
        }
        match (self.min_instances, self.max_instances) {
            (Some(least), Some(most)) if least > most => Err(ResourcesError::Crossed { least, most }),
            _ => Ok(()),
        }
    }
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
    /// Who else Sigyl lets call it where it runs, past the endpoint.
    #[serde(default, skip_serializing_if = "Audience::is_empty")]
    pub audience: Audience,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stands_over_what_is_not() {
        let below = Resources { cpu: Some(1.0), memory: Some(1 << 30), ..Resources::default() };
        let said = Resources { memory: Some(1 << 20), max_instances: Some(3), ..Resources::default() };
        let both = said.over(&below);
        assert_eq!((both.cpu, both.memory, both.max_instances), (Some(1.0), Some(1 << 20), Some(3)));
        assert!(Resources::default().is_empty() && !said.is_empty());
    }

    #[test]
    fn limits_are_within_the_bounds_of_a_manifest() {
        let of = |change: fn(&mut Resources)| {
            let mut limits = Resources::default();
            change(&mut limits);
            limits.check()
        };
        assert_eq!(of(|_| {}), Ok(()));
        assert_eq!(of(|it| it.cpu = Some(0.5)), Ok(()));
        for wrong in [
            (|it| it.cpu = Some(0.0)) as fn(&mut Resources),
            |it| it.cpu = Some(f64::NAN),
            |it| it.memory = Some(u64::MAX),
            |it| it.concurrency = Some(0),
            |it| it.timeout = Some(86_401),
            |it| it.max_instances = Some(0),
            |it| it.min_instances = Some(10_001),
        ] {
            assert!(matches!(of(wrong), Err(ResourcesError::Bounds { .. })));
        }
        let crossed = of(|it| (it.min_instances, it.max_instances) = (Some(3), Some(1)));
        assert_eq!(crossed, Err(ResourcesError::Crossed { least: 3, most: 1 }));
    }
}
