//! What a deploy and a redeploy are told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Audience, Canary, Locator, Resources, SecretName, SecretValue, ServerName, Waiver, WorkspaceName,
};

/// What a deploy needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deploy {
    /// Where the code is; a relative path has been made absolute.
    pub source: Locator,
    /// Name to use instead of the manifest's.
    pub name: Option<ServerName>,
    /// The workspace of the server; the one it is in, or the caller's only one, when absent.
    #[serde(default)]
    pub workspace: Option<WorkspaceName>,
    /// Where it is to run, by name: `local` is this machine. Where it runs now, or this machine, when absent.
    #[serde(default)]
    pub target: Option<String>,
    /// Plain settings.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Secrets to seal and bind.
    #[serde(default)]
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// Permissions that the operator grants, as `kind=value`.
    #[serde(default)]
    pub grant: Vec<String>,
    /// Findings that the operator accepts.
    #[serde(default)]
    pub waive: Vec<Waiver>,
    /// Packages whose install scripts the operator allows.
    #[serde(default)]
    pub allow_scripts: Vec<String>,
    /// Whether dependency code is scanned too.
    #[serde(default)]
    pub deep: bool,
    /// Whether a language model looks at it too.
    #[serde(default)]
    pub review: bool,
    /// How clients are led to it, where a version of it serves; all at once when absent.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// Who else may call it where it runs, past the endpoint; those who may now when absent.
    #[serde(default)]
    pub audience: Option<Audience>,
}

impl Deploy {
    /// A deploy of `source` with nothing else said.
    pub fn of(source: Locator) -> Self {
        Self {
            source,
            name: None,
            workspace: None,
            target: None,
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            grant: Vec::new(),
            waive: Vec::new(),
            allow_scripts: Vec::new(),
            deep: false,
            review: false,
            canary: None,
            audience: None,
        }
    }
}

/// What is set anew of a server whose version stays: it is started beside itself, and takes over from itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconfigure {
    /// The server.
    pub name: ServerName,
    /// What changes.
    pub settings: Settings,
}

/// Settings to change; with none of them, the server is only started anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Plain settings to add or replace.
    pub env: BTreeMap<String, String>,
    /// Plain settings that were added earlier, and go.
    pub unset: Vec<String>,
    /// Limits to set over those of the manifest; what is absent stays.
    pub limits: Resources,
    /// Whether limits that were set earlier go first.
    #[serde(rename = "resetLimits")]
    pub reset_limits: bool,
    /// Who else may call it where it runs, past the endpoint; those who may now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
}

/// What a redeploy may change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Redeploy {
    /// The server.
    pub name: ServerName,
    /// Another source; the one on record when absent.
    pub source: Option<Locator>,
    /// Settings to add or replace.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Secrets to add or replace.
    #[serde(default)]
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// Permissions to add.
    #[serde(default)]
    pub grant: Vec<String>,
    /// Permissions to take back.
    #[serde(default)]
    pub revoke: Vec<String>,
    /// Findings that the operator accepts.
    #[serde(default)]
    pub waive: Vec<Waiver>,
    /// Packages whose install scripts the operator allows.
    #[serde(default)]
    pub allow_scripts: Vec<String>,
    /// Whether dependency code is scanned too.
    #[serde(default)]
    pub deep: bool,
    /// Whether a language model looks at it too.
    #[serde(default)]
    pub review: bool,
    /// How clients are led to it; all at once when absent.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// Who else may call it where it runs, past the endpoint; those who may now when absent.
    #[serde(default)]
    pub audience: Option<Audience>,
}
